"""A layer is a folder: adding one adds a layer, and a broken one says which file is wrong."""

from __future__ import annotations

import pytest

from geoservice.catalog.layers import load
from geoservice.errors import BadInput, NotFound

LAYER = 'title = "Bancs"\nstores = "features"\ngeometry = "point"\naccess = "open"\nattribution = "Ville"\nlicence = "ODbL"\n'
SOURCE = 'access = "open"\n[columns]\nkey = "id"\nname = "nom"\n'


def folder(tmp_path, name, layer=LAYER, sources=None, style=None):
    place = tmp_path / name
    (place / "sources").mkdir(parents=True)
    if layer is not None:
        (place / "layer.toml").write_text(layer, encoding="utf-8")
    if style is not None:
        (place / "style.json").write_text(style, encoding="utf-8")
    for stem, text in (sources or {}).items():
        (place / "sources" / f"{stem}.toml").write_text(text, encoding="utf-8")
    return tmp_path


def test_a_folder_adds_a_layer_with_its_sources_and_style(tmp_path):
    catalog = load(folder(tmp_path, "bancs", sources={"ville": SOURCE}, style='{"layers": []}'))
    assert catalog.layer("bancs").title == "Bancs"
    assert catalog.layer("bancs").style == {"layers": []}
    assert catalog.recognise("bancs", ["NOM", "Id"]).name == "ville"
    assert "bancs" not in load().layers


def test_a_folder_without_layer_toml_adds_sources_to_a_shipped_layer(tmp_path):
    text = 'kind = "habitant"\naccess = "open"\n[columns]\ndate = "quand"\n'
    catalog = load(folder(tmp_path, "incidents", layer=None, sources={"appli": text}))
    assert catalog.source("incidents", "appli").kind == "habitant"
    assert catalog.source("incidents", "dans-ma-rue").kind == "ville"


@pytest.mark.parametrize(("given", "said"), [
    ({"layer": LAYER.replace('access = "open"\n', "")}, "layer.toml"),
    ({"layer": LAYER + 'run = "rm"\n'}, "« run » : clé inconnue"),
    ({"layer": LAYER + 'name = "chaises"\n'}, "doit être le nom du dossier"),
    ({"layer": None}, "il manque layer.toml"),
    ({"style": "{"}, "style.json"),
    ({"sources": {"ville": SOURCE + "= 1\n"}}, "ville.toml"),
    ({"sources": {"ville": 'layer = "halls"\n' + SOURCE}}, "doit être le nom du dossier"),
])
def test_a_broken_folder_names_its_file(tmp_path, given, said):
    with pytest.raises(BadInput, match="bancs") as caught:
        load(folder(tmp_path, "bancs", **given))
    assert said in str(caught.value)


def test_a_layer_cannot_be_replaced_and_a_missing_folder_is_said(tmp_path):
    with pytest.raises(BadInput, match="existe déjà"):
        load(folder(tmp_path, "incidents"))
    with pytest.raises(BadInput, match="GEOSERVICE_LAYERS"):
        load(tmp_path / "rien")


def test_unknown_names_list_what_exists():
    with pytest.raises(NotFound, match="incidents"):
        load().layer("inconnue")
    with pytest.raises(NotFound, match="dans-ma-rue"):
        load().source("incidents", "inconnue")
