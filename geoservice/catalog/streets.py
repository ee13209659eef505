"""French addresses as text: one normal form for street names, and the pieces of an address line.

`normalise_street` is the key that an imported BAN file and a lookup share, so both sides must use it.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache

# What lists of landlords and cities write for the first word of a street. Keys are already without accents.
_TYPES = {
    "r": "rue", "av": "avenue", "ave": "avenue", "aven": "avenue", "bd": "boulevard", "bld": "boulevard",
    "blvd": "boulevard", "boul": "boulevard", "bvd": "boulevard", "pl": "place", "plc": "place", "all": "allee",
    "al": "allee", "imp": "impasse", "sq": "square", "ch": "chemin", "che": "chemin", "chem": "chemin",
    "rte": "route", "res": "residence", "resid": "residence", "lot": "lotissement", "crs": "cours",
    "fg": "faubourg", "fbg": "faubourg", "pas": "passage", "pass": "passage", "psg": "passage", "qu": "quai",
    "q": "quai", "vla": "villa", "ham": "hameau", "rpt": "rond point", "rdpt": "rond point", "sen": "sentier",
    "sent": "sentier", "rle": "ruelle", "esp": "esplanade", "prom": "promenade", "trav": "traverse",
    "mte": "montee", "clos": "clos", "cite": "cite", "voie": "voie", "cour": "cour", "parvis": "parvis",
    "mail": "mail", "galerie": "galerie", "sente": "sente", "venelle": "venelle", "cote": "cote",
    "chaussee": "chaussee", "rampe": "rampe", "domaine": "domaine", "quartier": "quartier", "hlm": "hlm",
}
_TITLES = {
    "st": "saint", "ste": "sainte", "sts": "saints", "gal": "general", "gen": "general", "mal": "marechal",
    "mar": "marechal", "dr": "docteur", "doct": "docteur", "pdt": "president", "pres": "president", "prof": "professeur",
    "pr": "professeur", "cdt": "commandant", "cne": "capitaine", "cap": "capitaine", "col": "colonel", "lt": "lieutenant",
    "sgt": "sergent", "amal": "amiral", "abbe": "abbe", "mgr": "monseigneur", "fg": "faubourg", "fbg": "faubourg",
    "nd": "notre dame", "jj": "jean jacques", "1er": "premier", "ier": "premier",
}
_ARTICLES = frozenset({"de", "du", "des", "d", "la", "le", "les", "l"})
_LONG_TYPES = frozenset(word.split()[0] for word in _TYPES.values()) | {"rond"}
_TYPE = "|".join(sorted(set(_TYPES) | _LONG_TYPES, key=len, reverse=True))
# A number, perhaps "bis" or a letter, perhaps the rest of a range, then the type of the street.
_NUMBERED = re.compile(
    rf"(?<!\w)(?P<number>\d{{1,4}}) ?(?P<suffix>bis|ter|quater|[a-z])?"
    rf"(?: ?(?:-|/|,|a|et|&) ?\d{{1,4}} ?(?:bis|ter|quater|[a-z])?)* ?,? ?(?P<street>(?:{_TYPE})\b.*)")
_UNTYPED = re.compile(r"^(?P<number>\d{1,4}) ?(?P<suffix>bis|ter|quater|[a-z](?= ))?(?: ?[-/,] ?\d{1,4})* ?,? (?P<street>\D.*)$")
_UNNUMBERED = re.compile(rf"(?<!\w)(?P<street>(?:{_TYPE})\b.*)")
_SECOND = re.compile(rf" (?:et |& ?|/ ?)?\d{{1,4}} ?(?:bis|ter|quater|[a-z])?(?: ?[-/,] ?\d{{1,4}})* ?,? (?:{_TYPE})\b.*"
                     r"| (?:angle|batiment|bat|escalier|esc|etage|appt|appartement|porte|hall)\b.*")
_TOWN = re.compile(r"[ ,-]+(?P<postcode>\d{5}) +(?P<city>\D.*)$|[ ,-]+(?P<alone>\d{5})$")
_CEDEX = re.compile(r"\bcedex\b *(?P<number>\d{1,2})?.*$")
LONGEST = 200  # characters of an address line that are read: longer ones are not addresses
_BIG = {"paris": "750", "lyon": "690", "marseille": "130"}


@dataclass(frozen=True, slots=True)
class Address:
    """An address to find: free street line, with postcode, INSEE citycode or town where the file has them."""

    line: str
    postcode: str | None = None
    citycode: str | None = None
    city: str | None = None


@dataclass(frozen=True, slots=True)
class Parts:
    """The pieces that a lookup needs; `street` is normalised, `""` when the line names none."""

    number: int | None
    suffix: str
    street: str
    postcode: str | None
    citycode: str | None
    city: str


def plain(text: str) -> str:
    """Lower case without accents, apostrophes or dots, single spaces."""
    flat = unicodedata.normalize("NFKD", text.replace("œ", "oe").replace("Œ", "oe").replace("’", " ").replace("'", " "))
    flat = "".join(c for c in flat if not unicodedata.combining(c)).lower()
    return re.sub(r"\s+", " ", re.sub(r"[.;:\"°]", " ", flat)).strip()


@lru_cache(maxsize=200_000)
def normalise_street(name: str) -> str:
    """The normal form of a street name: "Av. du Gal de Gaulle" is "avenue general gaulle", however it is written."""
    words = re.sub(r"[^a-z0-9]+", " ", plain(name)).split()
    if not words:
        return ""
    head = _TYPES.get(words[0], words[0]) if len(words) > 1 else words[0]
    rest = [_TITLES.get(word, word) for word in words[1:]]
    return " ".join([head, *(word for word in rest if word not in _ARTICLES)])


def normalise_city(name: str | None) -> str:
    """A town's name for comparison: no accents, hyphens, CEDEX or arrondissement, "St" written "saint"."""
    text = _CEDEX.sub("", plain(name or "")).replace("-", " ")
    text = re.sub(r"\b\d{1,2} ?(er|e|eme)?( arrondissement)?\b", " ", text)
    return " ".join(_TITLES.get(word, word) for word in text.split() if word not in _ARTICLES)


