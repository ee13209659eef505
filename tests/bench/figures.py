"""The scoreboard: measured rows as JSON in docs/figures, rendered to docs/FIGURES.md and nowhere else."""

from __future__ import annotations

import json
import subprocess
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FOLDER = ROOT / "docs" / "figures"
PAGE = ROOT / "docs" / "FIGURES.md"
_HEAD = """# Figures

Measured by the command of each row, never typed by hand: `make bench` and `make kill` write `docs/figures/*.json` and this page.
A ratio is ours over the peer's for a cost (smaller is better) and the peer's over ours for a speed-up; the target says which.
"""
_COLUMNS = ("what", "measured", "peer", "ratio", "target", "met", "command", "date", "commit")


@dataclass(frozen=True)
class Figure:
    """One row: what was measured, against which peer in the same run, and whether it reaches what was promised."""

    id: str
    issue: int
    measured: float
    unit: str
    peer: str | None
    peer_measured: float | None
    ratio: float | None
    target: str
    met: bool
    command: str
    date: str
    commit: str


KEYS = tuple(Figure.__dataclass_fields__)


def commit() -> str:
    """The commit that is measured, with a `+` when files differ from it."""
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=ROOT, capture_output=True, text=True, check=False).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", "geoservice", "tests", "layers")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + ("+" if changed else "")


def today() -> str:
    """The day of the measurement, UTC."""
    return datetime.now(UTC).date().isoformat()


def save(name: str, figures: list[Figure]) -> None:
    """Replace one file of rows, and render the page from all of them."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    rows = [asdict(figure) for figure in figures]
    (FOLDER / f"{name}.json").write_text(json.dumps(rows, ensure_ascii=False, indent=2) + "\n", encoding="utf-8")
    PAGE.write_text(render(), encoding="utf-8")


def load(folder: Path = FOLDER) -> dict[str, list[dict]]:
    """Rows by file name."""
    return {path.stem: json.loads(path.read_text(encoding="utf-8")) for path in sorted(folder.glob("*.json"))}


def render(folder: Path = FOLDER) -> str:
    """The page as Markdown."""
    parts = [_HEAD]
    for name, rows in load(folder).items():
        parts += [f"\n## {name}\n\n", "| " + " | ".join(_COLUMNS) + " |\n", "|---" * len(_COLUMNS) + "|\n"]
        parts += ["| " + " | ".join(_cells(row)) + " |\n" for row in rows]
    return "".join(parts)


def _cells(row: dict) -> list[str]:
    peer = "–" if row["peer"] is None else f"{row['peer']}: {_number(row['peer_measured'])} {row['unit']}"
    ratio = "–" if row["ratio"] is None else f"{_number(row['ratio'])}×"
    return [f"{row['id']} (issue {row['issue']})", f"{_number(row['measured'])} {row['unit']}", peer, ratio, row["target"],
            "yes" if row["met"] else "**no**", f"`{row['command']}`", row["date"], row["commit"]]


def _number(value: float) -> str:
    return f"{value:,.0f}" if float(value).is_integer() and abs(value) < 1e9 else f"{value:,.3g}"


def show(figures: list[Figure]) -> str:
    """Rows as lines for a terminal."""
    return "\n".join(" | ".join(_cells(asdict(figure))) for figure in figures)
