"""argparse in French: the words that it adds around ours, and its refusals."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Callable
from typing import Any, NoReturn

# what argparse says (Python 3.11 to 3.14), and what people read
_REFUSALS = (
    (r"the following arguments are required: (.+)", r"il manque : \1"),
    (r"unrecognized arguments: (.+)", r"argument inconnu : \1"),
    (r"argument (.+?): expected one argument", r"\1 attend une valeur"),
    (r"argument (.+?): expected at least one argument", r"\1 attend au moins une valeur"),
    (r"argument (.+?): (attend .+)", r"\1 \2"),
    (r"argument (.+?): invalid choice: '(.*?)'.*?\(choose from (.+)\)", r"\1 : « \2 » n’existe pas ; choix possibles : \3"),
    (r"argument (.+?): not allowed with argument (.+)", r"\1 ne va pas avec \2"),
    (r"argument (.+?): ignored explicit argument '(.*)'", r"\1 ne prend pas de valeur"),
    (r"ambiguous option: (\S+) could match (.+)", r"\1 est ambigu : \2"),
)


class Parser(argparse.ArgumentParser):
    """A parser whose help and refusals are French; its commands are parsers of the same class. Exit 2 as argparse's."""

    def __init__(self, **named: Any) -> None:
        super().__init__(formatter_class=_Help, add_help=False, **named)
        self._positionals.title, self._optionals.title = "arguments", "options"
        self.add_argument("-h", "--help", action="help", help="montre cette aide")

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        self.exit(2, f"geoservice : {in_french(message)}. « {self.prog} --help » dit tout.\n")


def whole(low: int, high: int) -> Callable[[str], int]:
    """Reads a whole number from `low` to `high`, for `type=`."""
    def read(text: str) -> int:
        if re.fullmatch(r"\d{1,18}", text, re.ASCII) and low <= int(text) <= high:
            return int(text)
        raise argparse.ArgumentTypeError(f"attend un nombre entier de {low} à {high}, pas « {text[:40]} »")

    return read


class _Help(argparse.HelpFormatter):
    def add_usage(self, usage: Any, actions: Any, groups: Any, prefix: str | None = None) -> None:
        super().add_usage(usage, actions, groups, "Usage : " if prefix is None else prefix)


def in_french(message: str) -> str:
    """argparse's sentence in French; one that nobody foresaw stays as it is."""
    for pattern, sentence in _REFUSALS:
        found = re.fullmatch(pattern, message, re.DOTALL)
        if found:
            return found.expand(sentence).replace("'", "")
    return message
