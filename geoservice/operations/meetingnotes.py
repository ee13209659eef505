"""What stands at the end of a meeting's paper: the quality of the data, what figures do not say, how to make them again."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from geoservice.export.french import typeset
from geoservice.export.paper import Block, Heading, Paragraph, bullets
from geoservice.types import LABELS, Kind

CAVEATS = (
    "Un signalement n’est pas un fait prouvé ; l’absence de signalement n’est pas l’absence de faits : le nombre dépend de qui "
    "signale, et comment.",
    "Un point chaud dit où les faits connus se concentrent plus que par hasard, ni qui, ni pourquoi, ni ce qui arrivera.",
    "Un changement entre deux périodes n’est pas l’effet d’une action : cela se mesure avec des lieux témoins choisis avant.",
    "Les chiffres de la police et de l’État se lisent à côté de ceux-ci et ne s’y ajoutent pas.",
)
_LEVELS = {"correct": "correct", "attention": "à surveiller", "alerte": "alerte"}


def quality(figures: dict[str, dict[str, Any]], kinds: list[str]) -> Iterator[Block]:
    """Signals that could be measured, the worst first, and what could not."""
    yield Heading("Qualité des données")
    lines = []
    for kind in kinds:
        found = [figure for key, figure in figures.items() if key.startswith(f"{kind}.qualite.")]
        for figure in sorted(found, key=lambda each: list(_LEVELS).index(each["value"]["level"]) if each["value"] else -1,
                             reverse=True):
            said = figure["value"]["sentence"] if figure["value"] else figure.get("reason", "")
            level = f" ({_LEVELS[figure['value']['level']]})" if figure["value"] and figure["value"]["level"] != "correct" else ""
            lines.append(f"{LABELS[Kind(kind)]} : {said}{level} [{figure['id']}]")
    yield bullets(*map(typeset, lines))


def method(header: dict[str, Any], digest: str, sources: list[str]) -> Iterator[Block]:
    """Caveats, method, sources, and how whoever doubts makes every figure again."""
    yield Heading("Ce que ces chiffres ne disent pas")
    yield bullets(*map(typeset, CAVEATS))
    yield Heading("Méthode")
    areas = header["areas"].values()
    grounds = list(dict.fromkeys(each["sentence"] for each in areas if "sentence" in each))
    yield Paragraph(typeset(
        "Points chauds : somme des faits d’un hexagone et de ses voisins (ou d’une résidence), comparée à des faits répartis au "
        "hasard "
        "aussi irrégulièrement que d’habitude ici (loi bêta-binomiale), au plus 5 % de fausses alertes (Benjamini-Hochberg)"
        + (f" ; zone d’étude : {', '.join(grounds)}" if grounds else "") + ". Évolutions : rapport de taux par jour, intervalle "
        "de "
        "Jeffreys élargi par la dispersion des faits. Tendance : Mann–Kendall et Theil–Sen sur des mois entiers. Taux pour 100 "
        "logements : "
        "intervalle de Poisson. Les atteintes au personnel ne sont comptées que par résidence ; elles n’entrent ni dans les "
        "points chauds, ni dans les mois, ni dans les heures."))
    yield Paragraph(typeset(f"Sources : {' '.join(sources)}"), note=True)
    yield Heading("Vérifier ces chiffres")
    yield Paragraph(typeset(
        f"Cet instantané a figé les données, les filtres et les paramètres sous l’empreinte SHA-256 {digest} (version des "
        f"données {header['data']}, {len(header['figures'])} chiffres). « geoservice snapshot verify » et le cahier « "
        f"verifier-un-instantane » refont "
        "chaque chiffre à partir des faits figés, par les mêmes fonctions, et disent tout octet changé."))
