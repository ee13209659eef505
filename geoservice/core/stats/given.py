"""What a statistic accepts: finite counts and exposures, and the answer "not enough data" where there is nothing to say."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from geoservice.errors import BadInput, GeoserviceError

Values = np.ndarray | Sequence[float] | Sequence[int]


class NotEnough(GeoserviceError):
    """Too little data for a statistic: an answer with a reason (`str`, French) and a code, never a map and never a failure.

    Doors that answer show `code` and the reason with status 200; nobody did anything wrong.
    """

    slug, title, status = "donnees-insuffisantes", "Données insuffisantes", 200

    def __init__(self, code: str, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def counts_of(values: Values, what: str = "comptages", dimensions: int = 1) -> np.ndarray:
    """Counts as float64, not negative and finite; fractions are accepted (aoristic weights). BadInput says what is wrong."""
    out = numbers_of(values, what, dimensions)
    if out.size and out.min() < 0:
        raise BadInput(f"Les {what} ne peuvent pas être négatifs.")
    return out


def whole_counts_of(values: Values, what: str = "comptages", dimensions: int = 1) -> np.ndarray:
    """`counts_of` that are whole numbers, still float64."""
    out = counts_of(values, what, dimensions)
    if (out != np.floor(out)).any():
        raise BadInput(f"Les {what} doivent être des nombres entiers.")
    return out


def exposure_of(values: Values, n: int, what: str = "expositions", zero: bool = False) -> np.ndarray:
    """One finite exposure a unit as float64, greater than 0 (or not negative where `zero` is allowed)."""
    out = np.broadcast_to(numbers_of(np.atleast_1d(np.asarray(values, dtype=np.float64)), what), (n,)) \
        if np.ndim(values) == 0 else numbers_of(values, what)
    if len(out) != n:
        raise BadInput(f"Il faut une valeur par unité pour les {what} : {n} attendues, {len(out)} reçues.")
    if n and (out.min() < 0 or (not zero and out.min() == 0)):
        raise BadInput(f"Les {what} doivent être {'positives ou nulles' if zero else 'plus grandes que zéro'} : "
                       "retirez les unités sans logement, sans surface ou sans durée.")
    return out


def numbers_of(values: Values, what: str, dimensions: int = 1) -> np.ndarray:
    """Finite numbers as float64 of the given number of dimensions; BadInput otherwise."""
    try:
        out = np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError):
        raise BadInput(f"Les {what} doivent être des nombres.") from None
    if out.ndim != dimensions:
        raise BadInput(f"Les {what} doivent former un tableau à {dimensions} dimension{'s' if dimensions > 1 else ''}.")
    if not np.isfinite(out).all():
        raise BadInput(f"Les {what} contiennent des valeurs manquantes ou infinies : complétez-les ou retirez ces unités.")
    return out


def same_length(what: str, *arrays: np.ndarray) -> None:
    """BadInput unless every array has as many values."""
    if len({len(some) for some in arrays}) > 1:
        raise BadInput(f"Les {what} doivent avoir la même longueur : {', '.join(str(len(some)) for some in arrays)} reçues.")


def share_of(value: float, what: str) -> float:
    """A number strictly between 0 and 1."""
    if not 0 < value < 1:
        raise BadInput(f"« {what} » attend un nombre entre 0 et 1, bornes exclues.")
    return float(value)
