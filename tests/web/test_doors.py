"""Who may come in: every route is walked, and nobody sees what is not theirs."""

from __future__ import annotations

import gzip
import shutil

import pytest
from fastapi.dependencies.models import Dependant
from starlette.testclient import TestClient

from geoservice.core import crs, grid
from geoservice.errors import NotReady
from geoservice.operations import accounts, setup
from geoservice.settings import Settings
from geoservice.web.actions import ACTIONS
from geoservice.web.app import create_app
from geoservice.web.dependencies import viewer
from tests.web.world import CANARY, PLAINE, RIVES

PUBLIC = {"/connexion", "/connexion/organisation", "/connexion/proconnect", "/connexion/proconnect/retour",
          "/connexion/proconnect/fin", "/deconnexion", "/health/live", "/health/ready", "/api/openapi.json",
          "/static/{path:path}", "/saisie/hors-ligne.js", "/p/{secret}"}  # whoever holds a share link: see test_shared_links.py
# every route that needs a viewer, with addresses that really ask for something
ASKED = {
    "/": ["/"],
    "/api/session": ["/api/session"],
    "/api/layers": ["/api/layers"],
    "/api/cells": [
        f"/api/cells?kind=bailleur&resolution=12&format={form}" for form in ("json", "geojson", "csv", "gpkg", "geoparquet")
    ],
    "/api/cells/{cell}": ["/api/cells/{plaine_cell}?kind=bailleur", "/api/cells/{rives_cell}?kind=bailleur&verdict=1"],
    "/api/hotspots": [
        f"/api/hotspots?kind=bailleur&resolution=9&exposure=area&format={form}"
        for form in ("json", "geojson", "csv", "gpkg", "geoparquet")
    ],
    "/api/profile": ["/api/profile?kind=bailleur"],
    "/api/trend": ["/api/trend?kind=bailleur", "/api/trend?kind=bailleur&cell={plaine_cell}&exposure=area"],
    "/api/concentration": ["/api/concentration?kind=bailleur&exposure=area"],
    "/api/near-repeat": ["/api/near-repeat?kind=bailleur"],
    "/api/change": ["/api/change?kind=bailleur&exposure=area"],
    "/api/calibration": ["/api/calibration?kind=bailleur"],  # too few residences: an answer, made here
    "/tiles/hotspots/{z}/{x}/{y}.mvt": ["/tiles/hotspots/{tile}.mvt?kind=bailleur&exposure=area"],
    "/api/units": ["/api/units?kind=bailleur", "/api/units?kind=bailleur&level=commune", "/api/units?kind=bailleur&format=csv"],
    "/api/zones": ["/api/zones?layer=qpv", "/api/zones?layer=patrimoine"],
    "/api/series": ["/api/series?kind=bailleur", "/api/series?kind=bailleur&step=day&zone=qpv2024:QN07501M"],
    "/api/calendar": ["/api/calendar?kind=bailleur"],
    "/api/facets": ["/api/facets?kind=bailleur&category=DEG"],
    "/api/geometry": ["/api/geometry?kind=bailleur&resolution=12"],
    "/api/geometry/{version}/{resolution}": [],  # a version is the viewer's own: see test_hexagons.py
    "/api/values": ["/api/values?kind=bailleur&resolution=12"],
    "/api/search": ["/api/search?q=residence", "/api/search?q=canari"],
    "/mesures": ["/mesures"],
    "/decider": ["/decider"],
    # there is no building in this world: see test_sitingpapers.py
    **{f"/decider/{name}": [] for name in ("plans.pdf", "plan.svg", "plan.gpkg", "etude.pdf", "dossier.pdf", "echeances.ics")},
    "/decider/dossier": ["/decider/dossier"],
    "/api/siting/together": ["/api/siting/together?bbox=2.24,48.795,2.255,48.803&spots=2.25,48.8,0"],
    "/decider/comparer": ["/decider/comparer"],
    "/decider/plans/{number}": [],  # a plan is its own landlord's: see test_siting_kept.py
    "/api/siting/plans/{name}": [],  # a computation is its viewer's own: see test_computing.py
    "/api/siting/field": ["/api/siting/field?lon=2.25&lat=48.8"],
    "/api/complaints": ["/api/complaints", "/api/complaints?kind=bailleur&format=csv"],
    "/api/capture": ["/api/capture"],
    "/api/rates": ["/api/rates", "/api/rates?format=csv"],
    "/api/completeness": ["/api/completeness"],
    "/api/yearly": [f"/api/yearly?format={form}" for form in ("json", "csv", "xlsx")],
    "/api/residences": ["/api/residences?kind=bailleur"],
    "/api/residences/{code:path}": [],  # one landlord's is not found by another: see test_places.py
    "/api/zones/{ref:path}": ["/api/zones/qpv2024:QN07501M?kind=bailleur"],
    "/api/quarters/{ref:path}": ["/api/quarters/qpv2024:QN07501M?kind=bailleur"],
    "/api/map.svg": ["/api/map.svg?kind=bailleur&resolution=11"],
    "/api/carte.pdf": ["/api/carte.pdf?kind=bailleur"],
    "/lieux": ["/lieux"],
    "/leviers": ["/leviers"],
    "/leviers/{number}": [], "/leviers/{number}/note.pdf": [],  # a plan is its own landlord's: see test_levers.py
    "/api/levers": ["/api/levers"],
    "/halls": ["/halls"],
    "/api/halls": [f"/api/halls?format={form}" for form in ("json", "geojson", "csv", "gpkg", "geoparquet")],
    "/api/halls/{code:path}": [],  # one landlord's is not found by another: see test_halls.py
    "/api/silence": ["/api/silence", "/api/silence?of=hall"],
    "/api/cumul": ["/api/cumul", "/api/cumul?of=hall"],
    "/mes-residences": ["/mes-residences"],
    "/glossaire": ["/glossaire"],
    "/compte": ["/compte"],
    "/membres": [],  # for administrators, who are people: see test_accounts.py
    "/journal": [],
    "/accords": [],
    "/acces": [],
    "/donnees": ["/donnees"],
    "/saisie": ["/saisie"],
    "/api/saisie": ["/api/saisie"],
    "/api/facts/{key}/proches": ["/api/facts/inconnue/proches"],
    "/chronologie": [],  # a residence is its own landlord's: see test_follow.py
    "/api/chronologie.csv": [],
    "/suites": ["/suites"],
    "/api/suites": ["/api/suites"],
    "/patrimoine": [],  # the other landlord's: see test_estate.py
    "/doublons": ["/doublons"],
    "/partage": ["/partage"],
    "/partages": [],
    "/reunions": ["/reunions"],
    # a meeting is its own organisation's: see test_meetings.py
    "/reunions/{number}": [], "/instantanes/{number}": [], "/instantanes/{number}/document.pdf": [],
    "/instantanes/{number}/fichier": [], "/reunions/{number}/partage.pdf": [],
    "/api/shared": ["/api/shared"],
    # a release is opened by an agreement or by a liaison: see test_shared_main.py
    **{f"/api/shared/{{territory}}{rest}": [] for rest in (
        "", "/places/{level}", "/values", "/trend", "/changes", "/hours", "/hotspots", "/map.svg", "/halls", "/requests",
        "/export.csv", "/export.geojson", "/export.gpkg")},
    "/tiles/shared/{territory}/{level}/{z}/{x}/{y}.mvt": [],
    "/api/map.png": ["/api/map.png?kind=bailleur&resolution=11&width=300&height=200"],
    "/api/snippet": ["/api/snippet?kind=bailleur&from=2024-01-01"],
    "/api/features/{layer}": [
        f"/api/features/patrimoine?format={form}&bbox=2,48,3,49" for form in ("geojson", "csv", "gpkg", "geoparquet")
    ],
    "/api/imports": ["/api/imports"],
    "/api/imports/{number}": [],  # an import is its own landlord's: see test_imports.py
    "/api/imports/{number}/rejects": [],
    "/api/imports/{number}/rejects.csv": [],
    "/tiles/{layer}/tilejson.json": ["/tiles/incidents/tilejson.json", "/tiles/patrimoine/tilejson.json"],
    "/tiles/{layer}/{z}/{x}/{y}.mvt": [
        "/tiles/incidents/{tile}.mvt?kind=bailleur",
        "/tiles/patrimoine/{tile}.mvt",
        "/tiles/incidents/8/129/88.mvt?kind=bailleur",
    ],
    "/tiles/{layer}/{z}/{x}/{y}.png": ["/tiles/incidents/{tile}.png?kind=bailleur", "/tiles/patrimoine/{tile}.png"],
}

