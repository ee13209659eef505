"""The commands of a platform operator, from a territory to what is told outside."""

from __future__ import annotations

import json

import pytest

from geoservice import cli, cli_releases
from geoservice.operations import setup, territories
from tests import folders
from tests.operations import sharedworld as world
from tests.operations.sharedworld import CODE, COMMUNE


@pytest.fixture(scope="module")
def agreed(tmp_path_factory):
    settings = world.build(tmp_path_factory.mktemp("commandes"))
    opened = setup.open_storage(settings)
    world.agree(opened)
    opened.close()
    return settings


@pytest.fixture
def run(agreed, tmp_path, capsys, monkeypatch):
    """Run a command in a folder of one's own, on 20 October 2026: its code, what it printed, what it complained of."""
    settings = folders.copied(agreed.data, tmp_path / "copie")
    monkeypatch.setattr(cli_releases, "_today", lambda: world.TODAY)

    def ran(*words: str) -> tuple[int, str, str]:
        code = cli.main([*words, "--data", str(settings.data)])
        said = capsys.readouterr()
        return code, said.out, said.err

    ran.settings = settings  # type: ignore[attr-defined]
    return ran


CREATE = ("territory", "create", CODE, "--name", "Pays du Lys", "--commune", COMMUNE, "--volume", "bailleur=2000")


def test_from_a_territory_to_a_release(run):
    code, out, _ = run(*CREATE, "--min-contributors", "2", "--parameter", "density=12")
    assert code == 0
    assert "Territoire « lys » créé." in out
    assert "bailleur : 2000 faits par an déclarés, classe de 2000" in out
    code, out, _ = run("territory", "show", CODE, "--json")
    told = json.loads(out)
    assert (told["parameters"]["min_contributors"], told["parameters"]["density"]) == (2, 12.0)
    assert told["atoms"]["lived_in"] > 100
    assert "lys " in run("territory", "show")[1]
    code, out, _ = run("publish", CODE, "--months", "2026-01..2026-06", "--dry-run")
    assert code == 0
    assert "Essai : rien n’a été écrit." in out
    assert not run.settings.shared_folder.exists()
    code, out, err = run("publish", CODE, "--months", "2026-01..2026-06", "--json")
    assert (code, err) == (0, "")
    found = json.loads(out)
    assert (found["months"]["first"], found["months"]["last"], found["written"]) == ("2026-01", "2026-06", True)
    code, out, _ = run("publish", CODE)
    assert code == 0
    assert "9 mois, de 2026-01 à 2026-09" in out
    assert f"Écrit : {run.settings.shared_folder / 'lys.release'}" in out
    code, out, _ = run("disclose", CODE, "hall:B", "--organisation", "rives", "--months", "2026-03", "--state", "jaune")
    assert code == 1
    assert "--yes" in out
    code, out, _ = run("disclose", CODE, "hall:B", "--organisation", "rives", "--months", "2026-03..2026-04", "--state", "jaune",
                       "--yes")
    assert code == 0
    assert "Noté" in out
    code, out, _ = run("territory", "set", CODE, "--volume", "bailleur=5000")
    assert code == 0
    assert "classe de 5000" in out
    run("territory", "set", CODE, "--volume", "habitant=900")
    code, out, _ = run("territory", "sign", CODE, "habitant", "--organisation", "cite")
    assert code == 0
    assert "janvier" in out  # months are out: whoever signs reads when it counts


def test_a_kind_of_one_owner_is_signed(run):
    run(*CREATE, "--volume", "habitant=900")
    code, out, _ = run("territory", "sign", CODE, "habitant", "--organisation", "cite")
    assert code == 0
    assert "signée par « cite »" in out
    assert "janvier" not in out  # nothing is out yet
    assert "signée par cite le " in run("territory", "show", CODE)[1]
    code, _, err = run("territory", "sign", CODE, "habitant", "--organisation", "rives")
    assert code == 1
    assert "déjà signée" in err


@pytest.mark.parametrize(("words", "code", "said"), [
    (("publish", "inconnu"), 2, "n’existe pas"),
    (("publish", CODE, "--until", "2026-10"), 1, "n’est pas clos"),
    (("publish", CODE, "--until", "2026-08", "--months", "2026-01..2026-08"), 2, "--months"),
    (("publish", CODE, "--revision"), 1, "Rien n’est encore diffusé"),
    (("territory", "set", CODE, "--volume", "bailleur=beaucoup"), 2, "nombre de faits"),
    (("territory", "create", "autre", "--name", "A", "--commune", "59009", "--volume", "bailleur=100"), 2, "trop peu"),
    (("territory", "create", "autre", "--name", "A", "--commune", "59009", "--volume", "bailleur=900", "--parameter", "x=1"), 2,
     "n’existe pas"),
    (("territory", "create", "autre", "--name", "A", "--commune", "59009", "--volume", "bailleur=900", "--parameter", "bar=0"), 2,
     "se contredisent"),
    (("territory", "create", "autre", "--name", "A", "--commune", COMMUNE, "--volume", "bailleur=900"), 1, "appartient déjà"),
    (("disclose", CODE, "hall:Z", "--organisation", "rives", "--months", "2026-03"), 2, "halls"),
])
def test_what_cannot_be_done_is_refused_in_french(run, words, code, said):
    assert run(*CREATE)[0] == 0
    found, _, err = run(*words)
    assert found == code
    assert said in err
    assert "Traceback" not in err


@pytest.mark.parametrize(("words", "said"), [
    (["publish", CODE, "--until", "2026-13"], "--until attend un mois comme 2026-03, pas « 2026-13 »"),
    (["publish", CODE, "--months", "2026-03..2026-01"], "--months attend deux mois dans l’ordre"),
    (["territory", "create", CODE], "il manque : --name, --commune"),
    (["territory", "create", CODE, "--volume", "bailleur"], "--volume attend NOM=VALEUR"),
    (["disclose", CODE, "hall:A", "--months", "2026-03", "--state", "violet"], "choix possibles : vert"),
])
def test_a_mistyped_command_is_told_in_french(capsys, words, said):
    with pytest.raises(SystemExit) as stopped:
        cli.main(words)
    assert stopped.value.code == 2
    assert said in capsys.readouterr().err


def test_a_refused_audit_ends_with_one(run, monkeypatch):
    from geoservice.core.disclosure import release

    def refuse(*_given, **_named):
        raise release.Refused("L’audit trouve encore de petits nombres prouvables.")

    run(*CREATE)
    monkeypatch.setattr(release, "publish", refuse)
    code, _, err = run("publish", CODE)
    assert code == 1
    assert "petits nombres" in err
    assert not (run.settings.shared_folder / "lys.release").exists()


def test_groups_of_a_territorys_own(run):
    code, _, _ = run(*CREATE, "--group", "proprete=SAL,DEG", "--group", "nuisances=OCC,BRU")
    assert code == 0
    storage = setup.open_storage(run.settings)
    assert territories.load(storage, CODE).terms.groups == {"proprete": ("SAL", "DEG"), "nuisances": ("OCC", "BRU")}
    storage.close()
    code, out, _ = run("publish", CODE, "--months", "2026-01..2026-03", "--json")
    assert code == 0
    assert {family["detail"] for audit in json.loads(out)["audits"] for family in audit["families"]} >= {"all", "group"}
