"""What a preview lets a person choose: a sheet, a table of an archive, the order of day and month; and where to go after."""

from __future__ import annotations

import io
import zipfile

import pytest
from openpyxl import Workbook

from tests.web.test_imports import FACTS, HEAD, doors, ended, looked, sent  # noqa: F401  (doors is a fixture)

AMERICAN = (HEAD + "\n".join(f"u{n};{1 + n % 12:02}/{1 + n % 9:02}/2025 22:10;;tag;2.45;48.9" for n in range(30))).encode()


@pytest.fixture(scope="module")
def workbook() -> bytes:
    book, content = Workbook(), io.BytesIO()
    book.active.title = "Mode d’emploi"
    book.active.append(["Lisez-moi"])
    rows = [line.split(";") for line in FACTS.decode().splitlines()]
    sheet = book.create_sheet("Faits 2025")
    for row in rows:
        sheet.append(row)
    book.save(content)
    return content.getvalue()


def test_a_sheet_is_chosen_and_imported(doors, workbook) -> None:  # noqa: F811
    upload = sent(doors.rives, workbook, "classeur.xlsx")
    first = looked(doors.rives, upload)
    assert first["tables"] == ["Mode d’emploi", "Faits 2025"]
    assert [column["name"] for column in first["columns"]] == ["Lisez-moi"]
    second = looked(doors.rives, upload, sheet="Faits 2025", layer="incidents")
    assert second["tables"][0] == "Faits 2025"
    assert second["read"]["sheet"] == "Faits 2025"
    assert second["trial"]["lines"] == 60
    missing = doors.rives.post("/api/imports/preview", json={"upload": upload, "sheet": "Autre"})
    assert missing.status_code in (400, 422)
    assert "Faits 2025" in missing.json()["detail"]
    corrected = {"values": {"category": {"machin": "SAL.depot"}}}
    asked = {"upload": upload, "layer": "incidents", "sheet": "Faits 2025", "kind": "bailleur", **corrected}
    begun = doors.rives.post("/api/imports", json=asked)
    assert begun.status_code == 202, begun.text
    done = ended(doors.rives, begun.json()["id"])
    assert (done["status"], done["accepted"]) == ("done", 60)
    assert done["extent"] == {"kind": "bailleur", "from": "2025-03-01", "to": "2025-03-29", "bbox": [2.45, 48.9, 2.45, 48.9]}
    assert doors.rives.post(f"/api/imports/{done['id']}/undo").json()["extent"] is None


def test_a_table_of_an_archive_is_chosen(doors) -> None:  # noqa: F811
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("export/faits.csv", FACTS)
        archive.writestr("export/codes [2025].csv", b"code;libelle\n1;un\n2;deux\n")
        archive.writestr("__MACOSX/faits.csv", b"x")
    upload = sent(doors.rives, content.getvalue(), "export.zip")
    found = looked(doors.rives, upload, member="faits.csv")
    assert found["members"] == ["codes [2025].csv", "faits.csv"]
    assert found["trial"]["lines"] == 60
    other = looked(doors.rives, upload, member="codes [2025].csv", layer="incidents")
    assert [column["name"] for column in other["columns"]] == ["code", "libelle"]
    assert doors.rives.post("/api/imports/preview", json={"upload": upload, "member": "*"}).status_code in (400, 422)


def test_months_may_come_first(doors) -> None:  # noqa: F811
    upload = sent(doors.rives, AMERICAN, "us.csv")
    asked = {"layer": "incidents", "columns": {"key": "identifiant", "date": "date", "category": "type", "lon": "longitude",
                                               "lat": "latitude"}}
    plain = looked(doors.rives, upload, **asked)
    assert plain["dates"] == "jour"
    turned = looked(doors.rives, upload, dates="mois", **asked)
    assert turned["dates"] == "mois"
    assert turned["trial"]["accepted"] == plain["trial"]["accepted"] == 30
    french = looked(doors.rives, sent(doors.rives, FACTS), layer="incidents")
    assert french["dates"] is None  # the 28 is no month
    assert doors.rives.post("/api/imports/preview", json={"upload": upload, "dates": "annee"}).status_code == 400
    begun = doors.rives.post("/api/imports", json={"upload": upload, "kind": "bailleur", "dates": "mois", **asked})
    done = ended(doors.rives, begun.json()["id"])
    assert (done["extent"]["from"], done["extent"]["to"]) == ("2025-01-01", "2025-12-07")
