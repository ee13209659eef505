"""Atoms of Bondy from the real INSEE grid, BD TOPO footprints and RPLS."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from geoservice.core import crs, grid
from geoservice.core.disclosure.atoms import Source, build
from geoservice.core.disclosure.spread import spread

DATA = Path(__file__).resolve().parents[4] / "shared" / "data"


def test_bondy_has_atoms_of_eleven_by_both_sources() -> None:
    if not (DATA / "PROVENANCE.md").is_file():
        pytest.skip("les données réelles (../shared/data) ne sont pas à côté du projet")
    import geopandas

    squares = geopandas.read_parquet(DATA / "stats" / "insee_filosofi_carreaux200m_bondy.parquet").to_crs(2154)
    homes = geopandas.read_parquet(DATA / "buildings" / "bondy_bdtopo_batiments_hauteur.parquet").to_crs(2154)
    rpls = geopandas.read_parquet(DATA / "housing" / "rpls2022_bondy_93010_adresses.parquet").to_crs(2154).drop_duplicates("cle")
    households = spread("INSEE Filosofi", squares.geometry.to_numpy(), squares.men.to_numpy(dtype=float),
                        homes.geometry.to_numpy(), 2154)
    assert households.dwellings.sum() == pytest.approx(squares.men.sum())
    lon, lat = crs.to_lonlat(rpls.geometry.x.to_numpy(), rpls.geometry.y.to_numpy(), 2154)
    social = Source("RPLS", grid.index(lon, lat), rpls.appartement.to_numpy(dtype=float), False)
    assert social.dwellings.sum() == 9605
    ground = np.unique(grid.parents(np.concatenate([households.cells, social.cells]), 10))
    made = build("bondy-1", ground, [households, social])
    assert not made.weaker
    assert made.dwellings.min() >= 11  # nowhere here is empty: the ground is where somebody lives
    assert made.dwellings.sum() >= squares.men.sum() - 1e-6
    assert 150 < len(made.dwellings) < len(ground)
    assert (made.atom >= 0).all()
