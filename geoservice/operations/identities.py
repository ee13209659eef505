"""Which person a provider's name is. Nobody joins by it: membership is given by an administrator, to an e-mail.

A provider knows somebody by (its address, their name there), kept as a digest. The first time, the e-mail it tells links the two:
only one that it says it verified, or, where it does not say, one that the settings trust. From then on the name alone counts: an
e-mail that passes to somebody else opens nothing, and a second name with the e-mail of an account that is linked is refused.
A SIRET is neither asked nor looked at.
"""

from __future__ import annotations

import hashlib
from typing import Any

from geoservice.errors import BadInput, NotFound, NotSignedIn
from geoservice.operations import audit, signin
from geoservice.operations.oidc import Identified
from geoservice.operations.people import clean_email
from geoservice.storage import people as stored
from geoservice.storage.store import Storage
from geoservice.storage.tables import OPEN

NOBODY = ("Aucun compte ne correspond à cette identité. Demandez à l’administrateur de votre organisation de vous ajouter avec "
          "l’adresse e-mail que {name} connaît, ou connectez-vous avec votre mot de passe.")


def sign_in(storage: Storage, known: Identified, name: str, previous: str = "") -> str:
    """The secret of a new cookie (`signin.begin`) for somebody whom the provider `name` knows; NotSignedIn says what to do."""
    digest = digest_of(known.issuer, known.subject)
    with storage.write() as connection:
        person = stored.linked(connection, digest)
        if person is None:
            person = _link(connection, known, digest, storage.settings.oidc_trust_email)
        if person is None:
            audit.note(connection, OPEN, audit.NOBODY, "connexion", outcome=audit.REFUSED)
    if person is None:
        raise NotSignedIn(NOBODY.format(name=name))
    return signin.begin(storage, person, previous)


def _link(connection: Any, known: Identified, digest: str, trusted: bool) -> int | None:
    """The member with this e-mail, linked from now on; None where there is none, or none that may be."""
    if known.email_verified is False or (known.email_verified is None and not trusted):
        return None
    if not known.email.isascii():  # a Kelvin sign in lower case is the letter k of somebody else
        return None
    try:
        found = stored.find(connection, clean_email(known.email))
    except BadInput:
        return None
    if found is None or known.issuer in stored.issuers(connection, found.id):
        return None
    places = stored.memberships(connection, found.id)
    if not places:
        return None
    stored.link(connection, found.id, known.issuer, digest)
    audit.note(connection, places[0].organisation_id, f"personne {found.id}", "identite.reliee", f"personne {found.id}")
    return int(found.id)


def unlink(storage: Storage, email: str, actor: str = audit.COMMAND) -> None:
    """No provider's name is this person any more; the next sign-in by one links again. For the command line."""
    with storage.write() as connection:
        found = stored.find(connection, clean_email(email))
        if found is None or not stored.unlink(connection, found.id):
            raise NotFound("Aucun compte de cette adresse n’est relié à un fournisseur d’identité.")
        stored.revoke(connection, [one.id for one in stored.sign_ins(connection, found.id)], stored.now())
        for member in stored.memberships(connection, found.id):
            audit.note(connection, member.organisation_id, actor, "identite.retiree", f"personne {found.id}")


def digest_of(issuer: str, subject: str) -> str:
    """What is kept of a provider's name for somebody."""
    return hashlib.sha256(f"{issuer}\0{subject}".encode("utf-8", "surrogatepass")).hexdigest()
