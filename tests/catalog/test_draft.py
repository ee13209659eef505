"""The mapping that a dry run proposes loads as it is and imports the file it was made from."""

from __future__ import annotations

from geoservice.catalog.draft import draft
from geoservice.catalog.intake.facts import FactIntake
from geoservice.catalog.layers import load
from geoservice.catalog.readers import open_table
from tests.catalog.tables import TODAY, Patrimoine

TEXT = ("Code résidence;Hall;Date;Heure;Nature;Observations \"libres\"\nR1;H1;03/01/2025;22h30;tag;M. Untel\n"
        "R1;;04/01/2025;;zorglub;\nR1;;05/01/2025;8h;gardien;\n")


def proposed(tmp_path, text):
    path = tmp_path / "faits.csv"
    path.write_text(text, encoding="utf-8")
    catalog = load()
    with open_table(path, None) as table:
        return path, catalog, draft(table, catalog.layer("incidents"), list(catalog.sources["incidents"].values()))


def test_the_draft_round_trips_and_imports_its_file(tmp_path):
    path, catalog, found = proposed(tmp_path, TEXT)
    mapping = tmp_path / "m.toml"
    mapping.write_text(found.toml, encoding="utf-8")
    source = catalog.mapping("incidents", mapping)
    assert source.columns["residence"] == ("Code résidence",)
    with open_table(path, source) as table:
        taken = FactIntake(source, TODAY, 1, Patrimoine()).take(next(table.batches()))
    assert [row[8] for row in taken.rows] == ["DEG", "AUT"]
    assert [r.value for r in taken.rejects] == ["zorglub"]


def test_what_is_dropped_and_what_is_to_fill_in_are_said(tmp_path):
    _, _, found = proposed(tmp_path, TEXT)
    assert found.dropped == ['Observations "libres"']
    assert '#   Observations "libres"' in found.toml
    assert '# "zorglub" = ""  # à compléter' in found.toml
    assert '"tag" = "DEG.tag"' in found.toml
    assert "Untel" not in found.toml


def test_free_text_in_a_coded_column_is_not_shown(tmp_path):
    rows = "".join(f"R1;03/01/2025;récit numéro {n}\n" for n in range(100))
    _, _, found = proposed(tmp_path, "code_residence;date;type\n" + rows)
    assert "récit" not in found.toml
    assert found.fields["category"] == "type"


def test_odd_names_survive_toml(tmp_path):
    _, catalog, found = proposed(tmp_path, '"da""te";"x\ny";\x7f\n1;2;3\n')
    mapping = tmp_path / "m.toml"
    mapping.write_text(found.toml, encoding="utf-8")
    assert catalog.mapping("incidents", mapping).columns
