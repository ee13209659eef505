"""What the command line says to somebody who mistypes."""

from __future__ import annotations

import re

import pytest

from geoservice import cli
from geoservice.arguments import in_french

ENGLISH = re.compile(r"usage:|error:|required|invalid|unrecognized|expected|allowed|choose|show this|positional|ignored")


@pytest.mark.parametrize(("words", "said"), [
    ([], "il manque : COMMANDE"),
    (["import"], "il manque : COUCHE, FICHIER"),
    (["imports"], "« imports » n’existe pas"),
    (["rejects", "abc"], "IMPORT attend un nombre entier, pas « abc »"),
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


def test_what_nobody_foresaw_is_said_as_it_is() -> None:
    assert in_french("something new") == "something new"
