"""A provider of identities that speaks real HTTP, as ProConnect does: discovery, keys, code with PKCE, signed userinfo, logout.

It is strict (an unknown parameter, a short state, a wrong verifier or a second use of a code are errors), and has one knob for
each way in which a hostile one could lie. `knobs` are changed by tests, `asked` is what it was asked.
"""

from __future__ import annotations

import base64
import hashlib
import json
import secrets
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlencode, urlsplit

from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey

CLIENT, SECRET = "geoservice-essai", "secret-partage-de-l-essai"
AUTHORIZE = {"response_type", "client_id", "redirect_uri", "scope", "state", "nonce", "code_challenge", "code_challenge_method"}


@dataclass
class Person:
    """Whom the provider signs in next."""

    sub: str
    email: str
    verified: bool | None = True
    siret: str = "13002526500013"


@dataclass
class Provider:
    """The provider's state; `knobs` empty is an honest one."""

    issuer: str = ""
    person: Person = field(default_factory=lambda: Person("sub-1", "dsu@rives.fr"))
    knobs: dict[str, Any] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    tokens: dict[str, Person] = field(default_factory=dict)
    redirects: tuple[str, ...] = ()
    key: Any = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "cle-1"}, private=True))
    other: Any = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "cle-1"}, private=True))
    rsa: Any = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "cle-2"}, private=True))

    def document(self) -> dict[str, Any]:
        found = {"issuer": self.issuer, "authorization_endpoint": f"{self.issuer}/authorize",
                 "token_endpoint": f"{self.issuer}/token", "userinfo_endpoint": f"{self.issuer}/userinfo",
                 "jwks_uri": f"{self.issuer}/jwks", "end_session_endpoint": f"{self.issuer}/session/end",
                 "id_token_signing_alg_values_supported": ["RS256", "ES256", "HS256"],
                 "token_endpoint_auth_methods_supported": ["client_secret_post"],
                 "code_challenge_methods_supported": ["S256"], "authorization_response_iss_parameter_supported": True}
        return {**found, **self.knobs.get("document", {})}

    def id_token(self, nonce: str, access_token: str) -> str:
        now = int(time.time())
        half = base64.urlsafe_b64encode(hashlib.sha256(access_token.encode()).digest()[:16]).rstrip(b"=").decode()
        claims = {"iss": self.issuer, "sub": self.person.sub, "aud": CLIENT, "exp": now + 60, "iat": now, "nonce": nonce,
                  "at_hash": half, **self.knobs.get("claims", {})}
        return self.sign({name: value for name, value in claims.items() if value is not None}, self.knobs.get("sign", "ES256"))

    def userinfo(self, person: Person) -> dict[str, Any]:
        found = {"sub": person.sub, "email": person.email, "siret": person.siret, "email_verified": person.verified}
        found |= {"iss": self.issuer, "aud": CLIENT, "iat": int(time.time()), "exp": int(time.time()) + 60}
        return {name: value for name, value in (found | self.knobs.get("about", {})).items() if value is not None}

    def sign(self, claims: dict[str, Any], how: str) -> str:
        if how == "none":
            parts = (json.dumps(part).encode() for part in ({"alg": "none", "typ": "JWT"}, claims))
            return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts) + "."
        if how == "public":  # HS256 with the published key as its secret
            secret = OctKey.import_key(json.dumps(self.key.as_dict(private=False)))
            return jws.serialize_compact({"alg": "HS256", "kid": "cle-1"}, json.dumps(claims), secret, algorithms=["HS256"])
        if how == "secret":  # HS256 with the client's secret, as some providers do
            return jws.serialize_compact({"alg": "HS256", "kid": "cle-1"}, json.dumps(claims), OctKey.import_key(SECRET * 2),
                                         algorithms=["HS256"])
        if how == "rsa":
            return jwt.encode({"alg": "RS256", "kid": "cle-2"}, claims, self.rsa)
        return jwt.encode({"alg": "ES256", "kid": "cle-1"}, claims, self.other if how == "other" else self.key)


