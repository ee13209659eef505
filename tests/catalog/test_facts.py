"""Facts from a landlord's lines: codes, dates, keys, what is refused and what is only said."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geoservice.catalog.intake.facts import FactIntake
from geoservice.catalog.rows import FACT
from geoservice.core import grid
from geoservice.errors import UnreadableFile
from tests.catalog.tables import TODAY, batch, landlord, named, one, refused, source, take

HERE = {"lat": "48,907", "lon": "2,48"}
LINE = {"date": "03/01/2025", "type": "tag", **HERE}


def test_a_line_becomes_a_fact():
    fact = one(**LINE, heure="22h30", canal="réclamation locataire", gravité="3", lieu="façade", plainte="oui", coût="1 120,50 €",
               identifiant="D-1", commentaire="M. Untel, 06 12 34 56 78")
    assert fact == {**fact, "key": "D-1", "seen": 1, "line": 2, "day": 20091, "minute": 1350, "duration": None, "utc": 1735939800,
                    "category": "DEG", "subcategory": "tag", "kind": "bailleur", "nature": "reclamation", "gravity": 3,
                    "place": "FACADE", "placement": "coordonnees", "lon": 2.48, "lat": 48.907, "complaint": 1,
                    "cost_cents": 112050}
    assert not [value for value in fact.values() if "Untel" in str(value)]


def test_the_cell_is_the_finest_one_of_the_point():
    import numpy as np

    fact = one(**LINE)
    assert fact["cell"] == int(grid.index(np.array([fact["lon"]]), np.array([fact["lat"]]))[0])


@pytest.mark.parametrize(("word", "category", "subcategory", "nature"), [
    ("tag", "DEG", "tag", None), ("Squat de hall", "OCC", "hall", None), ("voiture ventouse", "VEH", "ventouse", None),
    ("dépôt sauvage", "SAL", "depot", None), ("ascenseur en panne", "TEC", None, None), ("DEG.porte", "DEG", "porte", None),
    ("Propreté", "SAL", None, None), ("VOL", "VOL", None, None), ("dégradation 3e étage", "DEG", None, None),
    ("gardien", "AUT", None, "gardien"), ("dépôt de plainte", "AUT", None, "plainte"), ("", "AUT", None, None),
])
def test_a_column_named_nature_holds_the_type_or_the_channel(word, category, subcategory, nature):
    fact = one(date="03/01/2025", nature=word, **HERE)
    assert (fact["category"], fact["subcategory"], fact["nature"]) == (category, subcategory, nature)


def test_a_fact_without_a_type_counts_as_other_and_it_is_said():
    taken = take({"date": ["03/01/2025"] * 2, "nature": ["gardien", "tag"], "lat": ["48.9"] * 2, "lon": ["2.4"] * 2})
    assert [(n.code, n.count, n.example_line) for n in taken.notes] == [("sans-categorie", 1, 2)]


@pytest.mark.parametrize(("cells", "column", "said"), [
    ({"type": "zorglub"}, "type", "« zorglub »"), ({"gravité": "7"}, "gravité", "« 7 »"),
    ({"plainte": "peut-être"}, "plainte", "oui, non"),
    ({"canal": "pigeon voyageur"}, "canal", "« pigeon voyageur »"), ({"date": "31/02/2025"}, "date", "n’est pas lisible"),
    ({"date": ""}, "date", "manque"), ({"date": "03/01/1985"}, "date", "avant 1990"), ({"date": "16/01/2026"}, "date", "futur"),
    ({"coût": "-3"}, "coût", "montant"), ({"coût": "cher"}, "coût", "montant"), ({"coût": "nan"}, "coût", "montant"),
    ({"date_fin": "01/01/2025"}, "date_fin", "précède"), ({"date_fin": "demain"}, "date_fin", "n’est pas lisible"),
    ({"identifiant": "x" * 200}, "identifiant", "trop long"),
    ({"hall": "Le hall du fond, chez Mme Untel, " * 3}, "hall", "texte libre"),
])
def test_a_reject_keeps_line_column_value_and_a_sentence(cells, column, said):
    reject = refused(**{**LINE, **cells})
    assert (reject.file, reject.line, reject.column) == ("essai.csv", 2, column)
    assert said in reject.sentence
    assert "Untel" not in reject.value


def test_an_unreadable_time_keeps_the_date():
    taken = take({**{n: [v] for n, v in LINE.items()}, "heure": ["vers le soir"]})
    assert named(taken.rows[0])["minute"] is None
    assert [n.code for n in taken.notes] == ["heure-illisible"]


@pytest.mark.parametrize(("cells", "minute", "duration"), [
    ({"heure": "22h-2h"}, 1320, 240), ({"heure": "22:00", "heure_fin": "02:00"}, 1320, 240),
    ({"heure": "22:00", "date_fin": "04/01/2025", "heure_fin": "06:00"}, 1320, 480), ({"date_fin": "05/01/2025"}, None, 3 * 1440),
    ({"date_fin": "03/01/2025"}, None, None), ({"heure_fin": "06:00"}, None, None),
])
def test_an_interval_stays_an_interval(cells, minute, duration):
    fact = one(**LINE, **cells)
    assert (fact["minute"], fact["duration"]) == (minute, duration)


def test_changes_of_clock_are_handled_and_said():
    taken = take({"date": ["30/03/2025", "26/10/2025", "26/10/2025"], "heure": ["02:30", "02:30", "05:00"], "type": ["tag"] * 3,
                  "lat": ["48.9"] * 3, "lon": ["2.4"] * 3})
    facts = [named(row) for row in taken.rows]
    assert [(f["minute"], f["utc"]) for f in facts] == [(None, None), (150, 1761438600), (300, 1761451200)]
    assert sorted(n.code for n in taken.notes) == ["heure-double", "heure-inexistante"]


def test_local_time_is_that_of_the_territory():
    reunion = one(date="03/01/2025", heure="12:00", type="tag", lat="-21.1", lon="55.5")
    assert datetime.fromtimestamp(reunion["utc"], tz=UTC).hour == 8
    said = one(date="2025-01-03T12:00:00Z", type="tag", lat="-21.1", lon="55.5")
    assert (said["minute"], said["utc"]) == (16 * 60, reunion["utc"] + 4 * 3600)


def test_a_row_without_key_is_the_same_fact_tomorrow_and_equal_rows_are_counted():
    lines = {"date": ["03/01/2025"] * 3, "type": ["tag", "tag", "bruit"], "lat": ["48.9"] * 3, "lon": ["2.4"] * 3}
    keys = [row[0] for row in take(lines).rows]
    assert keys == [row[0] for row in take(lines).rows]
    assert len(set(keys)) == 3
    assert keys[0][:-2] == keys[1][:-2]
    assert (keys[0][-2:], keys[1][-2:]) == (".1", ".2")


def test_ordinals_of_equal_rows_run_through_all_batches():
    intake = FactIntake(landlord(), TODAY, 1)
    lines = {n: [v] for n, v in LINE.items()}
    assert [intake.take(batch(lines)).rows[0][0][-2:] for _ in range(3)] == [".1", ".2", ".3"]


def test_a_better_patrimoine_makes_a_new_version_and_not_a_new_fact():
    lines = {"date": ["03/01/2025"], "type": ["tag"], "code_residence": ["R1"], "code_insee": ["93010"]}
    before, after = (take(lines, places=places).rows for places in (_Moved(2.48), _Moved(2.49)))
    assert before[0][0] == after[0][0]
    assert before[0][1] != after[0][1]


class _Moved:
    def __init__(self, lon):
        self.lon = lon

    def find(self, hall, building, residence):
        from geoservice.catalog.intake.placing import Spot
        from geoservice.types import Placement

        return Spot(Placement.RESIDENCE, self.lon, 48.9, residence)


def test_content_changes_with_any_value_and_only_then():
    base = one(**LINE, identifiant="D-1")["content"]
    assert len(base) == 16
    assert one(**LINE, identifiant="D-2", commentaire="autre")["content"] == base
    others = [one(**{**LINE, **change})["content"] for change in (
        {"gravité": "2"}, {"lon": "2,4800001"}, {"heure": "10h"}, {"type": "bruit"}, {"hall": "H9"}, {"coût": "1"},
        {"plainte": "non"})]
    assert len({base, *others}) == 8


def test_an_assault_on_staff_is_coarsened_on_entry():
    fact = one(date="03/01/2025", heure="10:00", type="agression gardien", code_residence="R9", hall="H9", **HERE)
    assert (fact["category"], fact["residence"], fact["placement"]) == ("AGP", "R9", "residence")
    assert (fact["lon"], fact["lat"], fact["cell"], fact["hall"], fact["building"]) == (None, None, 0, None, None)
    town = one(date="03/01/2025", type="agression gardien", code_insee="93010", **HERE)
    assert (town["placement"], town["commune"], town["cell"]) == ("commune", "93010", 0)
    assert "résidence" in refused(date="03/01/2025", type="agression gardien", **HERE).sentence


def test_a_missing_required_column_names_what_is_accepted():
    with pytest.raises(UnreadableFile, match="date_fait"):
        take({"type": ["tag"]})


def test_constants_and_rejects_of_the_reader_pass_through():
    from geoservice.catalog.rows import Reject

    spec = source(columns={"date": "date", "lon": "lon", "lat": "lat"}, constants={"category": "BRU", "nature": "marche"})
    lost = Reject("essai.csv", 9, "", "", "colonnes", "…")
    taken = FactIntake(spec, TODAY, 7).take(batch({"date": ["03/01/2025"], "lon": [2.4], "lat": [48.9]}, rejects=(lost,)))
    fact = named(taken.rows[0])
    assert (fact["category"], fact["nature"], fact["seen"]) == ("BRU", "marche", 7)
    assert taken.rejects == [lost]


CELL = st.one_of(st.text(max_size=30), st.none(), st.floats(), st.integers(), st.dates(), st.sampled_from(
    ["03/01/2025", "tag", "AGP", "48.9", "2.4", "H1", "R1", "22h-2h", "1e999", "nan", "-0", "'",
     "{'lon': nan, 'lat': 1}", "93010"]))
HEADERS = ("identifiant", "date", "heure", "type", "nature", "gravité", "lieu", "plainte", "coût", "code_residence", "hall",
           "adresse", "code_insee", "lon", "lat", "x", "y", "geo_point_2d", "date_fin", "heure_fin", "epsg")


@settings(max_examples=150, deadline=None)
@given(st.lists(st.lists(CELL, min_size=len(HEADERS), max_size=len(HEADERS)), min_size=1, max_size=4))
def test_no_cell_crashes_the_intake_and_no_line_is_lost(rows):
    taken = take(dict(zip(HEADERS, zip(*rows, strict=True), strict=True)))
    assert len(taken.rows) + len(taken.rejects) == len(rows)
    for row in taken.rows:
        fact = named(row)
        assert len(row) == len(FACT)
        assert fact["day"] >= date(1990, 1, 1).toordinal() - date(1970, 1, 1).toordinal()
        assert (fact["cell"] == 0) == (fact["lon"] is None)
        assert fact["placement"] is not None
