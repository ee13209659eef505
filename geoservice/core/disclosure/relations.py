"""Sums that hold between nodes: a parent is its children, on one axis of the lattice."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Relations:
    """A batch of sums: node parents[i] is the sum of children[starts[i]:starts[i + 1]]; all arrays int64.

    In one batch a node is at most once a child and at most once a parent, so a batch is worked through at once.
    """

    parents: np.ndarray
    children: np.ndarray
    starts: np.ndarray

    @property
    def owners(self) -> np.ndarray:
        """For each child, the position of its parent in `parents`."""
        return np.repeat(np.arange(len(self.parents)), np.diff(np.append(self.starts, len(self.children))))


def batch(pairs: Iterable[tuple[int, list[int]]]) -> Relations | None:
    """A batch from (parent, children); sums of one child, which is then the parent itself, are left out. None when empty."""
    kept = [(parent, children) for parent, children in pairs if len(children) > 1]
    if not kept:
        return None
    sizes = [len(children) for _, children in kept]
    return Relations(np.array([parent for parent, _ in kept]), np.concatenate([children for _, children in kept]),
                     np.cumsum([0, *sizes[:-1]]))
