"""Pages of accounts, as plain forms: one's own sign-ins and tokens, the members of an organisation, its audit."""

from __future__ import annotations

import re
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from geoservice.errors import BadInput, NotFound
from geoservice.operations import accounts, audit, people, signin
from geoservice.operations.permissions import Action, can
from geoservice.types import Role, Scope, Viewer
from geoservice.web.cookies import secret_of, take_back
from geoservice.web.dependencies import CurrentViewer, NoParameters, only
from geoservice.web.formpage import page, render, tried
from geoservice.web.forms import read_form
from geoservice.web.origin import refuse_other_sites
from geoservice.web.routes.page import let_in, peer_of
from geoservice.web.service import service_of

router = APIRouter(include_in_schema=False)
_SENT = [NoParameters, Depends(refuse_other_sites)]
ROLES_GIVEN = (Role.DSU_MEMBER, Role.ANALYST, Role.ORG_ADMIN, Role.POLICE_LIAISON)  # the platform's are made at the command line
DAYS = (30, 90, 365)


def number_in_path(number: str) -> int:
    """A number, from the path."""
    if not re.fullmatch(r"[0-9]{1,9}", number, re.ASCII):
        raise NotFound("Cela n’existe pas.")
    return int(number)


Number = Annotated[int, Depends(number_in_path)]


# --- one's own

@router.get("/compte", dependencies=[NoParameters])
def accountpage(request: Request) -> Response:
    """One's own sign-ins and tokens."""
    return page(request, _account)


@router.post("/compte/mot-de-passe", dependencies=_SENT)
async def password(request: Request, who: CurrentViewer) -> Response:
    """Another password: signs every browser out."""
    given = await read_form(request, "old", "new", "again")

    def change() -> Response:
        if who.person is None:
            raise BadInput("Vous êtes connecté par un jeton, qui n’a pas de mot de passe.")
        if given["new"] != given["again"]:
            raise BadInput("Les deux nouveaux mots de passe ne sont pas les mêmes.")
        storage = service_of(request).opened()
        signin.count_account(storage, who.name, peer_of(request))  # an open browser is no place to guess
        people.change_own_password(storage, who, given["old"], given["new"])
        response = RedirectResponse("/connexion", 303, {"Cache-Control": "no-store"})
        take_back(request, response)
        return response

    return await run_in_threadpool(tried, request, who, _account, change)


@router.post("/compte/connexions/{number}/fermer", dependencies=_SENT)
def close(request: Request, who: CurrentViewer, number: Number) -> Response:
    """Sign one of one's browsers out."""
    return tried(request, who, _account, lambda: signin.close(service_of(request).opened(), who, number))


@router.post("/compte/organisation", dependencies=_SENT)
async def organisation(request: Request, who: CurrentViewer) -> Response:
    """Another of one's organisations."""
    given = await read_form(request, "place")

    def change() -> Response:
        return let_in(request, signin.change_organisation(
            service_of(request).opened(), who, secret_of(request), number_in_path(given["place"])))

    return await run_in_threadpool(tried, request, who, _account, change)


@router.post("/compte/jetons", dependencies=_SENT)
async def make_token(request: Request, who: CurrentViewer) -> Response:
    """A token for programs, shown once."""
    given = await read_form(request, "name", "scope", "days")

    def make() -> Response:
        if given["scope"] not in list(Scope) or given["days"] not in map(str, DAYS):
            raise BadInput("Choisissez ce que le jeton permet et sa durée dans les listes.")
        wish = accounts.TokenWish(given["name"].strip(), _scope(who, given["scope"]), int(given["days"]), who.person,
                                  audit.actor_of(who))
        token = accounts.make_token(service_of(request).opened(), who.organisation_id, wish)
        return render(request, who, _account, told=token)

    return await run_in_threadpool(tried, request, who, _account, make)


def _scope(who: Viewer, asked: str) -> Scope:
    # a token acts for the organisation: it must not write what its maker may not
    return Scope.READ if not can(who, Action.IMPORT) else Scope(asked)


