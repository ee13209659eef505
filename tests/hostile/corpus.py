"""The whole corpus, the same for the same seed."""

from __future__ import annotations

import hashlib
from random import Random

from tests.hostile import broken, packed, places, sheets, texts
from tests.hostile.case import Case, numbered

MODULES = (texts, packed, sheets, places, broken)


def cases() -> list[Case]:
    """Every case, in a fixed order; at least 300 of them."""
    return numbered(case for module in MODULES for case in module.cases())


def random_of(case: Case, seed: int) -> Random:
    """The random numbers of a case depend on its name and the seed, not on the cases before it."""
    return Random(int.from_bytes(hashlib.sha256(f"{seed}/{case.name}".encode()).digest()[:8], "big"))
