"""From a request to a viewer, to their Reader, and to one typed filter."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, Any

from fastapi import Depends, Request

from geoservice.core.query import PARAMETERS, FactQuery, parse
from geoservice.errors import BadInput, NotFound, NotSignedIn, UnknownParameter
from geoservice.operations import accounts, signin
from geoservice.operations.reader import Reader, open_reader
from geoservice.operations.setup import Storage
from geoservice.types import Viewer
from geoservice.web.actions import allow
from geoservice.web.cookies import secret_of
from geoservice.web.loopback import is_local
from geoservice.web.schemas import SCHEMAS
from geoservice.web.service import Service, service_of

_LONGEST_TOKEN = 200


# Dependencies are coroutines because FastAPI carries each plain function to a thread, which costs more than what they do.
async def viewer(request: Request) -> Viewer:
    """Whom the surface that answers lets in by its door: `signed_in`, or whoever shows a reading key (`web/shared/who.py`)."""
    return request.app.state.door.viewer(request)


def signed_in(request: Request) -> Viewer:
    """`viewer_of`; Forbidden when the viewer may not ask this route (`web/actions.py`)."""
    found = viewer_of(request)
    allow(request, found)
    return found


def viewer_of(request: Request) -> Viewer:
    """THE way from a request to a viewer: a bearer token, else the cookie, else (demo) this machine; NotSignedIn otherwise."""
    service = service_of(request)
    storage = service.opened()
    bearer = request.headers.get("authorization")
    if bearer is not None:
        scheme, _, token = bearer.partition(" ")
        found = token_viewer(storage, token.strip()) if scheme.lower() == "bearer" else None
    else:
        found = _cookie_viewer(service, storage, secret_of(request))
        if found is None and service.demo and is_local(request):
            found = _demo_viewer(storage)
    if found is None:
        raise NotSignedIn("Connectez-vous sur /connexion, ou envoyez votre jeton dans l’en-tête « Authorization: Bearer ».")
    return found


def token_viewer(storage: Storage, token: str) -> Viewer | None:
    """The viewer behind a token, None when it is empty, absurdly long or unknown."""
    return accounts.viewer_of_token(storage, token) if 0 < len(token) <= _LONGEST_TOKEN else None


def _cookie_viewer(service: Service, storage: Storage, secret: str) -> Viewer | None:
    """The viewer behind a cookie: a person who gave their password, or a token that was typed in."""
    if not secret.startswith(signin.PREFIX):
        return token_viewer(storage, secret)
    found = signin.find(storage, secret) if len(secret) <= _LONGEST_TOKEN else None
    if found is not None and found.due:
        service.touch(found.number)
    return None if found is None else found.viewer


def _demo_viewer(storage: Storage) -> Viewer | None:
    """The first organisation of the demo's town."""
    known = storage.memory.get(("organisations",), lambda: accounts.organisations(storage))
    return accounts.viewer_of_organisation(storage, min(known, key=known.__getitem__), "demo") if known else None


async def reader(request: Request, who: Annotated[Viewer, Depends(viewer)]) -> Reader:
    """What this viewer may read, on the indexes as they are now."""
    service = service_of(request)
    return open_reader(service.opened(), service.catalog, who)


def only(*names: str) -> Callable[[Request], Awaitable[dict[str, str]]]:
    """A dependency: the query parameters as texts; an unknown or repeated one is an error, an empty one is as if absent."""

    async def parameters(request: Request) -> dict[str, str]:
        pairs = request.query_params.multi_items()
        given = dict(pairs)
        for name in given:
            if name not in names:
                raise UnknownParameter("Un paramètre de cette demande n’existe pas ici. "
                                       f"Paramètres possibles : {', '.join(names) or 'aucun'}.")
        if len(given) != len(pairs):
            raise BadInput("Un paramètre est donné deux fois ; donnez plusieurs valeurs séparées par des virgules.")
        return {name: text for name, text in given.items() if text}

    return parameters


NoParameters = Depends(only())
Filters = Annotated[dict[str, str], Depends(only(*PARAMETERS))]


async def fact_query(given: Filters) -> FactQuery:
    """The filter of facts that the parameters say."""
    return parse(given)


def one_of(text: str | None, choices: tuple[str, ...], name: str) -> str:
    """A word of a short list, the first when none is given."""
    if text is None:
        return choices[0]
    if text not in choices:
        raise BadInput(f"« {name} » attend l’une de ces valeurs : {', '.join(choices)}.")
    return text


async def layer_name(request: Request, layer: str) -> str:
    """`known_layer`, as a dependency."""
    return known_layer(request, layer)


def known_layer(request: Request, layer: str) -> str:
    """The name of a layer of the catalog, from the path."""
    catalog = service_of(request).catalog
    if layer not in catalog.layers:
        raise NotFound(f"Cette couche n’existe pas. Couches possibles : {', '.join(catalog.layers)}.")
    return layer


CurrentViewer = Annotated[Viewer, Depends(viewer)]
CurrentReader = Annotated[Reader, Depends(reader)]
Query = Annotated[FactQuery, Depends(fact_query)]
LayerName = Annotated[str, Depends(layer_name)]

