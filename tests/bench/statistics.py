"""`python -m tests.bench.statistics`: Gi*, local Moran, the default test, densities and Knox, each against its rival in one run.

Answers are compared before anything is timed. Rivals run in this process, on one core, warm (what they compile is compiled
before the clock starts), with their neighbourhoods given. Writes docs/figures/statistics.json; fewer than 3 `--rounds` are
printed and not saved.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache, partial
from typing import Any

import numpy as np

from geoservice.core import compiled, grid
from geoservice.core.stats import getis, hotspots, kde, knox, moran, nulls, weights
from geoservice.core.stats.weights import Neighbours
from tests.bench import figures, measure
from tests.bench.figures import Figure
from tests.bench.measure import Cost

COMMAND = "python -m tests.bench.statistics"
ROUNDS = 5
CELLS, POINTS, FACTS, PERMUTATIONS, DEALT = 100_000, 1_000_000, 20_000, 999, 99
CENTRE = 0x8A1FB46622DFFFF  # a cell of resolution 10 in Paris
NODES, SIDE, CELL_M, BANDWIDTH_M = 400, 1_000, 10.0, 40.0


@dataclass(frozen=True)
class Map:
    """Cells around Paris, over-dispersed counts, and the neighbourhoods as we and as libpysal read them."""

    counts: np.ndarray
    exposure: np.ndarray
    near: Neighbours
    others: Neighbours
    theirs: Any
    theirs_of_others: Any


def row(name: str, measured: tuple[float, str], peer: tuple[str, float, float] | None, target: tuple[str, bool]) -> Figure:
    """A row of issue 4; peer: its name, what it measured, and the ratio that the target speaks of."""
    who, other, ratio = (None, None, None) if peer is None else (peer[0], _short(peer[1]), _short(peer[2]))
    return Figure(name, 4, _short(measured[0]), measured[1], who, other, ratio, target[0], bool(target[1]), COMMAND,
                  figures.today(), commit())


@cache
def commit() -> str:
    """The commit at the beginning: what is imported then is what is measured."""
    return figures.commit()


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def faster(name: str, costs: tuple[Cost, Cost], peer: str, times: float) -> Iterator[Figure]:
    """Wall and processor time of ours and of the peer, which was to take `times` as long."""
    for what in ("wall", "cpu"):
        mine, theirs = (getattr(cost, f"{what}_s") for cost in costs)
        yield row(f"{name}, median {'wall' if what == 'wall' else 'processor'} time", (mine * 1e3, "ms"),
                  (peer, theirs * 1e3, theirs / mine), (f"≥ {times:.0f}×", theirs >= times * mine))


def build() -> Map:
    """100,000 cells of resolution 10 nearest to one, and their neighbourhoods of one step."""
    import libpysal
    import scipy.sparse

    disk = grid.disk(CENTRE, 184)
    away = np.hypot(*((grid.centres(disk) - grid.centres(np.array([CENTRE], dtype=np.uint64))[0]) * (0.66, 1.0)).T)
    cells = np.sort(disk[np.argsort(away, kind="stable")[:CELLS]])
    near = weights.disks(cells, 1)
    rng = np.random.default_rng(1)
    exposure = grid.areas_m2(cells)
    counts = rng.poisson(rng.gamma(0.5, 4.0, CELLS) * exposure / exposure.mean())

    def read(some: Neighbours) -> Any:
        table = scipy.sparse.csr_matrix((np.ones(len(some.indices)), some.indices, some.indptr))
        return libpysal.weights.WSP(table).to_W(silence_warnings=True)

    others = near.without_itself()
    return Map(counts, exposure, near, others, read(near), read(others))


def gi_star(given: Map, rounds: int) -> Iterator[Figure]:
    """Gi* with its analytic z; then the default test, which replaces it, with its correction."""
    import esda

    ours = partial(getis.local, given.counts, given.near)
    theirs = partial(esda.G_Local, given.counts, given.theirs, transform="B", permutations=0, star=True)
    tested = partial(hotspots.test, given.counts, given.exposure, given.near)
    apart = float(np.abs(ours().z - theirs().Zs).max())
    found = tested()
    assert found.q.shape == (CELLS,)
    mine, default, peer = measure.in_turns([ours, tested, theirs], rounds)
    yield row(f"Gi* of {CELLS:,} cells: greatest difference of z from esda's", (apart, ""), None, ("≤ 1e-9", apart <= 1e-9))
    name = f"Gi* with analytic z, {CELLS:,} cells, neighbourhoods given"
    yield from faster(name, (mine, peer), "esda.G_Local, star, permutations=0", 100)
    name = f"default hot-spot test with Benjamini–Hochberg, {CELLS:,} cells, neighbourhoods given"
    yield from faster(name, (default, peer), "esda.G_Local, star, permutations=0", 10)


def local_moran(given: Map, rounds: int) -> Iterator[Figure]:
    """999 conditional permutations of counts, and of continuous values for the p-values."""
    import esda

    values = np.random.default_rng(2).normal(size=CELLS)
    theirs = partial(esda.Moran_Local, permutations=PERMUTATIONS, n_jobs=1, keep_simulations=False, seed=3)
    found, known = moran.permuted(values, given.near, PERMUTATIONS, seed=4), theirs(values, given.theirs_of_others)
    apart = float(np.abs(np.minimum(found.upper, found.lower) - known.p_sim).mean())
    noise = float(np.sqrt(2 * known.p_sim * (1 - known.p_sim) / PERMUTATIONS).mean() * np.sqrt(2 / np.pi))
    name = f"local Moran, {PERMUTATIONS} permutations of {CELLS:,} continuous values: mean difference of p from esda's"
    yield row(name, (apart, ""), ("what Monte-Carlo error alone makes", noise, apart / noise), ("≤ 1.5×", apart <= 1.5 * noise))
    ours = partial(moran.permuted, given.counts, given.near, PERMUTATIONS, seed=4)
    mine, peer = measure.in_turns([ours, partial(theirs, given.counts, given.theirs_of_others)], min(rounds, 3))
    name = f"local Moran, {PERMUTATIONS} conditional permutations, counts of {CELLS:,} cells"
    yield from faster(name, (mine, peer), "esda.Moran_Local, n_jobs=1, compiled before", 15)


def densities(rounds: int) -> Iterator[Figure]:
    """A gaussian of four cells over clusters and a plain, at the same nodes; errors against the exact sum at some of them."""
    from KDEpy import FFTKDE

    points = _clustered(POINTS)
    raster, how = kde.Raster(0.0, 0.0, CELL_M, SIDE, SIDE), kde.Smoothing(BANDWIDTH_M)
    axis = CELL_M * np.arange(SIDE)
    nodes = np.stack(np.meshgrid(axis, axis, indexing="ij"), axis=-1).reshape(-1, 2)

    def theirs() -> np.ndarray:
        return FFTKDE(kernel="gaussian", bw=BANDWIDTH_M).fit(points).evaluate(nodes).reshape(SIDE, SIDE).T

    ours = partial(kde.density, points, raster, how)
    chosen = np.random.default_rng(6).integers(0, SIDE, (NODES, 2))
    exact = np.array([_exact(points, *(CELL_M * place)) for place in chosen])
    pick = tuple(chosen.T)
    errors = [np.abs(values[pick] - exact) for values in (ours().values, theirs() * POINTS * 1e6)]
    peak, high = exact.max(), exact > 1e-4 * exact.max()
    name = f"density of {POINTS:,} points on {SIDE} × {SIDE}, gaussian of {BANDWIDTH_M / CELL_M:.0f} cells"
    for what, (mine, peer) in (("over the peak", [error.max() / peak for error in errors]),
                               ("relative, where above 1e-4 of the peak", [(error / exact)[high].max() for error in errors])):
        yield row(f"{name}: greatest error against the exact sum at {NODES} nodes, {what}", (mine, ""),
                  ("KDEpy FFTKDE", peer, peer / mine), ("≥ 10×", peer >= 10 * mine))
    yield from faster(name, tuple(measure.in_turns([ours, theirs], rounds)), "KDEpy FFTKDE, the same nodes", 3)


def _clustered(many: int) -> np.ndarray:
    """A quarter evenly, the others around 4,000 middles of very unequal weight; metres, inside the nodes."""
    rng = np.random.default_rng(5)
    middles = rng.uniform(1_000, 9_000, (4_000, 2))
    which = (rng.pareto(1.2, many - many // 4) * 40).astype(np.int64) % len(middles)
    points = np.vstack([rng.uniform(200, 9_800, (many // 4, 2)), middles[which] + rng.normal(0, 60, (len(which), 2))])
    return np.clip(points, 11.0, 9_979.0)


def _exact(points: np.ndarray, row_m: float, column_m: float) -> float:
    squared = (points[:, 0] - column_m) ** 2 + (points[:, 1] - row_m) ** 2
    return float(np.exp(-squared / (2 * BANDWIDTH_M**2)).sum()) / (2 * np.pi * BANDWIDTH_M**2) * 1e6


def near_in_both(rounds: int) -> Iterator[Figure]:
    """Knox with 99 permutations on five years of facts; the rival is asked once, since it takes minutes."""
    from pointpats.spacetime import Knox

    points = _clustered(FACTS)
    times = np.random.default_rng(7).integers(0, 1_826, FACTS)
    ours = partial(knox.knox, points, times, 100.0, 7.0, permutations=DEALT)
    found: list[Any] = []
    np.random.seed(8)
    peer = measure.call(lambda: found.append(Knox(points, times[:, None], 100.0, 7.0, permutations=DEALT)))
    mine = measure.in_turns([ours], rounds)[0]
    equal = ours().table.tolist() == found[0].observed.tolist()
    close = ours().close
    yield row(f"Knox, {FACTS:,} facts, 100 m and 7 days: pairs close in both, the four counts of pointpats", (close, "pairs"),
              ("pointpats.Knox", found[0].nst, close / found[0].nst), ("equal", equal))
    yield from faster(f"Knox with {DEALT} permutations, {FACTS:,} facts", (mine, peer), "pointpats.Knox, one call", 10)


def measured(rounds: int) -> list[Figure]:
    """All rows, printed as they come; saved from 3 rounds on."""
    warnings.simplefilter("ignore")
    commit()
    assert compiled.load(weights.loops)
    assert compiled.load(nulls.loops)
    given, found = build(), []
    parts: tuple[Callable[[], Iterator[Figure]], ...] = (partial(gi_star, given, rounds), partial(local_moran, given, rounds),
                                                         partial(densities, rounds), partial(near_in_both, rounds))
    for part in parts:
        for one in part():
            print(figures.show([one]), flush=True)
            found.append(one)
    if rounds >= 3:
        figures.save("statistics", found)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    return 0 if all(one.met for one in measured(parser.parse_args().rounds)) else 1


if __name__ == "__main__":
    sys.exit(main())