PAGES = {"/", "/lieux", "/glossaire", "/mes-residences",
         "/reunions", "/reunions/{number}", "/instantanes/{number}", "/chronologie", "/suites", "/doublons", "/patrimoine",
         "/leviers", "/leviers/{number}", "/decider/plans/{number}", "/decider/comparer",
         "/halls", "/mesures", "/decider", "/decider/dossier",
         "/donnees", "/saisie", "/compte", "/membres", "/journal", "/accords", "/acces",
         "/partage", "/partages"}  # they send people to the form
# what takes a body: nobody may send one without signing in, nor from the page of another site
SENT = {
    "/api/uploads": "/api/uploads?name=a.csv",
    "/api/imports/preview": "/api/imports/preview",
    "/api/imports/preview.csv": "/api/imports/preview.csv",
    "/api/imports": "/api/imports",
    "/api/imports/{number}/undo": "/api/imports/1/undo",
    "/api/siting/plan": "/api/siting/plan",
    "/api/siting/plans": "/api/siting/plans",
    "/api/facts": "/api/facts",
    "/api/facts/{key}/annuler": "/api/facts/a/annuler",
    "/api/facts/{key}/reunir": "/api/facts/a/reunir",
    "/suites": "/suites",
    "/patrimoine": "/patrimoine",
    "/patrimoine/{number}/annuler": "/patrimoine/1/annuler",
    "/suites/{number}/clore": "/suites/1/clore",
    "/doublons": "/doublons",
    "/doublons/{number}/separer": "/doublons/1/separer",
    "/api/shared/{territory}/requests/{number}": "/api/shared/ville/requests/1",
    "/api/halls/{code:path}/override": "/api/halls/A/override",
    "/api/halls/{code:path}/override/{number}/revoke": "/api/halls/A/override/1/revoke",
    "/halls/etat": "/halls/etat",
    "/halls/etat/{number}/retirer": "/halls/etat/1/retirer",
    "/partages/liens": "/partages/liens",
    "/partages/liens/{number}/revoquer": "/partages/liens/1/revoquer",
    "/partages/cles": "/partages/cles",
    "/partages/cles/{number}/revoquer": "/partages/cles/1/revoquer",
    "/partages/demandes": "/partages/demandes",
    "/partages/demandes/{number}/retirer": "/partages/demandes/1/retirer",
    "/compte/mot-de-passe": "/compte/mot-de-passe",
    "/compte/connexions/{number}/fermer": "/compte/connexions/1/fermer",
    "/compte/organisation": "/compte/organisation",
    "/compte/jetons": "/compte/jetons",
    "/compte/jetons/{number}/revoquer": "/compte/jetons/1/revoquer",
    "/membres/{number}/role": "/membres/1/role",
    "/membres/{number}/retirer": "/membres/1/retirer",
    "/membres/jetons/{number}/revoquer": "/membres/jetons/1/revoquer",
    "/membres": "/membres",
    "/accords": "/accords",
    "/accords/{number}/retirer": "/accords/1/retirer",
    "/reunions": "/reunions",
    "/leviers": "/leviers",
    "/decider/plans": "/decider/plans",
    "/decider/plans/{number}/retirer": "/decider/plans/1/retirer",
    "/leviers/{number}": "/leviers/1",
    **{f"/leviers/{{number}}/{what}": f"/leviers/1/{what}" for what in ("verrouiller", "deverrouiller", "retirer")},
    **{f"/reunions/{{number}}/{what}": f"/reunions/1/{what}" for what in ("instantanes", "decisions", "suites", "clore",
                                                                          "divulguer")},
    "/instantanes/{number}/alleger": "/instantanes/1/alleger",
    "/acces": "/acces",
    "/acces/{number}/accorder": "/acces/1/accorder",
}


