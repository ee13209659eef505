"""Signing in by a provider of identities (ProConnect), where the settings name one."""

from __future__ import annotations

import secrets

from fastapi import APIRouter, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import RedirectResponse, Response

from geoservice.errors import GeoserviceError
from geoservice.operations import identities, signin
from geoservice.operations.oidc import CALLBACK, ENDED, Identified, Intent
from geoservice.web.cookies import secret_of
from geoservice.web.dependencies import NoParameters
from geoservice.web.provider import give_intent, intent_of, keep_hint, provider_of, take_intent
from geoservice.web.routes.page import form, let_in, peer_of
from geoservice.web.service import service_of

router = APIRouter(include_in_schema=False)
_READ = ("code", "state", "iss", "error")


@router.get("/connexion/proconnect", dependencies=[NoParameters])
async def leave(request: Request) -> Response:
    """To the provider, with what has to come back from it."""
    provider, secret = provider_of(service_of(request)), secrets.token_urlsafe(32)
    try:
        address = await run_in_threadpool(provider.authorize, Intent(secret))
    except GeoserviceError as error:
        return form(request, str(error), error.status, "email")
    response = RedirectResponse(address, 303, {"Cache-Control": "no-store"})
    give_intent(request, response, secret)
    return response


@router.get(CALLBACK)
async def come_back(request: Request) -> Response:
    """From the provider: whoever it names comes in, if an administrator made them a member."""
    service = service_of(request)
    provider = provider_of(service)
    try:
        known = await run_in_threadpool(_identified, request)
        secret = await run_in_threadpool(identities.sign_in, service.opened(), known, provider.name, secret_of(request))
        response = let_in(request, secret)
        keep_hint(request, response, known)
    except GeoserviceError as error:
        response = form(request, str(error), error.status, "email")
    take_intent(request, response)
    return response


def _identified(request: Request) -> Identified:
    """Whom the provider names; what a provider adds to its answer beside what is read here means nothing."""
    service, pairs = service_of(request), request.query_params.multi_items()
    provider, intent = provider_of(service), Intent(intent_of(request))
    returned = {name: text for name, text in pairs if name in _READ and sum(name == other for other, _ in pairs) == 1}
    code = provider.code_of(intent, returned)
    signin.count_network(service.opened(), peer_of(request))  # after the state: no other site's page can use up the tries
    return provider.identify(intent, code)


@router.get(ENDED)
def ended() -> Response:
    """From the provider, after it ended its own session: nothing of ours hangs on it."""
    return RedirectResponse("/connexion", 303, {"Cache-Control": "no-store"})
