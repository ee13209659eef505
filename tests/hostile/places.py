"""Files of places: GeoJSON, GeoPackage, shapefiles, GeoParquet, KML, with geometry and SQL that harm."""
# ruff: noqa: E501  (attacks are quoted whole)

from __future__ import annotations

import json
import math
import struct
import warnings
from collections.abc import Iterator
from pathlib import Path
from random import Random

from tests.hostile.case import HEADER, ROWS, Case, bytes_case, row, table, zone, zones
from tests.hostile.packed import archive

_SQUARE = [[2.30, 48.80], [2.308, 48.80], [2.308, 48.808], [2.30, 48.808], [2.30, 48.80]]


def cases() -> Iterator[Case]:
    """Every case of this module."""
    yield from _shapes()
    yield from _heavy()
    yield from _packages()
    yield from _shapefiles()
    yield from _parquet()
    yield from _kml()


def circle(number: int, west: float = 2.35, wobble: float = 0.0) -> list[list[float]]:
    """A ring of many vertices, jagged by `wobble`."""
    ring = [
        [
            round(west + (0.01 + wobble * (k % 2)) * math.cos(2 * math.pi * k / number), 7),
            round(48.85 + (0.01 + wobble * (k % 2)) * math.sin(2 * math.pi * k / number), 7),
        ]
        for k in range(number)
    ]
    return [*ring, ring[0]]


def scribble(number: int) -> list[list[float]]:
    """A ring that crosses itself about number²/6 times."""
    random = Random(number)
    ring = [[round(2.35 + random.random() / 50, 6), round(48.85 + random.random() / 50, 6)] for _ in range(number)]
    return [*ring, ring[0]]


def comb(number: int) -> list[list[float]]:
    """Teeth up and down, then teeth left and right across them: number²/4 crossings."""
    up = [[2.35 + k / number / 50, 48.85 + (k % 2) / 50] for k in range(number)]
    across = [[2.35 + (k % 2) / 50, 48.85 + k / number / 50] for k in range(number)]
    return [*up, *across, up[0]]


def _polygon(*rings: object) -> dict[str, object]:
    return {"type": "Polygon", "coordinates": list(rings)}


