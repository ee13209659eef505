"""Hot spots and the statistics beside them through the door: statuses, filters, formats, validators, too little data."""

from __future__ import annotations

import csv
import io
import json

import pytest

from tests.web.world import CITY, CITY_FACTS, PLAINE, RIVES_FACTS

METHOD = {"test", "null", "dispersion", "correction", "level", "exposure", "seed", "index_version", "sentence"}
MAPS = ("/api/hotspots?kind=ville&resolution=9", "/api/concentration?kind=ville&resolution=9",
        "/api/change?kind=ville&resolution=9")
PLAIN = ("/api/profile?kind=ville", "/api/trend?kind=ville", "/api/near-repeat?kind=ville")
HOT = "/api/hotspots?kind=ville&resolution=9"


def strict(answer) -> dict:
    """JSON without NaN or infinities."""

    def refuse(text):
        raise AssertionError(text)

    assert answer.status_code == 200, answer.text
    return json.loads(answer.content, parse_constant=refuse)


@pytest.mark.parametrize("address", [*MAPS, *PLAIN])
def test_every_answer_says_how_it_was_made(rives, address):
    found = strict(rives.get(address))
    assert set(found["method"]) >= METHOD
    assert len(found["method"]["index_version"]) == 12
    assert found["method"]["sentence"].endswith(".")
    assert (found["kind"], found["enough"], found["reason"]) == ("ville", True, None)


@pytest.mark.parametrize("address", [*MAPS, *PLAIN])
def test_validators_and_unknown_parameters(rives, plaine, address):
    answer = rives.get(address)
    assert answer.headers["cache-control"] == "private, no-cache"
    assert rives.get(address, headers={"If-None-Match": answer.headers["etag"]}).status_code == 304
    assert plaine.get(address).headers["etag"] != answer.headers["etag"]
    refused = rives.get(f"{address}&couleur=rouge")
    assert (refused.status_code, refused.json()["type"].rpartition(":")[2]) == (400, "parametre-inconnu")
    assert rives.get(address.replace("kind=ville", "category=DEG")).status_code == 400  # several kinds in reach


def test_hot_spots_have_one_value_a_cell(rives):
    found = strict(rives.get(HOT))
    columns = [found[name] for name in ("cells", "observed", "expected", "low", "high", "p", "q", "hot")]
    assert {len(column) for column in columns} == {len(found["cells"])}
    assert len(found["cells"]) > 100
    assert (found["unit"], found["resolution"], found["total"], found["unplaced"]) == ("cell", 9, CITY_FACTS, 0)
    assert found["method"]["null"] == "beta-binomial"
    assert found["method"]["dispersion"] > 1
    assert all(0 < p <= q <= 1 for p, q in zip(found["p"], found["q"], strict=True))
    assert all(low <= high for low, high in zip(found["low"], found["high"], strict=True))
    hot = {cell for cell, flag in zip(found["cells"], found["hot"], strict=True) if flag}
    listed = [cell for area in found["areas"] for cell in area["cells"]]
    assert sorted(listed) == sorted(hot)
    assert hot  # the city's facts gather in its middle
    assert [area["rank"] for area in found["areas"]] == list(range(1, len(found["areas"]) + 1))
    for area in found["areas"]:
        assert area["verdict"] in ("solide", "fragile", "artefact probable")
        assert area["sentence"].endswith(".")
        assert {"code", "sentence"} == set(area["reasons"][0])
        assert area["facts"] == area["observed"] > area["expected"] > 0


def test_options_change_the_answer_and_are_told(rives):
    usual = strict(rives.get(HOT))
    plain = strict(rives.get(f"{HOT}&null=binomial"))
    assert (plain["method"]["null"], plain["method"]["dispersion"]) == ("binomial", None)
    assert sum(plain["hot"]) > sum(usual["hot"])  # facts taken for even are hot everywhere
    cold = strict(rives.get(f"{HOT}&side=two-sided&null=binomial"))
    assert cold["method"]["side"] == "two-sided"
    assert len(cold["cold"]) == len(cold["cells"])
    for bad in ("null=poisson", "side=left", "exposure=people", "exposure=", "null=binomial&null=binomial"):
        assert rives.get(f"{HOT}&{bad}").status_code == (200 if bad == "exposure=" else 400), bad


