"""Every column there is, so that none for a person comes in unseen; those about people are in the tables of accounts alone."""

from __future__ import annotations

import pytest
from sqlmodel import SQLModel

from geoservice.storage import (
    access,
    tables,  # noqa: F401  (declares them)
)

ALLOWED = {
    "address": "id key import_id number suffix street street_norm postcode citycode city lon lat",
    "aggregate": (
        "id organisation_id source_id import_id zone zone_name level period indicator unit count withheld rate "
        "denominator denominator_unit content"
    ),
    "agreement": "id giver_id opener_id zone categories since until created revoked",
    "attempt": "id subject moment",
    "audit": "seq moment organisation_id actor action object outcome previous hash",
    "audit_day": "day seq hash",
    "break_glass": "id organisation_id asked_by approved_by reason asked ends",
    "decision": "id organisation_id meeting_id lever place in_charge due created",
    "decision_step": "id organisation_id decision_id meeting_id status day",
    "disclosure": "id territory_id organisation_id place residence hall state first last day keys",
    "fact": (
        "content seen line day minute duration utc category subcategory kind nature gravity place placement lon lat "
        "cell residence building hall commune complaint cost_cents id organisation_id source_id import_id key"
    ),
    "fact_merger": "id organisation_id fact_id head_id created revoked",
    "fact_version": (
        "content seen line day minute duration utc category subcategory kind nature gravity place placement lon lat "
        "cell residence building hall commune complaint cost_cents id fact_id import_id"
    ),
    "feature": (
        "id layer organisation_id source_id import_id key generation name content geometry west south east north "
        "properties"
    ),
    "follow_up": "id organisation_id fact_id partner opened closed outcome created",
    "geocoded_address": "address answer received",
    "hall_override": "id organisation_id hall state reason since until created revoked",
    "identity": "id person_id issuer sha256 created",
    "import_run": (
        "id layer organisation_id source signature status batches lines accepted updated unchanged duplicates rejected "
        "notes started finished"
    ),
    "layer_state": "layer organisation_id changes built",
    "lever": (
        "id organisation_id code in_charge since works_until cost_cents ratio categories kind treated controls months_before "
        "months_after created locked sha256 withdrawn"
    ),
    "lever_unlock": "id lever_id moment reason",
    "meeting": "id organisation_id kind day zone perimeter since until created closed",
    "membership": "id person_id organisation_id role territory",
    "organisation": "id code created",
    "person": "id email password",
    "record_key": "fact_id key",
    "rejected_line": "id import_id file line column value code sentence",
    "release_state": "id territory_id revision issue secret terms packed ledger repaired begun published",
    "replaced_row": "id stores row_id import_id mark content",
    "shared_territory": "id code name communes terms atoms digest created",
    "sighting": "id import_id stores seen rows",
    "sign_in": "id membership_id sha256 created seen ends revoked",
    "siting_plan": "id organisation_id asked spots covered facts versions rules created withdrawn",
    "snapshot": "id organisation_id meeting_id sha256 content created",
    "source": "id layer name",
    "territory_signature": "id territory_id kind organisation_id actor signed",
    "token": "id organisation_id name sha256 created scope last4 expires revoked person_id",
    "upload": "id import_id organisation_id name sha256 size received deleted",
}
GUESTS = {  # `access.db` of the shared folder
    "reading_key": "id sha256 label organisation territory zone liaison created expires revoked",
    "share_link": "id sha256 organisation territory release kind level zone created expires revoked opens",
    "patrol_request": (
        "id organisation territory level place category_group reason wished created answer answer_reason answered withdrawn"
    ),
}
ACCOUNTS = {"person", "identity", "membership", "sign_in", "token", "attempt", "break_glass"}
ABOUT_PEOPLE = ("author", "auteur", "victim", "witness", "temoin", "nom", "prenom", "phone", "mail", "email", "plate", "text",
                "comment", "person", "password", "address_of", "birth", "ip", "user", "browser", "agent")


def _columns() -> dict[str, list[str]]:
    return {table.name: [column.name for column in table.columns] for table in SQLModel.metadata.tables.values()}


def _about_people(columns: dict[str, list[str]]) -> set[tuple[str, str]]:
    return {(table, name) for table, names in columns.items() for name in names if name.startswith(ABOUT_PEOPLE)}


def test_the_columns_are_those_that_were_agreed() -> None:
    assert _columns() == {name: columns.split() for name, columns in ALLOWED.items()}


def test_so_are_those_of_the_shared_folder() -> None:
    found = {table.name: [column.name for column in table.columns] for table in access.TABLES}
    assert found == {name: columns.split() for name, columns in GUESTS.items()}
    assert _about_people(found) == set()


def test_no_column_for_a_person_outside_accounts() -> None:
    outside = sorted(f"{table}.{name}" for table, name in _about_people(_columns()) if table not in ACCOUNTS)
    assert not outside, f"no column for a person outside accounts: {', '.join(outside)}"
    found = _about_people(_columns())
    assert {table for table, _ in found} >= {"person", "membership", "token"}
    assert {name for table, name in found if table == "person"} == {"email", "password"}


@pytest.mark.parametrize("name", ["victim", "auteur_presume", "email", "phone_number", "comment"])
def test_a_planted_column_is_seen(name: str) -> None:
    planted = {**_columns(), "fact": [*_columns()["fact"], name]}
    assert ("fact", name) in _about_people(planted)
