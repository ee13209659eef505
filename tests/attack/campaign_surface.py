"""The figures of whole towns: everything that one crawl of ours and of each naive build gives to those who attack it."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from geoservice.errors import BadInput
from geoservice.operations import shared_access, shared_links
from geoservice.web.shared.app import create_shared_app
from tests.attack import attacks, closure, collecting, estimate, free, judging, ours, serving, slivers, tape, tipping, worlds
from tests.attack.attacks import Score
from tests.attack.campaign import Size, each, row, say
from tests.attack.client import Client
from tests.attack.collecting import Seen
from tests.attack.folders import served
from tests.attack.judging import Scene
from tests.attack.serving import Build, Surface
from tests.attack.worlds import World
from tests.bench.figures import Figure

NAMES = {"small_town": "small town, 1,500 a year", "agglomeration": "agglomeration, 24,000 in 3 years",
         "paris": "Dans Ma Rue, 36,422 facts"}


@dataclass(frozen=True)
class Town:
    """Ours and the naive builds, each as HTTP told it. seconds: what crawling ours took."""

    world: World
    build: Build
    seen: Seen
    scenes: list[Scene]
    wide: Scene
    first: Scene
    same: Scene
    seconds: float

    @property
    def name(self) -> str:
        return NAMES.get(self.world.name, self.world.name)

    @property
    def last(self) -> Scene:
        return self.scenes[-1]


def world(name: str) -> World:
    return worlds.paris() if name == "paris" else worlds.synthetic(name)


def read(build: Build, facts_of: str, slowly: bool = False) -> tuple[Seen, list[Scene]]:
    """A build served, read through HTTP, and set on its lattice. slowly: number by number; else by its tables."""
    with served(build) as (_, surface):
        seen = (collecting.crawl if slowly else collecting.download)(surface.client, facts_of)
    return seen, judging.scenes(build, seen)


def town(found: World) -> Town:
    """Everything of a world; naive builds of its last year alone."""
    begun = time.perf_counter()
    build = serving.mine(found)
    seen, scenes = read(build, found.name, True)
    seconds = time.perf_counter() - begun
    facts = found.facts.take(1970 + found.facts.month // 12 == build.years[-1])
    wide = read(serving.threshold(found, facts), found.name)[1][-1]
    first = read(serving.first_design(found, facts), found.name)[1][-1]
    same = read(serving.first_design(found, facts, False, found.order()), found.name)[1][-1]
    say(f"{found.name}: four builds crawled")
    return Town(found, build, seen, scenes, wide, first, same, seconds)


_HELD: dict[str, Any] = {}  # what the processes of `asked` find when they are made
CHUNK = 2_500


def asked(it: Town, many: int, size: Size) -> Iterator[Figure]:
    """A2 and A6: a tape of `many` requests, cut into pieces that processes send; the share links first."""
    with served(it.build) as (_, surface):
        ground = closure.Ground(surface.client, surface.api)
        box = tape.box_of(surface.client, it.seen, it.world.name)
        found = closure.replay(surface.client, _linked(it, surface), it.seen, ground)
        _HELD.update(it=it, surface=surface, box=box)
        pieces = ((piece, min(CHUNK, many - piece * CHUNK)) for piece in range(-(-many // CHUNK)))
        for done in each(_piece, pieces, size):
            found.add(done)
            say(f"{it.world.name}: {found.asked:,} requests, {len(found.taken)} taken, {len(found.unexplained)} unexplained")
        _HELD.clear()
    days, small = free.recovered(it.world.facts)
    with closing(Client(free.surface(it.world.facts))) as naive:
        taken = sum(ask.send(naive).status == 200 for ask in tape.Tape(it.seen, it.world.name, 6, box).take(50, 1.0) if ask.free)
    bad = len(found.taken) + len(found.unexplained) + len(found.broken)
    say("\n".join([*found.taken[:5], *found.unexplained[:5], *found.broken[:5]]))
    yield row(f"A2 {it.name}: numbers beyond the lattice, mutations that were answered, or errors of ours ("
              f"{found.asked:,} requests, {found.refused:,} refused, {found.numbers:,} numbers read "
              f"in JSON, CSV, GeoJSON, GeoPackage, tiles and "
              f"share links; a surface with free dates answers {taken} of 50 "
              f"mutations and gives {days} of {small} small days away "
              "exactly)", bad,
              "answers", "0, and > 0 on the naive build", bad == 0 and taken > 0 and days > 0, ("free dates and boxes", taken))
    for line in found.unexplained:
        it.seen.ledger.conflicts.add((line, "", "", ""))
    yield from _differences(it, found.asked, many)


def _piece(number: int, many: int) -> closure.Result:
    """Some requests of the tape, by a client of its own."""
    it, surface = _HELD["it"], _HELD["surface"]
    client = Client(create_shared_app(surface.folder), surface.key)
    questions = tape.Tape(it.seen, it.world.name, 600 + number, _HELD["box"])
    found = closure.replay(client, questions.take(many), it.seen, closure.Ground(client, surface.api))
    client.close()
    return found


def _linked(it: Town, surface: Surface) -> list[tape.Ask]:
    """Share links to every level in every zone that has places of it, as organisations make them."""
    shared = shared_access.open_shared(surface.folder)
    guest = shared_access.Guest(frozenset([surface.territory]), organisation="ville")
    out = []
    for level in it.seen.places:
        for zone in [*it.seen.places.get("qpv", ()), *it.seen.places["commune"]][:6]:
            try:
                wish = shared_links.LinkWish(surface.territory, it.seen.kind, level, zone, 7)
                out.append(tape.Ask(f"/p/{shared_links.make(shared, guest, wish)}?format=json"))
            except BadInput:  # a zone without places of that level
                continue
    shared.close()
    return out


def _differences(it: Town, requests: int, wanted: int) -> Iterator[Figure]:
    mine = [judging.proofs(one) for one in judging.scenes(it.build, it.seen)]
    broken = judging.proofs(it.wide, broken=True)
    script = attacks.differencer(it.last.found, it.last.counts, it.last.view)
    naive = attacks.differencer(it.wide.found, it.wide.counts, it.wide.view)
    outsider = broken["outsider"].exact / broken["outsider"].small
    worst = max(proof.exact / proof.small for name, proof in broken.items() if name != "outsider")
    exact = sum(proof.exact for found in mine for proof in found.values()) + len(it.seen.ledger.conflicts)
    told = (f"{requests:,} requests; parent minus children: {script.right} of {script.claims} claims right, "
            f"{naive.right:,} of {naive.claims:,} on the naive build")
    yield row(f"A6 {it.name}: small counts recovered exactly by the differencer, outsider and every organisation ({told}; "
              f"worst insider of the naive build {100 * worst:.1f} %)", exact + script.certain, "counts",
              "0; naive ≥ 3 % (outsider), ≥ 10 % (worst insider)",
              exact == script.certain == 0 and requests >= wanted and outsider >= 0.03 and worst >= 0.1 and naive.certain > 0)
    yield row(f"A6 {it.name}: naive threshold through the same routes, small counts recovered exactly by an outsider",
              100 * outsider, "%", "≥ 3 %", outsider >= 0.03)
    yield row(f"A6 {it.name}: naive threshold through the same routes, small counts recovered exactly by the worst insider",
              100 * worst, "%", "≥ 10 %", worst >= 0.1)


def audited(it: Town) -> Iterator[Figure]:
    """A3."""
    readings = [reading for one in it.scenes for reading in judging.audited(one)]
    bad = sum(reading.proven + reading.narrow for reading in readings)
    naive = judging.proofs(it.wide, broken=True)["outsider"]
    yield row(f"A3 {it.name}: small nodes proven to exist or narrower than 4, outsider and every organisation, on what HTTP told "
              f"({sum(reading.small for reading in readings):,} small nodes, least width {min(r.width for r in readings)}, "
              f"{sum(reading.near for reading in readings)} tried by the solver)", bad, "nodes", "0, and > 0 on the naive build",
              bad == 0 and naive.exists > 0, ("naive threshold, outsider", naive.exists))


def estimated(it: Town) -> Iterator[Figure]:
    """A5: each attacker by itself in the worst, all of them together in the figure."""
    found = [estimate.guess(one, who) for one in it.scenes for who in (None, *one.found.organisations())]
    naive = estimate.guess(it.wide)
    many = sum(one.nodes for one in found)
    hit, constant = (sum(getattr(one, what) * one.nodes for one in found) / max(1, many) for what in ("hit", "constant"))
    worst = max(found, key=lambda one: one.advantage)
    yield row(f"A5 {it.name}: best estimator over the best constant guess, exact small counts, outsider and every organisation "
              f"({100 * hit:.1f} % against {100 * constant:.1f} % of {many:,}; worst attacker and year {worst.advantage:+.1f} on "
              f"{worst.nodes} counts)", 100 * (hit - constant), "points", "≤ 10 points, and > 10 on the naive build",
              100 * (hit - constant) <= 10 < naive.advantage, ("naive threshold", naive.advantage))
    outsider = found[-1 - len(it.last.found.organisations())]
    yield row(f"A5 {it.name}: existence of masked counts, AUC of the best estimator (outsider), beside dwellings and coarse "
              "counts alone", outsider.auc, "AUC", "reported", True, ("coarse only", outsider.coarse))


def tipped(it: Town) -> Iterator[Figure]:
    """A8: the largest organisation adds facts."""
    names, sizes = np.unique(it.world.facts.organisation, return_counts=True)
    who = int(names[sizes.argmax()])
    year = replace(it.world, facts=it.world.facts.take(1970 + it.world.facts.month // 12 == it.build.years[-1]))
    mine = tipping.tip(year, who, serving.mine)
    naive = tipping.tip(year, who, lambda more: serving.unmasked(more, more.order()))
    yield row(f"A8 {it.name}: an organisation adds 1 to 80 facts to every hexagon ({len(tipping.ADDED)} releases read): guess "
              f"over the best constant ({100 * mine.hit:.1f} % of {mine.targets} small counts of the others)", mine.advantage,
              "points",
              "≤ 10 points, and > 10 on the naive build", mine.advantage <= 10 < naive.advantage,
              ("exact counts over the bar", naive.advantage))


def replayed(it: Town) -> Iterator[Figure]:
    """The attacks of the notes 2.4 on what HTTP told, and A10."""
    for what, mine, broken in (
        ("the mask as an oracle", _oracle(it.last), {"on our lattice": _oracle(it.same), "full": _oracle(it.first)}),
        ("equal noise", _equal(it.last, _redraw(it)), {"on our lattice": _equal(it.same, None), "full": _equal(it.first, None)}),
    ):
        told = "; ".join(f"first design {name}: {score.right:,} of {score.claims:,}" for name, score in broken.items())
        yield row(f"A0 {it.name}: {what} through HTTP, certain gains (ours: {mine.right:,} of {mine.claims:,} claims right; "
                  f"{told})",
                  mine.certain, "gains", "0, and > 0 on the naive build",
                  mine.certain == 0 and all(score.certain > 0 for score in broken.values()),
                  ("first design", broken["full"].certain))
    apart, slack = slivers.nested(it.last, it.seen.parameters.reach, 1 << 20), slivers.nested(by_points(it))
    wrong = slivers.parents_agree(it.last)
    gains = apart.score.claims + wrong
    yield row(f"A10 {it.name}: slivers between hexagons and their parents ({apart.pairs} sums shown; counted by points: "
              f"{slack.score.right} of {slack.pairs} sums give facts on a border away)", gains, "slivers",
              "0, and > 0 on the naive build", gains == 0 and slack.score.right > 0,
              ("coarse hexagons by points", slack.score.right))


def by_points(it: Town) -> Scene:
    """Hexagons counted by points, through the same routes."""
    scene = slivers.by_points(it.wide)
    release = serving.packed(it.world, scene.found.lattice.places, [(scene.found.lattice, scene.view)])
    seen, (told,) = read(replace(it.build, release=release, ledger=scene.found.facts, places=scene.found.lattice.places,
                                 published=None), it.world.name)
    assert seen.ledger.numbers
    return replace(told, counts=scene.counts)


def _oracle(scene: Scene) -> Score:
    return attacks.mask_as_oracle(scene.found, scene.counts, scene.view)


def _equal(scene: Scene, redraw: attacks.Redraw | None) -> Score:
    same = redraw or (lambda _parent, child: int(scene.view.value[child]))
    return attacks.equal_noise(scene.found, scene.counts, scene.view, same)


def _redraw(it: Town) -> attacks.Redraw:
    assert it.build.published is not None
    return ours.Ours(it.world.order(), it.build.published, it.last.found, it.last.counts, it.last.view, ours.SECRET).redraw()


def useful(it: Town) -> Iterator[Figure]:
    """What a reader of the surface gets."""
    found = [judging.utility(one) for one in it.scenes]
    error = 100 * float(np.median(np.concatenate([one.errors for one in found])))
    shown = 100 * sum(one.shown for one in found) / sum(one.facts for one in found)
    yield row(f"U {it.name}: median relative error of numbers of 20 facts and more, as HTTP tells them", error, "%", "≤ 5 %",
              error <= 5)
    yield row(f"U {it.name}: facts in numbers that HTTP tells, over the published levels", shown, "%", "≥ 93 %", shown >= 93)
