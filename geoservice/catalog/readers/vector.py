"""GeoPackage and shapefiles through pyogrio (GDAL), in slices; each member of a zip brings its own CRS."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from geoservice.catalog.readers import sandbox
from geoservice.catalog.readers.base import Reader, few_columns
from geoservice.catalog.readers.unpack import Member
from geoservice.catalog.rows import Batch, Note
from geoservice.errors import UnreadableFile

if TYPE_CHECKING:
    import numpy as np


_SLICE_BYTES = 16 << 20  # of file that one slice holds, about: features may be heavy


class VectorReader(Reader):
    """Only in the process that `limited` starts."""

    def prepare(self) -> None:
        import pyogrio  # noqa: F401  (loads the library whose drivers are cut down)

        sandbox.keep_drivers()
        self._layers = [self._layer(member) for member in self.members]
        self._infos = [self._info(m, layer) for m, layer in zip(self.members, self._layers, strict=True)]
        seen: dict[str, None] = {}
        for info in self._infos:
            seen.update(dict.fromkeys(str(f) for f in info["fields"]))
        self.columns = few_columns(list(seen), self.members[0].name)

    def _layer(self, member: Member) -> str:
        import pyogrio

        try:
            names = [str(name) for name, _ in pyogrio.list_layers(member.path)]
        except pyogrio.errors.DataSourceError as error:
            raise _unreadable(member) from error
        wanted = self.hints.sheet
        if not names or (wanted is not None and wanted not in names):
            raise UnreadableFile(f"{member.name} : la couche « {wanted or ''} » n’existe pas. "
                                 f"Couches : {', '.join(names) or 'aucune'}.")
        self.tables = [wanted or names[0], *(name for name in names if name != (wanted or names[0]))]
        if wanted is None and len(names) > 1:
            self.notes.append(Note("feuille", f"Couche lue : « {names[0]} ». Couches laissées : {', '.join(names[1:])}.", 1, 1))
        return wanted or names[0]

    def _info(self, member: Member, layer: str) -> dict[str, Any]:
        import pyogrio

        try:
            return pyogrio.read_info(member.path, layer=layer, encoding=self.hints.encoding, force_feature_count=True,
                                     **_options(member))
        except (pyogrio.errors.DataSourceError, UnicodeError, LookupError) as error:
            raise _unreadable(member) from error

    def batches(self, rows: int = 20_000) -> Iterator[Batch]:
        for member, layer, info in zip(self.members, self._layers, self._infos, strict=True):
            size = sum(part.stat().st_size for part in member.path.parent.glob(f"{member.path.stem}.*"))
            rows = max(1, min(rows, _SLICE_BYTES * max(1, info["features"]) // max(1, size)))
            for start in range(0, info["features"], rows):
                yield self._slice(member, layer, info, start, rows)

    def _slice(self, member: Member, layer: str, info: dict[str, Any], start: int, rows: int) -> Batch:
        import pyogrio
        import shapely

        try:
            meta, _, wkb, fields = pyogrio.raw.read(member.path, layer=layer, encoding=self.hints.encoding, skip_features=start,
                                                    max_features=rows, datetime_as_string=True, **_options(member))
        except (pyogrio.errors.DataSourceError, UnicodeError) as error:
            raise _unreadable(member) from error
        present = {str(name): _values(values) for name, values in zip(meta["fields"], fields, strict=True)}
        count = len(wkb) if wkb is not None else len(next(iter(present.values()), ()))
        columns = {c: present.get(c, [None] * count) for c in self.columns}
        geometry = None if wkb is None else shapely.from_wkb(wkb, on_invalid="ignore")
        return Batch(member.name, range(start + 1, start + 1 + count), columns, geometry, info["crs"])


def _options(member: Member) -> dict[str, str]:
    """A GeoPackage is read without locks and without files beside it."""
    return {} if member.path.suffix == ".shp" else {"IMMUTABLE": "YES"}


def _values(values: np.ndarray) -> list[Any]:
    import numpy as np

    if values.dtype.kind == "f":
        return [None if np.isnan(v) else v for v in values.tolist()]
    return values.tolist()


def _unreadable(member: Member) -> UnreadableFile:
    return UnreadableFile(f"{member.name} : ce fichier géographique ne peut pas être lu ; il est abîmé ou incomplet (un "
                          "shapefile demande .shp, .shx et .dbf dans le même zip).")
