"""Many tests at once: q-values that bound the share of false discoveries.

Benjamini & Hochberg 1995 (J. R. Statist. Soc. B 57) holds under independence and the positive dependence of overlapping
neighbourhoods (PRDS); Benjamini & Yekutieli 2001 (Ann. Statist. 29) under any dependence, at a price.
"""

from __future__ import annotations

import numpy as np

from geoservice.errors import BadInput


def bh(p: np.ndarray) -> np.ndarray:
    """Benjamini-Hochberg q-values: the least level at which each test is discovered. p (n,) in [0, 1]; returns (n,) in p's order.

    BadInput when a p-value is missing or outside [0, 1].
    """
    p = np.asarray(p, dtype=np.float64)
    if p.ndim != 1 or not ((p >= 0) & (p <= 1)).all():
        raise BadInput("Les probabilités à corriger sont une série de nombres entre 0 et 1, sans valeur manquante.")
    order = np.argsort(p)[::-1]
    q = np.minimum.accumulate(p[order] * len(p) / np.arange(len(p), 0, -1))
    out = np.empty(len(p))
    out[order] = np.minimum(q, 1.0)
    return out


def by(p: np.ndarray) -> np.ndarray:
    """Benjamini-Yekutieli q-values: those of BH times 1 + 1/2 + ... + 1/n, at most 1."""
    return np.minimum(bh(p) * (1 / np.arange(1, np.size(p) + 1)).sum(), 1.0)


def none(p: np.ndarray) -> np.ndarray:
    """The p-values themselves: for one test chosen beforehand, never for a map."""
    return np.array(p, dtype=np.float64)


CORRECTIONS = {"bh": bh, "by": by, "none": none}
