"""`python -m tests.bench.siting`: fields and lines of sight on real footprints, and the choice of cameras, against their rivals.

Answers are compared before anything is timed; one core, warm. `--spopt PYTHON` names the interpreter of an environment that has
spopt and highspy (they are no dependency); without it nothing is saved. Writes docs/figures/siting.json.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial
from itertools import combinations
from pathlib import Path

import numpy as np
import shapely

from geoservice.core.siting import candidates, choose, walls
from geoservice.core.siting.coverage import Cameras, Sights, sights
from geoservice.core.siting.covering import Demand, Limits, Problem
from geoservice.core.siting.visibility import CHORD_M, TARGET_M, Camera, Field, field_of
from geoservice.core.siting.walls import Walls
from tests.bench import figures, measure
from tests.bench.figures import Figure
from tests.core.siting import oracle
from tests.core.siting.places import TOWNS, thrown, town

COMMAND = "python -m tests.bench.siting"
ROUNDS = 5
THROWN, LINES = 250, 200            # cameras in each town, and points tried in the reach of each
LOOKING, LOOKED, REACH_M = 500, 10_000, 100.0
MANY, SPOTS, CHOSEN, SEES_M = 2_000, 10_000, 30, 60.0
SIDE_M, FAR_M = 3_000.0, 150.0      # of the square without buildings
SMALL = 300
_RIVAL = """import json, sys, time
import numpy, pulp
from spopt.locate import MCLP
given = numpy.load(sys.argv[1])
cost, begun, used = given["cost"], time.perf_counter(), time.process_time()
model = MCLP.from_cost_matrix(cost, given["weights"], 1.0, p_facilities=int(given["cameras"]))
built = time.perf_counter() - begun
model.solve(pulp.HiGHS(msg=False))
print(json.dumps({"value": float(pulp.value(model.problem.objective)), "status": pulp.LpStatus[model.problem.status],
                  "built_s": built, "wall_s": time.perf_counter() - begun, "cpu_s": time.process_time() - used}))
"""


@dataclass(frozen=True)
class Rival:
    """What spopt found, and its seconds: building, in all by the wall, of processors."""

    value: float
    status: str
    built_s: float
    wall_s: float
    cpu_s: float


def row(name: str, measured: tuple[float, str], peer: tuple[str, float, float] | None, target: tuple[str, bool]) -> Figure:
    """A row of issue 7; peer: its name, what it measured, and the ratio that the target speaks of."""
    who, other, ratio = (None, None, None) if peer is None else (peer[0], _short(peer[1]), _short(peer[2]))
    return Figure(name, 7, _short(measured[0]), measured[1], who, other, ratio, target[0], bool(target[1]), COMMAND,
                  figures.today(), commit())


@cache
def commit() -> str:
    """The commit at the beginning: what is imported then is what is measured."""
    return figures.commit()


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def fields(rounds: int) -> Iterator[Figure]:
    """Areas against overlays of one quadrangle a wall, and lines to points of the reach against the footprints themselves."""
    errors, wrong, tried, ours, theirs = [], 0, 0, [], []
    for at, name in enumerate(TOWNS):
        around, rng = town(name), np.random.default_rng(70 + at)
        tree = shapely.STRtree(around.footprints)
        for camera in thrown(around, THROWN, seed=80 + at):
            ours.append(measure.call(partial(_area, camera, around)))
            known: list[float] = []
            theirs.append(measure.call(lambda camera=camera, around=around, known=known: known.append(
                oracle.seen_on_plan(camera, around).area)))
            found = field_of(camera, around)
            errors.append(abs(found.area_m2 - known[0]) / known[0])
            apart, asked = _disagreements(found, around, tree, rng)
            wrong, tried = wrong + apart, tried + asked
    places, many = "Montpellier and Bondy footprints", len(errors)
    yield row(f"field of {many} random cameras, {places}: greatest error of the area against overlays of shapely",
              (100 * max(errors), "%"), None, ("≤ 0.5 %", max(errors) <= 0.005 and many == 500))
    yield row(f"field of {many} random cameras: lines to {tried:,} points of their reach where an STRtree says otherwise",
              (wrong, "lines"), None, ("0", wrong == 0))
    yield _high()
    mine, peer = measure.median(ours), measure.median(theirs)
    yield row(f"field of one camera, {places}, median wall time", (mine.wall_s * 1e3, "ms"),
              ("union and difference of shapely", peer.wall_s * 1e3, peer.wall_s / mine.wall_s), ("≤ 100 ms", mine.wall_s <= 0.1))


def _area(camera: Camera, around: Walls) -> float:
    return field_of(camera, around).area_m2


def _disagreements(found: Field, around: Walls, tree: shapely.STRtree, rng: np.random.Generator) -> tuple[int, int]:
    """Points of the reach, not within a chord of the field's edge: inside must be clear, and outside must not."""
    camera = found.camera
    points = camera.place + rng.uniform(-camera.reach_m, camera.reach_m, (LINES, 2))
    cameras = Cameras.of([camera])
    pairs = oracle.pairs_in_reach(cameras, points)
    inside = points[pairs[1]]
    sure = shapely.distance(found.polygon.boundary, shapely.points(inside)) > 2 * CHORD_M
    known = oracle.clear(around, cameras, points, pairs, tree)
    if camera.height_m is not None:
        known &= around.roofs_over(inside) < TARGET_M
    return int((shapely.contains_xy(found.polygon, inside) != known)[sure].sum()), int(sure.sum())


