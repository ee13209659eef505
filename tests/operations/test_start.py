"""The command line answers at once: heavy imports wait for the command that needs them."""

from __future__ import annotations

import subprocess
import sys

from tests.bench import measure


def test_help_answers_in_under_half_a_second() -> None:
    # processor time, and the best of three: a busy machine is not the program's fault
    assert min(measure.child([sys.executable, "-m", "geoservice.cli", "--help"]).cpu_s for _ in range(3)) < 0.5


def test_help_loads_nothing_heavy() -> None:
    script = ("import sys, contextlib\nfrom geoservice import cli\nwith contextlib.suppress(SystemExit): cli.main(['--help'])\n"
              "print(sorted(set(sys.modules) & set(sys.argv[1:])), file=sys.stderr)")
    heavy = ("numpy", "pandas", "sqlalchemy", "fastapi", "pyarrow", "shapely", "h3", "pydantic", "uvicorn", "folium")
    found = subprocess.run([sys.executable, "-c", script, *heavy], capture_output=True, text=True, check=True)
    assert "import" in found.stdout
    assert found.stderr.strip() == "[]"