def _shapes() -> Iterator[Case]:
    bow = [[2.30, 48.80], [2.31, 48.81], [2.31, 48.80], [2.30, 48.81], [2.30, 48.80]]
    touching = [[2.30, 48.80], [2.32, 48.80], [2.31, 48.81], [2.32, 48.82], [2.30, 48.82], [2.31, 48.81], [2.30, 48.80]]
    swapped = [[y, x] for x, y in _SQUARE]
    odd: dict[str, object] = {
        "bow-tie": _polygon(bow),
        "touching-itself": _polygon(touching),
        "hole-outside": _polygon(_SQUARE, [[9, 9], [9.1, 9], [9.1, 9.1], [9, 9]]),
        "hole-is-ring": _polygon(_SQUARE, _SQUARE),
        "open": _polygon(_SQUARE[:-1]),
        "two-points": _polygon(_SQUARE[:2]),
        "one-point": _polygon([_SQUARE[0]]),
        "empty": _polygon(),
        "empty-ring": _polygon([]),
        "spike": _polygon([*_SQUARE[:2], [2.4, 48.8], *_SQUARE[1:]]),
        "flat": _polygon([_SQUARE[0]] * 5),
        "line": {"type": "LineString", "coordinates": _SQUARE},
        "point": {"type": "Point", "coordinates": [2.3, 48.8]},
        "texts": _polygon([["a", "b"]] * 4),
        "nulls": _polygon([[None, None]] * 4),
        "one-number": _polygon([[2.3]] * 4),
        "nested": _polygon([[_SQUARE]]),
        "five-numbers": _polygon([[*p, 1, 2, 3] for p in _SQUARE]),
        "objects": _polygon([{"x": 1}] * 4),
        "type": {"type": "Blob", "coordinates": []},
        "no-coordinates": {"type": "Polygon"},
        "type-list": {"type": [], "coordinates": _SQUARE},
        "far": _polygon([[1e300, 1e300], *_SQUARE]),
        "swapped": _polygon(swapped),
        "metres": _polygon([[650_000 + x, 6_860_000 + y] for x, y in ((0, 0), (9, 0), (9, 9), (0, 0))]),
        "beyond": _polygon([[181, 91], [182, 91], [182, 92], [181, 91]]),
        "world": _polygon([[-180, -90], [180, -90], [180, 90], [-180, 90], [-180, -90]]),
        "collection-in-itself": {
            "type": "GeometryCollection",
            "geometries": [_polygon(_SQUARE), {"type": "Point", "coordinates": [1, 2]}],
        },
        "number": 7,
        "text": "POLYGON",
        "list": _SQUARE,
        "false": False,
        "tiny": _polygon([[2.3, 48.8], [2.3 + 1e-15, 48.8], [2.3, 48.8 + 1e-15], [2.3, 48.8]]),
    }
    for name, shape in odd.items():
        yield bytes_case(
            f"geojson-shape:{name}",
            "qp.geojson",
            zones(zone(9, shape)),
            layer="qpv",
            source="qp2024",
            good=3,
            refused=False,
            quick=name in ("bow-tie", "touching-itself", "far", "swapped"),
        )
    for name, text in {
        "nan": "NaN",
        "infinity": "Infinity",
        "1e999": "1e999",
        "400-digits": "9" * 400,
        "1e-999": "1e-999",
        "lone": '"\\ud800"',
    }.items():
        body = zones(zone(9, _polygon([["@", 48.8], *_SQUARE[1:]]))).replace('"@"', text)
        yield bytes_case(
            f"geojson-number:{name}",
            "qp.geojson",
            body,
            layer="qpv",
            source="qp2024",
            good=3,
            refused=False,
            quick=name == "1e999",
        )
    for name, crs in {
        "lambert": "EPSG:2154",
        "mercator": "EPSG:3857",
        "unknown": "EPSG:999999",
        "digits": "EPSG:" + "9" * 400,
        "text": "EPSG:²",
        "file": "EPSG:4326 +init=/etc/passwd",
    }.items():
        body = zones(crs={"type": "name", "properties": {"name": crs}})
        yield bytes_case(
            f"geojson-crs:{name}", "qp.geojson", body, layer="qpv", source="qp2024", quick=name in ("unknown", "text")
        )
    for name, features in {
        "null": None,
        "object": {},
        "nulls": [None] * 50,
        "numbers": [1, "x", [], zone(5)],
        "empty": [],
    }.items():
        yield bytes_case(
            f"geojson-features:{name}",
            "qp.geojson",
            json.dumps({"type": "FeatureCollection", "features": features}),
            layer="qpv",
            source="qp2024",
        )
    for name, properties in {
        "null": None,
        "list": [1],
        "deep": {"a": [[[[1]]]] * 50},
        "surrogate": "\ud800",
        "html": "<img src=x onerror=alert(1)>",
    }.items():
        bad = zone(9, None, lib_qp=properties) if name not in ("null", "list") else {**zone(9), "properties": properties}
        yield bytes_case(
            f"geojson-properties:{name}", "qp.geojson", zones(bad), layer="qpv", source="qp2024", good=3, refused=False
        )


def _heavy() -> Iterator[Case]:
    def late(name: str, ring: object, **also: object) -> Case:
        def build(path: Path, _random: Random) -> None:
            path.write_text(zones(zone(9, _polygon(ring()))))  # type: ignore[operator]

        return Case(f"geojson-heavy:{name}", "qp.geojson", build, "qpv", source="qp2024", **also)  # type: ignore[arg-type]

    yield late("2-million-vertices", lambda: circle(2_000_000), refused=None)
    yield late("500000-vertices", lambda: circle(500_000), good=3, refused=False)
    yield late("300000-jagged", lambda: circle(300_000, wobble=0.002), good=3, refused=False)
    yield late("scribble-3000", lambda: scribble(3_000), good=3, refused=False)
    yield late("scribble-20000", lambda: scribble(20_000), good=3, refused=False, quick=True)
    yield late("comb-4000", lambda: comb(4_000), good=3, refused=False, quick=True)
    yield late("comb-100000", lambda: comb(100_000), good=3, refused=False)
    many = json.dumps({"type": "MultiPolygon", "coordinates": [[_SQUARE]] * 60_000})
    yield bytes_case(
        "geojson-heavy:60000-equal-parts",
        "qp.geojson",
        zones(zone(9, json.loads(many))),
        layer="qpv",
        source="qp2024",
        good=3,
        refused=False,
    )
    deep: dict[str, object] = _polygon(_SQUARE)
    for _ in range(300):
        deep = {"type": "GeometryCollection", "geometries": [deep]}
    yield bytes_case(
        "geojson-heavy:collections-300-deep",
        "qp.geojson",
        zones(zone(9, deep)),
        layer="qpv",
        source="qp2024",
        good=3,
        refused=False,
    )
    holes = [_SQUARE, *[[[2.301, 48.801], [2.302, 48.801], [2.302, 48.802], [2.301, 48.801]]] * 20_000]
    yield bytes_case(
        "geojson-heavy:20000-equal-holes",
        "qp.geojson",
        zones(zone(9, _polygon(*holes))),
        layer="qpv",
        source="qp2024",
        good=3,
        refused=False,
    )


