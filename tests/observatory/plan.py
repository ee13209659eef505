"""The truths of plan.toml."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import numpy as np

with (Path(__file__).parent / "plan.toml").open("rb") as _file:
    PLAN: dict[str, Any] = tomllib.load(_file)


def stream(world: int, draw: int) -> np.random.Generator:
    """The randomness of one draw of a world."""
    return np.random.default_rng([PLAN["seed"], world, draw])
