"""Names and values compared as people mean them: without case, accents, punctuation or order."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from geoservice.catalog.schema import SourceSpec

_TYPOGRAPHY = str.maketrans({"’": "'", "‘": "'", "`": "'", "\u00a0": " ", "\u202f": " ", "œ": "oe", "Œ": "OE", "æ": "ae",
                             "Æ": "AE"})


@lru_cache(maxsize=65_536)
def fold_value(text: str) -> str:
    """A value without case, accents and doubled spaces; punctuation stays, for it can carry meaning (`[` in Dans Ma Rue)."""
    return _plain(" ".join(text.translate(_TYPOGRAPHY).split()))


@lru_cache(maxsize=4_096)
def fold_part(text: str) -> str:
    """Part of a value: as `fold_value`, but the spaces at its ends stay, for `vol ` is not the beginning of `volet`."""
    return _plain(text.translate(_TYPOGRAPHY))


def _plain(spaced: str) -> str:
    return "".join(c for c in unicodedata.normalize("NFKD", spaced) if not unicodedata.combining(c)).casefold()


@lru_cache(maxsize=65_536)
def fold_name(text: str) -> str:
    """A column name reduced to its letters and digits: `Code résidence`, `CODE_RESIDENCE` and `code.residence` are one name."""
    return "".join(c for c in fold_value(text) if c.isalnum())


def bind(accepted: Mapping[str, Sequence[str]], columns: Iterable[str]) -> dict[str, str]:
    """Field → the file's column that holds it; the first accepted name that the file has wins. Absent fields are absent."""
    present: dict[str, str] = {}
    for column in columns:
        present.setdefault(fold_name(column), column)
    found = {field: next((present[fold_name(n)] for n in names if fold_name(n) in present), None)
             for field, names in accepted.items()}
    return {field: column for field, column in found.items() if column is not None}


def missing(source: SourceSpec, bound: Mapping[str, str]) -> list[str]:
    """Required fields (or `a|b` alternatives) that no column of the file holds."""
    known = set(bound) | set(source.constants)
    return [need for need in source.required if not known.intersection(need.split("|"))]


def best(sources: Iterable[SourceSpec], columns: Sequence[str]) -> SourceSpec | None:
    """The source that understands most columns of a file, and of two the one that requires more; None when none or several."""
    fitting = fits(sources, columns)
    return fitting[0] if len(fitting) == 1 else None


def fits(sources: Iterable[SourceSpec], columns: Sequence[str]) -> list[SourceSpec]:
    """The sources that understand a file best. A source that asks for more (`id_dmr`) and finds it is surer than one that takes
    any register; several are left when a person must say which."""
    scored = []
    for source in sources:
        bound = source.bind(columns)
        if bound and not missing(source, bound):
            scored.append(((len(set(bound.values())), len(source.required)), source))
    top = max((score for score, _ in scored), default=None)
    return [source for score, source in scored if score == top]