def routes(app) -> dict[str, list]:
    """Every route of the application by path, whatever router it came from."""
    found: dict[str, list] = {}
    for entry in app.routes:
        for route in getattr(entry, "original_router", None).routes if hasattr(entry, "original_router") else [entry]:
            found.setdefault(route.path, []).append(route)
    return found


def asks_for_a_viewer(dependant: Dependant) -> bool:
    return any(below.call is viewer or asks_for_a_viewer(below) for below in dependant.dependencies)


@pytest.fixture(scope="module")
def places(rives, plaine) -> dict[str, str]:
    """Parts of addresses: the busiest cell of each landlord, and a tile where only `plaine` has facts."""
    import numpy as np

    def cell(lon_lat):
        return grid.to_text(grid.parents(grid.index(*np.array([lon_lat]).T), 9))[0]

    x, y = crs.world(*np.array([PLAINE]).T)
    return {"plaine_cell": cell(PLAINE), "rives_cell": cell(RIVES), "tile": f"12/{int(x[0] * 4096)}/{int(y[0] * 4096)}"}


def test_every_route_is_walked(app):
    found = routes(app)
    assert set(found) == PUBLIC | set(ASKED) | set(SENT)
    assert sum(len(each) for each in found.values()) == len(found) + 13  # of these have a page or a list, and a form or an end


