"""What the project's Markdown files say, as tests read it: fenced blocks, the files they show, links and tables."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_FENCE = re.compile(r"(?:^`(?P<title>[^`\n]+)`[^\n]*\n\n)?^```(?P<language>\w*)\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)
_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Block:
    """A fenced block; `title` is the file name that stands alone, in backquotes, above it, else ""."""

    title: str
    language: str
    text: str


def blocks(path: Path) -> list[Block]:
    """Every fenced block of a file, in order."""
    return [Block(found["title"] or "", found["language"], found["text"]) for found in _FENCE.finditer(path.read_text("utf-8"))]


def section(path: Path, heading: str) -> list[Block]:
    """The fenced blocks below one heading of the second level."""
    parts = re.split(r"^## ", path.read_text("utf-8"), flags=re.MULTILINE)
    text = next(part for part in parts if part.startswith(heading))
    return [Block(found["title"] or "", found["language"], found["text"]) for found in _FENCE.finditer(text)]


def write_files(found: list[Block], folder: Path) -> list[Path]:
    """Write the blocks that show a file, by their titles, under `folder`."""
    written = []
    for block in found:
        if block.title:
            path = folder / block.title
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(block.text, encoding="utf-8")
            written.append(path)
    return written


def commands(found: list[Block]) -> Iterator[list[str]]:
    """The words of each `geoservice …` line of shell blocks, without its comment."""
    for block in found:
        for line in block.text.splitlines() if block.language == "sh" else ():
            words = line.partition(" #")[0].split()
            if words and words[0].removeprefix(".venv/bin/") == "geoservice":
                yield words[1:]


def links(path: Path) -> list[str]:
    """Targets of links and images outside fenced blocks."""
    return _LINK.findall(_FENCE.sub("", path.read_text("utf-8")))


def first_column(path: Path) -> list[str]:
    """The first cell of every row of every table, without backquotes; heads and rules left out."""
    rows = [line.split("|")[1].strip() for line in path.read_text("utf-8").splitlines() if line.startswith("| ")]
    return [cell.strip("`") for cell in rows if cell.startswith("`")]