def frame(rows: int = 3) -> object:
    """Good districts as a GeoDataFrame."""
    import geopandas
    import shapely

    features = [zone(number) for number in range(rows)]
    return geopandas.GeoDataFrame(
        [feature["properties"] for feature in features],
        crs=4326,
        geometry=[shapely.from_geojson(json.dumps(feature["geometry"])) for feature in features],
    )


def package(path: Path) -> None:
    """A good GeoPackage."""
    frame().to_file(path, layer="qp", driver="GPKG")  # type: ignore[attr-defined]


_ENDLESS = "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x+1 FROM n) SELECT x AS fid, (SELECT geom FROM qp LIMIT 1) AS geom, 'a' AS code_qp, 'b' AS lib_qp FROM n"
_BLOB = "X'47500001E61000000103000000FFFFFFFF'"
_SQL: dict[str, str] = {
    "table-name": "ALTER TABLE qp RENAME TO \"a'; DROP TABLE x; --\"; UPDATE gpkg_contents SET table_name='a''; DROP TABLE x; --'; "
    "UPDATE gpkg_geometry_columns SET table_name='a''; DROP TABLE x; --'",
    "column-name": "ALTER TABLE qp ADD COLUMN \"x'); SELECT load_extension('/tmp/x'); --\" TEXT",
    "escape-name": 'ALTER TABLE qp ADD COLUMN "\x1b[31m" TEXT',
    "trigger": "CREATE TRIGGER t AFTER UPDATE ON qp BEGIN SELECT load_extension('/tmp/x'); END",
    "view-endless": f"CREATE VIEW v AS {_ENDLESS}; UPDATE gpkg_contents SET table_name='v'; UPDATE gpkg_geometry_columns SET table_name='v'",
    "view-of-itself": "PRAGMA writable_schema=1; CREATE VIEW v AS SELECT * FROM qp; UPDATE sqlite_master SET sql='CREATE VIEW v AS SELECT * FROM v' WHERE name='v'; "
    "UPDATE gpkg_contents SET table_name='v'",
    "view-attack": "CREATE VIEW v AS SELECT 1 AS fid, load_extension('/tmp/x') AS geom, readfile('/etc/passwd') AS code_qp; UPDATE gpkg_contents SET table_name='v'; "
    "UPDATE gpkg_geometry_columns SET table_name='v'",
    "blob-cut": f"UPDATE qp SET geom={_BLOB} WHERE fid=2",
    "blob-zero": "UPDATE qp SET geom=zeroblob(100) WHERE fid=2",
    "blob-text": "UPDATE qp SET geom='POLYGON' WHERE fid=2",
    "blob-heavy": "UPDATE qp SET geom=zeroblob(200000000) WHERE fid=2",
    "blob-null": "UPDATE qp SET geom=NULL",
    "srs": "UPDATE gpkg_geometry_columns SET srs_id=999999",
    "srs-text": "UPDATE gpkg_spatial_ref_sys SET definition='GEOGCS[' || hex(zeroblob(100000))",
    "no-contents": "DROP TABLE gpkg_contents",
    "no-geometry-columns": "DELETE FROM gpkg_geometry_columns",
    "no-rows": "DELETE FROM qp",
    "types": "UPDATE qp SET code_qp=zeroblob(1000), lib_qp=1e999",
    "version": "PRAGMA application_id=7; PRAGMA user_version=99999",
    "100000-tables": "".join(
        f"INSERT INTO gpkg_contents SELECT 't{n}',data_type,'t{n}',description,last_change,min_x,min_y,max_x,max_y,srs_id FROM gpkg_contents LIMIT 1;"
        for n in range(3_000)
    ),
    "text-heavy": "UPDATE qp SET lib_qp=hex(zeroblob(30000000)) WHERE fid=2",
    "vsi": "UPDATE gpkg_contents SET table_name='/vsicurl/http://127.0.0.1:1/x'",
    "virtual": "CREATE VIRTUAL TABLE r USING rtree(id,a,b); DROP TABLE rtree_qp_geom",
    "cross-join": "CREATE VIEW v AS SELECT a.* FROM qp a"
    + ", qp b" * 1
    + ", qp c" * 0
    + "; UPDATE gpkg_contents SET table_name='v'; UPDATE gpkg_geometry_columns SET table_name='v'",
}


