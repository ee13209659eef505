"""Discovery of layers: folders are data and nothing in them is executed.

    LAYERS/NAME/layer.toml, style.json, sources/SOURCE.toml

A folder of the user's own either brings a new layer or, without layer.toml, adds sources to a shipped one.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from geoservice.catalog import recognise
from geoservice.catalog.schema import LayerSpec, SourceSpec, check_source, load_source, parse, read_toml
from geoservice.errors import BadInput, NotFound


@dataclass(frozen=True)
class Catalog:
    """Every layer that this installation knows, and the sources of each, both by name."""

    layers: dict[str, LayerSpec]
    sources: dict[str, dict[str, SourceSpec]]
    folders: dict[str, Path]

    def layer(self, name: str) -> LayerSpec:
        """The layer of this name; NotFound lists those that exist."""
        if name not in self.layers:
            raise NotFound(f"Couche inconnue « {name} ». Couches possibles : {', '.join(self.layers)}.")
        return self.layers[name]

    def source(self, layer: str, name: str) -> SourceSpec:
        """The source of this name for a layer; NotFound lists those that exist."""
        self.layer(layer)
        if name not in self.sources[layer]:
            known = ", ".join(self.sources[layer]) or "aucune"
            raise NotFound(f"Source inconnue « {name} » pour la couche « {layer} ». Sources possibles : {known}.")
        return self.sources[layer][name]

    def recognise(self, layer: str, columns: Sequence[str]) -> SourceSpec | None:
        """The source that fits these columns best; None when none fits, or when two fit equally well."""
        fitting = self.candidates(layer, columns)
        return fitting[0] if len(fitting) == 1 else None

    def candidates(self, layer: str, columns: Sequence[str]) -> list[SourceSpec]:
        """The sources that fit these columns equally well, better than all others."""
        self.layer(layer)
        return recognise.fits(self.sources[layer].values(), columns)

    def mapping(self, layer: str, path: Path) -> SourceSpec:
        """A user's mapping file for a layer: same format as a source; `layer` and `name` may be left out, and `extends` names a
        source of the layer whose keys hold where the mapping says nothing."""
        spec = self.layer(layer)
        tables = read_toml(path)
        base = tables.pop("extends", None)
        if base is not None:
            tables = _over(self.source(layer, str(base)).model_dump(exclude_unset=True, mode="json"), tables)
        source = check_source(parse(SourceSpec, {"layer": layer, **tables}, path), spec.stores, path)
        if source.layer != layer:
            raise BadInput(f"{path} : cette correspondance est pour la couche « {source.layer} », pas pour « {layer} ».")
        return source


def _over(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Tables of a mapping laid over those of the source it extends: tables are merged key by key, the rest is replaced."""
    merged = dict(base)
    for key, value in own.items():
        under = merged.get(key)
        merged[key] = _over(under, value) if isinstance(under, dict) and isinstance(value, dict) else value
    return merged


def shipped_folder() -> Path:
    """The layers of the installation: `geoservice/_layers` in a wheel, else `layers/` beside the package."""
    package = Path(__file__).resolve().parents[1]
    wheel = package / "_layers"
    return wheel if wheel.is_dir() else package.parent / "layers"


def load(extra: Path | None = None) -> Catalog:
    """Shipped layers plus those of `extra`, in drawing order; BadInput names the file and the key that are wrong."""
    if extra is not None and not extra.is_dir():
        raise BadInput(f"Le dossier de couches {extra} n’existe pas. Corrigez GEOSERVICE_LAYERS.")
    catalog = Catalog({}, {}, {})
    for root in (shipped_folder(), extra):
        for folder in _folders(root):
            _add(catalog, folder)
    ordered = dict(sorted(catalog.layers.items(), key=lambda item: (item[1].order, item[0])))
    return Catalog(ordered, catalog.sources, catalog.folders)


def _folders(root: Path | None) -> list[Path]:
    if root is None or not root.is_dir():
        return []
    return sorted(f for f in root.iterdir() if f.is_dir() and not f.name.startswith((".", "_")))


def _add(catalog: Catalog, folder: Path) -> None:
    if (folder / "layer.toml").is_file():
        spec = _layer(folder)
        if spec.name in catalog.layers:
            raise BadInput(f"{folder / 'layer.toml'} : la couche « {spec.name} » existe déjà. Donnez un autre nom au dossier, ou "
                           "retirez layer.toml pour n’ajouter que des sources.")
        catalog.layers[spec.name], catalog.folders[spec.name] = spec, folder
        catalog.sources[spec.name] = {}
    elif folder.name not in catalog.layers:
        raise BadInput(f"{folder} : il manque layer.toml, et aucune couche « {folder.name} » n’existe.")
    for path in sorted((folder / "sources").glob("*.toml")):
        _add_source(catalog, folder.name, path)


def _layer(folder: Path) -> LayerSpec:
    path = folder / "layer.toml"
    tables = {"name": folder.name, **read_toml(path), "style": _style(folder / "style.json")}
    spec = parse(LayerSpec, tables, path)
    if spec.name != folder.name:
        raise BadInput(f"{path} : clé « name » : « {spec.name} » doit être le nom du dossier, « {folder.name} ».")
    return spec


def _style(path: Path) -> dict[str, object]:
    if not path.is_file():
        return {}
    try:
        style = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise BadInput(f"{path} : ce fichier n’est pas du JSON correct en UTF-8.") from error
    if not isinstance(style, dict):
        raise BadInput(f"{path} : un objet JSON est attendu.")
    return style


def _add_source(catalog: Catalog, layer: str, path: Path) -> None:
    source = load_source(path, catalog.layers[layer].stores, layer=layer, name=path.stem)
    if source.layer != layer:
        raise BadInput(f"{path} : clé « layer » : « {source.layer} » doit être le nom du dossier, « {layer} ».")
    if source.name in catalog.sources[layer]:
        raise BadInput(f"{path} : la source « {source.name} » existe déjà pour la couche « {layer} ».")
    catalog.sources[layer][source.name] = source
