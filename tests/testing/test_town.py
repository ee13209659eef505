"""The town: same seed same bytes, everything in its place, and totals that add up, read back from the written files."""

from __future__ import annotations

import csv
import gzip
import hashlib
import json
import subprocess
import sys
from datetime import date

import numpy as np
import pytest
import shapely

from geoservice import testing
from geoservice.testing.frame import FRAME
from geoservice.types import SUBCATEGORIES, Category, Nature, Place, Placement

DIGEST = """
import hashlib, pathlib, sys
from geoservice import testing
files = testing.town(seed=int(sys.argv[1])).write(pathlib.Path(sys.argv[2]))
print(hashlib.sha256(b"".join(p.name.encode() + p.read_bytes() for p in files.all)).hexdigest())
"""


def digest(files: testing.Files) -> str:
    return hashlib.sha256(b"".join(p.name.encode() + p.read_bytes() for p in files.all)).hexdigest()


def lines(path, delimiter=";"):
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream, delimiter=delimiter))


def features(path):
    return json.loads(path.read_text(encoding="utf-8"))["features"]


def test_the_same_seed_gives_the_same_bytes_in_two_processes(town, written, tmp_path):
    again = testing.town(seed=1).write(tmp_path / "again")
    assert digest(again) == digest(written)
    other = subprocess.run([sys.executable, "-c", DIGEST, "1", str(tmp_path / "other")], capture_output=True, text=True,
                           check=True, env={"PYTHONHASHSEED": "7", "PATH": ""})
    assert other.stdout.strip() == digest(written)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_every_seed_gives_a_whole_town(seed, town):
    found = town if seed == 1 else testing.town(seed=seed)
    assert seed == 1 or (found.heights[:500] != town.heights[:500]).any()
    assert 25_000 <= sum(t.rows for t in found.totals().values()) <= 45_000
    assert len(found.residences) == 40
    assert 140 <= len(found.halls) <= 190
    assert 5_000 <= found.dwellings <= 7_000
    assert 60 <= len({s.name for s in found.plan.streets}) == len(found.plan.streets)
    assert len(found.footprints) >= 1_200
    assert 20 <= len(found.cameras) <= 30
    assert len(found.quarters(2024)) == len(found.quarters(2015)) == 3
    assert {r.owner.code for r in found.residences} == {o.code for o in found.organisations}


def test_buildings_stand_apart_and_out_of_the_river(town):
    shapes = np.array([f.shape for f in town.footprints])
    assert shapely.is_valid(shapes).all()
    assert shapely.area(shapes).min() > 30
    left, right = shapely.STRtree(shapes).query(shapes, predicate="intersects")
    pairs = left < right
    assert shapely.area(shapely.intersection(shapes[left[pairs]], shapes[right[pairs]])).max() < 20  # party walls
    assert shapely.distance(shapes, shapely.LineString(town.plan.river)).min() > 17
    assert 0.03 < np.isnan(town.heights).mean() < 0.10


def test_halls_stand_in_a_building_of_their_residence(town, written):
    for r in town.residences:
        blocks = shapely.union_all([f.shape for f in r.footprints])
        assert shapely.contains_xy(blocks, np.array([(h.x, h.y) for h in r.halls])).all(), r.code
    known = {row["code_residence"] for path in written.patrimoine.values() for row in lines(path)}
    halls = [row for path in written.halls.values() for row in lines(path)]
    assert len(halls) == len({h["code"] for h in halls}) == len(town.halls)
    assert {h["residence"] for h in halls} == known
    buildings = {row["code_batiment"] for path in written.patrimoine_batiments.values() for row in lines(path)}
    assert {h["batiment"] for h in halls} == buildings
    assert sum(int(row["nb_logements"]) for path in written.patrimoine.values() for row in lines(path)) == town.dwellings


def test_every_point_lies_in_the_town_and_every_value_in_its_closed_list(town):
    seen = 0
    for facts in town.facts.values():
        points = np.column_stack([facts["lon"], facts["lat"]])
        nowhere = np.isnan(points).any(axis=1)
        assert (nowhere == (facts["placement"] == "rue")).all()
        assert testing.inside(town, points[~nowhere]).all()
        seen += len(points)
        for column, allowed in (("category", list(Category)), ("nature", ["", *Nature]), ("place", ["", *Place]),
                                ("placement", list(Placement)), ("complaint", ["", "oui", "non"])):
            assert set(facts[column].tolist()) <= set(allowed), column
        for category, sub in set(zip(facts["category"].tolist(), facts["subcategory"].tolist(), strict=True)):
            assert sub in ("", *SUBCATEGORIES[Category(category)])
        assert set(facts["gravity"].tolist()) <= {0, 1, 2, 3, 4}
        days = facts["day"].astype("datetime64[D]")
        assert str(days.min()) >= "2023-11-01"
        assert str(days.max()) <= "2026-10-31"
    assert seen == sum(t.rows for t in town.totals().values())


