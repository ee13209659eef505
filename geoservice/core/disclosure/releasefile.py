"""A release as one file that needs nothing else: a line, a header in JSON, columns, a hash and a seal."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import zlib
from collections.abc import Sequence
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from geoservice.core.disclosure.cubes import Facts
from geoservice.core.disclosure.parameters import Parameters
from geoservice.core.disclosure.release import PlaceTable, Release, Table
from geoservice.errors import UnreadableFile

_MAGIC, _BESIDE = b"geoservice release 1\n", b"geoservice beside 1"
_SIZE, _END = 8, 64
_MOST = 1 << 31  # bytes of a header or of columns that are unpacked at all


def pack(release: Release, seal: bytes) -> bytes:
    """The bytes of a release; the same release and seal give the same bytes. seal: a key of the publisher and the surface, not
    the secret of the noise."""
    columns: list[np.ndarray] = []

    def keep(column: np.ndarray, kind: str) -> int:
        columns.append(np.ascontiguousarray(column, dtype=kind))
        return len(columns) - 1

    header: dict[str, Any] = {
        "territory": release.territory, "revision": release.revision, "months": list(release.months),
        "parameters": asdict(release.parameters), "groups": {name: list(held) for name, held in release.groups.items()},
        "kinds": release.kinds, "atoms": release.atoms, "commitment": release.commitment, "ground": keep(release.ground, "<u8"),
        "places": {level: {"names": list(table.names), "cells": keep(table.cells, "<u8"), "starts": keep(table.starts, "<i8"),
                           "dwellings": keep(table.dwellings, "<f8")} for level, table in release.places.items()},
        "tables": [{"kind": table.kind, "year": table.year, "level": table.level, "period": table.period, "detail": table.detail,
                    "periods": list(table.periods), "groups": list(table.groups), "values": keep(table.values, "<i4")}
                   for table in release.tables],
    }
    header["columns"] = [{"type": column.dtype.str, "shape": list(column.shape)} for column in columns]
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()
    body = zlib.compress(b"".join(column.tobytes() for column in columns), 6)
    whole = _MAGIC + len(text).to_bytes(_SIZE, "big") + text + body
    return whole + hashlib.sha256(whole).digest() + hmac.digest(seal, whole, "sha256")


def unpack(data: bytes, seal: bytes) -> Release:
    """A release from its bytes; UnreadableFile when one bit differs, or when another key sealed it."""
    whole, end = data[:-_END], data[-_END:]
    if not whole.startswith(_MAGIC) or len(data) < len(_MAGIC) + _SIZE + _END:
        raise UnreadableFile("Ce fichier n’est pas une diffusion de geoservice.")
    if not hmac.compare_digest(hashlib.sha256(whole).digest(), end[:32]):
        raise UnreadableFile("Ce fichier de diffusion est abîmé : rien n’en sera montré. Reprenez l’original.")
    if not hmac.compare_digest(hmac.digest(seal, whole, "sha256"), end[32:]):
        raise UnreadableFile("Le sceau de cette diffusion n’est pas celui de ce service : rien n’en sera montré.")
    start = len(_MAGIC) + _SIZE
    length = int.from_bytes(whole[len(_MAGIC):start], "big")
    header = json.loads(whole[start:start + length])
    return _release(header, _columns(header["columns"], whole[start + length:]))


def _columns(described: list[dict], body: bytes) -> list[np.ndarray]:
    raw = zlib.decompressobj().decompress(body, _MOST)
    out, at = [], 0
    for column in described:
        kind, shape = np.dtype(column["type"]), tuple(column["shape"])
        count = int(np.prod(shape, dtype=np.int64))
        out.append(np.frombuffer(raw, dtype=kind, count=count, offset=at).reshape(shape))
        at += count * kind.itemsize
    return out


def _release(header: dict, columns: list[np.ndarray]) -> Release:
    places = {level: PlaceTable(tuple(table["names"]), columns[table["cells"]], columns[table["starts"]],
                                columns[table["dwellings"]]) for level, table in header["places"].items()}
    tables = tuple(Table(table["kind"], table["year"], table["level"], table["period"], table["detail"], tuple(table["periods"]),
                         tuple(table["groups"]), columns[table["values"]]) for table in header["tables"])
    return Release(header["territory"], header["revision"], tuple(header["months"]), Parameters(**header["parameters"]),
                   {name: tuple(held) for name, held in header["groups"].items()}, header["kinds"], header["atoms"],
                   header["commitment"], places, tables, columns[header["ground"]])


def pack_beside(name: str, said: dict[str, Any], fits: Sequence[str], seal: bytes) -> bytes:
    """A public file beside a release, as JSON: what it says, the public names of the releases it goes with, and a seal over both
    and over its own name."""
    body = {**said, "fits": sorted(set(fits))}
    return _text({**body, "seal": _seal_of(name, body, seal)}) + b"\n"


def unpack_beside(name: str, data: bytes, seal: bytes) -> dict[str, Any]:
    """What such a file says; UnreadableFile when a word differs, or when it is another's."""
    try:
        told = json.loads(data)
        given = told.pop("seal")
        if hmac.compare_digest(str(given).encode(), _seal_of(name, told, seal).encode()):
            return told
    except (ValueError, KeyError, TypeError, AttributeError):
        pass
    raise UnreadableFile("Ce qui accompagne cette diffusion est abîmé ou vient d’ailleurs : rien n’en sera montré.")


def _seal_of(name: str, body: dict[str, Any], seal: bytes) -> str:
    return hmac.new(seal, b"\n".join((_BESIDE, name.encode(), _text(body))), "sha256").hexdigest()


def _text(value: dict[str, Any]) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, allow_nan=False).encode()


def digest(data: bytes) -> str:
    """The public name of a release file: the SHA-256 of its bytes."""
    return hashlib.sha256(data).hexdigest()


def pack_ledger(facts: Facts) -> bytes:
    """The publisher's own record of what was counted, as bytes. PRIVATE: it holds facts."""
    out = io.BytesIO()
    np.savez_compressed(out, **{column.name: getattr(facts, column.name) for column in fields(facts)})
    return out.getvalue()


def unpack_ledger(data: bytes) -> Facts:
    """The facts of a ledger."""
    with np.load(io.BytesIO(data), allow_pickle=False) as held:
        return Facts(*(held[column.name] for column in fields(Facts)))
