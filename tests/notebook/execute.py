"""Executes a notebook and writes it with its outputs: `python -m tests.notebook.execute NOTEBOOK RESULT FOLDER`.

A process of its own, since the client leaves its event loop open.
"""

from __future__ import annotations

import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient

CELL_S = 120


def main(source: Path, result: Path, folder: Path) -> None:
    """Run every cell in `folder`, with the environment's python; what a cell raised is in the result too."""
    notebook = nbformat.read(source, as_version=4)
    client = NotebookClient(notebook, timeout=CELL_S, kernel_name="python3", resources={"metadata": {"path": str(folder)}})
    try:
        client.execute()
    finally:
        nbformat.write(notebook, result)


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:]))
