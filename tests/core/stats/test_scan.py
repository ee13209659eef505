"""Kulldorff's scan, the rival of the campaign: disks are what they should be, its ratio the textbook's, its alarms 5 %."""

from __future__ import annotations

import numpy as np
import pytest

from geoservice.core import grid
from tests.calibration import scan, worlds


@pytest.fixture(scope="module")
def area() -> scan.Disks:
    cells = worlds.cells("ragged")
    return scan.disks(cells, np.ones(len(cells)), 3)


def test_every_disk_is_summed_over_the_cells_of_the_study_area(area: scan.Disks) -> None:
    cells = worlds.cells("ragged")
    counts = np.random.default_rng(1).poisson(2, len(cells))
    sums = area.sums(counts)
    assert sums.shape == (len(cells), 4)
    for row in (0, 50, len(cells) - 1):
        for step in range(4):
            assert sums[row, step] == counts[np.isin(cells, grid.disk(int(cells[row]), step))].sum()
    np.testing.assert_allclose(area.exposure, area.sums(np.ones(len(cells))) / len(cells))


def test_the_likelihood_ratio_is_that_of_the_textbook() -> None:
    found = scan.likelihood(np.array([30.0, 5.0, 100.0]), np.array([0.1, 0.1, 0.2]), 100.0)
    assert found[0] == pytest.approx(30 * np.log(30 / 10) + 70 * np.log(70 / 90))
    assert found[1] == 0
    assert found[2] == pytest.approx(100 * np.log(5))


def test_a_planted_disk_is_the_best_cluster_and_others_do_not_overlap_it(area: scan.Disks) -> None:
    cells = worlds.cells("ragged")
    inside = np.isin(cells, grid.disk(int(cells[300]), 2))
    counts = np.random.default_rng(2).poisson(np.where(inside, 8.0, 1.0))
    null = scan.bar(area, np.ones(len(cells)), int(counts.sum()), 99, 1)
    found = scan.scan(counts, area, null)
    assert found.p[0] == 0.01
    assert len(np.intersect1d(found.cells[0], np.flatnonzero(inside))) >= 0.8 * inside.sum()
    every = np.concatenate(found.cells)
    assert len(np.unique(every)) == len(every)


def test_alarms_on_even_noise_are_as_rare_as_stated(area: scan.Disks) -> None:
    n = len(worlds.cells("ragged"))
    null = scan.bar(area, np.ones(n), n, 99, 1)
    rng = np.random.default_rng(3)
    alarms = sum(bool(scan.scan(rng.multinomial(n, np.full(n, 1 / n)), area, null).cells) for _ in range(60))
    assert alarms <= 9