def test_filters_are_those_of_the_cells(rives):
    for filters in ("from=2024-03-01&to=2024-09-01", "bbox=2.3,48.8,2.4,48.9", "zone=qpv2024:QN07501M", "category=DEG"):
        assert strict(rives.get(f"{HOT}&{filters}"))["total"] == \
            rives.get(f"/api/cells?kind=ville&{filters}").json()["total"], filters


@pytest.mark.parametrize(("address", "code"), [
    ("/api/hotspots?kind=ville&category=BRU", "aucun-fait"),
    ("/api/hotspots?kind=ville&from=1990-01-01&to=1990-02-01", "aucun-fait"),
    ("/api/hotspots?kind=bailleur&exposure=dwellings", "trop-peu-de-cellules"),
    ("/api/hotspots?kind=ville&exposure=area&zone=residence:R-1", "une_residence"),
    ("/api/concentration?kind=ville&category=BRU", "aucun_fait"),
    ("/api/profile?kind=ville&from=1990-01-01&to=1990-02-01", "aucun_fait"),
    ("/api/trend?kind=ville&from=2024-02-01&to=2024-03-01", "serie_courte"),
    ("/api/change?kind=ville&category=BRU", "aucun_fait"),
    ("/api/calibration?kind=ville&category=BRU", "aucun-fait"),
])
def test_too_little_data_is_an_answer_with_a_reason(rives, address, code):
    found = strict(rives.get(address))
    assert (found["enough"], found["reason"]["code"]) == (False, code)
    assert found["reason"]["sentence"].endswith(".")
    assert set(found["method"]) >= METHOD
    if "hotspots" in address:
        assert (found["areas"], found["observed"], found["q"]) == ([], [], [])


