"""Which format a file has: by its first bytes, then by its extension."""

from __future__ import annotations

from pathlib import Path

from geoservice.errors import UnreadableFile

_MAGIC = ((b"PAR1", "parquet"), (b"SQLite format 3\0", "gpkg"), (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", "xls"))
_REFUSED = ((b"%PDF", "un PDF"), (b"\x89PNG", "une image"), (b"\xff\xd8\xff", "une image"), (b"GIF8", "une image"),
            (b"7z\xbc\xaf", "une archive 7z"), (b"Rar!", "une archive RAR"), (b"\x7fELF", "un programme"),
            (b"MZ\x90", "un programme"))
_BY_NAME = {".xlsx": "xlsx", ".xlsm": "xlsx", ".ods": "ods", ".xls": "xls", ".shp": "shapefile"}
ACCEPTED = "CSV, XLSX, ODS, Parquet, GeoJSON, GeoPackage, JSON ou shapefile zippé"


def detect(path: Path, name: str) -> str:
    """One of csv, xlsx, ods, xls, parquet, geojson, json, gpkg, shapefile. UnreadableFile for what is no table at all."""
    head = _head(path, name)
    for magic, found in _MAGIC:
        if head.startswith(magic):
            return found
    for magic, what in _REFUSED:
        if head.startswith(magic):
            raise UnreadableFile(f"{name} : ce fichier est {what}, pas une table. Formats acceptés : {ACCEPTED}.")
    if head.startswith(b"PK"):
        return _BY_NAME.get(Path(name).suffix.lower(), "xlsx")
    if Path(name).suffix.lower() == ".shp":
        return "shapefile"
    return _text_format(head, name)


def _head(path: Path, name: str) -> bytes:
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise UnreadableFile(f"{name} : ce fichier ne peut pas être ouvert. Vérifiez son chemin et ses droits.") from error
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \t\r\n"):
        raise UnreadableFile(f"{name} : ce fichier est vide.")
    return head


def _text_format(head: bytes, name: str) -> str:
    start = head.removeprefix(b"\xef\xbb\xbf").lstrip()
    lowered = start[:200].lower()
    if lowered.startswith((b"<!doctype html", b"<html")):
        raise UnreadableFile(f"{name} : ce fichier est une page web, pas un export. Téléchargez de nouveau les données.")
    if lowered.startswith((b"<?xml", b"<!doctype", b"<kml", b"<gml", b"<gpx", b"<osm")):
        raise UnreadableFile(f"{name} : le XML n’est pas lu. Formats acceptés : {ACCEPTED}.")
    if start[:1] in (b"{", b"["):
        collection = b'"FeatureCollection"' in head or b'"Feature"' in head
        return "geojson" if collection or Path(name).suffix.lower() == ".geojson" else "json"
    return "csv"
