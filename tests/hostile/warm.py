"""Runs `geoservice` commands, each in a fork of this process; a line in is a command, two lines out are its process and end."""

from __future__ import annotations

import json
import os
import sys
import tempfile
from pathlib import Path


def main() -> None:
    """Reads [arguments, output, errors]; writes the process id, then [exit code, processor seconds]."""
    from geoservice import cli  # noqa: F401
    from geoservice.operations import ingest  # noqa: F401

    for line in sys.stdin:
        arguments, out, err = json.loads(line)
        pid = os.fork()
        if not pid:
            _run(arguments, Path(out), Path(err))
        print(pid, flush=True)
        _, status, usage = os.wait4(pid, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), usage.ru_utime + usage.ru_stime]), flush=True)


def _run(arguments: list[str], out: Path, err: Path) -> None:
    from geoservice import cli

    code = 70
    tempfile.tempdir = os.environ["TMPDIR"] = str(out.parent / "tmp")
    try:
        for number, path in ((1, out), (2, err)):
            os.dup2(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC), number)
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        sys.stdout, sys.stderr = os.fdopen(1, "w", closefd=False), os.fdopen(2, "w", errors="backslashreplace", closefd=False)
        code = cli.main(arguments)
    except SystemExit as stop:
        code = stop.code if isinstance(stop.code, int) else 1
    except BaseException:
        import traceback

        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


if __name__ == "__main__":
    main()