def _packages() -> Iterator[Case]:
    for name, script in _SQL.items():
        yield Case(
            f"gpkg-sql:{name}",
            "qp.gpkg",
            _altered(script),
            "qpv",
            source="qp2024",
            quick=name in ("trigger", "blob-cut", "table-name"),
        )
    yield Case("gpkg-page:size", "qp.gpkg", _patched(16, b"\x00\x03"), "qpv", source="qp2024")
    yield Case("gpkg-page:count", "qp.gpkg", _patched(28, b"\xff\xff\xff\xff"), "qpv", source="qp2024")
    yield Case("gpkg-page:root", "qp.gpkg", _patched(100, b"\x00" * 60), "qpv", source="qp2024", quick=True)
    yield Case("gpkg-page:write-ahead", "qp.gpkg", _patched(18, b"\x02\x02"), "qpv", source="qp2024")
    yield bytes_case(
        "gpkg-page:header", "qp.gpkg", b"SQLite format 3\0" + b"\0" * 4_080, layer="qpv", source="qp2024", refused=True
    )


def _altered(script: str) -> object:
    def build(path: Path, _random: Random) -> None:
        import sqlite3

        package(path)
        connection = sqlite3.connect(path, isolation_level=None)
        # the triggers of an R-tree call functions that only GDAL has
        for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            connection.execute(f'DROP TRIGGER "{name}"')
        connection.executescript(script)
        connection.close()

    return build


def _patched(at: int, raw: bytes) -> object:
    def build(path: Path, _random: Random) -> None:
        package(path)
        body = bytearray(path.read_bytes())
        body[at : at + len(raw)] = raw
        path.write_bytes(body)

    return build


def shapefile(folder: Path) -> dict[str, bytes]:
    """The parts of a good shapefile, by name."""
    folder.mkdir(exist_ok=True)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frame().to_file(folder / "qp.shp")  # type: ignore[attr-defined]
    return {part.name: part.read_bytes() for part in sorted(folder.iterdir())}


def _shapefiles() -> Iterator[Case]:
    def case(name: str, alter: object, **also: object) -> Case:
        def build(path: Path, random: Random) -> None:
            import shutil

            parts = shapefile(path.parent / "parts")
            shutil.rmtree(path.parent / "parts")
            path.write_bytes(archive(alter(parts, random)))  # type: ignore[operator]

        return Case(f"shapefile:{name}", "qp.zip", build, "qpv", source="qp2024", **also)  # type: ignore[arg-type]

    yield case("good", lambda parts, _: parts, good=3, refused=False, quick=True)
    for gone in (".shx", ".dbf", ".prj", ".cpg"):
        yield case(f"without{gone}", lambda parts, _, gone=gone: {n: b for n, b in parts.items() if not n.endswith(gone)})
    for name, (part, at, raw) in {
        "length": (".shp", 24, b"\x7f\xff\xff\xff"),
        "type": (".shp", 32, b"\x63\0\0\0"),
        "record-length": (".shp", 104, b"\x7f\xff\xff\xff"),
        "parts": (".shp", 144, b"\xff\xff\xff\x7f"),
        "points": (".shp", 148, b"\xff\xff\xff\x7f"),
        "nan-box": (".shp", 36, struct.pack("<4d", *[math.nan] * 4)),
        "dbf-records": (".dbf", 4, b"\xff\xff\xff\x7f"),
        "dbf-header": (".dbf", 8, b"\xff\xff"),
        "dbf-record": (".dbf", 10, b"\xff\xff"),
        "dbf-field": (".dbf", 48, b"\xff\xff"),
        "shx-offset": (".shx", 100, b"\x7f\xff\xff\xff"),
        "coordinate": (".shp", 156, struct.pack("<2d", math.inf, math.nan)),
    }.items():

        def alter(parts: dict[str, bytes], _random: Random, part: str = part, at: int = at, raw: bytes = raw) -> dict[str, bytes]:
            return {n: b[:at] + raw + b[at + len(raw) :] if n.endswith(part) else b for n, b in parts.items()}

        yield case(f"lie-{name}", alter, quick=name in ("points", "dbf-records"))
    yield case("prj-attack", lambda parts, _: {**parts, "qp.prj": b'GEOGCS["' + b"[" * 100_000}, quick=True)
    yield case("prj-url", lambda parts, _: {**parts, "qp.prj": b"http://127.0.0.1:1/x.prj"})
    yield case("cpg-attack", lambda parts, _: {**parts, "qp.cpg": b"../../etc/passwd"})
    yield case("cpg-unknown", lambda parts, _: {**parts, "qp.cpg": b"KLINGON"})
    yield case("names-differ-by-case", lambda parts, _: {n.upper(): b for n, b in parts.items()})
    yield case("two-with-other-columns", lambda parts, _: {**parts, **{n.replace("qp.", "zz."): b for n, b in parts.items()}})
    yield case("path", lambda parts, _: {f"../../{n}": b for n, b in parts.items()})


