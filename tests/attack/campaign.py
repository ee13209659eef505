"""The figures of the attacks through HTTP, part by part. A row whose naive build withstands the attack is void: not met."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from functools import reduce
from multiprocessing import get_context
from typing import TypeVar

from geoservice.core.disclosure.slots import Groups
from tests.attack import collecting, judging, reconstruct, serving, twins
from tests.attack.client import without_threads
from tests.attack.folders import served
from tests.attack.reconstruct import Found
from tests.bench import figures
from tests.bench.figures import Figure

T = TypeVar("T")
COMMAND = "python -m tests.attack"
FEW_GROUPS = Groups({"proprete": ("SAL", "DEG"), "autres": ("VOL", "TEC")})


@dataclass(frozen=True)
class Size:
    """How much is tried."""

    pairs: int = 200
    requests: int = 500
    towns: int = 200
    tape: int = 100_000
    releases: int = 24
    probes: int = 2_000
    processes: int = 1
    until: float = float("inf")  # seconds of the clock: what is not done by then is left out, and the rows say how much was done


LARGE = Size()
SMALL = Size(pairs=10, requests=50, towns=5, tape=600, releases=4, probes=60)


def row(name: str, measured: float, unit: str, target: str, met: bool, peer: tuple[str, float] | None = None) -> Figure:
    who, other = (peer[0], _short(peer[1])) if peer else (None, None)
    ratio = None if other is None else _short(measured / other) if other else 0.0
    return Figure(name, 5, _short(measured), unit, who, other, ratio, target, bool(met), COMMAND, figures.today(),
                  figures.commit())


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def say(text: str) -> None:
    print(text, flush=True)


def keep(rows: list[Figure]) -> None:
    """Replace the rows that stand under the same names."""
    new = {_name(one.id) for one in rows}
    kept = [Figure(**held) for held in figures.load().get("attack", ()) if _name(held["id"]) not in new]
    figures.save("attack", sorted([*kept, *rows], key=lambda one: _order(one.id)))


def _name(row_id: str) -> str:
    return row_id.partition(":")[0]


def _order(row_id: str) -> tuple[int, str]:
    part = _name(row_id).split()[0]
    return (int(part[1:]) if part[1:].isdigit() else 99), _name(row_id)


def each(work: Callable[..., T], items: Iterable[tuple], size: Size) -> Iterator[T]:
    """`work` on every item, in order; in several processes where the size asks for them."""
    if size.processes == 1:
        yield from (work(*item) for item in items)
        return
    with ProcessPoolExecutor(size.processes, get_context("fork"), _alone) as pool:
        jobs = [pool.submit(work, *item) for item in items]
        for at, job in enumerate(jobs):
            if time.time() > size.until and at:
                pool.shutdown(cancel_futures=True)
                return
            yield job.result()


def _alone() -> None:
    """A process of its own, for as long as it lives."""
    without_threads().__enter__()


def paired(size: Size) -> list[Figure]:
    """A1."""
    broken = reduce(twins.add, each(twins.pair, ((seed, 40, True) for seed in range(min(5, size.pairs))), size))
    total = twins.Paired()
    for one in each(twins.pair, ((seed, size.requests) for seed in range(size.pairs)), size):
        total = twins.add(total, one)
        if total.pairs % 10 == 0:
            say(f"A1: {total.pairs} pairs, {total.differences} differences; naive {broken.differences} of {broken.asked}")
    void = broken.differences == 0
    return [row(f"A1: paired towns, answers that differ in any byte, headers included ({total.pairs} pairs × "
                f"{size.requests} requests, {total.moved:,} facts moved inside their atom; "
                f"naive places without dwellings: {broken.differences:,} of "
                f"{broken.asked:,} answers differ)", total.differences, "answers", "0, and > 0 on the naive build",
                total.differences == 0 and not void and total.pairs == size.pairs,
                ("cells that are no atoms", broken.differences))]


def reconstructed(size: Size) -> list[Figure]:
    """A4."""
    mine, insider, broken = Found(), Found(), Found()
    work = ((seed, seed % max(5, size.towns // 10) == 0) for seed in range(size.towns))
    done = 0
    for one, other, naive in each(_town, work, size):
        done += 1
        mine, insider, broken = mine.add(one), insider.add(other), broken.add(naive)
        if done % 10 == 0:
            say(f"A4: {done} towns; outsider {mine}; insider {insider}; naive {broken}")
    return [_reconstruction(done, size.towns, who, found, broken)
            for who, found in (("outsider", mine), ("largest organisation", insider))]


def _town(seed: int, control: bool) -> tuple[Found, Found, Found]:
    """One small town before an outsider and before its largest organisation; with control, a naive build of it too."""
    town, broken = replace(twins.small(1_000 + seed, 900, 1), groups=FEW_GROUPS), Found()
    with served(serving.mine(town)) as (build, surface):
        scene = judging.scene(build, collecting.download(surface.client, town.name), 2025)
        largest = max(scene.found.organisations(), key=lambda one: int(scene.found.of(one).sum()))
        mine, insider = reconstruct.reconstruct(scene), reconstruct.reconstruct(scene, largest)
    if control:
        with served(serving.threshold(town)) as (build, surface):
            scene = judging.scene(build, collecting.download(surface.client, town.name), 2025)
            broken = reconstruct.reconstruct(scene, broken=True, most=20)
    return mine, insider, broken


def _reconstruction(done: int, asked: int, who: str, found: Found, broken: Found) -> Figure:
    return row(f"A4: unique reconstructions of small counts by linear and whole-number programmes, {done} small towns, "
               f"{who} ({found.small:,} small counts, {found.proven} proven to exist, {found.narrow} narrower than 4, "
               f"least width {found.width:.3g}, {found.whole} asked in whole numbers; naive threshold: "
               f"{broken.unique} of {broken.small})",
               found.unique, "counts", "0, and > 0 on the naive build",
               found.unique == found.proven == 0 and broken.unique > 0 and done == asked,
               ("naive threshold", broken.unique))
