"""Whoever reads rows of facts leaves out those that were merged or taken back, or says here why not."""

from __future__ import annotations

import re
from pathlib import Path

STORAGE = Path(__file__).parents[2] / "geoservice" / "storage"
_READS = re.compile(r"FROM fact\b|\bFact\b|tables\.Fact\b")
_WHOLE = {
    "tables.py": "declares the table",
    "watch_tables.py": "names the table",
    "undo.py": "takes back what an import wrote, counted or not",
    "purge.py": "what is past its time goes, counted or not",
    "jobs.py": "where and when the facts of one import are",
    "followups.py": "a partner may have been asked about a report",
}


def test_every_reader_of_facts_knows_of_mergers():
    readers = {path.name: path.read_text(encoding="utf-8") for path in STORAGE.glob("*.py")}
    readers = {name: text for name, text in readers.items() if _READS.search(text) and name != "mergers.py"}
    assert {"facts.py", "releases.py", "register.py"} <= set(readers)
    assert sorted(name for name, text in readers.items() if "mergers." not in text and name not in _WHOLE) == []
    assert set(_WHOLE) - set(readers) <= {"watch_tables.py"}