def _parquet() -> Iterator[Case]:
    def case(name: str, make: object, **also: object) -> Case:
        def build(path: Path, random: Random) -> None:
            make(path, random)  # type: ignore[operator]

        return Case(f"parquet:{name}", "faits.parquet", build, **also)  # type: ignore[arg-type]

    def columns(**replaced: object) -> dict[str, object]:
        fields = {name: [row(n).split(";")[at] for n in range(ROWS)] for at, name in enumerate(HEADER.split(";"))}
        return {**fields, **replaced}

    def write(path: Path, table: object, **options: object) -> None:
        import pyarrow.parquet as pq

        pq.write_table(table, path, **options)

    def plain(**replaced: object) -> object:
        import pyarrow as pa

        return pa.table(columns(**replaced))

    yield case("good", lambda path, _: write(path, plain()), good=ROWS, refused=False, quick=True)
    far = {
        "far-timestamp": ("timestamp", "ms", 2**62),
        "nanoseconds": ("timestamp", "ns", 2**62),
        "negative-timestamp": ("timestamp", "us", -(2**62)),
        "far-date": ("date32", "", 2**31 - 1),
    }
    for name, (kind, unit, value) in far.items():
        yield case(
            name,
            lambda path, _, kind=kind, unit=unit, value=value: write(path, _moments(columns, kind, unit, value)),
            quick=name == "far-timestamp",
        )
    yield case(
        "nan", lambda path, _: write(path, plain(longitude=[math.nan, math.inf, -math.inf, 2.44, 2.45])), good=2, refused=False
    )
    yield case("decimal", lambda path, _: write(path, _decimals(columns)))
    yield case("nested", lambda path, _: write(path, plain(extra=[{"a": [1] * 100}] * ROWS)), good=ROWS, refused=False)
    yield case("10000-columns", lambda path, _: write(path, _wide(10_000)), refused=True)
    yield case("one-value-50-million-times", lambda path, _: _long(path, 50_000_000), refused=None)
    yield case("one-long-text-100000-times", lambda path, _: _texts(path, 1_000_000, 100_000), refused=None, quick=True)
    yield case(
        "names",
        lambda path, _: write(path, plain(**{"\x1b[31m": ["x"] * ROWS, "": ["x"] * ROWS, "=1+1": ["x"] * ROWS})),
        good=ROWS,
        refused=False,
    )
    for name, meta in {
        "not-json": b"{",
        "list": b"[]",
        "null": b"null",
        "columns-list": b'{"primary_column":"geometry","columns":[]}',
        "number": b'{"primary_column":7,"columns":{"7":1}}',
        "crs": b'{"primary_column":"geometry","columns":{"geometry":{"encoding":"WKB","crs":{"id":7}}}}',
        "crs-list": b'{"primary_column":"geometry","columns":{"geometry":{"encoding":"WKB","crs":[1]}}}',
        "deep": b'{"a":' * 5_000,
    }.items():
        yield case(
            f"geo-{name}",
            lambda path, _, meta=meta: _wkb(path, [b"\x01"] * 3, meta),
            layer="qpv",
            source="qp2024",
            quick=name in ("not-json", "crs"),
        )
    good = struct.pack("<BIIIdddddddd", 1, 3, 1, 4, 2.3, 48.8, 2.31, 48.8, 2.31, 48.81, 2.3, 48.8)
    wkbs = {
        "huge-count": b"\x01\x03\0\0\0\xff\xff\xff\xff",
        "huge-points": struct.pack("<BIII", 1, 3, 1, 2**32 - 1),
        "type": b"\x01\xff\xff\xff\xff",
        "order": b"\x07" + good[1:],
        "deep": b"\x01\x07\0\0\0\x01\0\0\0" * 100_000,
        "cut": good[:-3],
        "empty": b"",
        "nan": struct.pack("<BIdd", 1, 1, math.nan, math.nan),
        "text": b"POLYGON((0 0))",
    }
    for name, raw in wkbs.items():
        yield case(
            f"wkb-{name}",
            lambda path, _, raw=raw: _wkb(path, [good, raw, good]),
            layer="qpv",
            source="qp2024",
            good=2,
            refused=None if name == "deep" else False,  # 100,000 collections in one another end the reader: the file is refused
            quick=name in ("deep", "huge-points"),
        )


