"""Good files of every format, cut and flipped at random places, and given another's name; and paths that are no file."""

from __future__ import annotations

import gzip
import os
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

from tests.hostile import places, texts
from tests.hostile.case import Case, table, zones
from tests.hostile.packed import archive

CUTS, FLIPS = 5, 9
# format -> file name, layer, how good bytes are made
Make = Callable[[Path], bytes]


def _package(path: Path) -> bytes:
    places.package(path.with_suffix(".gpkg"))
    return path.with_suffix(".gpkg").read_bytes()


def _parquet(path: Path) -> bytes:
    places.frame().to_parquet(path)  # type: ignore[attr-defined]
    return path.read_bytes()


def _shapefile(path: Path) -> bytes:
    return archive(places.shapefile(path.parent / "parts"))


def _workbook(path: Path) -> bytes:
    from openpyxl import Workbook

    workbook = Workbook()
    for line in table().splitlines():
        workbook.active.append(line.split(";"))
    workbook.save(path)
    return path.read_bytes()


FORMATS: dict[str, tuple[str, str, Make]] = {
    "csv": ("faits.csv", "incidents", lambda _: table().encode()),
    "csv-gz": ("faits.csv.gz", "incidents", lambda _: gzip.compress(table().encode(), mtime=0)),
    "zip": ("faits.zip", "incidents", lambda _: archive({"faits.csv": table().encode()})),
    "xlsx": ("faits.xlsx", "incidents", _workbook),
    "json": ("faits.json", "incidents", lambda _: texts._records().encode()),
    "geojson": ("qp.geojson", "qpv", lambda _: zones().encode()),
    "gpkg": ("qp.gpkg", "qpv", _package),
    "parquet": ("qp.parquet", "qpv", _parquet),
    "shapefile": ("qp.zip", "qpv", _shapefile),
}
_SHAPEFILE_PARTS = (".shp", ".shx", ".dbf", ".prj")


def cases() -> Iterator[Case]:
    """Every case of this module."""
    for name, (file, layer, make) in FORMATS.items():
        source = "qp2024" if layer == "qpv" else None
        for number in range(CUTS):
            yield Case(f"{name}-cut:{number}", file, _changed(make, _cut), layer, source=source, quick=number == 0)
        for number in range(FLIPS):
            yield Case(f"{name}-flip:{number}", file, _changed(make, _flip), layer, source=source, quick=number == 0)
        for other in ("csv", "xlsx", "gpkg", "parquet", "shp", "geojson"):
            if not file.endswith(other):
                yield Case(f"{name}-named:{other}", f"autre.{other}", _changed(make, lambda body, _: body), layer, source=source)
    for part in _SHAPEFILE_PARTS:
        for number in range(4):
            yield Case(
                f"shapefile-flip-in{part}:{number}", "qp.zip", _flipped_part(part), "qpv", source="qp2024", quick=number == 0
            )
    yield from _no_files()


def _changed(make: Make, change: Callable[[bytes, Random], bytes]) -> Callable[[Path, Random], None]:
    def build(path: Path, random: Random) -> None:
        import shutil

        work = path.parent / "work"
        work.mkdir()
        body = make(work / "good")
        shutil.rmtree(work)
        path.write_bytes(change(body, random))

    return build


def _cut(body: bytes, random: Random) -> bytes:
    return body[: random.randrange(1, len(body))]


def _flip(body: bytes, random: Random) -> bytes:
    changed = bytearray(body)
    for _ in range(random.choice((1, 3, 20))):
        changed[random.randrange(len(changed))] = random.randrange(256)
    return bytes(changed)


def _flipped_part(part: str) -> Callable[[Path, Random], None]:
    def build(path: Path, random: Random) -> None:
        import shutil

        parts = places.shapefile(path.parent / "parts")
        shutil.rmtree(path.parent / "parts")
        path.write_bytes(archive({name: _flip(body, random) if name.endswith(part) else body for name, body in parts.items()}))

    return build


def _no_files() -> Iterator[Case]:
    def unreadable(path: Path, _random: Random) -> None:
        path.write_text(table())
        path.chmod(0)

    makes: dict[str, tuple[str, Callable[[Path, Random], object], bool | None]] = {
        "pipe": ("faits.csv", lambda path, _: os.mkfifo(path), True),
        "folder": ("faits.csv", lambda path, _: path.mkdir(), True),
        "unreadable": ("faits.csv", unreadable, None),
        "absent": ("faits.csv", lambda path, _: None, True),
        "link-to-zero": ("faits.csv", lambda path, _: path.symlink_to("/dev/zero"), True),
        "link-to-itself": ("faits.csv", lambda path, _: path.symlink_to(path), True),
        "link-to-tty": ("faits.csv", lambda path, _: path.symlink_to("/dev/stdin"), True),
        "link-to-good": ("faits.csv", _linked, False),
        "dead-link": ("faits.csv", lambda path, _: path.symlink_to("/nowhere/x.csv"), True),
        "name-escape": ("\x1b[31mfaits\n.csv", lambda path, _: path.write_text("x;y\n1;2\n"), True),
        "name-surrogate": (os.fsdecode(b"fa\xffits.csv"), lambda path, _: path.write_text(table()), None),
        "name-option": ("-faits.csv", lambda path, _: path.write_text(table()), False),
        "name-markup": ("<img src=x>.csv", lambda path, _: path.write_text(table()), False),
        "name-vsi": ("vsizip_faits.gpkg", lambda path, _: places.package(path), True),
        "name-long": ("x" * 240 + ".csv", lambda path, _: path.write_text(table()), False),
        "name-none": (".csv", lambda path, _: path.write_text(table()), False),
    }
    for name, (file, make, refused) in makes.items():
        yield Case(
            f"path:{name}", file, make, refused=refused, quick=name in ("pipe", "folder", "link-to-zero", "name-surrogate")
        )  # type: ignore[arg-type]

        if name in ("pipe", "link-to-zero", "name-escape", "absent"):  # past recognition: the file is kept first
            yield Case(f"path:{name}-with-source", file, make, refused=None if name == "name-escape" else True, source="bailleur-generique", quick=name == "pipe")  # type: ignore[arg-type]  # noqa: E501


def _linked(path: Path, _random: Random) -> None:
    target = path.parent / "cible.csv"
    target.write_text(table())
    path.symlink_to(target)