_DESCRIPTIONS: dict[str, tuple[str, str]] = {
    "kind": ("ville", "Origine des faits : bailleur, ville, habitant ou transport. Obligatoire quand il y en a plusieurs."),
    "from": ("2024-01-01", "Premier jour, compris (date locale)."),
    "to": ("2025-01-01", "Dernier jour, non compris (date locale)."),
    "category": ("DEG,SAL", "Catégories, séparées par des virgules."),
    "nature": ("gardien", "Natures du signalement, séparées par des virgules."),
    "place": ("HALL", "Lieux dans le bâti, séparés par des virgules."),
    "gravity_min": ("2", "Gravité minimale, de 1 à 4."),
    "hours": ("20-6", "Heures locales, de la première comprise à la dernière non comprise ; peut passer minuit."),
    "weekdays": ("6,7", "Jours de 1 (lundi) à 7 (dimanche)."),
    "zone": ("qpv2024:QN07501M", "Zone : qpv2024:CODE, qpv2015:CODE, commune:CODE ou residence:CODE."),
    "bbox": ("2.2,48.8,2.5,48.9", "Ouest,sud,est,nord en degrés (WGS 84)."),
    "resolution": ("9", "Résolution H3, de 4 à 12."),
    "format": ("json", "Format de la réponse."),
    "width": ("960", "Largeur en pixels."),
    "height": ("640", "Hauteur en pixels."),
    "q": ("12 rue de la Paix", "Début d’une adresse, d’une résidence, d’un QPV ou d’une commune."),
    "name": ("faits.csv", "Nom du fichier, avec son extension."),
    "cell": ("8a1fb466b047fff", "Une cellule H3 : seulement ses faits."),
    "step": ("month", "day, week (à partir du lundi) ou month."),
    "by": ("category", "category pour une ligne par catégorie, avec les mots du glossaire, ou all (par défaut)."),
    "level": ("residence", "residence ou commune."),
    "layer": ("qpv", "Nom de la couche."),
    "show": ("hotspots", "Ce qu’une image dessine : counts (les décomptes, par défaut) ou hotspots (les points chauds)."),
    "exposure": ("auto", "À quoi les faits sont rapportés : auto, area (surface vraie) ou dwellings (logements)."),
    "null": ("beta-binomial", "Ce à quoi on compare : beta-binomial, binomial ou permutation."),
    "side": ("upper", "upper (plus qu’attendu), lower (moins) ou two-sided."),
    "compare": ("2023-01-01..2024-01-01", "L’autre période : premier jour..lendemain du dernier ; par défaut, aussi longue, "
                "juste avant."),
    "verdict": ("1", "1 : vérifier aussi la tenue à 27 découpages (une à deux secondes la première fois)."),
    "of": ("residence", "De quoi : residence ou hall."),
    "days": ("90", "Nombre de jours récents, de 14 à 365."),
    "back": ("3", "Mois entre les deux états comparés, de 1 à 24."),
    "state": ("rouge", "Seulement les halls de cet état : vert, jaune, orange, rouge ou inconnu."),
    "residence": ("R12", "Code d’une résidence : elle seule ; toutes par défaut."),
    "lon": ("2.35", "Longitude de la caméra, en degrés."),
    "lat": ("48.86", "Latitude de la caméra, en degrés."),
    "azimuth": ("90", "Où elle regarde : degrés depuis le nord, dans le sens des aiguilles."),
    "height_m": ("4", "Hauteur de la caméra, de 2 à 30 m."),
    "lens": ("4", "Focale en millimètres : 2.8, 4, 6 ou 12, sur un capteur de 5,4 mm et 1 920 pixels."),
    "operator": ("bailleur", "Qui filme : bailleur ou commune."),
    "spots": ("2.4491,48.8921,135;2.4495,48.8922,270", "Caméras : longitude, latitude, direction, et au besoin leur support."),
    "weights": ("count", "Poids des faits : count, gravity (gravité), excess (points chauds) ou hours (heures à risque)."),
    "purpose": ("observe", "À quoi elle doit servir : detect, observe, recognise ou identify."),
    "masks": ("1", "1 : la voie publique est derrière un masque irréversible."),
    "night_m": ("30", "De nuit : à combien de mètres on voit encore, de 5 à 100 ; sans elle, de jour."),
    "backup": ("50", "Ce que vaut une seconde caméra sur un lieu, en pour cent de la première."),
    "existing": ("directed", "Caméras existantes qui comptent : directed (direction connue), all ou none."),
    "support": ("building", "Ce qui la porte : building, ou street (un support de la rue)."),
    "generation": ("2024", "Millésime de la couche ; le plus récent par défaut."),
}


def described(*names: str, answers: tuple[str, ...] = ("application/json",)) -> dict[str, Any]:
    """The OpenAPI words for query parameters that a route reads itself, and for its media types."""
    parameters = [{"name": name, "in": "query", "required": False, "schema": SCHEMAS.get(name, {"type": "string"}),
                   "description": _DESCRIPTIONS[name][1], "example": _DESCRIPTIONS[name][0]} for name in names]
    content = {media_type: {} for media_type in answers}
    return {"parameters": parameters, "responses": {
        "200": {"description": "Réponse", "content": content}, "204": {"description": "Il n’y a rien ici."}}}
