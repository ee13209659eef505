"""The exceptions of the service; each says in French what to do next, and none carries a person's data.

    GeoserviceError
    ├── BadInput            the request or the file says something that cannot be
    │   ├── UnknownParameter    a parameter that does not exist
    │   ├── KindRequired        several kinds are in reach and are never added
    │   ├── TooLarge            more bytes than are accepted
    │   └── UnreadableFile      a file that cannot be read at all (exit 2)
    ├── NotSignedIn         no viewer: there is no data
    ├── TooManyTries        to sign in; later again
    ├── Forbidden           a viewer, but not for this
    ├── NotFound            nothing under this name, for this viewer
    ├── Conflict            something else has this name already, or it is not the moment
    └── NotReady            the data folder cannot be used as it is
        ├── DiskFull            what was asked does not fit on the disk; nothing of it was kept
        └── ReadOnly            the data folder can be read and not written
"""

from __future__ import annotations

import errno


class GeoserviceError(Exception):
    """A domain error. `str(error)` is a French sentence fit for people; `slug` names it for machines."""

    slug = "erreur"
    title = "Erreur"
    status = 400


class BadInput(GeoserviceError):
    slug, title, status = "demande-invalide", "Demande invalide", 400


class UnknownParameter(BadInput):
    slug, title = "parametre-inconnu", "Paramètre inconnu"


class KindRequired(BadInput):
    slug, title = "nature-de-source-requise", "Choisissez une origine des faits"


class UnreadableFile(BadInput):
    slug, title, status = "fichier-illisible", "Fichier illisible", 422


class TooLarge(BadInput):
    slug, title, status = "fichier-trop-gros", "Fichier trop gros", 413


class NotSignedIn(GeoserviceError):
    slug, title, status = "connexion-requise", "Connexion requise", 401


class TooManyTries(GeoserviceError):
    slug, title, status = "trop-d-essais", "Trop d’essais", 429


class Forbidden(GeoserviceError):
    slug, title, status = "acces-refuse", "Accès refusé", 403


class NotFound(GeoserviceError):
    slug, title, status = "introuvable", "Introuvable", 404


class Conflict(GeoserviceError):
    slug, title, status = "conflit", "Conflit", 409


class NotReady(GeoserviceError):
    slug, title, status = "service-indisponible", "Service indisponible", 503


class DiskFull(NotReady):
    slug, title, status = "disque-plein", "Disque plein", 507


class ReadOnly(NotReady):
    slug, title, status = "lecture-seule", "Données en lecture seule", 503


_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_READ_ONLY = (errno.EROFS, errno.EACCES, errno.EPERM)


def of_the_disk(error: OSError) -> NotReady | None:
    """What an error of the operating system means for someone who writes; None when it is not about the disk."""
    if error.errno in _FULL:
        return disk_full()
    return read_only() if error.errno in _READ_ONLY else None


def of_the_operator(error: OSError) -> str:
    """A sentence for someone at the command line: which of their files could not be read or written."""
    if error.errno in _FULL:
        return str(disk_full())
    return f"« {error.filename or 'un fichier'} » ne peut pas être lu ou écrit ; vérifiez son nom, ses droits et le disque."


def disk_full() -> DiskFull:
    """The disk has no room; what was being written is undone."""
    return DiskFull("Le disque est plein : rien de ce qui était enregistré n’est perdu. Libérez de la place, puis relancez la "
                    "même commande ; un import reprend où il s’était arrêté.")


def read_only() -> ReadOnly:
    """The folder refuses to be written."""
    return ReadOnly("Le dossier de données est en lecture seule : rien n’y a été écrit. Rendez-le accessible en écriture, puis "
                    "recommencez.")
