"""JSON bodies: bounded, of the right type, and checked against a model before anything else sees them."""

from __future__ import annotations

import json
from typing import Any, TypeVar

from fastapi import Request
from pydantic import BaseModel, ConfigDict, ValidationError
from starlette.requests import ClientDisconnect

from geoservice.errors import BadInput, TooLarge

MOST_BYTES = 1 << 20


class Body(BaseModel):
    """What a request may say: nothing else, and of these types."""

    model_config = ConfigDict(extra="forbid", strict=True, frozen=True)


B = TypeVar("B", bound=Body)


async def read_body(request: Request, model: type[B], most: int = MOST_BYTES) -> B:
    """The body of a request as a model; BadInput names the keys that are wrong, never what they hold."""
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/json":
        raise BadInput("Envoyez du JSON : « Content-Type: application/json ».")
    too_long = TooLarge(f"Le corps de cette demande dépasse {most >> 10} Ko.")
    try:
        value = json.loads(await read_bytes(request, most, too_long), parse_constant=_no_number)
        json.dumps(value, ensure_ascii=False).encode()  # half a pair of UTF-16 is no text
        return model.model_validate_json(json.dumps(value))  # JSON has no dates: strict as JSON allows
    except ValidationError as error:
        places = {str(fault["loc"][0]) for fault in error.errors() if fault["loc"]}
        wrong = sorted(places & set(model.model_fields))
        raise BadInput(f"À corriger dans la demande : {', '.join(wrong) or 'ses clés'}. Clés possibles : "
                       f"{', '.join(model.model_fields)}.") from None
    except (ValueError, RecursionError):
        raise BadInput("Le corps de la demande n’est pas du JSON correct en UTF-8.") from None


async def read_bytes(request: Request, most: int, too_long: BadInput | TooLarge) -> bytes:
    """The body as it is; `too_long` is raised beyond `most` bytes, BadInput when the other side leaves."""
    body = bytearray()
    try:
        async for piece in request.stream():
            body += piece
            if len(body) > most:
                raise too_long
    except ClientDisconnect:
        raise BadInput("La demande s’est interrompue.") from None
    return bytes(body)


def _no_number(_name: str) -> Any:
    raise ValueError("NaN")


def documented(model: type[Body], **also: Any) -> dict[str, Any]:
    """The OpenAPI words for a body."""
    return {"requestBody": {"required": True, "content": {"application/json": {"schema": model.model_json_schema()}}}, **also}
