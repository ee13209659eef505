"""What the routes of shared releases take, in the words of OpenAPI."""

from __future__ import annotations

from typing import Any

from geoservice.core.disclosure.places import LEVELS
from geoservice.operations.shared_read import STEPS
from geoservice.types import Kind

_WORDS: dict[str, tuple[dict[str, Any], str, str]] = {
    "kind": ({"type": "string", "enum": [str(kind) for kind in Kind]}, "bailleur", "Origine des faits."),
    "level": ({"type": "string", "enum": list(LEVELS)}, "qpv", "Niveau diffusé ; le plus fin par défaut."),
    "period": ({"type": "string", "pattern": "^[0-9]{4}(-Q[1-4]|-[0-9]{2})?$"}, "2024-Q1", "Année, trimestre ou mois diffusé."),
    "group": ({"type": "string", "pattern": "^(all|group:[a-z]{1,30}|category:[A-Z]{3})$"}, "all",
              "Groupe de catégories diffusé."),
    "place": ({"type": "string", "maxLength": 60}, "qpv2024:QN07501M", "Lieu, par sa référence publique."),
    "by": ({"type": "string", "enum": list(STEPS)}, "quarter", "Pas de la série."),
    "year": ({"type": "string", "pattern": "^[0-9]{4}$"}, "2024", "Année close."),
    "version": ({"type": "string", "maxLength": 80}, "",
                "Version que donne la liste : la réponse se garde alors pour toujours."),
}


def said(*names: str, path: tuple[str, ...] = (), answers: tuple[str, ...] = ("application/json",)) -> dict[str, Any]:
    """OpenAPI parameters by name, those in the path too, and media types."""
    inside = [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in path]
    asked = [{"name": name, "in": "query", "required": False, "schema": _WORDS[name][0], "description": _WORDS[name][2],
              **({"example": _WORDS[name][1]} if _WORDS[name][1] else {})} for name in names]
    return {"parameters": [*inside, *asked],
            "responses": {"200": {"description": "Réponse", "content": {one: {} for one in answers}},
                          "204": {"description": "Il n’y a rien ici."}}}
