"""Passwords: argon2id, a few at a time because each takes 32 MiB."""

from __future__ import annotations

import secrets
import threading
import unicodedata
from collections.abc import Iterator
from contextlib import contextmanager
from functools import lru_cache
from typing import TYPE_CHECKING

from geoservice.errors import BadInput, NotReady

if TYPE_CHECKING:
    from argon2 import PasswordHasher

LEAST, MOST = 12, 128
_TIMES, _KIB = 3, 32_768
_AT_ONCE = threading.BoundedSemaphore(3)
_PATIENCE_S = 10
# of no password: whoever has no account costs the same time
NOBODY = "$argon2id$v=19$m=32768,t=3,p=1$BwucnsyMlTVCe6TkxiIdYQ$5eGLJ43xUZUtI3rjDeKoLlYcw4U7wMUSSz4nRR/18RA"


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=_TIMES, memory_cost=_KIB, parallelism=1)


@contextmanager
def _in_turn() -> Iterator[None]:
    if not _AT_ONCE.acquire(timeout=_PATIENCE_S):
        raise NotReady("Trop de connexions à la fois ; réessayez dans un instant.")
    try:
        yield
    finally:
        _AT_ONCE.release()


def hashed(password: str) -> str:
    """What is kept of a password."""
    with _in_turn():
        return _hasher().hash(_plain(password))


def matches(password: str, kept: str | None) -> bool:
    """Whether a password is the one; with `None` (no such account) False, after the same work."""
    from argon2.exceptions import InvalidHashError, VerificationError

    with _in_turn():
        try:
            found = _hasher().verify(NOBODY if kept is None else kept, _plain(password))
        except (VerificationError, InvalidHashError):
            return False
    return found and kept is not None


def check(password: str, email: str) -> str:
    """A password that may be chosen; BadInput says why not."""
    text = _plain(password)
    if not LEAST <= len(text) <= MOST:
        raise BadInput(f"Un mot de passe compte de {LEAST} à {MOST} caractères : plusieurs mots conviennent.")
    own = email.partition("@")[0].lower()
    if len(set(text)) < 6 or (len(own) > 3 and own in text.lower()):
        raise BadInput("Ce mot de passe se devine : évitez les répétitions et votre adresse.")
    return password


def generated() -> str:
    """A password of 100 random bits, to be given once and changed."""
    letters = "abcdefghjkmnpqrstuvwxyz23456789"
    return "-".join("".join(secrets.choice(letters) for _ in range(5)) for _ in range(4))


def _plain(password: str) -> str:
    # the same letters, however a keyboard makes them; nothing that UTF-8 cannot write; no more than is worth hashing
    return unicodedata.normalize("NFKC", password).encode("utf-8", "replace").decode()[:MOST + 1]