def _moments(columns: object, kind: str, unit: str, value: int) -> object:
    import pyarrow as pa

    dates = pa.array([value] * ROWS, pa.int64() if kind == "timestamp" else pa.int32())
    return pa.table({**columns(), "date": dates.cast(pa.timestamp(unit) if kind == "timestamp" else pa.date32())})  # type: ignore[operator]


def _decimals(columns: object) -> object:
    from decimal import Decimal

    import pyarrow as pa

    return pa.table({**columns(), "longitude": pa.array([Decimal("9" * 70)] * ROWS, pa.decimal256(76, 0))})  # type: ignore[operator]


def _wide(number: int) -> object:
    import pyarrow as pa

    return pa.table({f"c{n}": [1] for n in range(number)})


def _long(path: Path, number: int) -> None:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    part = pa.table(
        {
            "date": pa.DictionaryArray.from_arrays(np.zeros(1_000_000, "int8"), ["01/03/2025"]).cast(pa.string()),
            "type": pa.DictionaryArray.from_arrays(np.zeros(1_000_000, "int8"), ["tag"]).cast(pa.string()),
        }
    )
    with pq.ParquetWriter(path, part.schema, compression="zstd") as writer:
        for _ in range(number // 1_000_000):
            writer.write_table(part, row_group_size=1_000_000)


def _texts(path: Path, length: int, times: int) -> None:
    import numpy as np
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = pa.DictionaryArray.from_arrays(np.zeros(times, "int32"), ["x" * length])
    pq.write_table(pa.table({"date": texts, "type": texts}), path, compression="zstd", store_schema=False)


def _wkb(path: Path, shapes: list[bytes], meta: bytes | None = None) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    fields = [zone(n)["properties"] for n in range(len(shapes))]
    known = b'{"version":"1.0.0","primary_column":"geometry","columns":{"geometry":{"encoding":"WKB","geometry_types":[]}}}'
    data = pa.table({"code_qp": [f["code_qp"] for f in fields], "lib_qp": [f["lib_qp"] for f in fields], "geometry": shapes})  # type: ignore[index]
    pq.write_table(data.replace_schema_metadata({b"geo": meta or known}), path)


def _kml() -> Iterator[Case]:
    body = '<?xml version="1.0"?>%s<kml xmlns="http://www.opengis.net/kml/2.2"><Placemark><name>%s</name><Point><coordinates>2.3,48.8</coordinates></Point></Placemark></kml>'
    xxe = '<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
    for name, text in {
        "good": body % ("", "a"),
        "external": body % (xxe, "&e;"),
        "network-link": body % ("", "<NetworkLink><href>http://127.0.0.1:1</href></NetworkLink>"),
        "without-declaration": "<kml><Placemark/></kml>",
        "deep": "<kml>" * 100_000,
        "gml": "<gml:x/>",
        "gpx": "<gpx/>",
        "svg": '<?xml version="1.0"?><svg onload="x"/>',
    }.items():
        yield bytes_case(f"kml:{name}", "lieux.kml", text, layer="qpv", refused=True, quick=name == "external")
    yield bytes_case("kml:kmz", "lieux.kmz", archive({"doc.kml": (body % (xxe, "&e;")).encode()}), layer="qpv", refused=True)
    yield bytes_case("kml:utf-16", "lieux.kml", (body % (xxe, "&e;")).encode("utf-16"), layer="qpv", refused=True)
    yield bytes_case(
        "kml:vrt",
        "lieux.vrt",
        "<OGRVRTDataSource><SrcDataSource>/etc/passwd</SrcDataSource></OGRVRTDataSource>",
        layer="qpv",
        refused=True,
    )
    yield bytes_case("kml:csv-for-gdal", "lieux.csv", table().replace("2.44", "/vsicurl/"), layer="qpv", refused=True)
