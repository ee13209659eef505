"""The card of a cell and a residence's answer say how many reports were merged, to whoever merged them and to nobody else."""

from __future__ import annotations

from tests.web.test_entry import FACT, until
from tests.web.test_entry_undo import landlords  # noqa: F401  (a fixture)


def told(client, cell: str) -> tuple:
    card = client.get(f"/api/cells/{cell}", params={"kind": "bailleur"}).json()
    home = client.get("/api/residences/R1", params={"kind": "bailleur"})
    return card.get("merged"), home.json()["merged"] if home.status_code == 200 else home.status_code


def test_reports_that_were_merged_are_told_with_the_facts_they_are(landlords):  # noqa: F811
    _, rives, plaine = landlords
    for key in ("a", "b", "c"):
        assert rives.post("/api/facts", json={**FACT, "id": key, "residence": "R1"}).status_code == 201
    until(rives, 3)
    cell = rives.get("/api/cells", params={"kind": "bailleur", "resolution": "9"}).json()["cells"][0]
    assert told(rives, cell) == (None, None)
    number = rives.get("/api/facts/a/proches").json()["near"][0]["fact"]
    assert rives.post("/api/facts/a/reunir", json={"fact": number}).status_code == 200
    until(rives, 2)
    assert told(rives, cell) == ({"reports": 2, "facts": 1},) * 2
    late = {"kind": "bailleur", "hours": "8-10"}
    assert rives.get("/api/residences/R1", params=late).json()["merged"] is None  # the fact was at another hour
    assert told(plaine, cell) == (None, 404)
