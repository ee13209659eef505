"""What the process that reads a stranger's file may use. It is entered before the file is opened and never left."""

from __future__ import annotations

import ctypes
import os
import resource
import signal
import sys
from pathlib import Path

DRIVERS = frozenset({"GPKG", "ESRI Shapefile"})
MEMORY_MB = 320  # private memory: what the libraries map from their own files comes on top, 40 to 60 MB
ENVIRONMENT = {
    "LC_ALL": "C.UTF-8", "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", "MALLOC_ARENA_MAX": "2",
    "ARROW_DEFAULT_MEMORY_POOL": "system", "ARROW_IO_THREADS": "1", "GDAL_NUM_THREADS": "1", "GDAL_CACHEMAX": "32",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none", "GDAL_HTTP_MAX_RETRY": "0", "GDAL_HTTP_TIMEOUT": "1", "PROJ_NETWORK": "OFF",
    "GDAL_DRIVER_PATH": "disable", "OGR_SQLITE_STATIC_VIRTUAL_OGR": "NO", "OGR_SQLITE_PRAGMA": "trusted_schema=0",
    "GPKG_FOREIGN_KEY_CHECK": "NO", "CPL_TMPDIR": "/nonexistent", "SHAPE_RESTORE_SHX": "NO",
}
_NEW_USER, _NEW_NET = 0x10000000, 0x40000000
_NO_NEW_PRIVILEGES, _DIES_WITH_PARENT = 38, 1


def enter(cpu_s: int) -> None:
    """Bound memory, processor time, files and descriptors of this process; no core, no network where the system allows that."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    for limit, most in ((resource.RLIMIT_DATA, MEMORY_MB << 20), (resource.RLIMIT_AS, 4 << 30), (resource.RLIMIT_CORE, 0),
                        (resource.RLIMIT_CPU, cpu_s), (resource.RLIMIT_FSIZE, 1 << 20), (resource.RLIMIT_NOFILE, 64)):
        _, hard = resource.getrlimit(limit)
        least = most if hard == resource.RLIM_INFINITY else min(most, hard)
        resource.setrlimit(limit, (least, least))
    if sys.platform == "linux":
        _isolate()


def _isolate() -> None:
    """No network, no new privileges, no life after the parent's; each as far as the kernel lets an ordinary user."""
    system = ctypes.CDLL(None, use_errno=True)
    system.prctl(_DIES_WITH_PARENT, signal.SIGKILL)
    if system.unshare(_NEW_NET) != 0:
        system.unshare(_NEW_USER | _NEW_NET)
    system.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)


def without_frames() -> None:
    """pyogrio brings geopandas and pandas in where it finds them: 100 MB that reading does not need."""
    for name in ("geopandas", "pandas"):
        sys.modules.setdefault(name, None)  # type: ignore[arg-type]  # how Python says that a module is not there


def keep_drivers() -> None:
    """Deregister every GDAL driver but two, in the library that pyogrio loaded."""
    library = ctypes.CDLL(_gdal())
    library.GDALGetDriver.restype, library.GDALGetDriver.argtypes = ctypes.c_void_p, [ctypes.c_int]
    library.GDALGetDescription.restype, library.GDALGetDescription.argtypes = ctypes.c_char_p, [ctypes.c_void_p]
    library.GDALDeregisterDriver.argtypes = [ctypes.c_void_p]
    drivers = [library.GDALGetDriver(number) for number in range(library.GDALGetDriverCount())]
    for driver in drivers:
        if library.GDALGetDescription(driver).decode() not in DRIVERS:
            library.GDALDeregisterDriver(driver)


def _gdal() -> str:
    """The file of the GDAL library in this process."""
    if not Path("/proc/self/maps").exists():
        raise OSError("GDAL cannot be found in this process")  # no /proc: the allow-list cannot be kept, so nothing is read
    with open("/proc/self/maps", encoding="utf-8") as maps:
        paths = {line.split(maxsplit=5)[5].strip() for line in maps if "libgdal" in line}
    if not paths:
        raise OSError("GDAL cannot be found in this process")
    return os.fspath(sorted(paths)[0])
