"""Commands about meetings' snapshots: list, make, verify, print."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from geoservice.arguments import whole

Command = Callable[..., argparse.ArgumentParser]
Open = Callable[[argparse.Namespace], Any]
_NUMBER = whole(1, 2**53)


def add(commands: Any, command: Command, opened: Open, catalog: Callable[[argparse.Namespace], Any]) -> None:
    """`snapshot list|make|verify|pdf|lighten`, whose folder `opened` opens."""
    title = "Instantanés de réunions : les figer, les vérifier, les imprimer."
    group = commands.add_parser("snapshot", help=title, description=title).add_subparsers(required=True, metavar="ACTION")

    def one(name: str, run: Callable[[argparse.Namespace, Any], int | None], text: str) -> argparse.ArgumentParser:
        return command(group, name, lambda arguments: run(arguments, _Desk(arguments, opened, catalog)), text)

    _whose(one("list", _list, "Liste les instantanés d’une organisation."))
    make = one("make", _make, "Fige ce qu’une réunion regarde, maintenant.")
    make.add_argument("meeting", metavar="RÉUNION", type=_NUMBER, help="son numéro, que la page Réunions montre dans l’adresse")
    _whose(make)
    verify = one("verify", _verify, "Refait chaque chiffre à partir des faits figés, et dit ce qui a été changé.")
    verify.add_argument("which", metavar="FICHIER|NUMÉRO", help="un fichier .geosnap, ou le numéro d’un instantané de ce dossier")
    verify.add_argument("--figure", metavar="N", help="un seul chiffre : sa valeur et comment il se refait")
    verify.add_argument("--json", action="store_true", help="écrire le bilan en JSON")
    _whose(verify)
    paper = one("pdf", _pdf, "Écrit le document d’un instantané.")
    paper.add_argument("number", metavar="NUMÉRO", type=_NUMBER)
    paper.add_argument("--to", type=Path, metavar="FICHIER.pdf", required=True)
    _whose(paper)
    light = one("lighten", _lighten, "Efface les faits figés d’un instantané ; ses chiffres restent prouvés.")
    light.add_argument("number", metavar="NUMÉRO", type=_NUMBER)
    _whose(light)


def _whose(command: argparse.ArgumentParser) -> None:
    command.add_argument("--organisation", metavar="CODE")


class _Desk:
    """The folder, opened when a command needs it: a file is verified without any."""

    def __init__(self, arguments: argparse.Namespace, opened: Open, catalog: Callable[[argparse.Namespace], Any]) -> None:
        self._arguments, self._opened, self._catalog = arguments, opened, catalog

    def viewer(self) -> tuple[Any, Any]:
        """The storage, and the organisation that the command line acts for."""
        from geoservice.operations import accounts, audit

        storage = self._opened(self._arguments)
        return storage, accounts.viewer_of_organisation(storage, self._arguments.organisation, audit.COMMAND)

    def reader(self) -> Any:
        """What that organisation may read."""
        from geoservice.operations.reader import open_reader

        storage, viewer = self.viewer()
        return open_reader(storage, self._catalog(self._arguments), viewer)


def _list(_arguments: argparse.Namespace, desk: _Desk) -> None:
    from geoservice.operations import meetings, snapshots

    storage, viewer = desk.viewer()
    titles = {each.number: each.title for each in meetings.listing(storage, viewer)}
    for kept in snapshots.listing(storage, viewer):
        print(f"{kept.number:6}  {kept.digest}  {kept.size / 1e3:8.0f} ko  {titles.get(kept.meeting, '')} (réunion "
              f"{kept.meeting})")


def _make(arguments: argparse.Namespace, desk: _Desk) -> None:
    from geoservice.operations import snapshots

    reader = desk.reader()
    number = snapshots.make(reader, arguments.meeting, datetime.now(UTC).date())
    print(f"Instantané n° {number}, empreinte {snapshots.load(reader.shelf.storage, reader.viewer, number).digest}")


def _verify(arguments: argparse.Namespace, desk: _Desk) -> int:
    from geoservice.operations import snapshots

    snapshot = _found(arguments.which, desk)
    if arguments.figure is not None:
        return _figure(snapshot, arguments.figure)
    checked = snapshots.verify(snapshot)
    if arguments.json:
        _json(checked.as_json())
        return 0 if checked.fine else 1
    print(f"Empreinte {checked.digest} : à comparer à celle du document.")
    print(f"{len(checked.right)} chiffres refaits à l’identique, {len(checked.wrong)} différents, {len(checked.erased)} qui ne "
          f"se "
          "refont plus parce que les faits figés ont été effacés.")
    for figure in snapshot.header["figures"]:
        if figure["id"] in checked.wrong:
            print(f"  NON [{figure['id']}] {figure['what']}")
    return 0 if checked.fine else 1


def _found(which: str, desk: _Desk) -> Any:
    from geoservice.core.snapshotfile import unpack
    from geoservice.operations import snapshots

    if Path(which).is_file():
        return unpack(Path(which).read_bytes())
    if which.isascii() and which.isdigit() and len(which) < 16:
        return snapshots.load(*desk.viewer(), int(which))
    from geoservice.errors import BadInput

    raise BadInput(f"« {which[:80]} » n’est ni un fichier, ni le numéro d’un instantané.")


def _figure(snapshot: Any, number: str) -> int:
    from geoservice.errors import NotFound
    from geoservice.operations.snapshotfigures import Erased, compute, same
    from geoservice.operations.snapshotview import View

    figure = next((each for each in snapshot.header["figures"] if each["id"] == number.strip("[]")), None)
    if figure is None:
        raise NotFound(f"Cet instantané n’a pas de chiffre {number[:20]} ; il en a {len(snapshot.header['figures'])}.")
    try:
        value = compute(View(snapshot), figure["how"])[0]
    except Erased:
        print("Ce chiffre ne se refait plus : les faits figés ont été effacés.", file=sys.stderr)
        return 1
    _json({**figure, "again": value, "same": same(value, figure["value"])})
    return 0 if same(value, figure["value"]) else 1


def _pdf(arguments: argparse.Namespace, desk: _Desk) -> None:
    from geoservice.export.fonts import FONT
    from geoservice.export.paperpdf import to_pdf
    from geoservice.operations import meetingpaper, snapshots

    reader = desk.reader()
    found = snapshots.load(reader.shelf.storage, reader.viewer, arguments.number)
    arguments.to.write_bytes(to_pdf(*meetingpaper.paper(reader, found), FONT))
    print(f"Document interne écrit : {arguments.to}")


def _lighten(arguments: argparse.Namespace, desk: _Desk) -> None:
    from geoservice.operations import snapshots

    snapshots.lighten(*desk.viewer(), arguments.number)
    print("Faits figés effacés ; les chiffres restent prouvés par l’empreinte.")


def _json(found: dict[str, Any]) -> None:
    import json

    print(json.dumps(found, ensure_ascii=False, allow_nan=False))
