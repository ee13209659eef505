"""The figures about time (revisions, totals that grow, monthly releases) and about what answers tell beside their words."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np

from geoservice.core.disclosure.lattice import Family, Lattice
from geoservice.core.disclosure.masking import View
from tests.attack import attacks, collecting, judging, ours, rolling, serving, side, worlds
from tests.attack.attacks import Score
from tests.attack.campaign import Size, row, say
from tests.attack.campaign_surface import NAMES, Town, read
from tests.attack.folders import served
from tests.attack.judging import Scene
from tests.attack.serving import Build
from tests.attack.worlds import World
from tests.bench.figures import Figure

LATE = 0.02


def revised(it: Town) -> Iterator[Figure]:
    """The attack on revisions: a number that changed is claimed to hold a late fact."""
    town = last_year(it)
    late = np.random.default_rng(3).random(len(town.facts)) < LATE
    keys = town.facts.key[late]
    first = serving.mine(town, facts=town.facts.take(~late))
    second = serving.mine(town, town.order(1), secret=ours.FRESH, predecessors=(first.published,))
    mine, base, scene = _changed(town, first, second, keys)
    naive = [serving.first_design(town, facts, False, town.order()) for facts in (town.facts.take(~late), town.facts)]
    broken, ground, _ = _changed(town, *naive, keys)
    yield row(f"A0 {it.name}: revision with 2 % of late facts through HTTP, certain gains (ours: {mine.right:,} of "
              f"{mine.claims:,} "
              f"changed numbers hold one, base {base:.2f}; same secret: {broken.right:,} of {broken.claims:,}, base "
              f"{ground:.2f})",
              mine.certain, "gains", "0, and > 0 on the naive build", mine.certain == 0 and broken.certain > 0,
              ("consistent keys, same secret", broken.certain))
    bad, small = _both_read(first, second, scene)
    yield row(f"A0 {it.name}: both revisions read together, small counts proven or narrower than 4, outsider and every "
              "organisation "
              f"({small:,} small counts)", bad, "counts", "0", bad == 0)


def last_year(it: Town) -> World:
    """The town with the facts of its last year alone."""
    return replace(it.world, facts=it.world.facts.take(1970 + it.world.facts.month // 12 == it.build.years[-1]))


def _changed(town: World, first: Build, second: Build, late: np.ndarray) -> tuple[Score, float, tuple[Scene, Scene]]:
    before, after = (read(build, town.name)[1][-1] for build in (first, second))
    held = after.found.counts(np.isin(after.found.facts.key, late)) > 0
    told, base = attacks.changed_means_late(before.view, after.view, held)
    return told, base, (before, after)


def _both_read(first: Build, second: Build, scenes: tuple[Scene, Scene]) -> tuple[int, int]:
    """Numbers of the first revision are evidence about today's facts where it counted the same ones: the attacker is told where,
    as the product's own audit is."""
    from geoservice.core.disclosure import audit
    from geoservice.core.disclosure.audit import Case, joint
    from geoservice.core.disclosure.cubes import cube

    before, after = scenes
    assert first.published is not None
    then = cube(after.found.lattice, first.published.ledger)
    same = (then.keys() == after.found.keys()) & (then.counts() == after.found.counts())
    case = Case(after.found, after.counts, after.rule, (joint(before.view, same),))
    readings = [audit.read(case, after.view, attacker) for attacker in case.attackers]
    return sum(one.proven + one.narrow for one in readings), sum(one.small for one in readings)


def accumulated(it: Town) -> Iterator[Figure]:
    """The attack on totals since January, which only a naive surface tells."""
    found = it.wide.found
    counts, values, shown = ours.totals(found)
    family = Family("r9", "month", "all", 0.0)
    alone = Lattice(found.lattice.kind, found.lattice.places, found.lattice.slots, (family,))
    nodes = np.ix_(alone.rows(family), alone.columns(family).ravel())
    view = View(*(np.zeros(alone.shape, dtype=kind) for kind in (bool, bool, np.int32, bool, bool)))
    view.published[nodes], view.shown[nodes], view.value[nodes] = True, shown, np.where(shown, values, 0)
    release = serving.packed(it.world, alone.places, [(alone, view)])
    told = read(replace(it.build, release=release, places=alone.places, published=None), it.world.name)[1][-1].view
    score, share = attacks.cumulative(counts, told.value[nodes], told.shown[nodes])
    apart = ours.one_month_apart(it.last.found)
    yield row(f"A0 {it.name}: totals that grow by one month, pairs of periods that HTTP tells (naive « since January »: "
              f"{score.right:,} "
              f"of {score.claims:,} claims right, {100 * share:.0f} % of small months of r9 proven)", apart, "pairs",
              "0, and > 0 on the naive build", apart == 0 and score.certain > 0, ("since January", score.certain))


def rolled(name: str, size: Size) -> list[Figure]:
    """A7."""
    town = worlds.synthetic(name)
    months = sorted(set(town.facts.month.tolist()))[:size.releases]
    mine = rolling.roll(town, rolling.mine(town, months))
    say(f"A7: {mine.releases} releases, {mine.changes} changes of {mine.nodes}")
    broken = rolling.roll(town, rolling.recounted(town, months[:4]))
    assert mine.last is not None
    readings = [reading for one in judging.scenes(*mine.last) for reading in judging.audited(one)]
    bad = sum(reading.proven + reading.narrow for reading in readings)
    return [
        row(f"A7 {NAMES[name]}: {mine.releases} monthly releases with late and corrected facts, numbers of closed periods "
            "that HTTP "
            f"tells otherwise later ({mine.nodes:,} compared; recounted each month: {broken.changes:,} in {broken.releases} "
            "releases, "
            f"{broken.gains:,} of them the exact number of facts that came or went)", mine.changes, "numbers",
            "0, and > 0 on the naive build", mine.changes == 0 and broken.gains > 0, ("recounted each month", broken.changes)),
        row(f"A7 {NAMES[name]}: all releases read together, small nodes proven or narrower than 4, outsider and every "
            "organisation "
            f"({sum(reading.small for reading in readings):,} small nodes)", bad, "nodes", "0", bad == 0)]


def beside(name: str, size: Size) -> list[Figure]:
    """A9: the real process on a real socket."""
    build = serving.mine(worlds.synthetic(name))
    with served(build) as (_, surface), tempfile.TemporaryDirectory() as folder:
        scene = judging.scenes(build, collecting.crawl(surface.client, name))[-1]
        found = side.listen(surface, scene, size.probes, Path(folder))
    naive, chance = side.naive_times(scene, size.probes)
    bad = len(found.different) + len(found.said)
    say(f"A9: {found}")
    apart, other = abs(found.superior - 0.5), abs(naive - 0.5)
    return [
        row(f"A9 {NAMES[name]}: size, marks, headers, refusals and logs of `serve --surface shared` that tell a masked empty "
            "place "
            f"from one with facts, a territory of others from none, a revoked link from none ({found.pairs} "
            "pairs)", bad, "differences",
            "0", bad == 0),
        row(f"A9 {NAMES[name]}: time to answer about masked places, empty or not, 2 × {found.probes:,} requests on a socket: "
            "distance "
            f"of the probability of superiority from one half (Mann-Whitney p = {found.p:.2g}; a surface that counts when asked: "
            f"p = {chance:.2g})", apart, "of 0.5", "≤ 0.05 or p ≥ 0.001, and neither on the naive build",
            (apart <= 0.05 or found.p >= 0.001) and other > 0.05 and chance < 0.001,
            ("counts when asked", other))]
