"""Commands about shared releases: territories, publishing, and what owners disclose outside."""

from __future__ import annotations

import argparse
import re
import sys
import time
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import Any

Command = Callable[..., argparse.ArgumentParser]
Open = Callable[[argparse.Namespace], Any]
_EVERY_S = 5.0


def add(commands: Any, command: Command, opened: Open) -> None:
    """`territory`, `publish` and `disclose`, whose folder `opened` opens."""
    def one(of: Any, name: str, run: Callable[[argparse.Namespace, Any], int | None], text: str) -> argparse.ArgumentParser:
        return command(of, name, lambda arguments: run(arguments, opened(arguments)), text)

    title = "Territoires sur lesquels des organisations diffusent ensemble."
    _territory_commands(commands.add_parser("territory", help=title, description=title).add_subparsers(
        required=True, metavar="ACTION"), one)
    publish = one(commands, "publish", _publish, "Publie la diffusion partagée d’un territoire, après son audit.")
    publish.add_argument("territory", metavar="TERRITOIRE")
    publish.add_argument("--months", type=_months, metavar="AAAA-MM..AAAA-MM",
                         help="premier et dernier mois d’une première diffusion")
    publish.add_argument("--until", type=_month, metavar="AAAA-MM", help="dernier mois (sans : le dernier mois clos)")
    publish.add_argument("--revision", action="store_true",
                         help="révision annuelle : tout est redonné sous un nouveau secret, faits tardifs compris")
    publish.add_argument("--dry-run", action="store_true", help="tout faire, audit compris, sans rien écrire")
    publish.add_argument("--json", action="store_true", help="écrire le bilan en JSON")
    _disclose_arguments(one(commands, "disclose", _disclose, "Note ce qu’un propriétaire dit ailleurs de ses propres faits."))


def _territory_commands(group: Any, one: Callable[..., argparse.ArgumentParser]) -> None:
    create = one(group, "create", _create, "Crée un territoire ; ses îlots sont faits une fois, des couches ouvertes importées.")
    create.add_argument("code", metavar="CODE")
    create.add_argument("--name", required=True, metavar="NOM")
    create.add_argument("--commune", action="append", required=True, metavar="INSEE", help="code INSEE ; peut se répéter")
    _declared(create)
    create.add_argument("--group", action="append", type=_pair, default=[], metavar="NOM=SAL,DEG",
                        help="groupe de catégories ; peut se répéter (sans : les quatre groupes habituels)")
    create.add_argument("--min-contributors", metavar="N", help="organisations qu’il faut dans chaque nombre (par défaut 1)")
    create.add_argument("--parameter", action="append", type=_pair, default=[], metavar="NOM=VALEUR",
                        help="un autre paramètre que celui mesuré ; peut se répéter")
    change = one(group, "set", _change, "Déclare d’autres volumes ; ceux d’une origine déjà diffusée changent à la révision.")
    change.add_argument("code", metavar="CODE")
    _declared(change)
    show = one(group, "show", _show, "Montre un territoire, ou la liste de tous.")
    show.add_argument("code", metavar="CODE", nargs="?")
    show.add_argument("--json", action="store_true", help="écrire en JSON")
    sign = one(group, "sign", _sign, "L’unique propriétaire d’une origine accepte que ses nombres de dix et plus soient lus.")
    sign.add_argument("code", metavar="CODE")
    sign.add_argument("kind", metavar="ORIGINE")
    sign.add_argument("--organisation", metavar="CODE")


def _declared(command: argparse.ArgumentParser) -> None:
    command.add_argument("--volume", action="append", type=_pair, default=[], metavar="ORIGINE=N",
                         help="faits par an que le territoire déclare, par exemple bailleur=5000 ; peut se répéter")
    command.add_argument("--open", action="append", default=[], metavar="ORIGINE",
                         help="origine dont les données ouvertes entrent aussi, par exemple ville")


