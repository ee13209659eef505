"""What `layer.toml` and `sources/*.toml` may say. Unknown keys are errors; the same format serves `--mapping FILE.toml`."""

from __future__ import annotations

import tomllib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, Any, Literal, TypeVar

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from geoservice.catalog import recognise
from geoservice.errors import BadInput
from geoservice.types import SUBCATEGORIES, Category, Kind, Nature, Place

Access = Literal["open", "organisation"]
Stores = Literal["facts", "features", "aggregates", "addresses"]
Geometry = Literal["point", "line", "polygon", "none"]
FileFormat = Literal["csv", "xlsx", "ods", "parquet", "geojson", "gpkg", "shapefile", "json"]

# The only fields a fact can be read from: there is no free text and nothing about a person.
FACT_FIELDS = ("key", "date", "time", "end_date", "end_time", "category", "subtype", "nature", "gravity", "place", "complaint",
               "cost", "lon", "lat", "x", "y", "epsg", "point", "hall", "building", "residence", "commune", "address", "number",
               "street", "postcode", "citycode", "city")
UNKNOWN = ""  # the target of a value that is known to say nothing
COMPLAINTS = ("oui", "non", "inconnu")


def _many(value: Any) -> Any:
    return (value,) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_many)]
Named = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]*$")]


class Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class LayerSpec(Model):
    """One layer: what it stores, who may see it, how it is drawn. `style` is the content of style.json:
    `{"layers": [MapLibre layers without id and source], "legend": [{"label", "color", "shape"}]}`."""

    name: Named
    title: str
    stores: Stores
    geometry: Geometry
    access: Access
    attribution: str
    licence: str
    description: str = ""
    minzoom: int = Field(0, ge=0, le=22)
    maxzoom: int = Field(16, ge=0, le=22)
    order: int = 100
    style: dict[str, Any] = Field(default_factory=dict)


class ReadHints(Model):
    """Said only where a file does not say it: the sheet (or GeoPackage layer), the members of a zip, the key of records."""

    format: FileFormat | None = None
    delimiter: str | None = Field(None, min_length=1, max_length=1)
    encoding: str | None = None
    sheet: str | None = None
    member: str | None = None
    records: str | None = None


class Rule(Model):
    """`to` when the value of `field` (else the mapped field's own) equals, starts with or contains one of the texts."""

    to: str
    field: str | None = None
    equals: Words = ()
    starts: Words = ()
    contains: Words = ()

    @model_validator(mode="after")
    def _says_something(self) -> Rule:
        if not (self.equals or self.starts or self.contains):
            raise ValueError("une règle demande equals, starts ou contains")
        return self

    def fits(self, folded: str) -> bool:
        """Does a value (already through `fold_value`) fit this rule? An empty one never does."""
        part = recognise.fold_part
        return bool(folded) and (any(folded == recognise.fold_value(t) for t in self.equals)
                                 or any(folded.startswith(part(t)) for t in self.starts)
                                 or any(part(t) in folded for t in self.contains))


class ValueMap(Model):
    """Source values → closed codes: `map` (exact), then `rules` in order, then a code itself, then `default`.

    No default: a value that nothing maps rejects its line. `default = ""`: it becomes unknown.
    """

    map: dict[str, str] = Field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    default: str | None = None

    def targets(self) -> set[str]:
        found = {*self.map.values(), *(rule.to for rule in self.rules)}
        return found if self.default is None else found | {self.default}


class SourceSpec(Model):
    """One kind of export that a layer understands. `columns`: field → accepted column names (compared by `fold_name`).

    `required` lists fields that must have a column; `a|b` accepts either. `key` names the fields that identify a row.
    """

    name: Named = "fichier"
    title: str = "Fichier"
    layer: Named
    access: Access
    kind: Kind | None = None
    licence: str = ""
    attribution: str = ""
    description: str = ""
    read: ReadHints = ReadHints()
    columns: dict[str, Words]
    required: tuple[str, ...] = ()
    formats: dict[str, Words] = Field(default_factory=dict)
    values: dict[str, ValueMap] = Field(default_factory=dict)
    constants: dict[str, str | int | float] = Field(default_factory=dict)
    snapshot: Literal["latest declared date of the file"] | None = None
    key: Words = ("key",)
    crs: str | None = Field(None, pattern=r"^EPSG:\d{4,6}$")
    # Several lines are one feature: "count" adds them up as `dwellings`, "same" keeps what they agree on (features only).
    merge: Literal["count", "same"] | None = None

    def bind(self, columns: Iterable[str]) -> dict[str, str]:
        """Field → the file's column; fields without a column are absent."""
        return recognise.bind(self.columns, columns)


