"""The first page of a landlord's team: periods around the last meeting, and changes beyond chance among many residences."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

import numpy as np
import pytest

from geoservice.catalog.layers import load
from geoservice.core.query import FactQuery
from geoservice.operations import accounts, ingest, landing, setup
from geoservice.operations.reader import Reader, open_reader
from geoservice.settings import Settings
from geoservice.types import Kind

MEETING, TODAY = date(2024, 9, 1), date(2024, 12, 31)
RISING, FALLING, RESIDENCES = "R007", "R011", 200


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    """Two hundred residences with some ten facts a period; one rises to forty, one falls from forty, one has none."""
    folder = tmp_path_factory.mktemp("landing")
    storage, catalog = setup.create(Settings(data=folder / "data")), load(None)
    accounts.create_organisation(storage, "rives")
    for layer, path in (("patrimoine", _residences(folder / "r.csv")), ("incidents", _facts(folder / "f.csv"))):
        ingest.run(storage, catalog, ingest.ImportRequest(layer, (path,), "rives", None))
    return open_reader(storage, catalog, accounts.viewer_of_organisation(storage, "rives", "essai"))


def _residences(path: Path) -> Path:
    rows = [f"R{row:03d};Résidence {row};{2.4 + row / 1000};48.9" for row in range(RESIDENCES + 1)]
    path.write_text("code_residence;nom;lon;lat\n" + "\n".join(rows), "utf-8")
    return path


def _facts(path: Path) -> Path:
    rng = np.random.default_rng(4)
    lines = []
    days = (TODAY - MEETING).days + 1
    for row in range(RESIDENCES):
        code = f"R{row:03d}"
        before, since = {RISING: (10, 40), FALLING: (40, 8)}.get(code, (int(rng.poisson(10)) + 1, int(rng.poisson(10))))
        for first, number in ((MEETING - timedelta(days), before), (MEETING, since)):
            lines += [f"{first + timedelta(int(day))};DEG;{code}" for day in rng.integers(0, days, number)]
    lines.append(f"{TODAY};DEG;R000")
    path.write_text("id;date;categorie;residence\n" + "\n".join(f"{row};{line}" for row, line in enumerate(lines)), "utf-8")
    return path


def test_the_two_periods_are_as_long_and_end_with_what_is_known(reader):
    span = landing.span_of(reader, Kind.BAILLEUR, MEETING, date(2026, 1, 1))
    assert (span.since, span.until) == (MEETING, TODAY + timedelta(1))
    assert span.since - span.before == span.until - span.since == timedelta(span.days)
    assert landing.span_of(reader, Kind.BAILLEUR, None, TODAY).days == landing.WITHOUT_MEETING_DAYS
    assert landing.span_of(reader, Kind.BAILLEUR, TODAY, TODAY).days == landing.LEAST_DAYS
    assert landing.span_of(reader, Kind.VILLE, MEETING, TODAY) is None


def test_what_changed_beyond_chance_comes_first_and_alone_is_said_to_have(reader):
    found = landing.changed(reader, Kind.BAILLEUR, landing.span_of(reader, Kind.BAILLEUR, MEETING, TODAY))
    assert {each.residence.code: each.direction for each in found.beyond_chance} == {RISING: 1, FALLING: -1}
    assert [each.residence.code for each in found.moved[:2]] == [FALLING, RISING]
    rising = found.moved[1]
    assert (rising.before, rising.since) == (10, 40)
    assert 1 < rising.low < rising.ratio < rising.high
    assert len(found.moved) == RESIDENCES
    assert found.quiet == 1
    everywhere = reader.by_unit(FactQuery(kind=Kind.BAILLEUR, since=MEETING), "residence")
    assert sum(each.since for each in found.moved) == sum(unit.count for unit in everywhere)
