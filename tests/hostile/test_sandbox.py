"""GDAL, Arrow and spreadsheet libraries read a stranger's file in another process: bounded, without network, mortal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from geoservice.catalog.readers import limited, open_table, sandbox
from geoservice.errors import UnreadableFile
from tests.hostile import places
from tests.hostile.case import zones

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="limits of processes are those of Linux")


@pytest.fixture
def package(tmp_path: Path) -> Path:
    path = tmp_path / "qp.gpkg"
    places.package(path)
    return path


def _program(code: str) -> tuple[str, ...]:
    """A reader with something planted in it, before it opens the file."""
    return (sys.executable, "-P", "-s", "-c", textwrap.dedent(code))


_PLANTED = """
    import sys, json
    from geoservice.catalog.readers import child
    def planted(request, answers):
        {}
    child._answer = planted
    child.main()
"""


def test_gdal_is_loaded_in_the_reader_alone(package: Path) -> None:
    found = subprocess.run(
        [sys.executable, "-c", textwrap.dedent("""
            import sys
            from pathlib import Path
            from geoservice.catalog.readers import open_table
            table = open_table(Path(sys.argv[1]), None)
            reader, = table._children
            mine, its = (Path(f"/proc/{pid}/maps").read_text() for pid in ("self", reader._process.pid))
            print("libgdal" in mine, "libgdal" in its, "pyogrio" in sys.modules, len(next(table.batches()).lines))
            table.close()
            """), str(package)], capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert found.stdout.split() == ["False", "True", "False", "3"]


def test_an_import_never_loads_gdal(package: Path, tmp_path: Path) -> None:
    program = """
        import sys
        from geoservice import cli
        data, file = sys.argv[1:]
        assert cli.main(["init", "--data", data]) == 0
        assert cli.main(["import", "--data", data, "--source", "qp2024", "qpv", file]) == 0
        print("libgdal" in open("/proc/self/maps").read(), "python_calamine" in sys.modules)
    """
    found = subprocess.run([sys.executable, "-c", textwrap.dedent(program), str(tmp_path / "data"), str(package)],
                           capture_output=True, text=True, check=True)  # fmt: skip
    assert found.stdout.splitlines()[-1].split() == ["False", "False"]


@pytest.mark.parametrize(("planted", "said"), [
    ("import os; os.abort()", "fait échouer sa lecture"), ("import ctypes; ctypes.string_at(0)", "fait échouer sa lecture"),
    ("b = [bytes(1 << 20) for _ in range(2_000)]", "trop de mémoire"), ("import os; os.kill(os.getpid(), 24)", "temps permis"),
    ("raise SystemExit(3)", "fait échouer sa lecture"), ("raise ValueError('secret')", "fait échouer sa lecture"),
    ("answers.write(b'\\0' * 3); answers.flush()", "fait échouer sa lecture"),
])  # fmt: skip
def test_what_ends_the_reader_is_a_sentence(package: Path, monkeypatch: pytest.MonkeyPatch, planted: str, said: str) -> None:
    monkeypatch.setattr(limited, "PROGRAM", _program(_PLANTED.format(planted)))
    with pytest.raises(UnreadableFile, match=said) as caught:
        open_table(package, None)
    assert str(caught.value).startswith("qp.gpkg : ")
    assert "secret" not in str(caught.value)


@pytest.mark.slow
def test_a_reader_that_never_ends_is_stopped(package: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limited, "_START_S", 1)
    monkeypatch.setattr(limited, "PROGRAM", _program(_PLANTED.format("while True: pass")))
    with pytest.raises(UnreadableFile, match="temps permis"):
        open_table(package, None)


def _inside(code: str) -> str:
    """What a process says that has entered the sandbox."""
    program = "from geoservice.catalog.readers import sandbox\nsandbox.enter(20)\n" + textwrap.dedent(code)
    done = subprocess.run([sys.executable, "-c", program], env={**sandbox.ENVIRONMENT, "PYTHONPATH": os.getcwd()},
                          capture_output=True, text=True, check=False)  # fmt: skip
    return done.stdout.strip() or done.stderr[-300:]


def test_the_sandbox_bounds_memory_files_and_network(tmp_path: Path) -> None:
    memory = f"try:\n    bytearray({sandbox.MEMORY_MB + 50} << 20)\nexcept MemoryError:\n    print('bounded')"
    assert _inside(memory) == "bounded"
    heavy = tmp_path / "heavy"
    file = f"try:\n    open({str(heavy)!r}, 'wb', 0).write(bytes(3 << 20))\n    print('short')\nexcept OSError:\n    print('refused')"  # noqa: E501
    assert _inside(file) in ("short", "refused")
    assert heavy.stat().st_size <= 1 << 20
    network = """
        import socket
        try:
            socket.create_server(("127.0.0.1", 0))
            socket.create_connection(socket.create_server(("127.0.0.1", 0)).getsockname(), 1)
            print("connected")
        except OSError:
            print("unreachable")
    """
    allowed = subprocess.run(["unshare", "-n", "true"], capture_output=True, check=False).returncode == 0
    if allowed:
        assert _inside(network) == "unreachable"


def test_two_drivers_are_left() -> None:
    code = """
        sandbox.without_frames()
        import pyogrio, json
        sandbox.keep_drivers()
        print(json.dumps(sorted(pyogrio.list_drivers())))
    """
    assert json.loads(_inside(code)) == sorted(sandbox.DRIVERS)


def test_a_file_of_another_driver_is_no_table_even_with_the_extension_of_a_shapefile(tmp_path: Path) -> None:
    path = tmp_path / "qp.shp"
    path.write_text(zones())
    with pytest.raises(UnreadableFile, match="géographique"):
        open_table(path, None)


def test_nothing_outlives_the_table(package: Path) -> None:
    table = open_table(package, None)
    batches = table.batches(1)
    next(batches)
    table.close()
    batches.close()
    children = Path(f"/proc/{os.getpid()}/task/{os.getpid()}/children").read_text().split()
    commands = [Path(f"/proc/{child}/cmdline").read_bytes() for child in children]
    assert not [command for command in commands if b"readers.child" in command]
