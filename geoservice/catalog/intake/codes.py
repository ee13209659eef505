"""Source values → codes of our closed lists: what a mapping says, then codes and labels themselves."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from geoservice.catalog.intake.common import Memo, text
from geoservice.catalog.recognise import fold_value
from geoservice.catalog.schema import UNKNOWN, SourceSpec, ValueMap
from geoservice.types import GRAVITIES, LABELS, SUBCATEGORIES, Category, Nature, Place

UNMAPPED = "?"  # a value that is there and that nothing maps
COMPLAINT = {"inconnu": 0, "oui": 1, "non": 2}
_COMPLAINT_WORDS = {word: answer for answer, words in {
    "oui": "oui o yes true vrai 1 x deposee", "non": "non n no false faux 0", "inconnu": "inconnu inconnue nsp",
}.items() for word in words.split()} | {"plainte deposee": "oui", "ne sait pas": "inconnu"}


@lru_cache(maxsize=16)
def own_words(field: str) -> dict[str, str]:
    """Folded codes and labels of a closed list → code: a file that already speaks our words needs no mapping."""
    if field == "category":
        subs = {f"{c}.{s}": f"{c}.{s}" for c in Category for s in SUBCATEGORIES[c]}
        words = {**_labelled(Category), **subs}
    elif field == "nature":
        words = _labelled(Nature)
    elif field == "place":
        words = _labelled(Place)
    elif field == "gravity":
        words = {**{str(n): str(n) for n in GRAVITIES}, **{label: str(n) for n, label in GRAVITIES.items()}}
    elif field == "complaint":
        words = _COMPLAINT_WORDS
    else:
        words = {}
    return {fold_value(word): code for word, code in words.items()}


def _labelled(members: Any) -> dict[str, str]:
    return {**{LABELS[m]: str(m) for m in members}, **{str(m): str(m) for m in members}}


class Coder:
    """Codes of one field. `fields` are the columns it looks at, its own first; `column` gives a code, None or UNMAPPED a row."""

    def __init__(self, field: str, source: SourceSpec) -> None:
        mapping = source.values.get(field, ValueMap())
        others = dict.fromkeys(rule.field for rule in mapping.rules if rule.field and rule.field != field)
        self.fields = (field, *others)
        self._mapping = mapping
        self._exact = {fold_value(value): code for value, code in mapping.map.items()}
        self._words = own_words(field)
        self._single = Memo(lambda value: self._code((value,)))
        self._several = Memo(self._code)

    def column(self, columns: dict[str, Sequence[Any]], rows: int) -> list[str | None]:
        """Codes of a batch; columns: field → cells, absent fields are empty."""
        wanted = [columns.get(field) for field in self.fields]
        if all(column is None for column in wanted):
            return [self._single[None]] * rows
        if len(wanted) == 1:
            return self._single.column(wanted[0] or ())
        return self._several.column(list(zip(*(c if c is not None else [None] * rows for c in wanted), strict=True)))

    def _code(self, cells: tuple[Any, ...]) -> str | None:
        folded = {f: fold_value(t) for f, t in zip(self.fields, map(text, cells), strict=False) if t is not None}
        own = folded.get(self.fields[0])
        found = self._exact.get(own) if own is not None else None
        if found is None and own is not None and "." in own:
            found = self._words.get(own)  # `AGP.menace` is no `menace` of the rules: an exact code comes before them
        if found is None:
            found = next((r.to for r in self._mapping.rules if r.fits(folded.get(r.field or self.fields[0], ""))), None)
        if found is None and own is not None:
            found = self._words.get(own)
        if found is None:
            found = self._mapping.default
        if found is None:
            return None if own is None else UNMAPPED
        return None if found == UNKNOWN else found
