"""What each route asks of `operations.permissions`: one table. A route that is not in it answers nobody."""

from __future__ import annotations

import time

from fastapi import Request

from geoservice.errors import Forbidden
from geoservice.operations import audit
from geoservice.operations.permissions import Action, require
from geoservice.types import Viewer
from geoservice.web.service import service_of

_READ, _IMPORT, _OWN = Action.READ_FACTS, Action.IMPORT, Action.OWN_ACCOUNT
ACTIONS: dict[str, Action] = {
    **{f"GET {path}": _READ for path in (
        "/", "/lieux", "/glossaire", "/mes-residences", "/halls", "/api/halls", "/api/halls/{code:path}", "/api/silence",
        "/api/cumul", "/api/layers", "/api/cells", "/api/cells/{cell}", "/api/hotspots", "/api/profile",
        "/api/trend", "/api/concentration", "/api/near-repeat", "/api/change", "/api/calibration",
        "/tiles/hotspots/{z}/{x}/{y}.mvt", "/api/units", "/api/zones", "/api/series", "/api/calendar", "/api/facets",
        "/api/geometry", "/api/geometry/{version}/{resolution}", "/api/values", "/api/search", "/api/residences",
        "/leviers", "/leviers/{number}", "/api/levers",
        "/mesures", "/api/complaints", "/api/capture", "/api/rates", "/api/completeness", "/api/yearly",
        "/api/residences/{code:path}", "/api/zones/{ref:path}", "/api/quarters/{ref:path}", "/api/map.svg", "/api/snippet",
        "/api/features/{layer}", "/decider", "/decider/plans/{number}", "/decider/comparer",
        "/api/siting/field", "/api/siting/together",
        "/tiles/{layer}/tilejson.json", "/tiles/{layer}/{z}/{x}/{y}.mvt", "/tiles/{layer}/{z}/{x}/{y}.png")},
    "POST /api/siting/plan": _READ,
    **{f"GET /decider/{name}": Action.EXPORT for name in (
        "plans.pdf", "plan.svg", "plan.gpkg", "etude.pdf", "dossier.pdf", "echeances.ics")},
    "GET /decider/dossier": _READ,
    **dict.fromkeys(("POST /api/siting/plans", "GET /api/siting/plans/{name}", "DELETE /api/siting/plans/{name}"), _READ),
    **dict.fromkeys(("GET /saisie", "GET /api/saisie", "GET /api/facts/{key}/proches"), _IMPORT),
    **dict.fromkeys(("GET /chronologie", "GET /suites", "GET /api/suites", "GET /patrimoine"), _READ),
    **dict.fromkeys(("POST /patrimoine", "POST /patrimoine/{number}/annuler"), Action.RECORD),
    "GET /api/chronologie.csv": Action.EXPORT,
    **dict.fromkeys(("GET /doublons", "POST /doublons", "POST /doublons/{number}/separer", "POST /suites",
                     "POST /suites/{number}/clore", "POST /api/facts/{key}/reunir"), Action.RECORD),
    **{f"GET {path}": Action.EXPORT for path in ("/api/carte.pdf", "/api/map.png")},
    **dict.fromkeys(("GET /reunions", "GET /reunions/{number}", "GET /instantanes/{number}"), _READ),
    **dict.fromkeys(("GET /instantanes/{number}/document.pdf", "GET /instantanes/{number}/fichier",
                     "GET /reunions/{number}/partage.pdf", "GET /leviers/{number}/note.pdf"), Action.EXPORT),
    **{f"POST {path}": Action.RECORD for path in (
        "/leviers", *(f"/leviers/{{number}}{rest}" for rest in ("", "/verrouiller", "/deverrouiller", "/retirer")))},
    **dict.fromkeys(("POST /decider/plans", "POST /decider/plans/{number}/retirer"), Action.RECORD),
    "POST /reunions/{number}/divulguer": Action.DISCLOSE,
    **{f"POST {path}": Action.RECORD for path in (
        "/reunions", "/reunions/{number}/instantanes", "/reunions/{number}/decisions", "/reunions/{number}/suites",
        "/reunions/{number}/clore", "/instantanes/{number}/alleger")},
    **{f"GET {path}": _IMPORT for path in (
        "/donnees", "/api/imports", "/api/imports/{number}", "/api/imports/{number}/rejects",
        "/api/imports/{number}/rejects.csv")},
    **{f"POST {path}": _IMPORT for path in (
        "/api/uploads", "/api/imports/preview", "/api/imports/preview.csv", "/api/imports", "/api/imports/{number}/undo",
        "/api/facts", "/api/facts/{key}/annuler")},
    **{f"GET {path}": Action.READ_RELEASE for path in (
        "/partage", "/api/shared", *(f"/api/shared/{{territory}}{rest}" for rest in (
            "", "/places/{level}", "/values", "/trend", "/changes", "/hours", "/hotspots", "/map.svg", "/halls", "/requests",
            "/export.csv", "/export.geojson", "/export.gpkg")), "/tiles/shared/{territory}/{level}/{z}/{x}/{y}.mvt")},
    **{f"POST {path}": Action.RECORD for path in (
        "/api/halls/{code:path}/override", "/api/halls/{code:path}/override/{number}/revoke", "/halls/etat",
        "/halls/etat/{number}/retirer")},
    "POST /api/shared/{territory}/requests/{number}": Action.ANSWER_PATROL,
    **dict.fromkeys(("GET /partages", "POST /partages/liens", "POST /partages/liens/{number}/revoquer"), Action.SHARE_LINKS),
    **dict.fromkeys(("POST /partages/cles", "POST /partages/cles/{number}/revoquer"), Action.SHARE_KEYS),
    **dict.fromkeys(("POST /partages/demandes", "POST /partages/demandes/{number}/retirer"), Action.ASK_PATROL),
    "GET /api/session": _OWN,
    "GET /compte": _OWN,
    "POST /compte/mot-de-passe": _OWN,
    "POST /compte/connexions/{number}/fermer": _OWN,
    "POST /compte/organisation": _OWN,
    "POST /compte/jetons": Action.OWN_TOKENS,
    "POST /compte/jetons/{number}/revoquer": Action.OWN_TOKENS,
    **dict.fromkeys(("GET /membres", "POST /membres", "POST /membres/{number}/role", "POST /membres/{number}/retirer",
                     "POST /membres/jetons/{number}/revoquer"), Action.MANAGE_MEMBERS),
    "GET /journal": Action.READ_JOURNAL,
    **dict.fromkeys(("GET /accords", "POST /accords", "POST /accords/{number}/retirer"), Action.MANAGE_AGREEMENTS),
    "GET /acces": Action.APPROVE_GLASS,
    "POST /acces": Action.ASK_GLASS,
    "POST /acces/{number}/accorder": Action.APPROVE_GLASS,
}
# reading, until it is asked for as a file
FILES = frozenset({"csv", "xlsx", "gpkg", "geoparquet", "geojson"})
_QUIET_S = 60.0
_refused: dict[tuple[str, str], float] = {}


def allow(request: Request, who: Viewer) -> None:
    """Forbidden when this viewer may not ask this; exports and refusals are noted in the audit."""
    route = f"{request.method.replace('HEAD', 'GET')} {getattr(request.scope.get('route'), 'path', '')}"
    action = ACTIONS.get(route)
    if action is Action.READ_FACTS and request.query_params.get("format") in FILES:
        action = Action.EXPORT
    try:
        if action is None:
            raise Forbidden("Cette adresse n’est ouverte à aucun rôle.")
        require(who, action, who.organisation_id)
    except Forbidden:
        if _first_in_a_while((audit.actor_of(who), route)):
            service_of(request).note(who, "acces", route, audit.REFUSED)
        raise
    if action is Action.EXPORT or route.endswith(".csv"):
        service_of(request).note(who, "export", route, audit.DONE)


def _first_in_a_while(what: tuple[str, str]) -> bool:
    """A page that asks the same again and again fills no audit."""
    moment = time.monotonic()
    if moment - _refused.get(what, -_QUIET_S) < _QUIET_S:
        return False
    if len(_refused) > 1_000:
        _refused.clear()
    _refused[what] = moment
    return True
