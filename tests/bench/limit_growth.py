"""What building and asking cost as facts grow a hundredfold: towns added beside towns, and the same towns fuller.

`python -m tests.bench.limit_growth FACTS COLUMNS PATH` builds one index in a process of its own and prints its cost as JSON.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from geoservice.core import factfile, grid
from geoservice.core import facts as core
from geoservice.core.facts import DEGREE, EVERYWHERE, Area, FactIndex
from geoservice.testing import facts as made
from geoservice.testing.bulk import REGION
from tests.bench import limit_index, measure, viewport
from tests.bench.measure import ROOT, Cost

SIZES = (1_000_000, 3_000_000, 10_000_000, 30_000_000, 100_000_000)
A_REGION = 1_000_000  # facts; a hundred of them, ten by ten, cover about what France does
_ACROSS = 10
_COARSE = 8
_MIXED = ("day", "hour", "category", "nature", "gravity", "place")
_SAME = {"unit": 0, "span": 0, "kind": 1, "placement": 1}


@dataclass(frozen=True)
class Built:
    """One index: facts, its file, what building and writing it cost, and the process's greatest memory in MiB."""

    facts: int
    path: Path
    cost: Cost


@dataclass(frozen=True)
class Grown:
    """Costs at one size, and how many cells and facts the viewport's answer has."""

    built: Built
    viewport: Cost
    whole: Cost
    cells: int
    matched: int


def grow(folder: Path, sizes: tuple[int, ...], rounds: int) -> tuple[list[Grown], list[Grown]]:
    """Wider worlds (regions side by side, the same facts in view) and fuller ones (everything in one region)."""
    found = []
    for name, make in (("wide", wider), ("full", fuller)):
        columns = folder / name
        columns.mkdir()
        make(columns, max(sizes))
        found.append([built(folder / f"{name}-{facts}.facts", facts, columns) for facts in sizes])
        shutil.rmtree(columns)
    wide, full = found
    return asked(wide, rounds), asked(full, rounds)


def asked(worlds: list[Built], rounds: int) -> list[Grown]:
    """The filtered viewport and the filtered whole extent of every world in turns; after the bench has loaded compiled loops."""
    limit_index.load_loops()
    indexes = [factfile.open_index(world.path) for world in worlds]
    views = [partial(core.count, index, viewport.RESOLUTION, Area(box=viewport.BOX), viewport.QUERY) for index in indexes]
    wholes = [partial(core.count, index, _COARSE, EVERYWHERE, viewport.QUERY) for index in indexes]
    found = [view() for view in views]
    costs = zip(measure.in_turns(views, 10 * rounds, burst=5), measure.in_turns(wholes, 3 * rounds), strict=True)
    return [Grown(world, view, whole, len(counts.cells), counts.total)
            for world, (view, whole), counts in zip(worlds, costs, found, strict=True)]


def built(path: Path, facts: int, columns: Path) -> Built:
    """An index built by a process that does nothing else."""
    done = subprocess.run([sys.executable, "-m", "tests.bench.limit_growth", str(facts), str(columns), str(path)],
                          cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"an index of {facts:,} facts was not built: {done.stderr[-500:]}")
    seen: dict[str, Any] = json.loads(done.stdout)
    return Built(facts, path, Cost(seen["wall_s"], seen["cpu_s"], seen["memory_mib"]))


def wider(folder: Path, facts: int) -> None:
    """Columns of regions side by side, each with the facts of the first one. A part from the start is a smaller such world."""
    number = min(facts, A_REGION)
    region = made(number, seed=1)
    columns = {name: _column(folder, name, facts, kind) for name, kind in (("cell", "u8"), ("lon", "i4"), ("lat", "i4"))}
    for at in range(-(-facts // number)):
        some = slice(at * number, min((at + 1) * number, facts))
        # the first one stays where it is, the others surround it
        east, north = divmod((at + _ACROSS * _ACROSS // 2 + _ACROSS // 2) % _ACROSS**2, _ACROSS)
        lon = region["lon"] + (east - _ACROSS // 2) * (REGION.east - REGION.west)
        lat = region["lat"] + (north - _ACROSS // 2) * (REGION.north - REGION.south)
        lon, lat = lon[:some.stop - some.start], lat[:some.stop - some.start]
        columns["cell"][some] = grid.index(lon, lat)
        columns["lon"][some], columns["lat"][some] = np.round(lon * DEGREE), np.round(lat * DEGREE)
    for name in _MIXED:
        _column(folder, name, facts, region[name].dtype.str)[:] = np.resize(region[name], facts)


def fuller(folder: Path, facts: int) -> None:
    """Columns of one region where more happened at the same addresses, on days of their own. A part is a smaller such world."""
    number = min(facts, 10 * A_REGION)
    region, rng = made(number, seed=1), np.random.default_rng(5)
    place = {"cell": grid.index(region["lon"], region["lat"]),
             **{name: np.round(region[name] * DEGREE).astype(np.int32) for name in ("lon", "lat")}}
    for name, values in (place | {name: region[name] for name in _MIXED}).items():
        column = _column(folder, name, facts, values.dtype.str)
        column[:] = np.resize(values, facts)
        if name == "day":
            column[number:] = rng.integers(values.min(), int(values.max()) + 1, facts - number, dtype=np.uint16)


def _column(folder: Path, name: str, facts: int, kind: str) -> np.ndarray:
    return np.lib.format.open_memmap(folder / f"{name}.npy", mode="w+", dtype=np.dtype(kind), shape=(facts,))


def _columns(folder: Path, facts: int) -> dict[str, np.ndarray]:
    return {**{path.stem: np.load(path, mmap_mode="r")[:facts] for path in folder.glob("*.npy")},
            **{name: np.broadcast_to(np.uint8(value), facts) for name, value in _SAME.items()}}


def main() -> None:
    facts, columns, path = int(sys.argv[1]), _columns(Path(sys.argv[2]), int(sys.argv[1])), Path(sys.argv[3])
    index: list[FactIndex] = []

    def build() -> None:
        index.append(core.build(columns))
        factfile.write(index[0], path)

    cost = measure.call(build)
    assert len(index[0]) == facts
    print(json.dumps({"wall_s": cost.wall_s, "cpu_s": cost.cpu_s, "memory_mib": _greatest_memory_mib()}))


def _greatest_memory_mib() -> float:
    """Of this program alone: getrusage also counts what its parent held when it started us."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:"))
    return int(line.split()[1]) / 1024


if __name__ == "__main__":
    main()