def test_every_route_with_data_depends_on_the_viewer(app):
    checked = 0
    for path, each in routes(app).items():
        for route in each:
            if path not in PUBLIC and not (path in PAGES and route.methods & {"GET"}):
                assert asks_for_a_viewer(route.dependant), path
                checked += 1
    # /api/imports and a computed plan have two; people send forms to the addresses of nine pages
    assert checked == len((set(ASKED) | set(SENT)) - PAGES) + 11


def test_every_route_says_what_it_asks_of_a_viewer(app):
    """No row in the table: nobody may. And every row is of a route."""
    asked = {f"{method} {path}" for path, each in routes(app).items() for route in each for method in route.methods - {"HEAD"}
             if path not in PUBLIC}
    assert asked == set(ACTIONS)


def test_nothing_is_taken_without_a_viewer_or_from_another_site(client, rives):
    for path, address in SENT.items():
        for headers in ({}, {"Authorization": "Bearer geo_faux"}, {"Cookie": "geoservice=geo_faux"}):
            assert client(**headers).post(address, content=b"{}").status_code == 401, path
        answer = rives.post(address, content=b"{}", headers={"Origin": "https://ailleurs.example"})
        assert answer.status_code == 403, path


def test_nothing_answers_without_a_viewer(client, places):
    checked = 0
    for headers in (
        {},
        {"Authorization": "Bearer geo_faux"},
        {"Authorization": "Basic cml2ZXM6"},
        {"Authorization": ""},
        {"Cookie": "geoservice=geo_faux"},
        {"Cookie": "geoservice="},
    ):
        for addresses in ASKED.values():
            for address in addresses:
                answer = client(**headers).get(address.format(**places))
                if address in PAGES:
                    assert (answer.status_code, answer.headers["location"]) == (303, "/connexion")
                else:
                    assert answer.status_code == 401, address
                    assert answer.json()["type"].endswith("connexion-requise")
                    assert answer.headers["www-authenticate"].startswith("Bearer")
                checked += 1
    assert checked == 6 * sum(len(each) for each in ASKED.values())


def test_public_answers_hold_no_data(nobody):
    for address in ("/connexion", "/health/live", "/health/ready", "/api/openapi.json", "/static/base.css"):
        answer = nobody.get(address)
        assert answer.status_code == 200, address
        for word in (CANARY, "rives", "plaine", "Nouveau"):
            assert word not in answer.text


