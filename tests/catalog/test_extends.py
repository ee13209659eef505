"""A mapping that extends a source changes what it says and keeps the rest."""

from __future__ import annotations

from geoservice.catalog.layers import load


def test_tables_are_laid_over_those_of_the_source(tmp_path) -> None:
    path = tmp_path / "m.toml"
    path.write_text('extends = "bailleur-generique"\nname = "registre"\nkind = "habitant"\n[columns]\ndate = "vu le"\n'
                    '[values.category.map]\n"rodeo" = "VEH.rodeo"\n', encoding="utf-8")
    catalog = load()
    base, own = catalog.source("incidents", "bailleur-generique"), catalog.mapping("incidents", path)
    assert (own.name, own.kind, own.columns["date"]) == ("registre", "habitant", ("vu le",))
    assert own.columns["residence"] == base.columns["residence"]
    assert own.values["category"].map["rodeo"] == "VEH.rodeo"
    assert own.values["category"].rules == base.values["category"].rules
    assert own.values["nature"] == base.values["nature"]
