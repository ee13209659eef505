"""Asking a provider of identities (ProConnect) who somebody is: OpenID Connect, authorization code with PKCE.

One provider, that of the settings. Its discovery document may only name addresses of its own origin, and nothing else is ever
asked: no redirect is followed, an answer is bounded in time and size. Tokens are signed with one of `ALGORITHMS` by a key that
the provider publishes; a shared secret signs nothing here. What a browser has to show again (state, nonce, verifier) is derived
from one secret that this browser keeps, so that nothing is kept of somebody who never comes back.

OpenID Connect Core 1.0, Discovery 1.0, RP-Initiated Logout 1.0; RFC 7636 (PKCE), RFC 9207 (mix-up).
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import importlib.util
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode, urlsplit

from geoservice.errors import NotReady, NotSignedIn
from geoservice.settings import Settings

if TYPE_CHECKING:
    import ssl

    import httpx2
    from authlib.integrations.httpx_client import OAuth2Client

ALGORITHMS = ("RS256", "ES256", "PS256")
CALLBACK, ENDED = "/connexion/proconnect/retour", "/connexion/proconnect/fin"
MOST_BYTES, TIMEOUT_S, WHOLE_S = 256 * 1_024, 5.0, 10.0
KEPT_S, LEEWAY_S = 3_600.0, 60
AT_ONCE, PATIENCE_S, SILENCE_S = 4, 2.0, 5.0  # a provider that hangs holds few threads, and not for long
_REQUIRED = ("authorization_endpoint", "token_endpoint", "userinfo_endpoint", "jwks_uri")
_LONGEST = {"code": 2_048, "state": 200, "iss": 300}
log = logging.getLogger("geoservice.oidc")


@dataclass(frozen=True)
class Identified:
    """Whom the provider says somebody is. `email_verified` is None where it does not say; `id_token` signs them out there."""

    issuer: str
    subject: str
    email: str
    email_verified: bool | None
    id_token: str


@dataclass(frozen=True)
class Intent:
    """What goes out with a browser and has to come back, from the secret that it keeps."""

    secret: str

    @property
    def state(self) -> str:
        return self._of("state")

    @property
    def nonce(self) -> str:
        return self._of("nonce")

    @property
    def verifier(self) -> str:
        return self._of("verifier")

    def _of(self, name: str) -> str:
        digest = hmac.new(self.secret.encode("utf-8", "replace"), name.encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(digest).rstrip(b"=").decode()


class Provider:
    """The provider of the settings; its document and keys are kept for an hour. Threads may share it."""

    def __init__(self, settings: Settings) -> None:
        if settings.oidc_issuer is None or settings.oidc_client_secret is None or settings.public_url is None:
            raise NotReady("Aucun fournisseur d’identité n’est réglé.")
        if importlib.util.find_spec("authlib") is None:
            raise NotReady("Un fournisseur d’identité est réglé : installez aussi « geoservice[proconnect] ».")
        self.settings, self.issuer, self.name = settings, settings.oidc_issuer, settings.oidc_name
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}
        self._lock, self._at_once, self._silent_until = threading.Lock(), threading.BoundedSemaphore(AT_ONCE), 0.0

    @property
    def callback(self) -> str:
        """Where the provider sends people back to: never what a request says."""
        return f"{self.settings.public_url}".rstrip("/") + CALLBACK

    def authorize(self, intent: Intent) -> str:
        """The provider's address that a browser is sent to; NotReady when the provider does not answer as it should."""
        with self._asking() as client:
            address, _ = client.create_authorization_url(
                self._document()["authorization_endpoint"], intent.state, intent.verifier, nonce=intent.nonce)
        return str(address)

    def identify(self, intent: Intent, code: str) -> Identified:
        """Who came back with a code of `code_of`; NotSignedIn when anything of it is not as it should be."""
        with self._asking() as client:
            token = client.fetch_token(self._document()["token_endpoint"], grant_type="authorization_code", code=code,
                                       code_verifier=intent.verifier, redirect_uri=self.callback)
            id_token = token.get("id_token")
            if not isinstance(id_token, str) or not isinstance(token.get("access_token"), str):
                raise self._refusal("no token")
            claims = self._id_claims(id_token, intent, token["access_token"])
            about = self._about(client)
        if about.get("sub") != claims["sub"]:
            raise self._refusal("userinfo is about somebody else")
        return _identified(self, claims, about, id_token)

    def sign_out(self, id_token: str, state: str) -> str | None:
        """The provider's address that ends its own session; None where it has none."""
        with self._asking():
            address = self._document().get("end_session_endpoint")
        after = f"{self.settings.public_url}".rstrip("/") + ENDED
        given = urlencode({"id_token_hint": id_token, "state": state, "post_logout_redirect_uri": after})
        return address and f"{address}{'&' if '?' in address else '?'}{given}"

    def code_of(self, intent: Intent, returned: Mapping[str, str]) -> str:
        """The code of an answer that belongs to this browser and to this provider; else NotSignedIn. Nobody is asked for it."""
        if any(len(returned.get(name, "")) > most for name, most in _LONGEST.items()):
            raise self._refusal("too long")
        if not intent.secret or not hmac.compare_digest(returned.get("state", "").encode(), intent.state.encode()):
            raise self._refusal("state")
        issuer, known = returned.get("iss"), self._kept.get("document", (0.0, {}))[1]
        if issuer != self.issuer and (issuer is not None or known.get("authorization_response_iss_parameter_supported")):
            raise self._refusal("the answer of another provider")
        if "error" in returned or not returned.get("code"):
            raise self._refusal("error" if "error" in returned else "no code")
        return returned["code"]

    # --- what came back

    def _id_claims(self, id_token: str, intent: Intent, access_token: str) -> dict[str, Any]:
        from authlib.oidc.core import CodeIDToken

        header, claims = self._signed(id_token)
        asked = {"nonce": intent.nonce, "client_id": self.settings.oidc_client_id, "access_token": access_token}
        checked = CodeIDToken(claims, header, self._expected(), asked)
        checked.validate(leeway=LEEWAY_S)
        return dict(checked)

    def _about(self, client: OAuth2Client) -> dict[str, Any]:
        """What the provider tells of the person: a signed JWT (ProConnect), or JSON."""
        from joserfc.jwt import JWTClaimsRegistry

        answer = client.get(self._document()["userinfo_endpoint"])
        if answer.status_code != 200:
            raise self._refusal(f"userinfo {answer.status_code}")
        if answer.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/jwt":
            return _object(answer.json())
        _, claims = self._signed(answer.text.strip())
        JWTClaimsRegistry(leeway=LEEWAY_S, **self._expected()).validate(claims)
        return claims

    def _expected(self) -> dict[str, Any]:
        expected = {"iss": self.issuer, "aud": self.settings.oidc_client_id}
        return {"sub": {"essential": True}, **{name: {"essential": True, "value": value} for name, value in expected.items()}}

    def _signed(self, token: str) -> tuple[dict[str, Any], dict[str, Any]]:
        """Header and claims of a JWT that one of the provider's keys signed; keys are asked again for a name not known yet."""
        from joserfc import jwt
        from joserfc.errors import InvalidKeyIdError
        from joserfc.jwk import KeySet
        from joserfc.jws import JWSRegistry

        registry = JWSRegistry(algorithms=list(ALGORITHMS), strict_check_header=False)
        for fresh in (False, True):
            keys = KeySet.import_key_set(self._published("jwks_uri", fresh))
            try:
                found = jwt.decode(token, keys, registry=registry)
            except InvalidKeyIdError:
                if fresh:
                    raise
                continue
            return dict(found.header), dict(found.claims)
        raise self._refusal("key")  # pragma: no cover - the loop above returns or raises

    # --- what the provider publishes

    def _document(self) -> dict[str, Any]:
        return self._remembered("document", self._discovered)

    def _discovered(self) -> dict[str, Any]:
        found = self._asked(self.issuer.rstrip("/") + "/.well-known/openid-configuration")
        if found.get("issuer") != self.issuer:
            raise NotReady(self._silent("issuer"))
        for name in (*_REQUIRED, "end_session_endpoint"):
            if (name in found or name in _REQUIRED) and not self._is_own(found.get(name)):
                raise NotReady(self._silent(name))
        methods = found.get("code_challenge_methods_supported")
        if methods is not None and "S256" not in methods:
            raise NotReady(self._silent("S256"))
        return found

    def _published(self, name: str, fresh: bool) -> dict[str, Any]:
        address = self._document()[name]
        return self._remembered(name, lambda: self._asked(address), 30.0 if fresh else KEPT_S)

    def _remembered(self, name: str, look: Callable[[], dict[str, Any]], most_s: float = KEPT_S) -> dict[str, Any]:
        with self._lock:
            moment, found = self._kept.get(name, (0.0, {}))
            if not found or time.monotonic() - moment > most_s:
                if time.monotonic() < self._silent_until:
                    raise NotReady(self._silent("it was silent a moment ago"))
                self._silent_until = time.monotonic() + SILENCE_S
                found = look()
                self._silent_until = 0.0
                self._kept[name] = (time.monotonic(), found)
            return found

    def _is_own(self, address: Any) -> bool:
        return isinstance(address, str) and _origin(address) == _origin(self.issuer) and "#" not in address

    def _asked(self, address: str) -> dict[str, Any]:
        with self._client() as client:
            answer = client.request("GET", address, withhold_token=True)
        try:
            if answer.status_code == 200:
                return _object(answer.json())
        except ValueError:
            pass
        raise NotReady(self._silent(f"status {answer.status_code}"))

    # --- asking

    def _client(self, document: Mapping[str, Any] | None = None) -> OAuth2Client:
        from authlib.integrations.httpx_client import OAuth2Client

        secret = self.settings.oidc_client_secret
        methods = (document or {}).get("token_endpoint_auth_methods_supported", ["client_secret_basic"])
        return OAuth2Client(
            self.settings.oidc_client_id, secret.get_secret_value() if secret else "",
            "client_secret_post" if "client_secret_post" in methods else "client_secret_basic", scope=self.settings.oidc_scope,
            redirect_uri=self.callback, code_challenge_method="S256", transport=_bounded(_origin(self.issuer)),
            follow_redirects=False, timeout=TIMEOUT_S, leeway=0)  # ProConnect's tokens last a minute: none of it is to spare

    @contextmanager
    def _asking(self) -> Iterator[OAuth2Client]:
        """A client; whatever goes wrong while it is used becomes a sentence that quotes nobody."""
        import httpx2
        from authlib.common.errors import AuthlibBaseError
        from joserfc.errors import JoseError

        if not self._at_once.acquire(timeout=PATIENCE_S):
            raise NotReady(self._silent("too many at once"))
        try:
            with self._client(self._document()) as client:
                yield client
        except httpx2.HTTPError as error:
            raise NotReady(self._silent(type(error).__name__)) from None
        except (AuthlibBaseError, JoseError, ValueError, TypeError, KeyError, AttributeError, OverflowError) as error:
            raise self._refusal(type(error).__name__) from None
        finally:
            self._at_once.release()

    def _refusal(self, why: str) -> NotSignedIn:
        log.warning("refused: %s", fixed_word(why))
        return NotSignedIn(f"La connexion avec {self.name} n’a pas abouti. Recommencez depuis la page de connexion.")

    def _silent(self, why: str) -> str:
        log.warning("the provider cannot be used: %s", fixed_word(why))
        return f"{self.name} ne répond pas comme prévu. Réessayez dans un instant, ou connectez-vous avec votre mot de passe."