@router.post("/compte/jetons/{number}/revoquer", dependencies=_SENT)
def revoke_own(request: Request, who: CurrentViewer, number: Number) -> Response:
    """One of one's own tokens no longer opens."""
    return tried(request, who, _account, lambda: accounts.revoke_token(
        service_of(request).opened(), who.organisation_id, number, (audit.actor_of(who), who.person)))


def _account(request: Request, who: Viewer) -> dict[str, Any]:
    storage = service_of(request).opened()
    own = accounts.tokens(storage, who.organisation_id, who.person) if who.person is not None else []
    return {"page": "compte", "places": signin.places(storage, who), "days": DAYS,
            "sign_ins": signin.listing(storage, who, secret_of(request)),
            "tokens": [token for token in own if accounts.is_alive(token)], "may_make": can(who, Action.OWN_TOKENS),
            "scopes": list(Scope) if can(who, Action.IMPORT) else [Scope.READ]}


# --- an organisation's

@router.get("/membres", dependencies=[NoParameters])
def memberspage(request: Request) -> Response:
    """Members and tokens of one's organisation."""
    return page(request, _members)


@router.post("/membres", dependencies=_SENT)
async def join(request: Request, who: CurrentViewer) -> Response:
    """A new member; a first password is shown once."""
    given = await read_form(request, "email", "role", "territory")

    def add() -> Response:
        place = _place(who, given)
        joined = people.join(service_of(request).opened(), given["email"], place, actor=audit.actor_of(who))
        return render(request, who, _members, told=joined.password or "", joined=given["email"].strip().lower())

    return await run_in_threadpool(tried, request, who, _members, add)


@router.post("/membres/{number}/role", dependencies=_SENT)
async def role(request: Request, who: CurrentViewer, number: Number) -> Response:
    """Another role for a member."""
    given = await read_form(request, "role", "territory")
    return await run_in_threadpool(tried, request, who, _members, lambda: people.change_role(
        service_of(request).opened(), number, _place(who, given), audit.actor_of(who)))


@router.post("/membres/{number}/retirer", dependencies=_SENT)
def leave(request: Request, who: CurrentViewer, number: Number) -> Response:
    """A member leaves."""
    return tried(request, who, _members, lambda: people.leave(
        service_of(request).opened(), number, who.organisation_id, audit.actor_of(who)))


@router.post("/membres/jetons/{number}/revoquer", dependencies=_SENT)
def revoke_any(request: Request, who: CurrentViewer, number: Number) -> Response:
    """A token of the organisation no longer opens."""
    return tried(request, who, _members, lambda: accounts.revoke_token(
        service_of(request).opened(), who.organisation_id, number, (audit.actor_of(who), None)))


def _place(who: Viewer, given: dict[str, str]) -> people.Place:
    if given["role"] not in ROLES_GIVEN:
        raise BadInput("Choisissez un rôle de la liste.")
    return people.Place(who.organisation_id, Role(given["role"]), given["territory"].strip() or None)


def _members(request: Request, who: Viewer) -> dict[str, Any]:
    storage = service_of(request).opened()
    return {"page": "membres", "members": people.members(storage, who.organisation_id), "roles": ROLES_GIVEN,
            "tokens": [token for token in accounts.tokens(storage, who.organisation_id) if accounts.is_alive(token)]}


@router.get("/journal")
def journalpage(request: Request, given: Annotated[dict[str, str], Depends(only("avant"))]) -> Response:
    """The audit of one's organisation, newest first."""
    before = number_in_path(given["avant"]) if "avant" in given else None
    return page(request, lambda request, who: _journal(request, who, before))


def _journal(request: Request, who: Viewer, before: int | None) -> dict[str, Any]:
    storage = service_of(request).opened()
    rows = audit.listing(storage, who.organisation_id, before)
    names = {f"personne {member.person_id}": member.email for member in people.members(storage, who.organisation_id)}
    return {"page": "journal", "rows": rows, "names": names, "more": rows[-1].seq if len(rows) == audit.SHOWN else None,
            "actions": audit.LABELS}
