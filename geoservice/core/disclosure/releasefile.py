"""A release as one file that needs nothing else: a line, a header in JSON, columns, a hash and a seal."""

from __future__ import annotations

import hashlib
import hmac
import io
import json
import zlib
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from geoservice.core.disclosure.cubes import Facts
from geoservice.core.disclosure.parameters import Parameters
from geoservice.core.disclosure.release import PlaceTable, Release, Table
from geoservice.errors import UnreadableFile

_MAGIC = b"geoservice release 1\n"
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