def fixed_word(why: str) -> str:
    """A reason of this module, a class or a status: nothing that somebody sent gets into a log."""
    return why if re.fullmatch(r"[a-z_ ]{2,40}|S256|(userinfo|status) [1-5]\d\d|[A-Z][A-Za-z]{2,40}", why, re.ASCII) else "?"


def _identified(provider: Provider, claims: Mapping[str, Any], about: Mapping[str, Any], id_token: str) -> Identified:
    subject, email, verified = claims["sub"], about.get("email"), about.get("email_verified")
    if not isinstance(subject, str) or not 0 < len(subject) <= 255:
        raise provider._refusal("sub")
    known = verified if isinstance(verified, bool) else None if verified is None else False
    return Identified(provider.issuer, subject, email if isinstance(email, str) else "", known, id_token)


def _object(value: Any) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise ValueError("no object")
    return value


def _origin(address: str) -> tuple[str, str, int | None]:
    parts = urlsplit(address)
    return parts.scheme, (parts.hostname or "").lower(), parts.port or {"https": 443, "http": 80}.get(parts.scheme)


def _bounded(origin: tuple[str, str, int | None]) -> httpx2.BaseTransport:
    """A transport that speaks to one origin alone and reads no more, and no longer, than is reasonable."""
    import httpx2

    class Bounded(httpx2.HTTPTransport):
        def handle_request(self, request: httpx2.Request) -> httpx2.Response:
            if _origin(str(request.url)) != origin:
                raise httpx2.UnsupportedProtocol("another host")
            request.headers["Accept-Encoding"] = "identity"  # a small answer may not unpack to a large one
            end, body = time.monotonic() + WHOLE_S, bytearray()
            answer = super().handle_request(request)
            try:
                for piece in answer.iter_raw():
                    body += piece
                    if len(body) > MOST_BYTES or time.monotonic() > end:
                        raise httpx2.ReadError("too much")
            finally:
                answer.close()
            kept = [(name, value) for name, value in answer.headers.items() if name in ("content-type", "location")]
            return httpx2.Response(answer.status_code, headers=kept, content=bytes(body))

    return Bounded(_trusted())


@lru_cache(maxsize=1)
def _trusted() -> ssl.SSLContext:
    """The authorities that this machine trusts; reading them takes longer than a request."""
    import httpx2

    return httpx2.create_ssl_context()
