"""Nothing kept for one tenant reaches another; builds that keep carelessly are seen. `make slow` runs a small size."""

from __future__ import annotations

import pytest

from tests.attack import caches


@pytest.mark.slow
def test_two_tenants_in_turn_never_get_each_others_answers() -> None:
    found = caches.run(1_500, 400)
    assert found["process"].requests == 1_500
    assert found["process"].crossings == 0, found["process"].kinds
    assert found["proxy"].crossings == 0, found["proxy"].kinds
    assert found["process careless"].crossings > 0
    assert found["proxy careless"].crossings > 0