def _high() -> Figure:
    wrong = tried = 0
    for at, name in enumerate(TOWNS):
        around, rng = town(name), np.random.default_rng(90 + at)
        tree = shapely.STRtree(around.footprints)
        for camera in thrown(around, THROWN // 5, seed=95 + at, height_m=7.0):
            apart, asked = _disagreements(field_of(camera, around), around, tree, rng)
            wrong, tried = wrong + apart, tried + asked
    name = f"field of {2 * (THROWN // 5)} cameras at 7 m over roofs of known height"
    return row(f"{name}: lines to {tried:,} points of their reach where an STRtree says otherwise", (wrong, "lines"), None,
               ("0", wrong == 0))


def lines_of_sight(rounds: int) -> Iterator[Figure]:
    """Every pair within reach: ours with what it needs of the points made anew, the rival with its trees made before."""
    for name in TOWNS:
        around, rng = town(name), np.random.default_rng(60)
        places = rng.uniform(around.ends[:, :2].min(axis=0), around.ends[:, :2].max(axis=0), (40_000, 2))
        places = places[around.roofs_over(places) == -np.inf][:LOOKING + LOOKED]
        assert len(places) == LOOKING + LOOKED
        looking, looked = places[:LOOKING], places[LOOKING:]
        cameras, tree = Cameras.alike(looking, Camera(0, 0, REACH_M)), shapely.STRtree(around.footprints)
        spots = shapely.STRtree(shapely.points(looked))
        ours, theirs = partial(sights, around, cameras, looked), partial(_by_tree, tree, spots, looking, looked)
        found = ours()
        mine = set(zip(found.cameras.tolist(), found.indices.tolist(), strict=True))
        apart = len(mine ^ theirs())
        what = f"line of sight, {name}, {LOOKING} candidates × {LOOKED:,} points, {REACH_M:.0f} m"
        yield row(f"{what}: pairs on which we and the STRtree differ, of {len(mine):,} seen", (apart, "pairs"), None,
                  ("0", apart == 0))
        costs = measure.in_turns([ours, partial(_lines, tree, spots, looking, looked)], rounds)
        for kind in ("wall", "cpu"):
            one, other = (LOOKING / getattr(cost, f"{kind}_s") for cost in costs)
            yield row(f"{what}, candidates a second of {'wall' if kind == 'wall' else 'processor'} time", (one, "1/s"),
                      ("shapely STRtree.query(lines, intersects)", other, one / other), ("≥ 10×", one >= 10 * other))


def _lines(tree: shapely.STRtree, spots: shapely.STRtree, looking: np.ndarray,
           looked: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pairs within reach, and which of them are blocked."""
    pairs = spots.query(shapely.points(looking), predicate="dwithin", distance=REACH_M)
    lines = shapely.linestrings(np.stack([looking[pairs[0]], looked[pairs[1]]], axis=1))
    return pairs, np.unique(tree.query(lines, predicate="intersects")[0])


def _by_tree(tree: shapely.STRtree, spots: shapely.STRtree, looking: np.ndarray, looked: np.ndarray) -> set[tuple[int, int]]:
    pairs, blocked = _lines(tree, spots, looking, looked)
    return set(map(tuple, np.delete(pairs, blocked, axis=1).T.tolist()))


def choices(rounds: int, spopt: str | None) -> Iterator[Figure]:
    """Façades and corners of Montpellier over points in the open; then a square without buildings."""
    yield _small()
    for name, problem in (("Montpellier façades and corners", _montpellier()), ("a square without walls", _square())):
        what = f"{CHOSEN} of {MANY:,} cameras for {SPOTS:,} weighted points, {name}"
        found = choose.best(problem)
        cost, quick = measure.in_turns([partial(choose.best, problem), partial(choose.greedy, problem)], rounds)
        yield row(f"{what}: gap that is left between plan and bound", (100 * found.gap, "%"), None,
                  ("proven optimum", found.status == "optimal" and found.gap == 0))
        rival = _spopt(spopt, problem) if spopt and name.startswith("Montpellier") else None
        if rival:
            print(rival, flush=True)
            same = rival.status == "Optimal" and abs(rival.value - found.value) <= 1e-6 * found.value
            yield row(f"{what}: difference from the value of spopt", (abs(rival.value - found.value) / found.value, ""), None,
                      ("≤ 1e-6", same))
        for kind in ("wall", "cpu"):
            mine = getattr(cost, f"{kind}_s")
            other = getattr(rival, f"{kind}_s") if rival else None
            peer = None if other is None else ("spopt MCLP, build and HiGHS, once", other, other / mine)
            target = ("shown", True) if other is None else ("≥ 15×", other >= 15 * mine)
            yield row(f"{what}, median {'wall' if kind == 'wall' else 'processor'} time", (mine, "s"), peer, target)
        yield row(f"{what}, lazy greedy, median wall time", (quick.wall_s * 1e3, "ms"), None, ("≤ 20 ms", quick.wall_s <= 0.02))
        gap = 100 * (found.value - choose.greedy(problem).value) / found.value
        yield row(f"{what}, lazy greedy: true gap to the proven optimum", (gap, "%"), None, ("shown", True))


def _problem(table: tuple[np.ndarray, np.ndarray], rng: np.random.Generator) -> Problem:
    return Problem.of(table, Demand.of(rng.pareto(1.5, SPOTS) + 0.1), Limits(CHOSEN))


def _montpellier() -> Problem:
    around, rng = town("Montpellier, Pas du Loup"), np.random.default_rng(50)
    points = rng.uniform(around.ends[:, :2].min(axis=0), around.ends[:, :2].max(axis=0), (4 * SPOTS, 2))
    points = points[around.roofs_over(points) == -np.inf][:SPOTS]
    every = candidates.together(candidates.facades(around, 12.0), candidates.corners(around))
    some = every.where(np.sort(rng.permutation(len(every))[:MANY]))
    assert len(some) == MANY
    assert len(points) == SPOTS
    found: Sights = sights(around, Cameras.alike(some.places, Camera(0, 0, SEES_M)), points)
    return _problem((found.indptr, found.indices), rng)


def _square() -> Problem:
    rng = np.random.default_rng(51)
    found = sights(walls.walls([]), Cameras.alike(rng.uniform(0, SIDE_M, (MANY, 2)), Camera(0, 0, FAR_M)),
                   rng.uniform(0, SIDE_M, (SPOTS, 2)))
    return _problem((found.indptr, found.indices), rng)


def _small() -> Figure:
    """Random instances small enough for every plan to be looked at: cameras or money, backup, existing cameras."""
    rng, wrong = np.random.default_rng(52), 0
    for _ in range(SMALL):
        sees = rng.random((9, 14)) < 0.3
        indptr, indices = np.concatenate([[0], np.cumsum(sees.sum(axis=1))]), np.nonzero(sees)[1]
        money = rng.random() < 0.5
        limits = Limits(None if money else 3, 8.0 if money else None, float(rng.choice([0.0, 0.4])))
        demand = Demand.of(rng.integers(0, 20, 14).astype(float), seen=(rng.random(14) < 0.2).astype(np.int64))
        problem = Problem.of((indptr, indices), demand, limits, rng.integers(1, 5, 9).astype(float))
        plans = (np.array(some, dtype=np.int64) for size in range(10) for some in combinations(range(9), size))
        known = max(problem.value(plan) for plan in plans if problem.allowed(plan))
        wrong += abs(choose.best(problem).value - known) > 1e-9
    return row(f"small instances, of {SMALL}, where the best of all plans is another", (wrong, "instances"), None,
               ("0", wrong == 0))


def _spopt(python: str, problem: Problem) -> Rival:
    """The same problem for spopt: a table of distances, 1 where a camera sees a point and 2 elsewhere, and a radius of 1."""
    cost = np.full((SPOTS, MANY), 2.0)
    cost[problem.indices, np.repeat(np.arange(MANY), np.diff(problem.indptr))] = 1.0
    with tempfile.TemporaryDirectory() as folder:
        given = Path(folder) / "problem.npz"
        np.savez(given, cost=cost, weights=problem.demand.weights, cameras=CHOSEN)
        done = subprocess.run([python, "-c", _RIVAL, str(given)], capture_output=True, text=True, check=True)
    return Rival(**json.loads(done.stdout.splitlines()[-1]))


def measured(rounds: int, spopt: str | None) -> list[Figure]:
    """All rows, printed as they come; saved from 3 rounds on, when the rival was there."""
    commit()
    walls.loops()
    choose.loops()
    found = []
    for part in (partial(fields, rounds), partial(lines_of_sight, rounds), partial(choices, rounds, spopt)):
        for one in part():
            print(figures.show([one]), flush=True)
            found.append(one)
    if rounds >= 3 and spopt:
        figures.save("siting", found)
    return found


def main() -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    parser.add_argument("--spopt", metavar="PYTHON", help="interpreter of an environment with spopt and highspy")
    asked = parser.parse_args()
    return 0 if all(one.met for one in measured(asked.rounds, asked.spopt)) else 1


if __name__ == "__main__":
    sys.exit(main())
