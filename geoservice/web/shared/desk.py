"""On the main surface: share links, reading keys and patrol requests of one's organisation, as plain forms."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response

from geoservice.errors import BadInput
from geoservice.operations import audit, shared_access, shared_links, shared_patrol, shared_read
from geoservice.operations import shared_shapes as shapes
from geoservice.operations.permissions import Action, can
from geoservice.operations.shared import Opened
from geoservice.operations.shared_access import Guest
from geoservice.types import Viewer
from geoservice.web.dependencies import CurrentViewer, NoParameters
from geoservice.web.formpage import page, render, tried
from geoservice.web.forms import read_form
from geoservice.web.origin import refuse_other_sites
from geoservice.web.routes.account import Number
from geoservice.web.routes.tiles import base_of
from geoservice.web.service import service_of
from geoservice.web.shared.who import door_of, shared_of

router = APIRouter(include_in_schema=False)
_SENT = [NoParameters, Depends(refuse_other_sites)]
LINK_DAYS, KEY_DAYS = (7, 30, 90), (30, 90, 366)


@router.get("/partages", dependencies=[NoParameters])
def desk(request: Request) -> Response:
    """Links, keys and patrol requests of one's organisation."""
    return page(request, _desk)


@router.post("/partages/liens", dependencies=_SENT)
async def make_link(request: Request, who: CurrentViewer) -> Response:
    """A link to one layer, zone and release, shown once."""
    given = await read_form(request, "layer", "zone", "days")

    def make() -> Response:
        territory, _, layer = given["layer"].partition("/")
        kind, _, level = layer.partition("/")
        guest, days = _guest(request, who), _days(given["days"], LINK_DAYS)
        secret = shared_links.make(shared_of(request), guest, shared_links.LinkWish(territory, kind, level, given["zone"], days))
        _note(request, who, "lien.cree", f"{territory} {kind} {level} {given['zone']}")
        return render(request, who, _desk, told=f"{base_of(request)}/p/{secret}", sort="lien")

    return await run_in_threadpool(tried, request, who, _desk, make)


@router.post("/partages/liens/{number}/revoquer", dependencies=_SENT)
def revoke_link(request: Request, who: CurrentViewer, number: Number) -> Response:
    """A link opens nothing any more."""
    return tried(request, who, _desk, _then(request, who, ("lien.revoque", f"lien {number}"), lambda: shared_links.revoke(
        shared_of(request), who.organisation, number)))


@router.post("/partages/cles", dependencies=_SENT)
async def make_key(request: Request, who: CurrentViewer) -> Response:
    """A reading key for the shared surface, shown once."""
    given = await read_form(request, "territory", "zone", "label", "liaison", "days")

    def make() -> Response:
        guest = _guest(request, who)
        shared_access.opened(shared_of(request), guest, given["territory"])
        secret = shared_access.make_key(shared_of(request), shared_access.KeyWish(
            given["territory"], given["label"].strip(), _days(given["days"], KEY_DAYS), given["zone"] or None,
            bool(given["liaison"]), who.organisation))
        _note(request, who, "cle.creee", f"{given['territory']} {given['zone']}".strip())
        return render(request, who, _desk, told=secret, sort="clé")

    return await run_in_threadpool(tried, request, who, _desk, make)


@router.post("/partages/cles/{number}/revoquer", dependencies=_SENT)
def revoke_key(request: Request, who: CurrentViewer, number: Number) -> Response:
    """A key opens nothing any more."""
    return tried(request, who, _desk, _then(request, who, ("cle.revoquee", f"cle {number}"), lambda: shared_access.revoke_key(
        shared_of(request), number, who.organisation)))


@router.post("/partages/demandes", dependencies=_SENT)
async def ask_patrol(request: Request, who: CurrentViewer) -> Response:
    """Ask the liaison to pass by."""
    given = await read_form(request, "where", "group", "reason", "wished")

    def ask() -> None:
        territory, _, rest = given["where"].partition("|")
        level, _, place = rest.partition("|")
        number = shared_patrol.ask(shared_of(request), _guest(request, who), shared_patrol.PatrolWish(
            territory, level, place, given["group"], given["reason"], given["wished"]))
        _note(request, who, "patrouille.demandee", f"demande {number}")

    return await run_in_threadpool(tried, request, who, _desk, ask)


@router.post("/partages/demandes/{number}/retirer", dependencies=_SENT)
def withdraw_patrol(request: Request, who: CurrentViewer, number: Number) -> Response:
    """Take a request back."""
    return tried(request, who, _desk, _then(request, who, ("patrouille.retiree", f"demande {number}"), lambda: (
        shared_patrol.withdraw(shared_of(request), who.organisation, number))))


def _then(request: Request, who: Viewer, what: tuple[str, str], act: Callable[[], None]) -> Callable[[], None]:
    def acted() -> None:
        act()
        _note(request, who, *what)

    return acted


def _note(request: Request, who: Viewer, action: str, thing: str) -> None:
    service_of(request).note(who, action, thing, audit.DONE)


def _guest(request: Request, who: Viewer) -> Guest:
    return door_of(request).guest(request, who)


def _days(text: str, known: tuple[int, ...]) -> int:
    if text not in map(str, known):
        raise BadInput("Choisissez la durée dans la liste.")
    return int(text)


def _desk(request: Request, who: Viewer) -> dict[str, Any]:
    shared, guest = shared_of(request), _guest(request, who)
    found = [one for one in shared.folder.readable() if one.territory in guest.territories]
    releases = [_release(one) for one in found]
    keys = [key for key in shared_access.keys(shared) if key.organisation == who.organisation and shared_access.alive(key)]
    return {"page": "partages", "releases": releases, "keys": keys,
            "requests": [each for one in found for each in shared_patrol.listing(shared, guest, one.territory)],
            "shares": [(link, shared_access.alive(link)) for link in shared_links.listing(shared, who.organisation)],
            "zone_names": {ref: name for release in releases for ref, name in release["zones"]},
            "kind_name": shared_read.kind_label, "level_names": shared_read.LEVEL_NAMES, "reasons": shared_patrol.REASONS,
            "may_key": can(who, Action.SHARE_KEYS), "link_days": LINK_DAYS, "key_days": KEY_DAYS, "sort": ""}


def _release(one: Opened) -> dict[str, Any]:
    """What can be chosen of a release, the finest level first; for a patrol, quarters and halls first."""
    release = one.release
    zones = [(ref, shapes.name_of(one, ref)) for level in ("commune", "qpv") if level in release.places
             for ref in release.places[level].names]
    levels = list(reversed(shared_read.levels_of(release)))
    asked = sorted((*levels, shared_patrol.HALL), key=lambda level: level not in ("qpv", shared_patrol.HALL))
    places = [(level, shared_read.LEVEL_NAMES.get(level, "Halls que leur propriétaire a fait connaître"),
               list(shared_patrol.places(one, level).items())) for level in asked]
    return {"territory": one.territory, "title": one.title or one.territory, "zones": zones,
            "levels": [(level, shared_read.LEVEL_NAMES[level]) for level in levels],
            "kinds": [(kind, shared_read.kind_label(kind)) for kind in release.kinds], "groups": shared_patrol.groups(one),
            "places": [each for each in places if each[2]]}
