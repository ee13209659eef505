"""`python -m tests.bench.hotspots_live`: a change of filter → recomputed hot spots, through the service's door.

40,000 facts of a town, about 5,000 hexagons in the study area; every request has another period, so no answer is at hand, only
the study area, as on the page. Also the card of a hot cell with its 27 drawings, the first of a filter and a second one. Writes
docs/figures/hotspots_live.json; `--rounds` makes a quicker trial, which is printed and not saved.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from datetime import timedelta
from pathlib import Path

import numpy as np
from starlette.testclient import TestClient

from geoservice.core import compiled, grid, scanning
from geoservice.core import facts as core
from geoservice.core.facts import DEGREE, FactIndex
from geoservice.core.query import EPOCH
from geoservice.core.stats import nulls
from geoservice.testing import facts
from geoservice.web.app import create_app
from tests.bench import figures, limit_world, measure
from tests.bench.figures import Figure
from tests.bench.measure import Cost

FACTS, ROUNDS, LIMIT_MS, CARD_S, RESOLUTION = 40_000, 21, 150.0, 1.0, 10
MIDDLE, HALF = (2.35, 48.86), (0.0575, 0.0365)  # half a side in degrees: about 8.4 × 8.1 km
COMMAND = "python -m tests.bench.hotspots_live"


def index(number: int = FACTS, seed: int = 5) -> FactIndex:
    """A town: four facts in ten anywhere in it, the others around 400 places of very different weight."""
    columns, rng = facts(number, seed), np.random.default_rng(seed)
    centres = rng.uniform(-1, 1, (400, 2))
    weight = rng.pareto(1.5, 400) + 0.2
    around = centres[rng.choice(400, number, p=weight / weight.sum())] + rng.normal(0, 0.01, (number, 2))
    spread = np.where((rng.random(number) < 0.4)[:, None], rng.uniform(-1, 1, (number, 2)), around).clip(-1, 1)
    lon, lat = (spread * HALF + MIDDLE).T
    nothing = np.zeros(number, dtype=np.uint8)
    return core.build({**{name: columns[name] for name in ("day", "hour", "category", "nature", "gravity", "place")},
                       "cell": grid.index(lon, lat), "lon": np.round(lon * DEGREE).astype(np.int32),
                       "lat": np.round(lat * DEGREE).astype(np.int32), "unit": nothing, "span": nothing, "kind": nothing + 2,
                       "placement": nothing + 1}, version="bench")


class Door:
    """A client of the running service that asks what nobody asked before."""

    def __init__(self, client: TestClient, first: int) -> None:
        self.client, self.first, self.asked = client, first, 0

    def filters(self) -> str:
        """Another period each time, with nearly all facts in it."""
        self.asked += 1
        return f"kind=ville&resolution={RESOLUTION}&from={EPOCH + timedelta(self.first + self.asked)}"

    def get(self, path: str) -> dict:
        """A 200 answer."""
        answer = self.client.get(path)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def changed(self) -> dict:
        """What the page asks when a filter moved."""
        return self.get(f"/api/hotspots?{self.filters()}")


def measured(rounds: int) -> tuple[dict, Cost, Cost, Cost]:
    """An answer, and what a change of filter, the first card under it and a second card cost."""
    compiled.allow()
    for loops in (scanning.loops, nulls.loops):
        compiled.load(loops)
    made = index()
    with tempfile.TemporaryDirectory() as folder:
        world = limit_world.build(Path(folder) / "data", made)
        with TestClient(create_app(world.settings), headers={"Authorization": f"Bearer {world.token}"}) as client:
            door = Door(client, int(made["day"].min()))
            answer = door.changed()
            changes = [measure.call(door.changed) for _ in range(rounds)]
            cards, again = zip(*[_cards(door) for _ in range(max(3, rounds // 4))], strict=True)
    return answer, measure.median(changes), measure.median(cards[1:]), measure.median(again[1:])


def _cards(door: Door) -> tuple[Cost, Cost]:
    """Two cards with their 27 drawings under one new filter."""
    filters = door.filters()
    areas = door.get(f"/api/hotspots?{filters}")["areas"]
    plain = filters.replace(f"resolution={RESOLUTION}&", "")
    addresses = [f"/api/cells/{area['cells'][0]}?{plain}&verdict=1" for area in areas[:2]]
    first, second = (measure.call(lambda address=address: door.get(address)) for address in addresses)
    return first, second


def rows(rounds: int) -> list[Figure]:
    """The rows of the scoreboard."""
    answer, change, card, again = measured(rounds)
    cells, hot = len(answer["cells"]), sum(answer["hot"])
    assert 4_500 <= cells <= 6_500, cells
    assert hot > 0
    what = f"change of filter → hot spots of {cells:,} cells, {FACTS:,} facts ({hot} hot, {answer['areas_total']} areas), GET"
    found = [_row(f"{what}, median wall time", change.wall_s * 1e3, "ms", (f"≤ {LIMIT_MS:.0f} ms", LIMIT_MS)),
             _row(f"{what}, median processor time", change.cpu_s * 1e3, "ms", (f"≤ {LIMIT_MS:.0f} ms", LIMIT_MS))]
    for name, cost in (("first card under a filter, with 27 drawings", card), ("next card under it", again)):
        found += [_row(f"{name}, {FACTS:,} facts, median wall time", cost.wall_s, "s", (f"≤ {CARD_S:.0f} s", CARD_S)),
                  _row(f"{name}, {FACTS:,} facts, median processor time", cost.cpu_s, "s", (f"≤ {CARD_S:.0f} s", CARD_S))]
    return found


def _row(name: str, value: float, unit: str, target: tuple[str, float]) -> Figure:
    return Figure(name, 4, float(f"{value:.4g}"), unit, None, None, None, target[0], value <= target[1], COMMAND, figures.today(),
                  figures.commit())


def main() -> int:
    parser = argparse.ArgumentParser(prog=COMMAND, description=__doc__)
    parser.add_argument("--rounds", type=int, default=ROUNDS)
    rounds = parser.parse_args().rounds
    found = rows(rounds)
    print(figures.show(found))
    if rounds == ROUNDS:
        figures.save("hotspots_live", found)
    return 0 if all(row.met for row in found) else 1


if __name__ == "__main__":
    sys.exit(main())