def parse(address: Address) -> Parts:
    """Cut an address line into number, suffix and street; ranges and double addresses keep their first number."""
    line, postcode, city = _without_town(plain(address.line[:LONGEST]), address.postcode, plain(address.city or ""))
    postcode = _without_cedex(postcode, city)
    line = re.sub(r"\([^)]*\)?", " ", line)
    line = re.sub(r"\s*([-/,])\s*", r"\1", re.sub(r"\s+", " ", line)).strip(" ,-")
    found = _NUMBERED.search(line) or _UNTYPED.match(line)
    number = int(found["number"]) if found else None
    suffix = (found["suffix"] or "") if found else ""
    named = found or _UNNUMBERED.search(line)
    street = _SECOND.sub("", (named["street"] if named else line).replace(",", " ").replace("/", " "))
    return Parts(number, suffix, normalise_street(street), postcode, address.citycode or None, normalise_city(city))


def _without_town(line: str, postcode: str | None, city: str) -> tuple[str, str | None, str]:
    found = _TOWN.search(line)
    if not found:
        return line, _code(postcode), city
    return line[:found.start()], _code(postcode) or found["postcode"] or found["alone"], city or (found["city"] or "").strip()


def _code(postcode: str | None) -> str | None:
    digits = re.sub(r"\D", "", postcode or "")
    return digits.zfill(5) if 4 <= len(digits) <= 5 else None


def _without_cedex(postcode: str | None, city: str) -> str | None:
    """A CEDEX code is a delivery office, not a place: "Paris CEDEX 12" is 75012, elsewhere the town alone is kept."""
    found = _CEDEX.search(city)
    if not found:
        return postcode
    start = _BIG.get(city[:found.start()].strip())
    return f"{start}{int(found['number']):02d}" if start and found["number"] else None
