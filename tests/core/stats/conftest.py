"""PySAL as the oracle, and maps to try statistics on."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator
from types import SimpleNamespace

import numpy as np
import pytest

from geoservice.core import compiled, grid
from geoservice.core.stats import weights
from geoservice.core.stats.weights import Neighbours
from geoservice.types import Box


@pytest.fixture
def pysal() -> Iterator[SimpleNamespace]:
    """esda with `weights(neighbours)`, our neighbourhoods as it reads them; its warnings are its own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import esda
        import libpysal
        import scipy.sparse

        def of(neighbours: Neighbours) -> object:
            data = np.ones(len(neighbours.indices))
            table = scipy.sparse.csr_matrix((data, neighbours.indices, neighbours.indptr), (len(neighbours),) * 2)
            return libpysal.weights.WSP(table).to_W(silence_warnings=True)

        yield SimpleNamespace(esda=esda, weights=of)


@pytest.fixture(scope="session")
def cells() -> np.ndarray:
    """Some 600 cells of resolution 9 with a hole, none of them alone."""
    found = grid.cover(Box(2.28, 48.82, 2.38, 48.88), 9)
    hole = np.isin(found, grid.disk(int(found[len(found) // 2]), 3))
    return found[~hole]


@pytest.fixture(params=["numpy", "compiled"])
def both_ways(request: pytest.FixtureRequest) -> Iterator[str]:
    """Once with numpy, once with compiled loops: the answers are the same."""
    before: Callable | None = compiled._loaded.pop(weights.loops, None)
    if request.param == "compiled" and not compiled.load(weights.loops):
        pytest.skip("numba is not installed")
    yield request.param
    compiled._loaded.pop(weights.loops, None)
    if before is not None:
        compiled._loaded[weights.loops] = before