def test_another_landlords_facts_never_appear(rives, plaine, places):
    """The canary: what `plaine` names and where it has facts is in its own answers and in none of those of `rives`."""
    theirs = set(plaine.get("/api/cells?kind=bailleur&resolution=12").json()["cells"])
    theirs -= set(rives.get("/api/cells?kind=bailleur&resolution=12").json()["cells"])
    assert len(theirs) > 500
    seen_by_plaine, checked = 0, 0
    for addresses in ASKED.values():
        for address in addresses:
            address = address.format(**places)
            mine, other = rives.get(address), plaine.get(address)
            assert {mine.status_code, other.status_code} <= {200, 204}, address
            words = [CANARY.encode(), *(cell.encode() for cell in list(theirs)[:200])]
            assert not any(word in mine.content + str(mine.headers).encode() for word in words), address
            seen_by_plaine += any(word in other.content for word in words)
            checked += 1
    assert checked == sum(len(each) for each in ASKED.values())
    assert seen_by_plaine >= 8  # the canary does sing for those who may hear it
    for form in ("mvt", "png"):
        assert rives.get(f"/tiles/incidents/{places['tile']}.{form}?kind=bailleur").status_code == 204
        assert plaine.get(f"/tiles/incidents/{places['tile']}.{form}?kind=bailleur").status_code == 200
    assert rives.get(f"/api/cells/{places['plaine_cell']}?kind=bailleur").json()["count"] == 0


def test_one_landlords_tag_is_no_key_to_anothers_answer(rives, plaine, places):
    for address in (
        "/api/cells?kind=ville",
        "/api/layers",
        f"/tiles/incidents/{places['tile']}.mvt?kind=bailleur",
        "/tiles/qpv/12/2074/1409.mvt",
    ):
        tag = rives.get(address).headers["etag"]
        assert plaine.get(address).headers["etag"] != tag
        assert plaine.get(address, headers={"If-None-Match": tag}).status_code != 304
        assert rives.get(address, headers={"If-None-Match": tag}).status_code == 304


def test_signing_in_and_out_with_a_cookie(app, world):
    browser = TestClient(app, follow_redirects=False)
    assert browser.get("/").headers["location"] == "/connexion"
    refused = browser.post("/connexion", data={"token": "geo_faux"})
    assert refused.status_code == 401
    assert "n’est pas reconnu" in refused.text
    assert "set-cookie" not in refused.headers
    welcome = browser.post(
        "/connexion", data={"token": f" {world.rives} "}, headers={"Sec-Fetch-Site": "same-origin", "Origin": "null"}
    )
    assert (welcome.status_code, welcome.headers["location"]) == (303, "/")
    cookie = welcome.headers["set-cookie"]
    assert {"HttpOnly", "SameSite=lax", "Path=/"} <= set(cookie.split("; "))
    assert "Secure" not in cookie
    assert browser.get("/api/session").json()["organisation"] == "rives"
    assert browser.get("/").status_code == 200
    assert browser.post("/deconnexion").headers["location"] == "/connexion"
    assert browser.get("/api/session").status_code == 401


def test_the_cookie_is_secure_over_https(app, world):
    for base, headers in (("https://carte.example", {}), ("http://carte.example", {"X-Forwarded-Proto": "https"})):
        browser = TestClient(app, base_url=base, follow_redirects=False)
        assert "Secure" in browser.post("/connexion", data={"token": world.rives}, headers=headers).headers["set-cookie"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://ailleurs.example"},
        {"Origin": "null"},
        {"Origin": "http://["},
        {"Origin": "http://testserver:81"},
    ],
)
def test_forms_of_other_sites_are_refused(client, world, headers):
    for path in ("/connexion", "/deconnexion"):
        answer = client(**headers).post(path, data={"token": world.rives})
        assert answer.status_code == 403, path
        assert "set-cookie" not in answer.headers


