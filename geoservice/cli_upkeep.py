"""Commands about what is kept and for how long: `purge` and `papers`."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

Command = Callable[..., argparse.ArgumentParser]
Open = Callable[[argparse.Namespace], Any]
_THEN = {"delete": "effacés", "coarsen": "réduits à la résidence et au jour", "seal": "scellées et effacées"}


def add(commands: Any, command: Command, opened: Open) -> None:
    """`purge` and `papers`, whose folder `opened` opens."""
    purge = command(commands, "purge", lambda arguments: _purge(arguments, opened(arguments)),
                    "Efface ce dont la durée est passée, et jusqu’aux traces dans les fichiers de la base.")
    purge.add_argument("--dry-run", action="store_true", help="dire combien, règle par règle, sans rien écrire")
    purge.add_argument("--on", type=_day, metavar="AAAA-MM-JJ", help="avec --dry-run : comme si c’était ce jour-là")
    purge.add_argument("--person", metavar="EMAIL", help="efface plutôt ce compte, à la demande de la personne")
    purge.add_argument("--sure", action="store_true", help="l’horloge est juste, même si rien n’a été fait ici depuis trois mois")
    purge.add_argument("--json", action="store_true", help="écrire le bilan en JSON")
    papers = command(commands, "papers", lambda arguments: _papers(arguments, opened(arguments)),
                     "Écrit la fiche de registre, un projet d’AIPD et l’annexe à la convention, d’après les réglages réels.")
    papers.add_argument("--to", type=Path, required=True, metavar="DOSSIER", help="où les écrire (Markdown et HTML)")
    papers.add_argument("--organisation", metavar="CODE", help="pour une organisation (par défaut : tout le service)")
    papers.add_argument("--territory", metavar="CODE", help="les accords d’un seul territoire de diffusion")


def _papers(arguments: argparse.Namespace, storage: Any) -> None:
    from geoservice.operations import papers

    known = papers.know(storage, datetime.now(UTC).date(), arguments.organisation, arguments.territory)
    for path in papers.write(known, arguments.to):
        print(path)
    print("Projets à relire : ce qui est à compléter est marqué ; le DPO et le responsable de traitement décident.")


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"attend un jour comme 2027-01-31, pas « {text[:40]} »") from None


def _purge(arguments: argparse.Namespace, storage: Any) -> int:
    from geoservice.errors import BadInput
    from geoservice.operations import purge

    if arguments.on and not arguments.dry_run:
        raise BadInput("--on ne va qu’avec --dry-run : une purge a lieu aujourd’hui.")
    if arguments.person is not None:
        return _erase(arguments, storage)
    now = datetime.now(UTC)
    moment = now if arguments.on is None else datetime.combine(arguments.on, now.timetz())
    if arguments.dry_run:
        purged = purge.foresee(storage, moment)
    else:
        purged = purge.run(storage, moment, progress=_say if sys.stderr.isatty() else _quiet, sure=arguments.sure)
    if arguments.json:
        import json

        print(json.dumps(purged.as_json(), ensure_ascii=False))
    else:
        _told(purged, arguments.dry_run)
    return 0 if purged.clean else 1


def _erase(arguments: argparse.Namespace, storage: Any) -> int:
    from geoservice.errors import BadInput
    from geoservice.operations import purge

    if arguments.dry_run:
        raise BadInput("--person efface un compte : cela ne s’essaie pas avec --dry-run.")
    clean = purge.erase_person(storage, arguments.person)
    print("Compte effacé ; le journal n’en garde qu’un numéro. Les sauvegardes faites avant le contiennent encore.")
    return _clean(clean)


def _clean(clean: bool) -> int:
    if not clean:
        print("Une lecture en cours a empêché de vider le journal de la base : relancez la même commande.", file=sys.stderr)
    return 0 if clean else 1


def _say(rule: str, number: int) -> None:
    print(f"  {rule} : {number}", file=sys.stderr, flush=True)


def _quiet(_rule: str, _number: int) -> None:
    pass


def _told(purged: Any, dry: bool) -> None:
    for line in purged.lines:
        whose = f" [{line.organisation}]" if line.organisation else ""
        print(f"{line.rule + whose:28} {line.number:9}  {_THEN[line.then]}, avant le {line.before[:10]} — {line.title}")
    print("Rien n’a été écrit." if dry else f"{purged.total} éléments traités.")
    _clean(purged.clean)
