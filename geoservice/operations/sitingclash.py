"""Why there is no plan: the limits that clash, in a sentence that says what would do."""

from __future__ import annotations

from geoservice.core.siting.choose import Plan as Choice
from geoservice.core.siting.programme import OPTIMAL, Clash
from geoservice.core.stats.words import number
from geoservice.operations.sitingasked import Asked
from geoservice.operations.sitingcost import euros
from geoservice.operations.sitingdemand import Seen
from geoservice.operations.sitingplaces import Sites


def clash_of(asked: Asked, seen: Seen, sites: Sites, found: Choice) -> str:
    """Why no plan keeps what was asked, and what would; empty where one does."""
    if found.clashes:
        return _zones(asked, seen, found.clashes[0])
    cheapest = float(sites.prices[:, 1].min())
    if asked.budget is not None and asked.budget < cheapest:
        return (f"{euros(asked.budget)} ne paient aucune caméra : la moins chère ici compte pour {euros(cheapest)}, le haut de "
                "sa fourchette. Augmentez le budget, ou regardez les réponses sans caméra.")
    if not len(found.chosen) and found.status == OPTIMAL:
        return ("Une caméra n’ajoute rien ici : aucun emplacement permis n’a en vue un fait qui pèse et que les caméras "
                "existantes comptées n’ont pas. Prenez un objectif plus long, ou regardez les réponses sans caméra.")
    return ""


def _zones(asked: Asked, seen: Seen, clash: Clash) -> str:
    what = f"{number(100 * asked.least, 0)} % des faits de {', '.join(seen.zones[zone] for zone in clash.zones)}"
    if not clash.possible:
        return f"Aucun plan ne voit {what} : baissez cette part, prenez un objectif plus long ou un usage moins exigeant."
    needs = [*([f"{clash.cameras} caméras"] if clash.cameras is not None else []),
             *([f"{euros(clash.budget)} (haut des fourchettes)"] if clash.budget is not None else [])]
    return f"Il faut au moins {' et '.join(needs)} pour voir {what} : ajoutez-en, ou baissez cette part."
