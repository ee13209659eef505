"""What the State publishes, from the real base of départements, beside real quarters of Bondy.

The base by commune, with its withheld values, is not among the files at hand: `tests/web/test_quarters.py` and
`tests/catalog/test_aggregates.py` try it on lines made in its published form.
"""

from __future__ import annotations

import gzip
import json

import pytest

from geoservice.catalog.layers import load
from geoservice.core.query import FactQuery, ZoneRef
from geoservice.operations import accounts, ingest, quarters, setup
from geoservice.operations.official import departement_of
from geoservice.operations.reader import Reader, open_reader
from geoservice.settings import Settings

STATS = "stats/ssmsi_departements_2016_2025.json.gz"
FILES = (("limites", "admin/75_93_communes_arrondissements_iau.geojson"), ("qpv", "qpv/qp2024_75_93_simplifie.geojson"),
         ("qpv", "qpv/qp2015_75_93.geojson"), ("aggregates", STATS))
YEARS = tuple(str(year) for year in range(2016, 2026))


@pytest.fixture(scope="module")
def reader(real, tmp_path_factory) -> Reader:
    storage, catalog = setup.create(Settings(data=tmp_path_factory.mktemp("official") / "data")), load()
    accounts.create_organisation(storage, "bailleur")
    for layer, name in FILES:
        report = ingest.run(storage, catalog, ingest.ImportRequest(layer, (real / name,), "bailleur"))
        assert report.accepted > 0, report.as_json()
    yield open_reader(storage, catalog, accounts.viewer_of_organisation(storage, "bailleur", "essai"))
    storage.close()


def refs(reader: Reader, commune: str) -> list[ZoneRef]:
    found = reader.shelf.features("qpv", "2024")
    return [ZoneRef("qpv2024", key) for key, known in zip(found.keys, found.properties, strict=True)
            if commune in str(known.get("insee_com", known))]


def test_the_quarters_of_bondy_stand_beside_the_real_series_of_their_departement(reader, real):
    raw = json.loads(gzip.decompress((real / STATS).read_bytes()))
    wanted = {(row["indicateur"], row["uniteDeCompte"], str(row["annee"])): row for row in raw["records"]
              if row["codeDepartement"] == "93"}
    assert len(wanted) == 180
    some = refs(reader, "93010")
    assert len(some) >= 3
    for reference in some:
        found = quarters.quarter(reader, reference, FactQuery()).official
        assert {(each.level, each.zone) for each in found} == {("departement", "93")}  # no commune: its file is not here
        assert len(found) == 18
        assert all(tuple(value.period for value in each.values) == YEARS for each in found)
        for each in found:
            for value in each.values:
                row = wanted[each.indicator, each.unit, value.period]
                assert (value.count, value.withheld) == (row["nombre"], False)
    damage = next(each for each in found if each.indicator == "Destructions et dégradations volontaires")
    assert (damage.values[-1].count, damage.values[-1].denominator) == (17_921, 1_704_316)
    assert damage.values[-1].rate == pytest.approx(10.5150688)


def test_a_rate_is_never_made_with_a_denominator_that_the_file_lacks(reader):
    found = quarters.quarter(reader, refs(reader, "93010")[0], FactQuery()).official
    burglary = next(each for each in found if each.indicator.startswith("Cambriolages"))
    assert burglary.denominator_unit == "logements"
    assert {value.denominator for value in burglary.values} == {None}  # the file gives inhabitants alone
    assert all(value.count for value in burglary.values)


def test_every_real_quarter_has_the_departement_of_its_commune(reader):
    for code, departement in (("93010", "93"), ("75056", "75")):
        assert departement_of(code) == departement
        shown = {each.zone for each in quarters.quarter(reader, refs(reader, code)[0], FactQuery()).official}
        assert shown == {departement}
