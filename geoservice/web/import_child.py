"""The process that does one import or undo for a server: `python -m geoservice.web.import_child NUMBER`. See importer.py."""

from __future__ import annotations

import logging
import os
import sys

from geoservice.catalog.layers import load
from geoservice.operations import jobs
from geoservice.operations.setup import open_storage
from geoservice.settings import Settings

WAIT_CODE = 75  # the import has to wait: the disk is full, say


def main(number: int) -> int:
    """0 when the import has ended, well or not; WAIT_CODE when it has to wait; 1 when something broke."""
    os.nice(5)  # people who look at maps go first
    settings = Settings()
    try:
        storage = open_storage(settings)
        try:
            return 0 if jobs.perform(storage, load(settings.layers), number) else WAIT_CODE
        finally:
            storage.close()
    except Exception as error:  # its text may hold a line of somebody's file
        from geoservice.web.headers import describe  # brings the web framework, which nothing else here needs

        logging.getLogger("geoservice.web").error("import %s: %s", number, describe(error))
        return 1


if __name__ == "__main__":
    sys.exit(main(int(sys.argv[1])))
