"""An owner's exact figure through the door: the warning first, then the note in the audit, then the paper for those outside."""

from __future__ import annotations

import numpy as np
import pypdfium2
import pytest
from starlette.testclient import TestClient

from geoservice.operations import accounts, people, publishing, setup
from geoservice.types import Role
from geoservice.web.app import create_app
from tests.operations import sharedworld as world

PASSWORD = "quatre mots bien choisis"
FORM = {"territory": world.CODE, "place": f"commune:{world.COMMUNE}", "first": "2026-05", "last": "2026-07", "sure": ""}


@pytest.fixture(scope="module")
def running(tmp_path_factory):
    """A released territory, and the organisation that may open it, with an administrator and a member."""
    settings = world.build(tmp_path_factory.mktemp("divulgue"))
    storage = setup.open_storage(settings)
    world.agree(storage)
    world.territory(storage)
    drawn = np.random.default_rng(4)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(publishing.secrets, "token_bytes", drawn.bytes)
        world.publish(storage, "2026-08")
    number = accounts.organisations(storage)[world.CITY]
    for name, role in (("admin", Role.ORG_ADMIN), ("dsu", Role.DSU_MEMBER)):
        people.join(storage, f"{name}@cite.fr", people.Place(number, role), PASSWORD)
    storage.close()
    app = create_app(settings)
    with TestClient(app):
        yield app


def browser(app, name: str) -> TestClient:
    client = TestClient(app, follow_redirects=False)
    assert client.post("/connexion", data={"email": f"{name}@cite.fr", "password": PASSWORD}).status_code == 303
    return client


def shared(client: TestClient, meeting: str) -> str:
    """The words of the paper for those outside."""
    answer = client.get(f"{meeting}/partage.pdf?territory={world.CODE}")
    assert answer.status_code == 200, answer.text
    with pypdfium2.PdfDocument(answer.content) as document:
        return " ".join("".join(page.get_textpage().get_text_range() for page in document).split())


def test_an_exact_figure_is_given_after_a_warning_and_noted(running) -> None:
    client = browser(running, "admin")
    meeting = client.post("/reunions", data={"kind": "clspd", "day": "2026-09-30"}).headers["location"]
    assert "Donner un chiffre exact" in client.get(meeting).text
    warned = client.post(f"{meeting}/divulguer", data=FORM)
    assert warned.status_code == 200
    assert "de vos faits sont concernés" in warned.text
    assert "Le donner et le noter" in warned.text
    assert "--yes" not in warned.text
    assert "Chiffres exacts que cite" not in shared(client, meeting)
    assert client.post(f"{meeting}/divulguer", data={**FORM, "sure": "1"}).status_code == 303
    assert "Chiffres exacts que cite" in shared(client, meeting)
    assert "Information donnée hors du service" in client.get("/journal").text


def test_a_member_gives_none_and_may_take_the_paper(running) -> None:
    client = browser(running, "dsu")
    meeting = client.post("/reunions", data={"kind": "clspd", "day": "2026-09-29"}).headers["location"]
    page = client.get(meeting).text
    assert "Document à partager" in page
    assert "Donner un chiffre exact" not in page
    assert client.post(f"{meeting}/divulguer", data=FORM).status_code == 403
    assert "Faits par origine" in shared(client, meeting)


@pytest.mark.parametrize("given", [{"first": "mai"}, {"first": "2026-08"}, {"place": "commune:00000"}, {"territory": "ailleurs"}])
def test_what_cannot_be_told_is_refused(running, given) -> None:
    client = browser(running, "admin")
    meeting = client.post("/reunions", data={"kind": "clspd", "day": "2026-09-28"}).headers["location"]
    answer = client.post(f"{meeting}/divulguer", data={**FORM, **given, "sure": "1"})
    assert answer.status_code in (400, 404)
    assert 'role="alert"' in answer.text
