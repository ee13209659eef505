"""docs/PRIVACY.md quotes no figure that a command did not write: each is made of the rows of the scoreboard, and found there."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.bench import figures

PAGE = (Path(__file__).parents[2] / "docs" / "PRIVACY.md").read_text(encoding="utf-8")
TRIED = PAGE.partition("## What was tried through HTTP")[2].partition("\n## ")[0]
ROWS = figures.load()
WORDS = r"A\d+|1 to 80"  # names of the attacks, and what one of them does


def rows(start: str, holds: str = "", name: str = "attack") -> list[dict[str, Any]]:
    """Rows of the scoreboard by how their id begins and what it holds; every one of them is met."""
    found = [row for row in ROWS[name] if row["id"].startswith(start) and holds in row["id"]]
    assert found, (start, holds)
    assert all(row["met"] for row in found)
    return found


def said(row: dict[str, Any], pattern: str) -> tuple[int, ...]:
    """Whole numbers that the id of a row holds."""
    found = re.search(pattern, row["id"])
    assert found, (row["id"], pattern)
    return tuple(int(text.replace(",", "")) for text in found.groups())


def span(found: list[dict[str, Any]], of: str = "measured", digits: int = 0) -> str:
    """The least and the greatest, as the page writes them."""
    low, high = (f"{end(row[of] for row in found):.{digits}f}" for end in (min, max))
    return f"{low} to {high}"


def summed(found: list[dict[str, Any]], pattern: str) -> tuple[int, ...]:
    return tuple(map(sum, zip(*(said(row, pattern) for row in found), strict=True)))


def thousands(row: dict[str, Any]) -> str:
    return f"10{str(len(str(said(row, r'([0-9,]+) requests')[0])) - 1).translate(str.maketrans('0123456789', '⁰¹²³⁴⁵⁶⁷⁸⁹'))}"


def zero(*found: list[dict[str, Any]]) -> bool:
    return all(row["measured"] == 0 for each in found for row in each)


def _a1() -> list[str]:
    (row,) = rows("A1:")
    assert zero([row])
    pairs, requests = said(row, r"(\d+) pairs × (\d+) requests")
    return [f"no byte differs, headers included ({pairs} pairs, {requests} requests each)",
            "{} of {} answers differ where places are no atoms".format(*said(row, r"(\d+) of (\d+) answers differ"))]


def _a2() -> list[str]:
    assert zero(rows("A2"))
    assert len(rows("A2")) == 3
    return ["free dates give {} of {} small days away".format(*summed(rows("A2"), r"gives (\d+) of (\d+) small days away"))]


def _a3() -> list[str]:
    exact, audited = rows("A6", "recovered exactly by the differencer"), rows("A3")
    assert zero(exact, audited)
    assert (len(exact), len(audited)) == (3, 3)
    (town,), others = rows("A6 small", "differencer"), [*rows("A6 agg", "differencer"), *rows("A6 Dans", "differencer")]
    (other,) = {thousands(row) for row in others}
    return [f"{thousands(town)} requests in the small town, {other} in the two others",
            f"{span(rows('A6', 'by an outsider'))} % of small counts exactly to an outsider, "
            f"{span(rows('A6', 'by the worst insider'))} % to the worst insider"]


def _a4() -> list[str]:
    found = rows("A4")
    assert zero(found)
    (towns,) = {said(row, r"(\d+) small towns")[0] for row in found}
    (lost,) = {"{} of {} small counts".format(*said(row, r"naive threshold: (\d+) of (\d+)")) for row in found}
    (counts,) = summed(found, r"\(([0-9,]+) small counts")
    return [f"no unique reconstruction of {counts:,} small counts in {towns} towns", lost]


def _a5() -> list[str]:
    over = rows("A5", "best estimator over")
    worst = max(over, key=lambda row: float(re.search(r"year ([+-][0-9.]+)", row["id"])[1]))  # type: ignore[index]
    assert "small town" in worst["id"]
    points, counts = re.search(r"year \+([0-9.]+) on (\d+) counts", worst["id"]).groups()  # type: ignore[union-attr]
    guessed = rows("A5", "AUC")
    return [f"{span(over)} points over the best constant guess (one organisation and year of the small town: "
            f"{float(points):.0f}, on {counts} counts)", f"{span(over, 'peer_measured')} points |",
            f"AUC {span(guessed, digits=2)} against {span(guessed, 'peer_measured', 2)}"]


def _a7() -> list[str]:
    (row,), (read,) = rows("A7", "otherwise later"), rows("A7", "read together")
    assert zero([row, read])
    compared, changed, exact = said(row, r"\(([0-9,]+) compared; recounted each month: ([0-9,]+) in \d+ releases, ([0-9,]+) of")
    return [f"none of {compared:,} closed numbers changes",
            f"{exact:,} of {changed:,} changes are the exact number of facts that came or went"]


def _a8() -> list[str]:
    assert zero(rows("A8"))
    return ["no better than the best constant guess", f"{span(rows('A8'), 'peer_measured')} points over it"]


def _a9() -> list[str]:
    size, time = rows("A9", "size, marks"), rows("A9", "time to answer")
    assert zero(size)
    assert time[0]["measured"] <= 0.05 < time[0]["peer_measured"]
    return ["an empty masked place is answered as one with facts"]


def _a10() -> list[str]:
    shares = [100 * lost / sums for lost, sums in (said(row, r"(\d+) of (\d+) sums give") for row in rows("A10"))]
    assert zero(rows("A10"))
    return [f"{min(shares):.0f} to {max(shares):.0f} % of the sums give facts on a border away"]


def _a0() -> list[str]:
    assert zero(rows("A0"))
    for row in rows("A0", "certain gains"):
        right, claims = said(row, r"(?:full|same secret): ([0-9,]+) of ([0-9,]+)")
        assert right == claims > 0  # « always right »
    return ["no certain gain"]


@pytest.mark.parametrize("claims", [_a0, _a1, _a2, _a3, _a4, _a5, _a7, _a8, _a9, _a10], ids=lambda one: one.__name__[1:])
def test_what_was_tried_is_what_the_rows_say(claims: Callable[[], list[str]]) -> None:
    for claim in claims():
        assert claim in " ".join(TRIED.split()), claim


def test_no_other_figure_stands_there() -> None:
    left = " ".join(TRIED.split())
    for claims in (_a0, _a1, _a2, _a3, _a4, _a5, _a7, _a8, _a9, _a10):
        for claim in claims():
            left = left.replace(claim, "")
    assert re.findall(r"[0-9]+", re.sub(WORDS, "", left)) == []


def test_what_is_promised_is_what_the_rows_say() -> None:
    promised, between = (PAGE.partition(title)[2].partition("\n## ")[0] for title in ("## What is promised", "## Between org"))
    nodes = rows("", "width is < 4", "disclosure")
    assert zero(nodes)
    assert "measured: 0 small nodes on three densities" in promised
    assert len(nodes) == 3
    outsider, insider = (rows("small town", f"proven exactly by {who}", "disclosure")[0]["measured"]
                         for who in ("an outsider", "the worst insider"))
    assert f"lost {outsider:.0f} % to an outsider and {insider:.0f} % to an insider in a small town" in promised
    assert zero(rows("", "24 monthly releases with late facts, changes", "disclosure"))
    assert "24 monthly releases with late facts: 0 changes" in promised
    probes = [said({"id": row["unit"]}, r"of (\d+) probes")[0] for row in rows("attack/rows/", "sql", "rows")]
    assert len(probes) == 2
    assert min(probes) >= 100
    assert "A hundred ways past it are tried on each database" in " ".join(between.split())


def test_nothing_claims_what_no_noise_gives() -> None:
    """Never called differential privacy, never said that nobody can infer: neither on a page nor in a word of the service."""
    root = Path(__file__).parents[2]
    told = [*root.glob("*.md"), *(root / "docs").rglob("*.md"), *(path for ending in ("py", "html", "js", "toml")
            for path in (root / "geoservice").rglob(f"*.{ending}") if "vendor" not in path.parts)]
    assert len(told) > 300
    claims = re.compile(r"differential(?:ly)? priva|cannot (?:be )?infer|confidentialit\S+ diff\S+rentielle|"
                        r"ne peut (?:pas|rien) (?:en )?d\S*duire|impossible [àa] d\S*duire", re.IGNORECASE)
    assert claims.search("this is differential privacy")
    assert claims.search("on ne peut pas déduire")
    assert [str(path) for path in told if claims.search(path.read_text(encoding="utf-8"))] == []
