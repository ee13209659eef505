"""A purge and what was published: closed months stay within a revision, and the next one no longer knows what has gone."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest
from sqlalchemy import text

from geoservice.core.disclosure import release as core
from geoservice.core.disclosure import releasefile
from geoservice.operations import publishing, purge, setup, territories
from tests.operations import sharedworld as world
from tests.operations.sharedworld import CODE

pytestmark = pytest.mark.slow  # a first release takes some seconds
MOMENT = datetime(2028, 6, 15, 3, tzinfo=UTC)  # facts before June 2025 are more than three years old


@pytest.fixture(scope="module")
def storage(tmp_path_factory: pytest.TempPathFactory):
    opened = setup.open_storage(world.build(tmp_path_factory.mktemp("publie")))
    world.agree(opened)
    world.territory(opened)
    world.publish(opened, "2026-08")
    yield opened
    opened.close()


def released(storage) -> core.Release:
    folder = storage.settings.shared_folder
    return releasefile.unpack((folder / f"{CODE}.release").read_bytes(), (folder / "seal").read_bytes())


def test_closed_months_stay_and_a_revision_forgets(storage) -> None:
    before = released(storage)
    purged = {line.rule: line.number for line in purge.run(storage, MOMENT).lines}
    assert purged["faits-precision"] > 500
    assert purged["faits"] == purged["diffusions"] == 0
    world.publish(storage, "2026-09")
    after = released(storage)
    assert core.changed(before, after) == []
    assert max(after.months) == world.month("2026-09")
    assert _ledger(storage).min() == world.month("2025-01")

    world.publish(storage, "2026-09", revision=True, today=MOMENT.date())
    assert released(storage).revision == after.revision + 1
    assert _ledger(storage).min() == world.month("2025-06")


def test_keys_of_published_facts_go_with_them(storage) -> None:
    def keys() -> int:
        with storage.read() as connection:
            return int(connection.execute(text("SELECT count(*) FROM record_key")).scalar_one())

    assert keys() > 3_000
    later = datetime(2032, 12, 15, 3, tzinfo=UTC)
    lines = {line.rule: line.number for line in purge.run(storage, later).lines}
    assert lines["faits"] > 4_000
    assert keys() == 0
    assert lines["diffusions"] == 1  # the revision that was replaced in 2028; the current one stays
    assert [state.revision for state in publishing.states(storage, territories.load(storage, CODE))] == [1]


def _ledger(storage) -> np.ndarray:
    return publishing.states(storage, territories.load(storage, CODE))[-1].published.ledger.month
