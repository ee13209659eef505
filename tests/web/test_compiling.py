"""Loops are compiled beside the server, at the lowest priority, and where nothing can be kept nothing breaks."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from geoservice.web import compiling


def test_the_process_is_the_servers_and_goes_with_it(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A stand-in that would stay for a minute: it has gone when the server has."""
    said = tmp_path / "pid"
    code = f"import os, time, pathlib; pathlib.Path({str(said)!r}).write_text(str(os.getpid())); time.sleep(60)"
    monkeypatch.setattr(compiling, "PROGRAM", (sys.executable, "-c", code))
    with ExitStack() as stack:
        compiling.begin(stack)
        while not (said.exists() and said.read_text()):
            pass
        os.kill(int(said.read_text()), 0)
    with pytest.raises(ProcessLookupError):
        os.kill(int(said.read_text()), 0)


def test_it_is_polite_and_loads_what_plans_need() -> None:
    code = """
import os
from geoservice.core import compiled
asked = []
compiled.load = lambda source: asked.append(source.__module__) or True
from geoservice.web import compiling
assert compiling.main() == 0
assert os.nice(0) == 19
assert asked == ["geoservice.core.siting.walls", "geoservice.core.siting.choose"], asked
"""
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize(("folder", "kept"), [("/dev/null/x", False), (None, True)])
def test_where_nothing_can_be_kept_loops_are_compiled_all_the_same(tmp_path: Path, folder: str | None, kept: bool) -> None:
    """A folder that cannot be: numba finds none, and decorating with a cache would be an error."""
    code = f"""
import pathlib, sys
pathlib.Path(sys.argv[1], "some_loops.py").write_text("def twice(x): return 2 * x")
sys.path.insert(0, sys.argv[1])
import some_loops
from numba import njit
from geoservice.core import compiled
options = compiled.options(some_loops.twice)
assert options["cache"] is {kept}, options
assert njit("int64(int64)", **options)(some_loops.twice)(4) == 8
"""
    env = {**os.environ, "NUMBA_CACHE_LOCATOR_CLASSES": "UserProvidedCacheLocator",
           "NUMBA_CACHE_DIR": folder or str(tmp_path / "c")}
    assert subprocess.run([sys.executable, "-c", code, str(tmp_path)], env=env, check=False).returncode == 0