def _disclose_arguments(disclose: argparse.ArgumentParser) -> None:
    disclose.add_argument("territory", metavar="TERRITOIRE")
    disclose.add_argument("place", metavar="LIEU", help="hall:CODE, residence:CODE, commune:CODE ou qpv2024:CODE")
    disclose.add_argument("--organisation", metavar="CODE")
    disclose.add_argument("--months", type=_months, required=True, metavar="AAAA-MM[..AAAA-MM]")
    disclose.add_argument("--state", choices=("vert", "jaune", "orange", "rouge", "inconnu"),
                          help="état du hall, qui sera montré aux référents (sans : un chiffre, qui ne l’est pas)")
    disclose.add_argument("--yes", action="store_true", help="le noter ; sans, dire seulement ce que cela révélerait")


def _month(text: str) -> int:
    if not re.fullmatch(r"(19[7-9]\d|20\d\d)-(0[1-9]|1[0-2])", text, re.ASCII):
        raise argparse.ArgumentTypeError(f"attend un mois comme 2026-03, pas « {text[:40]} »")
    return (int(text[:4]) - 1970) * 12 + int(text[5:]) - 1


def _months(text: str) -> tuple[int, int]:
    first, _, last = text.partition("..")
    found = _month(first), _month(last or first)
    if found[0] > found[1]:
        raise argparse.ArgumentTypeError("attend deux mois dans l’ordre, comme 2025-01..2026-03")
    return found


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (equals and name and value):
        raise argparse.ArgumentTypeError(f"attend NOM=VALEUR, pas « {text[:40]} »")
    return name, value


def _volumes(pairs: list[tuple[str, str]]) -> dict[str, int]:
    from geoservice.errors import BadInput

    wrong = [value for _, value in pairs if not re.fullmatch(r"\d{1,9}", value, re.ASCII)]
    if wrong:
        raise BadInput(f"Un volume est un nombre de faits par an, pas « {wrong[0][:40]} ».")
    return {name: int(value) for name, value in pairs}


def _platform() -> Any:
    """Who publishes: the platform, at its own command line. It reads no fact for anybody."""
    from geoservice.operations import audit
    from geoservice.types import Role, Viewer

    return Viewer(0, "plateforme", audit.COMMAND, audit.COMMAND, role=Role.PLATFORM_ADMIN)


def _owner(storage: Any, code: str | None) -> Any:
    """Who signs or discloses: an organisation, by whoever administers this machine for it."""
    from geoservice.operations import accounts, audit
    from geoservice.types import Role, Viewer

    number, name = accounts.organisation(storage, code)
    return Viewer(number, name, audit.COMMAND, audit.COMMAND, role=Role.ORG_ADMIN)


def _create(arguments: argparse.Namespace, storage: Any) -> None:
    from geoservice.core.disclosure.slots import GROUPS
    from geoservice.operations import territories

    given = dict(arguments.parameter)
    if arguments.min_contributors is not None:
        given["min_contributors"] = arguments.min_contributors
    groups = {name: tuple(value.split(",")) for name, value in arguments.group} or dict(GROUPS)
    terms = territories.Terms(_volumes(arguments.volume), tuple(arguments.open), groups, territories.parameters(given))
    plan = territories.Plan(arguments.code, arguments.name, tuple(arguments.commune), terms)
    made = territories.create(storage, _platform(), plan)
    print(f"Territoire « {made.code} » créé.")
    _print_territory(territories.told(made))


def _change(arguments: argparse.Namespace, storage: Any) -> None:
    from geoservice.operations import territories

    _print_territory(territories.told(territories.change(storage, _platform(), arguments.code, _volumes(arguments.volume),
                                                         tuple(arguments.open))))


def _show(arguments: argparse.Namespace, storage: Any) -> None:
    from geoservice.operations import territories

    if arguments.code is None:
        for row in territories.listing(storage):
            print(f"{row.code:24} {row.name} ({row.communes})")
        return
    found = territories.told(territories.load(storage, arguments.code))
    if arguments.json:
        _json(found)
    else:
        _print_territory(found)