def test_totals_are_those_of_the_written_lines(town, written):
    wanted = town.totals()
    paths = {**written.bailleurs, "habitant": written.habitants, "transport": written.transport}
    for name, path in paths.items():
        rows, total = lines(path), wanted[name]
        assert len(rows) == len({r["id"] for r in rows}) == total.rows == sum(total.by_year_category.values())
        assert counted(r["categorie"][:3] for r in rows) == total.by_category
        assert counted(r["date"][:4] for r in rows) == total.by_year
        assert sum(not r["heure"] for r in rows) == total.no_hour
        assert sum(r["categorie"].startswith("AGP") for r in rows) == total.agp
        assert sum(bool(r["adresse"]) for r in rows) == total.by_address
        assert sum(bool(r["lon"]) for r in rows) == total.by_coordinates
        assert sum(not r["gravite"] for r in rows) == total.no_gravity
        assert sum(bool(r.get("date_fin")) for r in rows) == total.intervals
        assert sum(int(r.get("cout") or 0) for r in rows) == total.cost_euros
        if "plainte" in rows[0]:
            assert counted(r["plainte"] or "inconnu" for r in rows) == total.complaints
        assert sum(total.by_placement.values()) == total.rows


def test_open_reports_look_like_those_of_paris(town, written):
    rows, total = lines(written.ville, ","), town.totals()["ville"]
    assert len(rows) == len({r["id_dmr"] for r in rows}) == total.rows
    assert sum(r["soustype"].startswith("[") for r in rows) == total.by_nature["patrouille"] > 500
    assert counted(r["datedecl"][:4] for r in rows) == total.by_year
    assert total.no_hour == total.rows
    assert all(r["geo_point_2d"].startswith("{'lon': 1.") for r in rows)


def test_every_fact_refers_to_a_place_of_its_own_landlord(town, written):
    for owner, path in written.bailleurs.items():
        residences = {r["code_residence"] for r in lines(written.patrimoine[owner])}
        halls = {r["code"]: r["residence"] for r in lines(written.halls[owner])}
        rows = lines(path)
        assert {r["code_residence"] for r in rows} - {""} <= residences
        assert all(halls[r["hall"]] == r["code_residence"] for r in rows if r["hall"])
        assert all(r["code_residence"] or r["adresse"] for r in rows)


def test_written_addresses_are_found_in_the_address_file(town, written):
    with gzip.open(written.adresses, "rt", encoding="utf-8", newline="") as stream:
        base = list(csv.DictReader(stream, delimiter=";"))
    known = {f"{a['numero']} {a['rep']}".strip() + f" {a['nom_voie']}|{a['code_postal']}": (a["lon"], a["lat"]) for a in base}
    assert len(known) == len(base) == len(town.addresses)
    streets = {f"{a['nom_voie']}|{a['code_postal']}" for a in base}
    facts = town.facts["habitant"]
    asked = 0
    for row, lon, placement in zip(lines(written.habitants), facts["lon"].tolist(), facts["placement"].tolist(), strict=True):
        key = f"{row['adresse']}|{row['code_postal']}"
        if placement == "numero":
            assert float(known[key][0]) == lon
        assert placement != "rue" or key in streets
        asked += placement != "coordonnees"
    assert asked == town.totals()["habitant"].by_address > 1_000


def test_quarters_of_two_generations(town, written):
    new, old = ({f["properties"][k]: shapely.geometry.shape(f["geometry"]) for f in features(path)}
                for path, k in ((written.qpv_2024, "code_qp"), (written.qpv_2015, "CODE_QP")))
    assert all(shapely.is_valid(g) for g in (*new.values(), *old.values()))
    assert new["QN99902I"].equals(old["QP999002"])
    assert new["QN99901M"].area > 1.2 * old["QP999001"].area
    assert not any(new["QN99903N"].intersects(g) for g in old.values())
    assert features(written.qpv_2024)[0]["properties"]["insee_com"] == "99901, 99902"
    homes = FRAME.lonlat(np.array([(r.x, r.y) for r in town.residences]))
    assert shapely.contains_xy(shapely.union_all(list(new.values())), homes).sum() == 32


def test_the_end_can_be_chosen_and_too_short_a_town_is_refused():
    short = testing.town(seed=4, years=2, until=date(2024, 2, 28))
    days = np.concatenate([f["day"] for f in short.facts.values()]).astype("datetime64[D]")
    assert str(days.max()) <= "2024-02-28"
    assert str(days.min()) >= "2022-03-01"
    with pytest.raises(ValueError, match="two years"):
        testing.town(years=1)


def counted(values):
    found: dict[str, int] = {}
    for value in values:
        found[value] = found.get(value, 0) + 1
    return dict(sorted(found.items()))