class Handler(BaseHTTPRequestHandler):
    """One request; the provider hangs on the server."""

    protocol_version = "HTTP/1.1"

    @property
    def provider(self) -> Provider:
        return self.server.provider  # type: ignore[attr-defined]

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        name = parts.path.removeprefix("/api/v2")
        self.provider.asked.append(name)
        if not self._spoiled(name):
            {"/.well-known/openid-configuration": self._document, "/jwks": self._jwks, "/authorize": self._authorize,
             "/userinfo": self._userinfo, "/session/end": self._end}.get(name, self._nothing)(
                 {key: values[0] for key, values in parse_qs(parts.query).items()})

    def do_POST(self) -> None:
        name = urlsplit(self.path).path.removeprefix("/api/v2")
        self.provider.asked.append(name)
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if not self._spoiled(name):
            self._token({key: values[0] for key, values in parse_qs(body).items()})

    def _spoiled(self, name: str) -> bool:
        """What a broken or hostile provider answers: (status, headers, body) for this address."""
        spoiled = self.provider.knobs.get(name)
        if spoiled is not None:
            self._send(*spoiled)
        return spoiled is not None

    def _send(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.send_response(status)
        for name, value in {"Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        with suppress(OSError):  # the other side had enough
            self.wfile.write(body)

    def _json(self, value: Any, status: int = 200) -> None:
        self._send(status, {"Content-Type": "application/json"}, json.dumps(value).encode())

    def _nothing(self, _: dict[str, str]) -> None:
        self._json({"error": "not_found"}, 404)

    def _document(self, _: dict[str, str]) -> None:
        self._json(self.provider.document())

    def _jwks(self, _: dict[str, str]) -> None:
        keys = [self.provider.key.as_dict(private=False), self.provider.rsa.as_dict(private=False)]
        self._json({"keys": self.provider.knobs.get("keys", keys)})

    def _authorize(self, given: dict[str, str]) -> None:
        fine = (set(given) == AUTHORIZE and given["client_id"] == CLIENT and given["redirect_uri"] in self.provider.redirects
                and len(given["state"]) >= 32 and len(given["nonce"]) >= 32 and given["code_challenge_method"] == "S256"
                and given["response_type"] == "code" and "openid" in given["scope"].split())
        if not fine:
            self._json({"error": "invalid_request"}, 400)
            return
        code = secrets.token_urlsafe(24)
        self.provider.codes[code] = given
        back = {"code": code, "state": given["state"], "iss": self.provider.issuer, **self.provider.knobs.get("back", {})}
        back = {name: value for name, value in back.items() if value is not None}
        self._send(303, {"Location": f"{given['redirect_uri']}?{urlencode(back)}"}, b"")

    def _token(self, given: dict[str, str]) -> None:
        asked = self.provider.codes.pop(given.get("code", ""), None)
        digest = hashlib.sha256(given.get("code_verifier", "").encode()).digest()
        proven = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        if self._client(given) != (CLIENT, SECRET):
            self._json({"error": "invalid_client"}, 401)
        elif asked is None or asked["code_challenge"] != proven or asked["redirect_uri"] != given.get("redirect_uri"):
            self._json({"error": "invalid_grant", "error_description": "CANARI de l’erreur"}, 400)
        else:
            access = secrets.token_urlsafe(16)
            self.provider.tokens[access] = self.provider.person
            self._json({"access_token": access, "token_type": "Bearer", "expires_in": 60,
                        "id_token": self.provider.id_token(asked["nonce"], access)})

    def _client(self, given: dict[str, str]) -> tuple[str, str]:
        if "client_secret" in given:
            return given.get("client_id", ""), given["client_secret"]
        name, _, secret = base64.b64decode(self.headers.get("Authorization", "Basic Og==")[6:]).decode().partition(":")
        return unquote(name), unquote(secret)

    def _userinfo(self, _: dict[str, str]) -> None:
        person = self.provider.tokens.get(self.headers.get("Authorization", "")[7:])
        if person is None:
            self._json({"error": "invalid_token"}, 401)
        elif self.provider.knobs.get("plain"):
            self._json(self.provider.userinfo(person))
        else:
            token = self.provider.sign(self.provider.userinfo(person), self.provider.knobs.get("sign_about", "ES256"))
            self._send(200, {"Content-Type": "application/jwt"}, token.encode())

    def _end(self, given: dict[str, str]) -> None:
        if not {"id_token_hint", "state", "post_logout_redirect_uri"} <= set(given) or given["id_token_hint"].count(".") != 2:
            self._json({"error": "invalid_request"}, 400)
            return
        self._send(303, {"Location": f"{given['post_logout_redirect_uri']}?state={given['state']}"}, b"")


@contextmanager
def running() -> Iterator[Provider]:
    """A provider that answers on this machine."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.provider = Provider(f"http://127.0.0.1:{server.server_port}/api/v2")  # type: ignore[attr-defined]
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
    thread.start()
    try:
        yield server.provider  # type: ignore[attr-defined]
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)
