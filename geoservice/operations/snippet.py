"""The Python that makes a view again: what an analyst pastes into a notebook."""

from __future__ import annotations

from collections.abc import Mapping

from geoservice.core.query import parse

_TEXT = '''"""Une vue de geoservice, refaite en Python. À lancer là où geoservice est installé, près du dossier de données."""

# GEOSERVICE_DATA : le dossier de données ; GEOSERVICE_TOKEN : votre jeton (jamais dans ce fichier)
from geoservice.notebook import connect

filtres = {{
{filters}}}

session = connect()
cellules = session.cells(filtres)
print(cellules.attrs["total"], "faits dans", len(cellules), "cellules,", cellules.attrs["unplaced"], "sans point")
carte = session.map(cellules)  # dans un carnet : la carte s’affiche ; ailleurs : carte.save("carte.html")
'''


def of(given: Mapping[str, str]) -> str:
    """Code for the filters of a request, in their own words. BadInput as for any other answer."""
    parse(given)  # nothing but closed words, dates, numbers and zone codes goes into the code
    return _TEXT.format(filters="".join(f"    {name!r}: {text!r},\n" for name, text in given.items()))
