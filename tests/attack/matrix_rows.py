"""One row an operation: who may ask it, whose things it names, what it answers. The cross-tenant matrix is made of these.

A new endpoint needs a row here, and nothing else: its parameters and formats are read from the API's description. `may` is
written by hand and not read from `operations.permissions`, so that a mistake there is found here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

Names = Mapping[str, str]
EVERYBODY = frozenset({"dsu_member", "analyst", "org_admin", "police_liaison", "platform_admin", "token_read", "token_write"})
PERSONS = frozenset({"dsu_member", "analyst", "org_admin", "police_liaison", "platform_admin"})
READERS = frozenset({"dsu_member", "analyst", "org_admin", "token_read", "token_write"})
WRITERS = frozenset({"dsu_member", "org_admin", "token_write"})
LISTERS = frozenset({"dsu_member", "org_admin", "token_read", "token_write"}) - {"token_read"}  # seeing imports is writing's
MAKERS = frozenset({"dsu_member", "analyst", "org_admin"})
ADMIN = frozenset({"org_admin"})
APPROVERS = frozenset({"org_admin", "platform_admin"})
ASKERS = frozenset({"platform_admin"})
SHARERS = frozenset({"dsu_member", "analyst", "org_admin", "police_liaison", "token_read", "token_write"})
DESK = frozenset({"dsu_member", "org_admin"})
LIAISON = frozenset({"police_liaison"})
NOBODY_NEEDED = None  # public: anybody, signed in or not

OK, BEGUN = frozenset({200}), frozenset({202})
TILE, EMPTY, GONE, BAD, DONE = frozenset({200, 204}), frozenset({204}), frozenset({404}), frozenset({400}), frozenset({303})
BUSY = frozenset({409})

# they repeat a filter, and read nothing by it
ECHOES = frozenset({"GET /api/snippet", "GET /tiles/{layer}/tilejson.json"})


@dataclass(frozen=True)
class Row:
    """What is asked and answered.

    `may`: roles that get an answer, None for anybody at all. `path`: which of a landlord's names stands in a hole of the path,
    where it is called otherwise. `own`, `other`, `none`: statuses by whose the things are; `also`: those of single roles.
    `aims`: whether documented filters are aimed at a place; `files`: whether every format is asked. `queries`: what the
    description cannot know. `form`, `json`, `content`: a body. `page`: leads people elsewhere instead of 401 or 403.
    `uses_up`: what a request of one's own ends, and which is made anew before it.
    """

    may: frozenset[str] | None
    path: Mapping[str, str] = field(default_factory=dict)
    own: frozenset[int] = OK
    other: frozenset[int] = OK
    none: frozenset[int] = OK
    aims: bool = True
    files: bool = True
    form: Callable[[Names], dict[str, str]] | None = None
    json: Callable[[Names], Any] | None = None
    content: bytes | None = None
    page: bool = False
    uses_up: str = ""
    queries: Callable[[Names], tuple[dict[str, str], ...]] = lambda names: ({},)
    also: Mapping[str, Mapping[str, frozenset[int]]] = field(default_factory=dict)


def named(may: frozenset[str], **more: Any) -> Row:
    """A row whose path names a thing: somebody else's does not exist."""
    return Row(may, **{"other": GONE, "none": GONE, **more})


def in_state(operation: str, row: Row, role: str, state: str) -> Row:
    """A row as somebody in a state meets it: a share link that ended is no link any more."""
    link = role == "share_link" and operation == "GET /p/{secret}"
    return replace(row, own=row.none) if link and state in ("revoked", "expired") else row


def empty(_: Names) -> dict[str, str]:
    return {}


def numbered(what: str) -> dict[str, str]:
    return {"number": what}


def as_csv(_: Names) -> tuple[dict[str, str], ...]:
    """The answer, and its file: these have one format of files."""
    return {}, {"format": "csv"}


