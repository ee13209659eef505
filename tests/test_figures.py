"""The scoreboard is what the commands wrote: complete rows, and a page rendered from them."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from tests.bench import figures
from tests.bench.figures import KEYS, Figure

ROW = Figure("x", 2, 1.5, "s", "peer", 3.0, 0.5, "≤ 6×", True, "make bench", "2026-01-01", "abc")


def rows() -> list[dict]:
    return [row for found in figures.load().values() for row in found]


def test_the_page_is_rendered_from_the_rows() -> None:
    assert figures.PAGE.read_text(encoding="utf-8") == figures.render()


def test_every_row_is_complete() -> None:
    assert len(rows()) >= 2
    for row in rows():
        assert tuple(row) == KEYS
        assert isinstance(row["met"], bool)
        assert date.fromisoformat(row["date"]).year >= 2025
        assert re.fullmatch(r"[0-9a-f]{7,40}\+?", row["commit"])
        assert row["command"].startswith("python -m tests.")
        assert (row["peer"] is None) == (row["peer_measured"] is None) == (row["ratio"] is None)


def test_no_two_rows_are_the_same_measurement() -> None:
    names = [(row["id"], row["peer"]) for row in rows()]
    assert len(names) == len(set(names))


@pytest.mark.parametrize(("row", "text"), [(ROW, "| yes |"), (replace(ROW, met=False), "| **no** |"),
                                           (replace(ROW, peer=None, peer_measured=None, ratio=None), "| – | – |")])
def test_a_row_says_whether_it_is_met(tmp_path: Path, row: Figure, text: str) -> None:
    (tmp_path / "one.json").write_text(json.dumps([vars(row)]), encoding="utf-8")
    assert text in figures.render(tmp_path)