def _print_territory(found: dict[str, Any]) -> None:
    made = found["atoms"]
    print(f"{found['name']} ({found['code']}), communes {', '.join(found['communes'])}")
    for kind, held in found["kinds"].items():
        more = (", données ouvertes comprises" if held["open"] else "") + (
            f", signée par {held['signed']['by']} le {held['signed']['at'][:10]}" if held["signed"] else "")
        print(f"  {kind} : {held['declared']} faits par an déclarés, classe de {held['class']}{more}")
    print(f"  {made['number']} îlots de diffusion, dont {made['lived_in']} habités ({made['dwellings']} logements), version "
          f"{made['version']}, empreinte {made['digest'][:16]}…")
    print("  Lieux : " + ", ".join(f"{level} {number}" for level, number in found["places"].items()))
    for warning in found["warnings"]:
        print(f"  Attention : {warning}")


def _sign(arguments: argparse.Namespace, storage: Any) -> None:
    from geoservice.operations import publishing, territories

    made = territories.sign(storage, _owner(storage, arguments.organisation), arguments.code, arguments.kind)
    print(f"« {made.kind} » est signée par « {made.organisation} » : ses nombres de dix et plus pourront être lus.")
    if later := publishing.joins_later(storage, arguments.code, arguments.kind):
        print(later)


def _today() -> date:
    return datetime.now(UTC).date()


def _publish(arguments: argparse.Namespace, storage: Any) -> None:
    from geoservice.errors import BadInput
    from geoservice.operations import publishing, publishing_report

    if arguments.months and arguments.until:
        raise BadInput("--until ne va pas avec --months, qui dit déjà le dernier mois.")
    first, until = arguments.months or (None, arguments.until)
    wish = publishing.Wish(arguments.territory, _today(), first, until, arguments.revision, arguments.dry_run)
    with _Steps(arguments.json) as steps:
        outcome = publishing.publish(storage, _platform(), wish, steps)
    found = publishing_report.told(storage, outcome)
    if arguments.json:
        _json(found)
        return
    for line in publishing_report.lines(found):
        print(line)


def _disclose(arguments: argparse.Namespace, storage: Any) -> int:
    from geoservice.operations import disclosing

    telling = disclosing.Telling(arguments.territory, arguments.place, arguments.months, arguments.state, _today())
    found = disclosing.disclose(storage, _owner(storage, arguments.organisation), telling, arguments.yes)
    for line in found.lines():
        print(line)
    return 0 if found.noted else 1


def _json(found: dict[str, Any]) -> None:
    import json

    print(json.dumps(found, ensure_ascii=False, allow_nan=False))


class _Steps:
    """Progress of an audit: a bar on a terminal, a line now and then elsewhere, nothing beside JSON."""

    def __init__(self, quiet: bool) -> None:
        self._quiet, self._bar, self._said = quiet, None, time.monotonic()  # type: ignore[var-annotated]

    def __enter__(self) -> _Steps:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()

    def __call__(self, done: int, of: int, what: str) -> None:
        if self._quiet:
            return
        what = what.replace("outsider", "lecteur extérieur")
        if sys.stderr.isatty():
            self._draw(done, of, what)
        elif time.monotonic() - self._said >= _EVERY_S:
            self._said = time.monotonic()
            print(f"audit : {what} ({done} sur {of})", file=sys.stderr, flush=True)

    def _draw(self, done: int, of: int, what: str) -> None:
        if self._bar is None:
            from tqdm import tqdm

            self._bar = tqdm(file=sys.stderr, bar_format="{desc} {bar} {n_fmt} sur {total_fmt}")
        self._bar.total, self._bar.n = of, done
        self._bar.set_description_str(f"audit {what}")