def test_files_hold_what_the_answer_holds(rives):
    found = strict(rives.get(HOT))
    answer = rives.get(f"{HOT}&format=csv")
    assert "geoservice-points-chauds-r9.csv" in answer.headers["content-disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))
    assert [row["h3"] for row in rows] == found["cells"]
    assert [int(row["observe"]) for row in rows] == found["observed"]
    assert {row["point_chaud"] for row in rows} == {"oui", "non"}
    assert {row["rang"] for row in rows if row["point_chaud"] == "non"} == {""}
    features = strict(rives.get(f"{HOT}&format=geojson"))["features"]
    assert len(features) == len(rows)
    assert features[0]["geometry"]["type"] == "Polygon"
    empty = rives.get("/api/hotspots?kind=ville&category=BRU&format=csv")
    assert (empty.status_code, len(empty.text.splitlines())) == (200, 1)


def test_the_card_carries_the_verdict(rives):
    area = strict(rives.get(HOT))["areas"][0]
    card = strict(rives.get(f"/api/cells/{area['cells'][0]}?kind=ville"))["hotspot"]
    assert (card["enough"], card["hot"], card["of"], card["stability"]) == (True, True, "area", None)
    for name in ("observed", "expected", "low", "high", "ratio", "q", "verdict", "sentence"):
        assert card[name] == area[name], name
    checked = strict(rives.get(f"/api/cells/{area['cells'][0]}?kind=ville&verdict=1"))["hotspot"]
    assert checked["stability"]["variants"] == 27
    assert 0 <= checked["stability"]["hot"] <= 27
    assert set(checked["method"]) >= METHOD
    assert rives.get(f"/api/cells/{area['cells'][0]}?kind=ville&verdict=2").status_code == 400
    away = strict(rives.get("/api/cells/891f1d48903ffff?kind=ville"))["hotspot"]
    assert (away["enough"], away["reason"]["code"]) == (False, "hors_zone")


def test_profile_counts_every_fact_once(rives):
    found = strict(rives.get("/api/profile?kind=bailleur"))
    assert sum(map(sum, found["weights"])) + found["unknown"] + found["outside"] == pytest.approx(RIVES_FACTS)
    assert sum(map(sum, found["exposure_hours"])) == 24 * 363  # January 1 to December 28, both changes of the clock in between
    assert [len(row) for row in found["ratios"]] == [24] * 7


def test_trend_is_the_series_with_its_uncertainty(rives):
    found = strict(rives.get("/api/trend?kind=ville"))
    series = rives.get("/api/series?kind=ville&step=month").json()
    assert (found["days"], found["counts"]) == (series["days"], series["counts"])
    assert all(low <= count <= high for low, count, high in zip(found["low"], found["counts"], found["high"], strict=True))
    assert found["observed_days"][0] == 31
    assert found["trend"]["direction"] == "aucune"
    cell = strict(rives.get(HOT))["areas"][0]["cells"][0]
    history = strict(rives.get(f"/api/trend?kind=ville&cell={cell}"))["emerging"]
    assert len(history["periods"]) >= 4
    assert history["code"] != "aucun" or not any(period["hot"] for period in history["periods"])


def test_change_compares_two_periods(rives):
    found = strict(rives.get("/api/change?kind=ville&resolution=8&from=2024-07-01&to=2024-12-01&compare=2024-01-01..2024-06-01"))
    assert found["periods"]["before"] == {"from": "2024-01-01", "to": "2024-06-01", "days": 152}
    for side, period in (("before", "from=2024-01-01&to=2024-06-01"), ("after", "from=2024-07-01&to=2024-12-01")):
        assert sum(found[side]) == found["total"][side] == rives.get(f"/api/cells?kind=ville&{period}").json()["total"]
    assert set(found["direction"]) <= {-1, 0, 1}
    for bad in ("compare=2024", "compare=2024-06-01..2024-01-01", "compare=2024-02-30..2024-03-01", "from=2024-03-01&compare="
                "2024-02-01..2024-04-01"):
        assert rives.get(f"/api/change?kind=ville&{bad}").status_code == 400, bad


def test_near_repeats_have_a_table_of_bands(rives):
    found = strict(rives.get("/api/near-repeat?kind=bailleur"))
    assert (len(found["observed"]), len(found["observed"][0])) == (len(found["metres"]), len(found["days"]))
    assert (found["used"], found["total"], found["method"]["seed"]) == (RIVES_FACTS, RIVES_FACTS, 1)
    assert all(0 < p <= 1 for row in found["p"] for p in row)


def test_concentration_of_a_city_that_gathers(rives):
    found = strict(rives.get(MAPS[1]))
    assert [each["share"] for each in found["held"]] == [0.25, 0.5, 0.8]
    assert found["held"][1]["unit_share"] < 0.3
    assert found["lorenz"][0] == [0.0, 0.0]
    assert found["lorenz"][-1] == [1.0, 1.0]


@pytest.mark.slow
def test_calibration_tells_the_rate_of_false_alarms(rives):
    found = strict(rives.get("/api/calibration?kind=ville&resolution=8"))
    assert found["runs"] == 80  # few cells
    assert 0 <= found["low"] <= found["false_maps"] <= found["high"] <= 0.1
    assert "fausse" in found["sentence"] or "faux" in found["sentence"]


def test_tiles_hold_the_hot_cells(rives):
    from mapbox_vector_tile import decode

    from geoservice.core import crs

    found = strict(rives.get(HOT))
    x, y = crs.world(*([value] for value in CITY))
    address = f"/tiles/hotspots/9/{int(x[0] * 512)}/{int(y[0] * 512)}.mvt?kind=ville&resolution=9"
    shown = decode(rives.get(address).content)["hotspots"]["features"]
    hot = {cell for cell, flag in zip(found["cells"], found["hot"], strict=True) if flag}
    assert {each["properties"]["h3"] for each in shown} == hot
    assert {each["properties"]["rank"] for each in shown} == {area["rank"] for area in found["areas"]}
    x, y = crs.world(*([value] for value in PLAINE))
    assert rives.get(f"/tiles/hotspots/12/{int(x[0] * 4096)}/{int(y[0] * 4096)}.mvt?kind=ville").status_code == 204
    assert rives.get("/tiles/hotspots/3/9/9.mvt?kind=ville").status_code == 404
    assert rives.get("/tiles/hotspots/a/9/9.mvt?kind=ville").status_code == 404
