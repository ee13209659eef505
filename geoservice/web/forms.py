"""Forms as browsers send them: bounded, and only the fields that a page has."""

from __future__ import annotations

from urllib.parse import parse_qs

from fastapi import Request

from geoservice.errors import BadInput
from geoservice.web.body import read_bytes

LONGEST = 4_096


async def read_form(request: Request, *names: str, most: int = LONGEST) -> dict[str, str]:
    """The fields of a form by name, '' where one is absent; BadInput for anything that is no such form."""
    told = f"{'champs' if len(names) > 1 else 'champ'} {', '.join(f'« {name} »' for name in names)}"
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != "application/x-www-form-urlencoded":
        raise BadInput(f"Envoyez le formulaire en application/x-www-form-urlencoded : {told}.")
    body = await read_bytes(request, most, BadInput(f"Ce formulaire est trop long : {told}."))
    try:
        fields = parse_qs(body.decode("utf-8", "replace"), max_num_fields=len(names) + 1, keep_blank_values=True)
    except ValueError:
        raise BadInput(f"Ce formulaire n’a que ceci : {told}.") from None
    return {name: fields.get(name, [""])[0].replace("\0", "") for name in names}
