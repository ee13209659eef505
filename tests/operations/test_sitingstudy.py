"""The opportunity study: its numbers are those of the facts and of the plan, and it says what cannot be shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from pathlib import Path

import numpy as np
import pypdfium2
import pytest

from geoservice.core.query import parse
from geoservice.export.fonts import FONT
from geoservice.export.paperpdf import to_pdf
from geoservice.operations import siting, sitingpapers_facts, sitingpapers_study
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.siting import Plan
from geoservice.operations.sitingasked import Asked
from geoservice.operations.sitingpapers_facts import REDUCTION, by_month, facts_of, month_edges
from geoservice.types import Category, Kind
from tests.operations import hotworld
from tests.operations.test_siting import COURT, DOOR, MANY, QUERY, at, block, world

EDITED = datetime(2026, 11, 22, 9, tzinfo=UTC)
LEAST = date(1970, 1, 1)


@pytest.fixture(scope="module")
def street(tmp_path_factory: pytest.TempPathFactory) -> Reader:
    return world(tmp_path_factory.mktemp("study"))


@pytest.fixture(scope="module")
def plan(street: Reader) -> Plan:
    return siting.plan(street, Asked(QUERY, cameras=2))


def wide(folder: Path, many: int) -> tuple[Reader, Plan]:
    """Five places in view of a block alone, and twelve elsewhere, each with so many facts, spread evenly over 2024."""
    facts, near = hotworld.new(), [(-35.0, -14.0), (20.0, -30.0), (75.0, -14.0), (20.0, 32.0), (-20.0, 25.0)]
    elsewhere = [(250.0 + 90 * (place % 4), 90.0 * (place // 4)) for place in range(12)]
    days = hotworld.FIRST_DAY + np.linspace(0, hotworld.DAYS - 1, many).astype(int)
    for spot in near + elsewhere:
        lon, lat = at(*spot)
        facts.add(np.full(many, lon), np.full(many, lat), category=Category.VOL, days=days)
    made = hotworld.reader(folder, facts, Kind.BAILLEUR, homes={"R1": (*at(20, 5), 40)})
    hotworld.put(made.shelf.storage, "batiments", {"B1": ("", "", block(0, 0, 40, 10), {"height": 15.0})})
    reader = open_reader(made.shelf.storage, made.catalog, made.viewer)
    return reader, siting.plan(reader, Asked(QUERY, cameras=6, purpose="detect"))


def text_of(made: bytes) -> tuple[str, int]:
    with pypdfium2.PdfDocument(made) as document:
        pages = [page.get_textpage().get_text_bounded() for page in document]
    return " ".join(" ".join(pages).replace("\xa0", " ").split()), len(pages)


def test_facts_in_view_are_those_the_plan_counts(street: Reader, plan: Plan) -> None:
    found = facts_of(street, plan)
    assert (found.all, found.seen) == (plan.seen.total, plan.covered)
    assert found.seen == MANY[DOOR] + MANY[COURT]
    assert {category: (whole, part) for category, whole, part in found.categories} == {
        Category.OCC: (80, 40), Category.VOL: (25, 25), Category.SAL: (7, 0)}
    assert int(found.hours.sum()) + found.timeless == found.seen
    assert found.months.sum() <= found.all
    assert (found.months_seen <= found.months).all()


def test_only_whole_months_are_counted(street: Reader) -> None:
    known = street.period()
    assert known is not None
    edges = month_edges(street, QUERY)
    assert edges[0] >= known[0]
    assert edges[-1] <= date.fromordinal(known[1].toordinal() + 1)
    assert all(each.day == 1 for each in edges)
    some = month_edges(street, parse({"kind": "bailleur", "from": "2024-03-15", "to": "2024-07-10"}))
    assert some == [date(2024, 4, 1), date(2024, 5, 1), date(2024, 6, 1), date(2024, 7, 1)]
    assert month_edges(street, parse({"kind": "bailleur", "from": "2024-03-15", "to": "2024-03-20"})) == []
    days = np.array([date(2024, 3, 31).toordinal(), date(2024, 4, 1).toordinal(), date(2024, 6, 30).toordinal(),
                     date(2024, 7, 1).toordinal()]) - LEAST.toordinal()
    assert by_month(days, some).tolist() == [1, 0, 1]


def test_many_facts_can_show_an_effect(tmp_path: Path) -> None:
    reader, plan = wide(tmp_path, 400)
    found = facts_of(reader, plan)
    assert len(found.gates) == 3
    assert [each.months for each in found.gates] == [6, 12, 24]
    assert all(each.possible for each in found.gates)
    assert found.gates[-1].chance > 0.8
    assert found.gates[0].expected < found.gates[1].expected < found.gates[2].expected
    said, _ = text_of(to_pdf(*sitingpapers_study.paper(reader, plan, EDITED), FONT))
    assert "se verrait huit fois sur dix" in said


def test_few_facts_cannot(tmp_path: Path) -> None:
    reader, plan = wide(tmp_path, 3)
    found = facts_of(reader, plan)
    assert len(found.gates) == 3
    assert not found.gates[0].possible
    said, _ = text_of(to_pdf(*sitingpapers_study.paper(reader, plan, EDITED), FONT))
    assert "pas même une disparition" in said


def test_controls_are_far_and_alike() -> None:
    rows = sitingpapers_facts._alike(np.array([10, 3]), np.array([1, 2, 3, 9, 10, 11, 12, 50]))
    assert rows.tolist() == [4, 3, 5, 6, 2, 1, 0, 7]
    here, away = np.array([[2.45, 48.9]]), np.array([[2.45, 48.901], [2.45, 48.9012], [2.46, 48.9]])  # 111, 133, 734 m
    assert sitingpapers_facts._far(away, here).tolist() == [1, 2]


def test_the_study_says_everything_it_owes(street: Reader, plan: Plan) -> None:
    said, pages = text_of(to_pdf(*sitingpapers_study.paper(street, plan, EDITED), FONT))
    assert 2 <= pages <= 4
    for words in ("Projet, à discuter", "Règles lues le 30 juin 2025", "65 faits sur 112", "Occupation", "Faits par mois",
                  "Tendance", "Heures", "hauteur inconnue", "7 placés à un immeuble", "30 sur la voie publique",
                  "Peut-on montrer un effet", "Il faut au moins 3 lieux", "Éclairage", "Piza", "40 logements", "À décider",
                  "Parties communes closes", "habitants, visiteurs", "Résidence R1"):
        assert words in said, words
    for each in plan.answers:
        assert each.label in said


def test_a_camera_put_in_a_wall_has_papers_too(street: Reader, plan: Plan) -> None:
    """It sees nothing, and the papers say so instead of failing."""
    from geoservice.operations import sitinghand, sitingpapers
    from geoservice.operations.sitingspots import Placed

    blind = sitinghand.plan(street, Asked(QUERY), (Placed(*at(20, 5), 0.0),))
    said, _ = text_of(to_pdf(*sitingpapers_study.paper(street, blind, EDITED), FONT))
    assert "0 fait sur 112" in said
    assert "Aucun fait n’est en vue" in said
    said, pages = text_of(to_pdf(*sitingpapers.paper(street, blind, EDITED), FONT))
    assert pages == 3
    placed = sitinghand.plan(street, Asked(QUERY), tuple(Placed(each.view.spot.lon, each.view.spot.lat, each.view.spot.azimuth)
                                                         for each in plan.cameras))
    assert facts_of(street, placed).seen == plan.covered


def test_hours_that_nobody_knows_are_said(street: Reader, plan: Plan) -> None:
    found = replace(facts_of(street, plan), hours=np.zeros(8, np.int64), timeless=65)
    assert "aucune n’est connue" in sitingpapers_study._clock(found)[0]
    assert not list(sitingpapers_study._hours(found))
    assert REDUCTION == 0.13