def test_a_form_is_short_and_has_one_field(nobody):
    for body, kind in (
        (b"token=" + b"a" * 5_000, "application/x-www-form-urlencoded"),
        (b"&".join([b"a=1"] * 50), "application/x-www-form-urlencoded"),
        (b"{}", "application/json"),
        (b"--x\r\n", "multipart/form-data; boundary=x"),
        (b"", ""),
    ):
        assert nobody.post("/connexion", content=body, headers={"Content-Type": kind}).status_code == 400
    for body in (b"", b"token=", b"token=%00%ff%ed%a0%80", b"\xff\xfe", b"token=" + b"a" * 300):
        assert (
            nobody.post("/connexion", content=body, headers={"Content-Type": "application/x-www-form-urlencoded"}).status_code
            == 401
        )


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    settings = Settings(data=tmp_path_factory.mktemp("demo") / "data")
    storage = setup.create(settings, demo=True)
    accounts.create_organisation(storage, "ville-modele")
    accounts.create_organisation(storage, "autre")
    setup.demo_ready(settings)
    storage.close()
    app = create_app(settings, demo=True)
    with TestClient(app):
        yield app


LOCAL = ("127.0.0.1", 50_000)


@pytest.mark.parametrize(
    ("host", "peer"),
    [("127.0.0.1:8000", "127.0.0.1"), ("localhost", "127.0.0.1"), ("localhost:8000", "::1"), ("127.0.0.1", "127.0.0.2")],
)
def test_the_demo_signs_this_machine_in(demo, host, peer):
    answer = TestClient(demo, client=(peer, 50_000)).get("/api/session", headers={"Host": host})
    assert answer.json() == {"name": "demo", "organisation": "ville-modele", "via": "demo", "basemap": False}


FORGED = [
    {"Host": "carte.example"},
    {"Host": "127.0.0.1.example"},
    {"Host": "localhost.example:8000"},
    {"Host": "127.0.0.1:8000@x"},
    {"Host": "[::1]"},
    {"Host": ""},
    {"Host": "0.0.0.0:8000"},
    {"Host": "127.0.0.2"},
    {"Host": "127.0.0.1:8000:1"},
    {"X-Forwarded-For": "127.0.0.1"},
    {"X-Forwarded-Host": "localhost"},
    {"X-Forwarded-Proto": "https"},
    {"X-Forwarded": "for=127.0.0.1"},
    {"Forwarded": "for=127.0.0.1"},
    {"X-Real-IP": "127.0.0.1"},
    {"Via": "1.1 proxy"},
    {"X-FORWARDED-FOR": ""},
    {"Sec-Fetch-Site": "cross-site"},
    {"Authorization": "Bearer geo_faux"},
]


@pytest.mark.parametrize("headers", FORGED)
def test_the_demo_does_not_sign_in_what_comes_from_elsewhere(demo, headers):
    answer = TestClient(demo, client=LOCAL, follow_redirects=False).get(
        "/api/session", headers={"Host": "127.0.0.1:8000", **headers}
    )
    assert answer.status_code == 401


@pytest.mark.parametrize("peer", ["192.168.1.20", "10.0.0.1", "testclient", "::ffff:8.8.8.8", ""])
def test_the_demo_does_not_sign_in_other_machines(demo, peer):
    assert TestClient(demo, client=(peer, 50_000)).get("/api/session", headers={"Host": "127.0.0.1:8000"}).status_code == 401


def test_serving_signs_nobody_in_by_loopback(app):
    assert TestClient(app, client=LOCAL).get("/api/session", headers={"Host": "127.0.0.1"}).status_code == 401


def test_the_demo_refuses_a_folder_that_it_did_not_make(world):
    with pytest.raises(NotReady, match="geoservice demo"), TestClient(create_app(world.settings, demo=True)):
        pass


def test_compressed_answers_are_private_too(rives, client):
    raw = rives.get("/api/cells?kind=ville", headers={"Accept-Encoding": "identity"})
    assert "content-encoding" not in raw.headers
    assert client().get("/api/cells?kind=ville", headers={"Accept-Encoding": "gzip"}).status_code == 401
    assert len(gzip.compress(raw.content)) < len(raw.content)


def test_a_copy_of_a_folder_is_another_service(world, tmp_path):
    """Tokens are in the folder: one made here does not open another folder."""
    other = Settings(data=tmp_path / "data")
    storage = setup.create(other)
    accounts.create_organisation(storage, "rives")
    storage.close()
    with TestClient(create_app(other)) as client:
        assert client.get("/api/session", headers={"Authorization": f"Bearer {world.rives}"}).status_code == 401
    shutil.rmtree(other.data)
