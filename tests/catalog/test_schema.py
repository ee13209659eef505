"""Mapping files: what they may say, and that a fault names the file and the key."""

from __future__ import annotations

import pytest

from geoservice.catalog.recognise import best, fits, fold_name, fold_value
from geoservice.catalog.schema import load_source
from geoservice.errors import BadInput
from tests.catalog.tables import source

MINIMAL = 'layer = "incidents"\naccess = "open"\nkind = "ville"\n[columns]\ndate = "jour"\n'


@pytest.mark.parametrize(("text", "said"), [
    (MINIMAL.replace('kind = "ville"\n', ""), "« kind » obligatoire"),
    (MINIMAL.replace('access = "open"\n', ""), "« access » : clé obligatoire absente"),
    (MINIMAL.replace('"ville"', '"police"'), "« kind » : valeur inattendue « police »"),
    ('couleur = 3\n' + MINIMAL, "« couleur » : clé inconnue"),
    (MINIMAL + 'commentaire = "texte"\n', "champ inconnu « commentaire »"),
    (MINIMAL + '[values.category.map]\nvol = "VOLS"\n', "code inconnu « VOLS »"),
    (MINIMAL + '[values.category.map]\ntag = "DEG.graffiti"\n', "code inconnu « DEG.graffiti »"),
    (MINIMAL + '[values.category]\nrules = [{ to = "DEG" }]\n', "une règle demande equals, starts ou contains"),
    ("date = [", "TOML"),
])
def test_a_fault_names_the_file_and_the_key(tmp_path, text, said):
    path = tmp_path / "mairie.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(BadInput) as caught:
        load_source(path, "facts")
    assert str(path) in str(caught.value)
    assert said in str(caught.value)


def test_a_minimal_mapping_loads_and_requires_a_date(tmp_path):
    path = tmp_path / "mairie.toml"
    path.write_text(MINIMAL, encoding="utf-8")
    spec = load_source(path, "facts")
    assert spec.required == ("date",)
    assert spec.columns["date"] == ("jour",)


def test_names_are_compared_without_case_accents_punctuation_and_order():
    assert len({fold_name(n) for n in ("Code résidence", "CODE_RESIDENCE", "code.residence", " code-Résidence ")}) == 1
    spec = source(columns={"date": ["jour", "date"], "residence": "code résidence"})
    assert spec.bind(["CODE_RESIDENCE", "x", "Date"]) == {"date": "Date", "residence": "CODE_RESIDENCE"}
    assert fold_value("[] Épave  de VÉLO’s") == "[] epave de velo's"


def test_the_source_that_understands_most_columns_wins_and_doubt_is_no_answer():
    small = source(name="petit", columns={"date": "jour"})
    large = source(name="grand", columns={"date": "jour", "hall": "hall"})
    twin = source(name="jumeau", columns={"date": "jour", "hall": "hall"})
    assert best([small, large], ["jour", "hall"]) is large
    assert best([small, large, twin], ["jour", "hall"]) is None
    assert best([large], ["hall"]) is None  # a required field is absent


def test_of_two_that_understand_as_much_the_one_that_requires_more_wins():
    register = source(name="registre", columns={"date": "jour", "address": "adresse"})
    export = source(name="export", columns={"date": "jour", "key": "id_dmr"}, required=["date", "key"])
    columns = ["jour", "adresse", "id_dmr"]
    assert best([register, export], columns) is export
    assert best([register, export], ["jour", "adresse"]) is register
    assert fits([register, source(name="autre", columns={"date": "jour", "city": "ville"})], ["jour", "adresse", "ville"])[1:]
