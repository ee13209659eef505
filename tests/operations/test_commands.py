"""What the command line says to somebody who mistypes."""

from __future__ import annotations

import re
import socket

import pytest

from geoservice import cli
from geoservice.arguments import in_french

ENGLISH = re.compile(r"usage:|error:|required|invalid|unrecognized|expected|allowed|choose|show this|positional|ignored")


@pytest.mark.parametrize(("words", "said"), [
    ([], "il manque : COMMANDE"),
    (["import"], "il manque : COUCHE, FICHIER"),
    (["imports"], "« imports » n’existe pas"),
    (["rejects", "abc"], "IMPORT attend un nombre entier de 1 à"),
    (["rejects", "9" * 30], "IMPORT attend un nombre entier"),
    (["serve", "--port", "99999"], "--port attend un nombre entier de 1 à 65535, pas « 99999 »"),
    (["serve", "--workers", "0"], "--workers attend un nombre entier"),
    (["serve", "--port"], "--port attend une valeur"),
    (["serve", "--hote", "x"], "argument inconnu : --hote x"),
    (["serve", "--log-format", "xml"], "choix possibles : quiet, text, json"),
    (["import", "incidents", "a.csv", "--source", "x", "--mapping", "y"], "--mapping ne va pas avec --source"),
    (["init", "--da=x", "--help=y"], "-h/--help ne prend pas de valeur"),
    (["token", "create"], "il manque : NOM"),
])
def test_a_mistyped_command_is_told_in_french(capsys, words, said) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(words)
    told = capsys.readouterr().err
    assert stopped.value.code == 2
    assert said in told
    assert not ENGLISH.search(told)


@pytest.mark.parametrize("words", [["--help"], ["import", "--help"], ["token", "create", "--help"]])
def test_help_is_french(capsys, words) -> None:
    with pytest.raises(SystemExit) as stopped:
        cli.main(words)
    told = capsys.readouterr().out
    assert stopped.value.code == 0
    assert told.startswith("Usage : geoservice")
    assert "montre cette aide" in told
    assert not ENGLISH.search(told)


def test_a_port_that_is_taken_is_told_before_anything_is_built(capsys, tmp_path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert cli.main(["demo", "--data", str(tmp_path / "ville"), "--port", port]) == 1
        assert cli.main(["init", "--data", str(tmp_path / "data")]) == 0
        assert cli.main(["serve", "--data", str(tmp_path / "data"), "--port", port]) == 1
    told = capsys.readouterr().err
    assert told.count(f"Le port {port} de 127.0.0.1 est déjà pris") == 2
    assert not (tmp_path / "ville").exists()
    assert cli.main(["serve", "--data", str(tmp_path / "data"), "--host", "192.0.2.1"]) == 1  # nobody's, by RFC 5737
    assert "n’est pas une adresse de cette machine" in capsys.readouterr().err


def test_what_nobody_foresaw_is_said_as_it_is() -> None:
    assert in_french("something new") == "something new"
