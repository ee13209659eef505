"""Whoever changes the audit past the service is found: a small number of each sort, in a real folder."""

from __future__ import annotations

import random

import pytest
from sqlalchemy import text

from geoservice.storage import audit
from tests.attack import tampering

TIMES = 6 * (len(tampering.FOUND) + len(tampering.ANCHORED))


@pytest.fixture(scope="module", params=[False, True], ids=["whole", "sealed"])
def storage(request, tmp_path_factory):
    with tampering.folder(tmp_path_factory.mktemp("audit") / "d", request.param) as made:
        yield made


def test_every_sort_of_tampering_is_found(storage) -> None:
    tried, found, alone = tampering.campaign(storage, TIMES, seed=3)
    assert tried.total() == TIMES == 84
    assert found == tried
    # what is not promised: without an anchor a chain written again passes, unless its seal went with its end
    assert alone["write_it_again"] == 0


def _cut_and_forget(connection, dice: random.Random) -> None:
    tampering.cut_the_end(connection, dice)
    naive = {entry.moment[:10]: (entry.seq, entry.hash) for entry in audit.entries(connection)}
    connection.execute(text("DELETE FROM audit_day WHERE seq > :last"), {"last": max(seq for seq, _ in naive.values())})
    for day, (seq, digest) in naive.items():
        connection.execute(text("UPDATE audit_day SET seq = :seq, hash = :hash WHERE day = :day"),
                           {"seq": seq, "hash": digest, "day": day})


def test_heads_of_days_that_are_made_of_the_rows_themselves_find_no_cut(tmp_path) -> None:
    """The positive control: what the check leans on is what was noted at the time, or elsewhere."""
    with tampering.folder(tmp_path / "d", sealed=False) as storage:
        dice = random.Random(1)
        assert [tampering.tampered(storage, _cut_and_forget, dice, None).fault for _ in range(10)] == [None] * 10
        anchor = tampering.head(storage)
        assert all(tampering.tampered(storage, _cut_and_forget, dice, anchor).fault for _ in range(10))