_PLAIN = {path: Row(READERS) for path in (
    "/api/cells", "/api/hotspots", "/api/profile", "/api/trend", "/api/concentration", "/api/near-repeat", "/api/change",
    "/api/units", "/api/series", "/api/calendar", "/api/facets", "/api/geometry", "/api/values", "/api/residences",
    "/api/layers", "/api/snippet", "/api/calibration")}
_MEASURES = {**{path: Row(READERS, files=False, queries=as_csv) for path in ("/api/complaints", "/api/rates")},
             "/api/capture": Row(READERS), "/api/completeness": Row(READERS),
             "/api/yearly": Row(READERS, files=False, other=OK | GONE, none=OK | GONE, queries=lambda names: (
                 {}, {"residence": names["residence"]}, {"residence": names["residence"], "format": "xlsx"}))}
_DRAWN = {path: Row(READERS, queries=lambda names: ({"show": "counts"}, {"show": "hotspots", "exposure": "area"}))
          for path in ("/api/map.svg", "/api/map.png", "/api/carte.pdf")}
ROWS: dict[str, Row] = {
    **{f"GET {path}": row for path, row in {**_PLAIN, **_MEASURES, **_DRAWN}.items()},
    "GET /api/zones": Row(READERS, queries=lambda names: ({"layer": "qpv"}, {"layer": "patrimoine"}, {"layer": "halls"})),
    "GET /api/search": Row(READERS, queries=lambda names: (
        {"q": names["word"]}, {"q": f"résidence {names['word']}"}, {"q": "rue"}, {"q": "hall"})),
    "GET /api/cells/{cell}": Row(READERS, files=False, queries=lambda names: ({}, {"verdict": "1"})),
    "GET /api/residences/{code:path}": named(READERS),
    "GET /api/zones/{ref:path}": named(READERS, path={"ref": "zone"}, own=GONE),
    "GET /api/quarters/{ref:path}": named(READERS, path={"ref": "zone"}, own=GONE),
    "GET /api/geometry/{version}/{resolution}": named(READERS, path={"resolution": "=11"}, aims=False),
    "GET /api/features/{layer}": Row(READERS, path={"layer": "=patrimoine"}),
    "GET /tiles/{layer}/tilejson.json": Row(READERS, path={"layer": "=incidents"}),
    "GET /tiles/{layer}/{z}/{x}/{y}.mvt": Row(READERS, path={"layer": "=incidents"}, other=EMPTY, none=EMPTY),
    "GET /tiles/{layer}/{z}/{x}/{y}.png": Row(READERS, path={"layer": "=incidents"}, other=EMPTY, none=EMPTY),
    "GET /tiles/hotspots/{z}/{x}/{y}.mvt": Row(READERS, own=TILE, other=EMPTY, none=EMPTY),
    "GET /api/session": Row(EVERYBODY),
    "GET /api/siting/field": Row(READERS, aims=False, queries=lambda names: (
        {"lon": "2.25", "lat": "48.8"}, {"lon": "2.45", "lat": "48.9"})),
    "GET /api/siting/together": Row(READERS, aims=False, queries=lambda names: (
        {"kind": "bailleur", "bbox": "2.24,48.795,2.255,48.803", "spots": "2.25,48.8,0"},)),
    "POST /api/siting/plan": Row(READERS, json=lambda names: {
        "filter": {"kind": "bailleur", "bbox": "2.24,48.795,2.255,48.803"}}),
    # there is no building in this town: an answer with its reason; papers that are made: tests/web/test_sitingpapers.py
    **{f"GET /decider/{name}": Row(READERS, own=BUSY, other=BUSY, none=BUSY, queries=lambda names: (
        {"kind": "bailleur", "bbox": "2.24,48.795,2.255,48.803"},))
        for name in ("plans.pdf", "plan.svg", "plan.gpkg", "etude.pdf", "dossier.pdf")},
    "GET /decider/echeances.ics": Row(READERS, own=BUSY, other=BUSY, none=BUSY, queries=lambda names: (
        {"kind": "bailleur", "bbox": "2.24,48.795,2.255,48.803", "autorisation": "2026-12-01"},)),
    "POST /api/siting/plans": Row(READERS, own=BEGUN, other=BEGUN, none=BEGUN, json=lambda names: {
        "asked": {"kind": "bailleur", "bbox": "2.24,48.795,2.255,48.803"}}),
    # a computation is its viewer's alone: see tests/web/test_computing.py
    **dict.fromkeys(("GET /api/siting/plans/{name}", "DELETE /api/siting/plans/{name}"),
                    named(READERS, path={"name": "=personne"}, own=GONE)),
    # halls
    "GET /api/halls": Row(READERS, queries=lambda names: ({}, {"residence": names["residence"]})),
    "GET /api/halls/{code:path}": named(READERS, path={"code": "hall"}),
    "GET /api/silence": Row(READERS, files=False, queries=lambda names: ({}, {"of": "hall"}, {"format": "csv"})),
    "GET /api/cumul": Row(READERS, files=False, queries=lambda names: ({}, {"of": "hall"}, {"format": "csv"})),
    "POST /api/halls/{code:path}/override": named(WRITERS, path={"code": "hall"}, own=frozenset({201}), json=lambda names: {
        "state": "vert", "reason": "presence", "to": names["later"]}),
    "POST /api/halls/{code:path}/override/{number}/revoke": named(WRITERS, path={"code": "hall", "number": "override"}, own=EMPTY,
                                                                  uses_up="override"),
    "POST /halls/etat": named(WRITERS, own=DONE, form=lambda names: {
        "hall": names["hall"], "state": "jaune", "reason": "mediation", "until": names["later"]}),
    "POST /halls/etat/{number}/retirer": named(WRITERS, path=numbered("override"), own=DONE, uses_up="override",
                                               form=lambda names: {"hall": names["hall"]}),
    # imports
    "GET /api/imports": Row(LISTERS),
    "GET /api/imports/{number}": named(LISTERS, path=numbered("import")),
    "GET /api/imports/{number}/rejects": named(LISTERS, path=numbered("import")),
    "GET /api/imports/{number}/rejects.csv": named(LISTERS, path=numbered("import")),
    "POST /api/imports/{number}/undo": named(WRITERS, path=numbered("undone"), own=frozenset({409})),
    "POST /api/uploads": Row(WRITERS, own=frozenset({201}), other=frozenset({201}), none=frozenset({201}), content=b"a;b\n1;2\n",
                             queries=lambda names: ({"name": "fichier.csv"},)),
    "POST /api/imports/preview": named(WRITERS, json=lambda names: {"upload": names["upload"]}),
    "POST /api/imports/preview.csv": named(WRITERS, json=lambda names: {"upload": names["upload"], "layer": "incidents"}),
    "POST /api/imports": named(WRITERS, own=BAD, json=lambda names: {
        "upload": names["upload"], "layer": "incidents", "columns": {"date": "absente"}}),
    "POST /api/facts": Row(WRITERS, own=frozenset({200, 201}), other=BAD, none=BAD, json=lambda names: {
        "id": "matrice", "date": "2024-05-04", "category": "DEG", "residence": names["residence"]}),
    "POST /api/facts/{key}/annuler": named(WRITERS, path={"key": "=inconnue"}, own=GONE, json=lambda names: {}),
    "GET /api/saisie": Row(LISTERS),
    "GET /api/facts/{key}/proches": Row(LISTERS, path={"key": "=inconnue"}),
    "POST /api/facts/{key}/reunir": named(WRITERS, path={"key": "=inconnue"}, own=GONE, json=lambda names: {"fact": 1}),
    # single facts of one's own register
    "GET /chronologie": named(READERS, page=True, queries=lambda names: ({"residence": names["residence"]},)),
    "GET /api/chronologie.csv": named(READERS, queries=lambda names: ({"residence": names["residence"]},)),
    "GET /suites": Row(READERS, page=True),
    "GET /api/suites": Row(READERS, queries=lambda names: ({}, {"residence": names["residence"]})),
    "GET /patrimoine": named(READERS, page=True, queries=lambda names: ({"residence": names["residence"]},)),
    "POST /patrimoine": Row(WRITERS, own=GONE, other=GONE, none=GONE, form=lambda names: {"layer": "halls", "key": "inconnu"}),
    "POST /patrimoine/{number}/annuler": named(WRITERS, path={"number": "=999999"}, own=GONE, form=empty),
    "POST /suites": Row(WRITERS, own=GONE, other=GONE, none=GONE, form=lambda names: {"fact": "999999", "partner": "police"}),
    "POST /suites/{number}/clore": named(WRITERS, path={"number": "=999999"}, own=GONE, form=lambda names: {"outcome": "fait"}),
    "GET /doublons": Row(WRITERS, page=True),
    "POST /doublons": Row(WRITERS, own=GONE, other=GONE, none=GONE, form=lambda names: {"head": "999998", "r0": "999999"}),
    "POST /doublons/{number}/separer": named(WRITERS, path={"number": "=999999"}, own=GONE, form=empty),
    # pages
    **{f"GET {path}": Row(READERS, page=True) for path in (
        "/", "/lieux", "/mes-residences", "/halls", "/mesures", "/decider", "/decider/dossier", "/donnees")},
    "GET /saisie": Row(WRITERS, page=True),
    "GET /glossaire": Row(READERS, page=True),
    "GET /compte": Row(EVERYBODY, page=True),
    "POST /compte/mot-de-passe": Row(EVERYBODY, own=BAD, other=BAD, none=BAD, form=empty),
    "POST /compte/organisation": Row(EVERYBODY, own=GONE, other=GONE, none=GONE, form=lambda names: {
        "place": names["colleague"]}),
    "POST /compte/connexions/{number}/fermer": named(EVERYBODY, path=numbered("sign_in"), own=DONE, form=empty, uses_up="sign_in",
                                                     also={role: {"own": GONE} for role in ("token_read", "token_write")}),
    "POST /compte/jetons": Row(MAKERS, own=BAD, other=BAD, none=BAD, form=empty),
    "POST /compte/jetons/{number}/revoquer": named(MAKERS, path=numbered("token"), own=DONE, form=empty, uses_up="token"),
    "GET /membres": Row(ADMIN, page=True),
    "POST /membres": Row(ADMIN, own=BAD, other=BAD, none=BAD, form=empty),
    "POST /membres/{number}/role": named(ADMIN, path=numbered("member"), own=DONE, form=lambda names: {"role": "analyst"},
                                         uses_up="member"),
    "POST /membres/{number}/retirer": named(ADMIN, path=numbered("member"), own=DONE, form=empty, uses_up="member"),
    "POST /membres/jetons/{number}/revoquer": named(ADMIN, path=numbered("token"), own=DONE, form=empty, uses_up="token"),
    "GET /journal": Row(ADMIN, page=True),
    "GET /accords": Row(ADMIN, page=True),
    "POST /accords": Row(ADMIN, own=BAD, other=BAD, none=BAD, form=empty),
    "POST /accords/{number}/retirer": named(ADMIN, path=numbered("agreement"), own=DONE, form=empty, uses_up="agreement"),
    "GET /acces": Row(APPROVERS, page=True),
    "POST /acces": Row(ASKERS, own=BAD, other=BAD, none=BAD, form=empty),
    "POST /acces/{number}/accorder": named(APPROVERS, path=numbered("glass"), own=DONE, form=empty, uses_up="glass", also={
        # two people of the platform may agree about any organisation: that is what it is for, and it is told to its administrator
        "platform_admin": {"other": DONE | GONE}}),
    # meetings
    "GET /reunions": Row(READERS, page=True),
    "POST /reunions": Row(WRITERS, own=BAD, other=BAD, none=BAD, form=empty),
    "GET /reunions/{number}": named(READERS, path=numbered("meeting"), page=True),
    "POST /reunions/{number}/instantanes": named(WRITERS, path=numbered("meeting"), own=DONE, form=empty),
    "POST /reunions/{number}/decisions": named(WRITERS, path=numbered("meeting"), own=BAD, form=lambda names: {"lever": "x"}),
    "POST /reunions/{number}/suites": named(WRITERS, path=numbered("meeting"), own=BAD, form=lambda names: {"status": "x"}),
    "POST /reunions/{number}/clore": named(WRITERS, path=numbered("meeting"), own=DONE, form=empty, uses_up="meeting"),
    "GET /reunions/{number}/partage.pdf": named(READERS, path=numbered("meeting"), queries=lambda names: (
        {"territory": names["territory"]},)),
    "POST /reunions/{number}/divulguer": named(ADMIN, path=numbered("meeting"), own=BAD, form=lambda names: {"first": "x"}),
    "GET /instantanes/{number}": named(READERS, path=numbered("snapshot"), page=True,
                                       queries=lambda names: ({}, {"verifier": "1"})),
    "GET /instantanes/{number}/document.pdf": named(READERS, path=numbered("snapshot")),
    "GET /instantanes/{number}/fichier": named(READERS, path=numbered("snapshot")),
    "POST /instantanes/{number}/alleger": named(WRITERS, path=numbered("snapshot"), own=DONE, form=empty, uses_up="snapshot"),
    # levers
    "GET /leviers": Row(READERS, page=True),
    "GET /api/levers": Row(READERS),
    "POST /leviers": Row(WRITERS, own=BAD, other=BAD, none=BAD, form=empty),
    "GET /leviers/{number}": named(READERS, path=numbered("lever"), page=True),
    "GET /leviers/{number}/note.pdf": named(READERS, path=numbered("lever")),
    "POST /leviers/{number}": named(WRITERS, path=numbered("lever"), own=BAD, form=lambda names: {"code": "x"}),
    "POST /leviers/{number}/verrouiller": named(WRITERS, path=numbered("lever"), own=DONE, form=empty, uses_up="lever"),
    "POST /leviers/{number}/deverrouiller": named(WRITERS, path=numbered("lever"), own=BAD, form=lambda names: {"reason": "x"}),
    "POST /leviers/{number}/retirer": named(WRITERS, path=numbered("lever"), own=DONE, form=empty, uses_up="lever"),
    # kept plans
    "GET /decider/plans/{number}": named(READERS, path=numbered("plan"), page=True),
    "GET /decider/comparer": Row(READERS, page=True, other=GONE, none=GONE, queries=lambda names: ({"plans": names["plan"]},)),
    "POST /decider/plans": Row(WRITERS, own=BAD, other=BAD, none=BAD, form=empty),
    "POST /decider/plans/{number}/retirer": named(WRITERS, path=numbered("plan"), own=DONE, form=empty, uses_up="plan"),
    # what is published together
    "GET /api/shared": Row(SHARERS),
    **{f"GET /api/shared/{{territory}}{rest}": named(SHARERS) for rest in ("", "/halls", "/requests")},
    **{f"GET /api/shared/{{territory}}/{what}": named(SHARERS, queries=lambda names: ({"level": "qpv"}, {"level": "r8"}))
       for what in ("values", "changes", "hotspots", "map.svg", "export.csv", "export.geojson", "export.gpkg")},
    "GET /api/shared/{territory}/places/{level}": named(SHARERS, path={"level": "=qpv"}),
    "GET /api/shared/{territory}/trend": named(SHARERS, queries=lambda names: ({"level": "qpv", "place": names["qpv"]},)),
    "GET /api/shared/{territory}/hours": named(SHARERS, queries=lambda names: ({"level": "commune", "place": names["commune"]},)),
    "GET /tiles/shared/{territory}/{level}/{z}/{x}/{y}.mvt": named(SHARERS, path={"level": "=r8"}, own=TILE),
    "POST /api/shared/{territory}/requests/{number}": named(LIAISON, path=numbered("patrol"), own=EMPTY, uses_up="patrol",
                                                            json=lambda names: {"answer": "vu"}),
    "GET /partage": Row(SHARERS, page=True),
    "GET /partages": Row(DESK, page=True),
    "POST /partages/liens": named(DESK, form=lambda names: {
        "layer": f"{names['territory']}/bailleur/qpv", "zone": names["qpv"], "days": "7"}),
    "POST /partages/liens/{number}/revoquer": named(DESK, path=numbered("link"), own=DONE, form=empty, uses_up="link"),
    "POST /partages/cles": named(ADMIN, form=lambda names: {
        "territory": names["territory"], "zone": "", "label": "service", "days": "30"}),
    "POST /partages/cles/{number}/revoquer": named(ADMIN, path=numbered("key"), own=DONE, form=empty, uses_up="key"),
    "POST /partages/demandes": named(DESK, own=DONE, form=lambda names: {
        "where": f"{names['territory']}|qpv|{names['qpv']}", "group": names["group"], "reason": "repetition",
        "wished": names["wished"]}),
    "POST /partages/demandes/{number}/retirer": named(DESK, path=numbered("patrol"), own=DONE, form=empty, uses_up="patrol"),
    # whoever has a link may look; a landlord's revoked one opens nothing
    "GET /p/{secret}": Row(NOBODY_NEEDED, own=OK, other=GONE, none=GONE, queries=lambda names: ({}, {"format": "json"})),
    # for anybody
    "GET /connexion": Row(NOBODY_NEEDED),
    "POST /connexion": Row(NOBODY_NEEDED, own=frozenset({401}), other=frozenset({401}), none=frozenset({401}),
                           form=lambda names: {"token": f"geo_{names['word']}"}),
    "GET /connexion/organisation": Row(NOBODY_NEEDED, own=DONE, other=DONE, none=DONE),
    "POST /connexion/organisation": Row(NOBODY_NEEDED, own=frozenset({401}), other=frozenset({401}), none=frozenset({401}),
                                        form=lambda names: {"place": names["member"]}),
    "GET /connexion/proconnect": Row(NOBODY_NEEDED, own=GONE, other=GONE, none=GONE),
    "GET /connexion/proconnect/retour": Row(NOBODY_NEEDED, own=GONE, other=GONE, none=GONE),
    "GET /connexion/proconnect/fin": Row(NOBODY_NEEDED, own=DONE, other=DONE, none=DONE),
    "GET /api/openapi.json": Row(NOBODY_NEEDED),
    "GET /health/live": Row(NOBODY_NEEDED), "GET /health/ready": Row(NOBODY_NEEDED),
    "GET /saisie/hors-ligne.js": Row(NOBODY_NEEDED),
    "GET /static/{path:path}": Row(NOBODY_NEEDED, path={"path": "=base.css"}),
    "POST /deconnexion": Row(NOBODY_NEEDED, own=DONE, other=DONE, none=DONE, form=empty, uses_up="cookie"),
}

# the surface that runs beside, with reading keys alone: what it answers otherwise than the main one, or has besides
KEYS = frozenset({"reading_key"})
BESIDE: dict[str, Row] = {
    # the key is no liaison's
    "POST /api/shared/{territory}/requests/{number}": named(KEYS, path=numbered("patrol"), own=frozenset({403}),
                                                            json=lambda names: {"answer": "vu"}),
    "GET /": Row(NOBODY_NEEDED, own=DONE, other=DONE, none=DONE),
    "GET /partage/cle": Row(NOBODY_NEEDED),
    "POST /partage/cle": Row(NOBODY_NEEDED, own=frozenset({401}), other=frozenset({401}), none=frozenset({401}),
                             form=lambda names: {"key": f"gsk_{names['word']}"}),
}


def beside(operation: str) -> Row | None:
    """The row of an operation there: whoever may read releases on the main surface is whoever has a key."""
    row = ROWS.get(operation)
    return BESIDE.get(operation) or (row and replace(row, may=KEYS if row.may else None))
