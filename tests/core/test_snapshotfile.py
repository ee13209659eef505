"""A snapshot's bytes: what is read is what was written, any changed byte is found, erased columns leave the digest alone."""

from __future__ import annotations

import hashlib
import zlib

import numpy as np
import pytest

from geoservice.core.snapshotfile import canonical, pack, sealed, unpack, without
from geoservice.errors import UnreadableFile


@pytest.fixture
def snapshot():
    columns = {"day": np.arange(40, dtype=np.uint16), "cell": np.arange(40, dtype=np.uint64) << 40, "none": np.empty(0, np.uint8)}
    return sealed({"first": 19_000, "figures": [{"id": "1", "value": 40, "part": 0.1}], "name": "Résidence « Les Ormes »"},
                  columns)


def test_what_is_read_is_what_was_written(snapshot) -> None:
    found = unpack(pack(snapshot))
    assert found.header == snapshot.header
    assert found.digest == snapshot.digest == hashlib.sha256(canonical(snapshot.header)).hexdigest()
    assert {name: column.dtype.str for name, column in found.columns.items()} == {"day": "<u2", "cell": "<u8", "none": "|u1"}
    assert all((found.columns[name] == column).all() for name, column in snapshot.columns.items())
    assert pack(found) == pack(snapshot)


def test_any_changed_byte_is_found(snapshot) -> None:
    whole = pack(snapshot)
    looked = 0
    for place in range(len(whole)):
        for bit in (0, 3, 7):
            changed = bytearray(whole)
            changed[place] ^= 1 << bit
            with pytest.raises(UnreadableFile):
                unpack(bytes(changed))
            looked += 1
    assert looked == 3 * len(whole) > 900
    for cut in (b"", whole[:20], whole[:-1], whole + b"x"):
        with pytest.raises(UnreadableFile):
            unpack(cut)


def _forged(whole: bytes, old: bytes, new: bytes) -> bytes:
    """The same file with other content, its last digest made anew: what somebody who knows the format would do."""
    body = whole[:12] + zlib.compress(zlib.decompress(whole[12:-32]).replace(old, new))
    return body + hashlib.sha256(body).digest()


def test_a_forged_figure_has_another_digest(snapshot) -> None:
    forged = unpack(_forged(pack(snapshot), b'"value":40', b'"value":41'))
    assert forged.header["figures"][0]["value"] == 41
    assert forged.digest != snapshot.digest


def test_a_forged_column_is_found(snapshot) -> None:
    with pytest.raises(UnreadableFile):
        unpack(_forged(pack(snapshot), b"\x05\x00\x06\x00", b"\x05\x00\x07\x00"))


def test_a_header_that_is_not_written_the_one_way_is_refused(snapshot) -> None:
    with pytest.raises(UnreadableFile):
        unpack(_forged(pack(snapshot), b'"id":"1"', b'"id": "1"'))


def test_erased_columns_leave_the_digest_alone(snapshot) -> None:
    light = unpack(pack(without(snapshot, ["cell"])))
    assert light.digest == snapshot.digest
    assert light.lacking == ("cell",)
    assert sorted(light.columns) == ["day", "none"]
    assert b"GEOSNAP2" == pack(light)[:8] != pack(snapshot)[:8]


def test_no_bomb_is_unpacked(monkeypatch, snapshot) -> None:
    monkeypatch.setattr("geoservice.core.snapshotfile.MOST_BYTES", 100)
    with pytest.raises(UnreadableFile):
        unpack(pack(snapshot))


def test_there_is_no_nan() -> None:
    with pytest.raises(ValueError, match="JSON"):
        canonical({"value": float("nan")})
