"""The exceptions of the service; each says in French what to do next, and none carries a person's data.

    GeoserviceError
    ├── BadInput            the request or the file says something that cannot be
    │   ├── UnknownParameter    a parameter that does not exist
    │   ├── KindRequired        several kinds are in reach and are never added
    │   └── UnreadableFile      a file that cannot be read at all (exit 2)
    ├── NotSignedIn         no viewer: there is no data
    ├── Forbidden           a viewer, but not for this
    ├── NotFound            nothing under this name, for this viewer
    └── NotReady            the data folder cannot be used as it is
"""

from __future__ import annotations


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


class NotSignedIn(GeoserviceError):
    slug, title, status = "connexion-requise", "Connexion requise", 401


class Forbidden(GeoserviceError):
    slug, title, status = "acces-refuse", "Accès refusé", 403


class NotFound(GeoserviceError):
    slug, title, status = "introuvable", "Introuvable", 404


class NotReady(GeoserviceError):
    slug, title, status = "service-indisponible", "Service indisponible", 503
