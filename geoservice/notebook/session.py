"""`connect`: a data folder opened for a person, who then reads what the web would have shown them and nothing else."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

from geoservice.catalog.layers import Catalog, load
from geoservice.errors import BadInput, NotFound, NotReady, NotSignedIn
from geoservice.notebook import filters as words
from geoservice.notebook import frames
from geoservice.notebook.levers import Levers
from geoservice.notebook.places import Places
from geoservice.notebook.siting import Siting
from geoservice.notebook.statistics import Statistics
from geoservice.operations.accounts import viewer_of_token
from geoservice.operations.credits import texts
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.setup import open_storage
from geoservice.settings import Settings
from geoservice.types import LABELS, Viewer

if TYPE_CHECKING:
    from geopandas import GeoDataFrame
    from pandas import DataFrame

    from geoservice.notebook.map import OfflineMap
    from geoservice.operations.setup import Storage

FACTS = "incidents"
_UNIT_LAYERS = {"residence": ("patrimoine", (None,)), "commune": ("limites", ("commune", "arrondissement"))}
_LAYER_COLUMNS = ("name", "title", "stores", "count", "generations", "attribution", "licence")


def connect(data: str | os.PathLike[str] | None = None, token: str | None = None) -> Session:
    """A session on a data folder; without arguments, $GEOSERVICE_DATA and $GEOSERVICE_TOKEN.

    NotReady when there is no data folder, NotSignedIn when the token is missing or unknown.
    """
    folder = data or os.environ.get("GEOSERVICE_DATA")
    if not folder:
        raise NotReady("Indiquez le dossier de données : la variable d’environnement GEOSERVICE_DATA, ou connect(\"dossier\", "
                       "\"jeton\"). Pour essayer : « geoservice demo --no-serve --data ville ».")
    secret = token or os.environ.get("GEOSERVICE_TOKEN")
    if not secret:
        raise NotSignedIn("Indiquez votre jeton : la variable d’environnement GEOSERVICE_TOKEN, ou connect(\"dossier\", "
                          f"\"jeton\"). Pour en créer un : {_making_one(folder)}")
    settings = Settings(data=Path(folder))
    storage = open_storage(settings)
    viewer = viewer_of_token(storage, secret.strip())
    if viewer is None:
        storage.close()
        raise NotSignedIn("Ce jeton n’est pas connu de ce dossier de données. Vérifiez-le, ou créez-en un : "
                          f"{_making_one(folder)}")
    return Session(viewer, storage, load(settings.layers))


def _making_one(folder: str | os.PathLike[str]) -> str:
    return f"« geoservice token create analyste --organisation CODE --data {folder} »."


@dataclass(frozen=True)
class Session(Statistics, Places, Siting, Levers):
    """What one person may read, as tables. Counts, zones and features leave; positions of facts never do.

    Filters are those of the HTTP API, by the same names (`from` is written `from_`, or given in a dictionary):
    `session.cells(kind="ville", from_="2024-01-01", category="SAL,DEG", resolution=9)`.
    """

    viewer: Viewer
    _storage: Storage = field(repr=False)
    _catalog: Catalog = field(repr=False)

    @property
    def _reader(self) -> Reader:
        return open_reader(self._storage, self._catalog, self.viewer)  # an import that just ended is seen

    def layers(self) -> DataFrame:
        """The layers and what is in them: name, title, stores, count, generations, attribution, licence."""
        reader = self._reader
        rows = [{"name": view.spec.name, "title": view.spec.title, "stores": view.spec.stores, "count": view.count,
                 "generations": ", ".join(view.generations), **dict(zip(("attribution", "licence"), texts(reader, view.spec.name),
                                                                        strict=True))}
                for view in reader.layers()]
        return frames.records(rows, _LAYER_COLUMNS).astype({"count": "Int64"})  # facts have none: kinds are never added

    def kinds(self) -> DataFrame:
        """Facts in reach by kind: kind, label, facts. Kinds are never added."""
        rows = [{"kind": str(kind), "label": LABELS[kind], "facts": number} for kind, number in self._reader.kinds().items()]
        return frames.records(rows, ("kind", "label", "facts"))

    def cells(self, filters: Mapping[str, Any] | None = None, /, **named: Any) -> GeoDataFrame:
        """Facts per cell: cell, count, geometry; attrs: total, unknown, unplaced, kind, resolution.

        BadInput names a filter that cannot be; KindRequired when several kinds are in reach and none is chosen.
        """
        frame = frames.cells(self._reader.cells(words.query(filters, named)))
        frame.attrs |= self._credit(FACTS)
        return frame

    def by_unit(self, level: str = "residence", filters: Mapping[str, Any] | None = None, /, **named: Any) -> GeoDataFrame:
        """Facts per `residence` or `commune`, those without a point included: code, name, count, geometry (None if unknown)."""
        if level not in _UNIT_LAYERS:
            raise BadInput(f"Les faits se comptent par {' ou '.join(_UNIT_LAYERS)}.")
        reader = self._reader
        query = words.query(filters, named)
        layer, generations = _UNIT_LAYERS[level]
        shapes: dict[str, Any] = {}
        for generation in generations:
            found = reader.features(layer, generation=generation)
            shapes = {**dict(zip(found.keys, found.geometry, strict=True)), **shapes}
        frame = frames.units(reader.by_unit(query, level), shapes)
        frame.attrs = {"kind": None if query.kind is None else str(query.kind), "level": level, **self._credit(layer)}
        return frame

    def features(self, layer: str, bbox: Any = None, generation: str | None = None, limit: int | None = None) -> GeoDataFrame:
        """Features of a layer that touch `bbox` (west, south, east, north): key, name, generation, properties, geometry."""
        if self._catalog.layer(layer).stores != "features":
            raise BadInput(f"La couche « {layer} » ne se lit pas objet par objet : les faits sortent comptés, avec cells(…) ou "
                           "by_unit(…) ; les statistiques publiées avec aggregates().")
        frame = frames.features(self._reader.features(layer, words.box(bbox), generation, limit))
        frame.attrs = self._credit(layer)
        return frame

    def zones(self, layer: str = "qpv", generation: str | None = None) -> GeoDataFrame:
        """Zones that the filter `zone` takes (`qpv` or `limites`): ref, code, name, generation, geometry."""
        reader = self._reader
        view = reader.layer(layer)
        if generation is not None and generation not in view.generations:
            raise NotFound(f"La couche « {layer} » n’a pas de génération « {generation} ». "
                           f"Générations présentes : {', '.join(view.generations) or 'aucune'}.")
        frame = frames.zones(reader.zones(layer, generation))
        frame.attrs = self._credit(layer)
        return frame

    def aggregates(self) -> DataFrame:
        """Published statistics in reach; `count` is missing where it was withheld. Never added to facts."""
        return frames.aggregates(self._reader.aggregates())

    def map(self, frame: GeoDataFrame, *, zones: GeoDataFrame | str | None = "qpv", title: str | None = None) -> OfflineMap:
        """A folium map of cells (or any frame of this session) that needs no network.

        `zones`: outlines on top, a layer of zones (its newest generation), a frame, or None.
        """
        from geoservice.notebook.map import draw

        return draw(frame, self._newest(zones) if isinstance(zones, str) else zones, title)

    def _newest(self, layer: str) -> GeoDataFrame:
        frame = self.zones(layer)
        return frame[frame["generation"] == frame["generation"].max()] if len(frame) else frame

    def _credit(self, layer: str) -> dict[str, Any]:
        """What a map must say of its source; a catalogue without the layer has nothing to say."""
        spec = self._catalog.layers.get(layer)
        if spec is None:
            return {}
        attribution, licence = texts(self._reader, layer)
        return {"layer": layer, "title": spec.title, "attribution": attribution, "licence": licence}

    def close(self) -> None:
        """Let go of the data folder."""
        self._storage.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()