M = TypeVar("M", bound=Model)


def read_toml(path: Path) -> dict[str, Any]:
    """The tables of a TOML file; BadInput names the file and the place of the fault."""
    try:
        return tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except OSError as error:
        raise BadInput(f"{path} : ce fichier ne peut pas être lu. Vérifiez son chemin et ses droits.") from error
    except UnicodeDecodeError as error:
        raise BadInput(f"{path} : ce fichier n’est pas en UTF-8. Enregistrez-le en UTF-8.") from error
    except tomllib.TOMLDecodeError as error:
        raise BadInput(f"{path} : ce fichier n’est pas du TOML correct ({error}).") from error


def parse(model: type[M], tables: dict[str, Any], path: Path | str) -> M:
    """A model from tables; BadInput names the file and every wrong key."""
    try:
        return model.model_validate(tables)
    except ValidationError as error:
        faults = " ; ".join(_fault(e) for e in error.errors())
        raise BadInput(f"{path} : {faults}.") from error


def load_source(path: Path, stores: Stores, **defaults: str) -> SourceSpec:
    """A source or a user's mapping; what only facts need (kind, closed codes, closed fields) is checked here."""
    source = parse(SourceSpec, {**defaults, **read_toml(path)}, path)
    return check_source(source, stores, path)


def check_source(source: SourceSpec, stores: Stores, path: Path | str) -> SourceSpec:
    """The rules that depend on what the layer stores; facts require `date` unless the source says otherwise."""
    if stores != "facts":
        return source
    if source.kind is None:
        raise BadInput(f"{path} : clé « kind » obligatoire pour des faits ({', '.join(Kind)}).")
    _known_fields(source, path)
    for field, values in source.values.items():
        _known_codes(field, values.targets(), path)
    return source if source.required else source.model_copy(update={"required": ("date",)})


def _known_fields(source: SourceSpec, path: Path | str) -> None:
    needs = (name for need in source.required for name in need.split("|"))
    rules = (rule.field for values in source.values.values() for rule in values.rules if rule.field)
    named = (*source.columns, *source.constants, *source.values, *source.formats, *source.key, *needs, *rules)
    unknown = sorted(set(named) - set(FACT_FIELDS))
    if unknown:
        raise BadInput(f"{path} : champ inconnu « {unknown[0]} ». Champs possibles : {', '.join(FACT_FIELDS)}.")


def _known_codes(field: str, targets: set[str], path: Path | str) -> None:
    for target in sorted(targets - {UNKNOWN}):
        if not is_code(field, target):
            raise BadInput(f"{path} : clé « values.{field} » : code inconnu « {target} ».")


def is_code(field: str, code: str) -> bool:
    """Is this text a code of the field's closed list (`DEG`, `DEG.tag`, `gardien`, `PARK-SS`, `3`)? Open fields accept all."""
    if field == "category":
        category, _, sub = code.partition(".")
        return category in set(Category) and (not sub or sub in SUBCATEGORIES[Category(category)])
    closed: dict[str, Sequence[str]] = {"nature": list(Nature), "place": list(Place), "gravity": ("1", "2", "3", "4"),
                                        "complaint": COMPLAINTS}
    return field not in closed or code in closed[field]


_SENTENCES = {
    "missing": "clé obligatoire absente",
    "extra_forbidden": "clé inconnue",
    "string_type": "un texte est attendu",
    "string_pattern_mismatch": "forme incorrecte",
    "tuple_type": "une liste de textes est attendue",
    "dict_type": "une table est attendue",
    "model_type": "une table est attendue",
    "int_parsing": "un nombre entier est attendu",
    "int_type": "un nombre entier est attendu",
}


def _fault(error: Any) -> str:
    key = ".".join(str(part) for part in error["loc"]) or "fichier"
    kind, context = error["type"], error.get("ctx", {})
    if kind in ("literal_error", "enum"):
        text = f"valeur inattendue « {error['input']} », attendu {context.get('expected', '').replace(' or ', ' ou ')}"
    elif kind == "value_error":
        text = str(context.get("error", "valeur incorrecte"))
    else:
        text = _SENTENCES.get(kind, "valeur incorrecte")
    return f"clé « {key} » : {text}"
