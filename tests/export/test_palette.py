"""The ramp of the counts for every colour vision, and the bounds of its classes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from geoservice.export.palette import ACCENT, COUNTS, INK, PAPER, breaks, classes, gradient, rgb, rgba

# Machado, Oliveira & Fernandes 2009, severity 1.0, on linear RGB
MACHADO = {
    "protan": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deutan": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritan": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "normal": np.eye(3).tolist(),
    "none": [[0.2126, 0.7152, 0.0722]] * 3,
}
TO_XYZ = np.array([[0.4124564, 0.3575761, 0.1804375], [0.2126729, 0.7151522, 0.0721750], [0.0193339, 0.1191920, 0.9503041]])


def linear(colour: str) -> np.ndarray:
    channels = np.array(rgb(colour)) / 255
    return np.where(channels <= 0.04045, channels / 12.92, ((channels + 0.055) / 1.055) ** 2.4)


def lab(light: np.ndarray) -> np.ndarray:
    xyz = TO_XYZ @ light / (TO_XYZ @ np.ones(3))
    f = np.where(xyz > 0.008856, np.cbrt(xyz), 7.787 * xyz + 16 / 116)
    return np.array([116 * f[1] - 16, 500 * (f[0] - f[1]), 200 * (f[1] - f[2])])


def contrast(one: str, other: str) -> float:
    low, high = sorted(float(np.dot([0.2126, 0.7152, 0.0722], linear(colour))) for colour in (one, other))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("vision", MACHADO)
def test_classes_stay_in_order_and_apart_for_every_colour_vision(vision: str):
    seen = np.array([lab(np.clip(np.array(MACHADO[vision]) @ linear(colour), 0, 1)) for colour in COUNTS.colours])
    assert len(seen) == 6
    assert (np.diff(seen[:, 0]) < -10).all(), seen[:, 0]
    assert (np.linalg.norm(np.diff(seen, axis=0), axis=1) > 12).all()


def test_ink_and_accent_can_be_read_and_the_darkest_class_stands_out():
    assert contrast(INK, PAPER) > 4.5
    assert contrast(ACCENT, PAPER) > 4.5
    assert contrast(COUNTS.colours[-1], PAPER) > 3


def test_the_gradient_begins_transparent_and_ends_in_the_last_class():
    steps = gradient(COUNTS)
    assert steps.shape == (256, 4)
    assert steps[0, 3] == 0
    assert steps[-1].tolist() == rgba(COUNTS)[-1].tolist()
    assert (np.diff(steps[:, 3].astype(int)) >= 0).all()


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        ([], []),
        ([0, 0], []),
        ([0, 1, 1], [1]),
        ([5, 1, 1, 9, 0], [1, 5, 9]),
        ([1, 2, 3, 4, 5, 6], [1, 2, 3, 4, 5, 6]),
        ([1, 2, 3, 4, 5, 6, 7], [1, 2, 3, 4, 5, 6]),
        ([1000, 1001, 1002, 1003, 1004, 1005, 1006], [1000, 1001, 1002, 1003, 1004, 1005]),
    ],
)
def test_few_distinct_counts(counts: list[int], expected: list[int]):
    assert breaks(np.array(counts, int)) == expected


def test_a_heavy_tail_gets_round_bounds_and_no_empty_class():
    counts = np.ceil(np.random.default_rng(1).pareto(1.1, 5000) * 3).astype(int)
    bounds = breaks(counts)
    assert len(bounds) == 6
    assert bounds[0] == 1
    assert all(float(f"{bound:.1e}") == bound for bound in bounds), bounds
    assert bounds[-1] % 10 == 0
    assert (np.bincount(classes(counts, bounds), minlength=6) > 0).all()


def test_counts_of_one_size_still_spread_over_the_classes():
    bounds = breaks(np.arange(1000, 1201))
    assert len(bounds) == 6
    assert all(bound % 10 == 0 for bound in bounds)
    assert np.bincount(classes(np.arange(1000, 1201), bounds)).min() >= 20


@given(st.lists(st.integers(0, 10**12), max_size=60), st.integers(1, 9))
def test_bounds_always_increase_and_hold_every_positive_count(counts: list[int], n: int):
    counts = np.array(counts, np.int64)
    bounds = breaks(counts, n)
    assert len(bounds) <= n
    assert all(type(bound) is int for bound in bounds)
    assert bounds == sorted(set(bounds))
    assert ((classes(counts, bounds) >= 0) == (counts > 0)).all()
    assert all(bound <= counts.max() for bound in bounds)
