"""`python -m tests.bench.limit`: tiles and index at the limit (issue 3) to docs/figures/limit.json, and docs/images/growth.svg.

`--only PART` measures some parts and replaces their rows alone; `--facts` and `--rounds` make a trial, which is not saved.
Rows come in wall and processor time: the machine may be shared, and then the second says more.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from geoservice.core import factfile
from geoservice.core.facts import FactIndex
from tests.bench import figures, limit_growth, limit_index, limit_plot, limit_tiles, viewport
from tests.bench.figures import Figure
from tests.bench.limit_cluster import Unavailable
from tests.bench.limit_growth import SIZES, Grown
from tests.bench.limit_index import Rival
from tests.bench.limit_tiles import Pair

FACTS, ROUNDS, SECONDS = 10_000_000, 5, 8.0
PARTS = ("counts", "size", "hexagons", "heat", "served", "growth")
COMMAND = "python -m tests.bench.limit"
FLAT = 3.0  # a viewport may cost so many times more with a hundred times the facts


def main() -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--only", action="append", choices=PARTS)
    parser.add_argument("--facts", type=int, default=FACTS)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    asked = parser.parse_args()
    real = (asked.facts, asked.rounds) == (FACTS, ROUNDS)
    found: list[Figure] = []
    with tempfile.TemporaryDirectory(prefix="geoservice-limit-") as name:
        world = _World(Path(name), asked.facts, asked.rounds)
        for part in asked.only or PARTS:
            rows = list(_measured(part, world, save_plot=real))
            print(figures.show(rows), flush=True)
            found += rows
            if real:
                figures.save("limit", replaced(figures.load().get("limit", []), rows))
    return 0 if all(row.met for row in found) else 1


def replaced(old: list[dict], new: list[Figure]) -> list[Figure]:
    """Rows of before without those of the parts that were measured again (told by their command), in the order of PARTS."""
    commands = {row.command for row in new}
    rows = [*(Figure(**row) for row in old if row["command"] not in commands), *new]
    return sorted(rows, key=lambda row: PARTS.index(row.command.rpartition(" ")[2]))


class _World:
    """Where the bench works; the index is built when the first part asks for it."""

    def __init__(self, folder: Path, facts: int, rounds: int) -> None:
        self.folder, self.facts, self.rounds = folder, facts, rounds
        self.path = folder / "limit.facts"

    def index(self) -> FactIndex:
        if not self.path.exists():
            factfile.write(viewport._index(self.facts), self.path)
        return factfile.open_index(self.path)


def _measured(part: str, world: _World, save_plot: bool) -> Iterator[Figure]:
    rounds = world.rounds
    if part == "counts":
        for rival in limit_index.counted(world.index(), 6 * rounds):
            yield from _rows(part, rival)
    elif part == "size":
        yield from _sizes(part, world)
    elif part == "hexagons":
        yield from _rows(part, limit_index.hexagon_tile(4 * rounds))
    elif part == "heat":
        yield from _rows(part, limit_index.heat_tile(8 * rounds))
    elif part == "served":
        yield from _served(part, world)
    else:
        sizes = SIZES if world.facts == FACTS else tuple(size // 100 for size in SIZES)
        wide, full = limit_growth.grow(world.folder, sizes, rounds)
        if save_plot:
            limit_plot.save(wide, full)
        yield from _growth(part, wide, full)


def row(part: str, what: tuple[str, float, str], peer: tuple[str, float, float] | None, target: tuple[str, bool]) -> Figure:
    """What: name, measured, unit. Peer: name, measured, the ratio that the target speaks of. Target: words, whether it is met."""
    who, other, ratio = peer or (None, None, None)
    name, measured, unit = what
    return Figure(name, 3, _short(measured), unit, who, None if other is None else _short(other), None if ratio is None
                  else _short(ratio), *target, f"{COMMAND} --only {part}", figures.today(), figures.commit())


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def _rows(part: str, rival: Rival) -> Iterator[Figure]:
    ours, peer = rival.ours, rival.theirs
    for what, mine, theirs in (("wall", ours.wall_s, peer.wall_s), ("processor", ours.cpu_s, peer.cpu_s)):
        yield row(part, (f"{rival.what}, median {what} time", mine * 1e3, "ms"), (rival.rival, theirs * 1e3, theirs / mine),
                  (f"≥ {rival.times:g}×", theirs >= rival.times * mine))


def _sizes(part: str, world: _World) -> Iterator[Figure]:
    found = limit_index.bytes_a_fact(world.index(), world.path)
    words = f"of {found.offsets:.3g} are offsets, header and blocks"
    for what, measured in (("on disk", found.disk), ("resident, every column read", found.resident)):
        yield row(part, (f"FactIndex of {world.facts:,} facts, {what} ({words})", measured, "bytes a fact"), None,
                  ("≤ 32 + offsets", measured - found.offsets <= 32))


def _served(part: str, world: _World) -> Iterator[Figure]:
    try:
        found = limit_tiles.compare(world.folder, world.index(), SECONDS, world.rounds)
    except Unavailable as missing:
        print(f"served: not measured: {missing}", file=sys.stderr)
        return
    names = {"live": ("live filtered tiles", "FastAPI, asyncpg, PostGIS ST_AsMVT"),
             "tipg": ("the same tiles, static", "tipg on PostGIS, counts stored")}
    for name, pair in found.items():
        what, who = names[name]
        yield from _pair(part, (f"{what}, z10–15, {world.facts:,} facts, viewer checked, one worker, 4 clients "
                                f"({pair.features:,} features compared)", who), pair, latency=name == "live")


def _pair(part: str, names: tuple[str, str], pair: Pair, latency: bool) -> Iterator[Figure]:
    (what, who), ours, rival = names, pair.ours, pair.rival
    yield row(part, (f"{what}: answers", ours.per_s, "a second"), (who, rival.per_s, ours.per_s / rival.per_s),
              ("≥ 5×", ours.per_s >= 5 * rival.per_s))
    yield row(part, (f"{what}: processor time of an answer, database included", ours.cpu_ms, "ms"),
              (who, rival.cpu_ms, rival.cpu_ms / ours.cpu_ms), ("≥ 5×", rival.cpu_ms >= 5 * ours.cpu_ms))
    if latency:
        yield row(part, (f"{what}: p99", ours.p99_ms, "ms"), (who, rival.p99_ms, ours.p99_ms / rival.p99_ms),
                  ("≤ 1/3", 3 * ours.p99_ms <= rival.p99_ms))


def _growth(part: str, wide: list[Grown], full: list[Grown]) -> Iterator[Figure]:
    """The sizes ten and a hundred times the first; the picture has those between."""
    for worlds, how in ((wide, "more towns"), (full, "the same town fuller")):
        first = worlds[0]
        for grown in worlds[2::2]:
            yield from _grown(part, how, grown, first)


def _grown(part: str, how: str, grown: Grown, first: Grown) -> Iterator[Figure]:
    times, peer = grown.built.facts / first.built.facts, f"{first.built.facts:,} facts"
    name = f"growth, {how}, {grown.built.facts:,} facts"

    def compared(what: str, mine: float, base: float, unit: str, most: tuple[float, str]) -> Figure:
        return row(part, (f"{name}: {what}", mine, unit), (peer, base, mine / base), (most[1], mine <= most[0] * base))

    in_view = grown.matched / first.matched
    most = (FLAT, f"≤ {FLAT:g}×") if in_view < 2 else (in_view, f"≤ {in_view:.3g}×, as facts in view")
    yield compared(f"filtered viewport of {grown.cells:,} cells ({grown.matched:,} facts), processor time",
                   grown.viewport.cpu_s * 1e3, first.viewport.cpu_s * 1e3, "ms", most)
    yield compared("filtered whole extent at res 8, processor time", grown.whole.cpu_s * 1e3, first.whole.cpu_s * 1e3, "ms",
                   (1.5 * times, f"≤ {1.5 * times:g}×"))
    yield compared("building and writing the index, processor time", grown.built.cost.cpu_s, first.built.cost.cpu_s, "s",
                   (2 * times, f"≤ {2 * times:g}×"))
    peak, base = grown.built.cost.memory_mib, first.built.cost.memory_mib
    what = f"{name}: greatest memory of building"
    yield row(part, (what, peak, "MiB"), (peer, base, peak / base), ("≤ 8,192 MiB", peak <= 8192))


if __name__ == "__main__":
    sys.exit(main())
