"""Every word of the register has its row, every indicator is one that the State publishes, and no row says « the same »."""

from __future__ import annotations

import gzip
import json
import re
from pathlib import Path

import pytest

from geoservice.operations.words_bridge import OUTSIDE, PARTLY, bridge
from geoservice.types import SUBCATEGORIES, Category

REAL = Path(__file__).resolve().parents[3] / "shared" / "data" / "stats" / "ssmsi_departements_2016_2025.json.gz"


def test_every_category_and_subcategory_has_one_row():
    wanted = [(category, name) for category in Category for name in ("", *SUBCATEGORIES[category])]
    assert [(row.category, row.subcategory) for row in bridge().rows] == wanted
    assert len(wanted) > 40


def test_words_overlap_in_part_or_not_at_all_and_say_so():
    for row in bridge().rows:
        assert row.plain
        assert row.note
        assert row.relation == (PARTLY if row.ssmsi else OUTSIDE)
        assert bool(row.ssmsi) == ("ne se recouvre qu’en partie" in row.note), row
        for text in (row.plain, row.note, row.penal):
            assert not re.search(r"\w'\w| [:;!?]", text), text


def test_a_natinf_number_stands_only_where_a_source_names_it():
    numbers = {number for row in bridge().rows for number in row.natinf}
    assert numbers == {"180"}
    for number in numbers:
        assert any(f"NATINF {number}" in source for source in bridge().sources)
    assert all(row.penal for row in bridge().rows if row.natinf)


def test_sources_and_their_date_are_told():
    assert len(bridge().sources) >= 3
    assert bridge().as_of.year >= 2026


def test_indicators_are_spelt_as_the_files_spell_them():
    if not REAL.is_file():
        pytest.skip("les données réelles (../shared/data) ne sont pas à côté du projet")
    records = json.loads(gzip.decompress(REAL.read_bytes()))["records"]
    published = {record["indicateur"] for record in records}
    assert set(bridge().indicators()) <= published
    assert len(published) == 18
