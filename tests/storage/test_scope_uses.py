"""Transactions that see everybody's rows are maintenance, listed here with why. Whatever acts for a viewer has a scope."""

from __future__ import annotations

from pathlib import Path

from tests.storage import scope_uses

ROOT = Path(__file__).resolve().parents[2]
# why → where, below geoservice/operations/
_LISTED = {
    "who somebody is, before anybody is known":
        "accounts.py:viewer_of_token identities.py:sign_in signin.py:_count signin.py:begin "
        "signin.py:change_organisation signin.py:choices signin.py:choose signin.py:find signin.py:sign_in "
        "signin.py:sign_out signin.py:touch",
    "people and organisations of all, for the command line":
        "accounts.py:create_organisation identities.py:unlink people.py:members people.py:set_password",
    "whether a person has an account, or is left in any organisation":
        "people.py:join people.py:leave",
    "the chain of the audit is one":
        "audit.py:days audit.py:head audit.py:verify",
    "which open sources were imported, by whomever":
        "credits.py:_sources",
    "a second person of the platform approves for any organisation":
        "glass.py:approve glass.py:waiting",
    "the health of the whole folder":
        "doctor.py:_data",
    "indexes are built for every organisation":
        "indexing.py:_added indexing.py:dirty indexing.py:refresh_as_writer",
    "an import, which writes for the owner it was planned for, open data among them":
        "ingest.py:_Run.__init__ ingest.py:_Run._batch ingest.py:run undo.py:undo",
    "received files of all past their time":
        "ingest.py:purge",
    "refused lines, for the command line":
        "ingest.py:rejects",
    "the process that does what every organisation asked for":
        "jobs.py:_fail jobs.py:_import jobs.py:_undo jobs.py:_wait jobs.py:pending jobs.py:perform jobs.py:tidy",
    "addresses that were sent once, asked for by their text":
        "places.py:GeocodingCache.get places.py:GeocodingCache.put",
    "publishing, which has facts of several organisations before it":
        "disclosing.py:_own disclosing.py:disclose meetingshare.py:own_figures publishing.py:_keep publishing.py:_no_overlap "
        "publishing.py:disclosed publishing.py:states publishing_facts.py:gather publishing_files.py:_openers "
        "publishing_files.py:settle territories.py:_alone territories.py:change territories.py:create "
        "territories.py:listing territories.py:load territories.py:sign",
    "papers about the whole service or one organisation, for the command line":
        "papers.py:know",
    "what is past its time, whoever's it is":
        "purge.py:_apply purge.py:_clock_is_right purge.py:erase_person purge.py:foresee purge.py:last purge.py:run",
}
UNSCOPED = {f"geoservice/operations/{place}": why for why, places in _LISTED.items() for place in places.split()}
LIFTED = {"geoservice/storage/audit.py:append": "the chain of the audit is one for all organisations",
          "geoservice/storage/numbers.py:settle": "a number that any organisation's audit names is given to nobody",
          "geoservice/storage/engine.py:lifted": "hands it to the database in use"}
HOW = """{} opens a transaction that sees the rows of every organisation.
Where it acts for a viewer, write `storage.read(scope_of(viewer))` (operations/reach.py), or `RowScope.of_organisation(number)`.
Where it is maintenance, say why in UNSCOPED of tests/storage/test_scope_uses.py."""


def test_what_sees_everybody_is_listed() -> None:
    found = scope_uses.unscoped(ROOT)
    fresh = sorted(found - UNSCOPED.keys())
    assert not fresh, HOW.format(", ".join(fresh))
    assert sorted(UNSCOPED.keys() - found) == [], "these are gone: take them off the list"


def test_what_passes_a_scope_is_listed() -> None:
    assert scope_uses.lifted(ROOT) == LIFTED.keys()


def test_a_planted_use_is_seen(tmp_path: Path) -> None:
    planted = tmp_path / "geoservice" / "operations"
    planted.mkdir(parents=True)
    (planted / "nouveau.py").write_text(
        "def a(storage):\n    with storage.read() as c: pass\n"
        "def b(storage, s):\n    with storage.write(s) as c: pass\n"
        "class C:\n    def d(self, x):\n        with self.storage.write(None if x else s) as c: pass\n"
        "def e(storage):\n    storage.engine.connect()\n    lifted(c)\n")
    found = "geoservice/operations/nouveau.py:"
    assert scope_uses.unscoped(tmp_path) == {f"{found}a", f"{found}C.d"}
    assert scope_uses.lifted(tmp_path) == {f"{found}e"}
