"""Commands about the shared surface: its reading keys, and serving it as a process of its own."""

from __future__ import annotations

import argparse
import os
from collections.abc import Callable
from typing import Any

from geoservice.arguments import whole

Command = Callable[..., argparse.ArgumentParser]
SettingsOf = Callable[[argparse.Namespace], Any]


def add(commands: Any, command: Command, settings: SettingsOf) -> None:
    """`share key`, `share list` and `share revoke`, on the shared folder that `settings` names; no database is opened."""
    text = "Clés de lecture de la surface partagée."
    group = commands.add_parser("share", help=text, description=text).add_subparsers(required=True, metavar="ACTION")

    def one(name: str, run: Callable[[argparse.Namespace, Any], None], text: str) -> argparse.ArgumentParser:
        return command(group, name, lambda arguments: run(arguments, settings(arguments).shared_folder), text)

    key = one("key", _key, "Crée une clé de lecture d’un territoire, montrée une seule fois.")
    key.add_argument("territory", metavar="TERRITOIRE")
    key.add_argument("--label", metavar="SERVICE", default="clé de lecture", help="le service qui la reçoit, pas une personne")
    key.add_argument("--zone", metavar="ZONE", help="où la page s’ouvre : qpv2024:QN09301M, commune:93066")
    key.add_argument("--liaison", action="store_true", help="peut répondre aux demandes de passage")
    key.add_argument("--days", type=whole(1, 366), default=90, metavar="N")
    one("list", _list, "Liste les clés, sans leur secret.")
    one("revoke", _revoke, "Retire une clé : elle n’ouvre plus rien.").add_argument(
        "number", type=whole(1, 2**53), metavar="NUMÉRO")


def _key(arguments: argparse.Namespace, folder: Any) -> None:
    from geoservice.operations import shared_access

    wish = shared_access.KeyWish(arguments.territory, arguments.label, arguments.days, arguments.zone, arguments.liaison)
    print(f"Clé de lecture (montrée une seule fois) : {shared_access.make_key(shared_access.open_shared(folder), wish)}")


def _list(_arguments: argparse.Namespace, folder: Any) -> None:
    from geoservice.operations import shared_access

    for key in shared_access.keys(shared_access.open_shared(folder)):
        state = "" if shared_access.alive(key) else " — n’ouvre plus rien"
        sort = "référent" if key.liaison else "lecture"
        print(f"{key.id} {key.territory} {sort} « {key.label} », jusqu’au {key.expires:%d/%m/%Y}{state}")


def _revoke(arguments: argparse.Namespace, folder: Any) -> None:
    from geoservice.operations import shared_access

    shared_access.revoke_key(shared_access.open_shared(folder), arguments.number)
    print(f"Clé {arguments.number} retirée.")


def serve(arguments: argparse.Namespace, settings: Any) -> int:
    """Serve the shared surface: the folder of releases and nothing else."""
    from geoservice.errors import NotReady
    from geoservice.web.server import Door
    from geoservice.web.server import serve as run

    folder = settings.shared_folder
    if not folder.is_dir():
        raise NotReady(f"« {folder} » n’existe pas : publiez d’abord une diffusion (« geoservice publish »), ou donnez le "
                       "dossier avec GEOSERVICE_SHARED.")
    os.environ["GEOSERVICE_SHARED"] = str(folder)
    run(Door(arguments.host, arguments.port, arguments.workers, "geoservice.web.shared.app:factory"), settings)
    return 0
