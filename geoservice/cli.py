"""The command line. Heavy imports stay inside the commands, so that `--help` answers at once."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from geoservice import cli_accounts, cli_releases, cli_shared, cli_snapshots, cli_upkeep
from geoservice.arguments import Parser, whole

if TYPE_CHECKING:
    from geoservice.catalog.layers import Catalog
    from geoservice.operations.ingest import ImportReport
    from geoservice.operations.setup import Storage
    from geoservice.settings import Settings


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 done, 1 refused, 2 a file or an argument that cannot be used."""
    arguments = _parser().parse_args(argv)
    from geoservice.errors import BadInput, GeoserviceError

    try:
        return int(arguments.run(arguments) or 0)
    except GeoserviceError as error:
        print(f"geoservice : {error}", file=sys.stderr)
        return 2 if isinstance(error, BadInput) or error.status == 404 else 1
    except KeyboardInterrupt as interrupt:
        print("geoservice : interrompu ; relancez la même commande pour finir.", file=sys.stderr)
        return int(getattr(interrupt, "code", 130))
    except BrokenPipeError:
        sys.stderr.close()
        return 1
    except OSError as error:
        from geoservice.errors import of_the_operator

        print(f"geoservice : {of_the_operator(error)}", file=sys.stderr)
        return 1


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="geoservice", description="Cartes de la tranquillité résidentielle : des exports "
                                     "d’un bailleur ou d’une ville à une carte filtrée dans le navigateur.")
    commands = parser.add_subparsers(required=True, metavar="COMMANDE")
    _server_commands(commands)
    _import_commands(commands)
    cli_accounts.add(commands, _command, _open)
    cli_releases.add(commands, _command, _open)
    cli_shared.add(commands, _command, _settings)
    cli_snapshots.add(commands, _command, _open, _catalog)
    _upkeep_commands(commands)
    cli_upkeep.add(commands, _command, _open)
    return parser


def _command(commands: Any, name: str, run: Callable[[argparse.Namespace], int | None], text: str) -> argparse.ArgumentParser:
    command = commands.add_parser(name, help=text, description=text)
    command.set_defaults(run=run)
    command.add_argument("--data", type=Path, default=Path(os.environ.get("GEOSERVICE_DATA") or "var"), metavar="DOSSIER",
                         help="dossier de données (par défaut $GEOSERVICE_DATA, sinon ./var)")
    return command


def _server_commands(commands: Any) -> None:
    demo = _command(commands, "demo", _demo, "Construit une ville fictive avec toutes ses couches et ouvre la carte.")
    demo.add_argument("--port", type=whole(1, 65_535), default=8000)
    demo.add_argument("--no-serve", action="store_true", help="construire sans servir")
    _command(commands, "init", _init, "Crée un dossier de données vide, une première organisation et son jeton.")
    serve = _command(commands, "serve", _serve, "Sert la carte et l’API.")
    serve.add_argument("--host", default="127.0.0.1")
    serve.add_argument("--port", type=whole(1, 65_535), default=8000)
    serve.add_argument("--workers", type=whole(1, 64), default=1)
    serve.add_argument("--surface", choices=("main", "shared"), default="main",
                       help="shared : seulement les diffusions du dossier partagé, sans base de données ni index")
    serve.add_argument("--log-format", choices=("quiet", "text", "json"),
                       help="ce qui s’écrit sur la sortie d’erreur (par défaut $GEOSERVICE_LOG_FORMAT, sinon quiet)")
    _command(commands, "doctor", _doctor, "Vérifie l’installation et les données, et reconstruit un index en retard.")


def _import_commands(commands: Any) -> None:
    load = _command(commands, "import", _import, "Importe des fichiers dans une couche.")
    load.add_argument("layer", metavar="COUCHE")
    load.add_argument("files", metavar="FICHIER", type=Path, nargs="+")
    load.add_argument("--organisation", metavar="CODE")
    how = load.add_mutually_exclusive_group()
    how.add_argument("--source", metavar="NOM", help="source déclarée (voir « geoservice sources »)")
    how.add_argument("--mapping", metavar="FICHIER.toml", type=Path, help="correspondance de colonnes à vous")
    load.add_argument("--dry-run", action="store_true", help="dire ce qui serait reconnu et refusé, sans rien écrire")
    load.add_argument("--write-mapping", metavar="FICHIER.toml", type=Path,
                      help="avec --dry-run : écrire la correspondance proposée, à compléter")
    load.add_argument("--json", action="store_true", help="écrire le bilan en JSON")
    _command(commands, "layers", _layers, "Liste les couches.")
    _command(commands, "sources", _sources, "Liste les exports que chaque couche comprend.")
    rejects = _command(commands, "rejects", _rejects, "Montre les lignes refusées par un import, et pourquoi.")
    rejects.add_argument("import_id", type=whole(1, 2**53), metavar="IMPORT")
    rejects.add_argument("--csv", type=Path, metavar="FICHIER", help="les écrire dans un fichier CSV")


def _upkeep_commands(commands: Any) -> None:
    save = _command(commands, "backup", _backup, "Sauvegarde le dossier de données en un fichier vérifié, service en marche.")
    save.add_argument("--to", type=Path, metavar="FICHIER", help="par défaut geoservice-DATE-HEURE.tar, dans le dossier courant")
    save.add_argument("--json", action="store_true", help="écrire le sommaire en JSON")
    restore = _command(commands, "restore", _restore, "Restaure une sauvegarde dans un dossier nouveau (--data).")
    restore.add_argument("file", type=Path, metavar="FICHIER")
    undo = _command(commands, "undo", _undo, "Annule un import : ses ajouts s’en vont, ses changements sont repris.")
    undo.add_argument("import_id", type=whole(1, 2**53), metavar="IMPORT")
    undo.add_argument("--json", action="store_true", help="écrire le bilan en JSON")


def _settings(arguments: argparse.Namespace) -> Settings:
    from pydantic import ValidationError

    from geoservice.errors import BadInput
    from geoservice.settings import Settings

    try:
        return Settings(data=arguments.data)
    except ValidationError as error:
        names = ", ".join(f"GEOSERVICE_{str(fault['loc'][0]).upper()}" for fault in error.errors())
        raise BadInput(f"La variable {names} a une valeur impossible ; voyez docs/SETTINGS.md.") from None


def _open(arguments: argparse.Namespace) -> Storage:
    from geoservice.operations.setup import open_storage

    return open_storage(_settings(arguments))


def _catalog(arguments: argparse.Namespace) -> Catalog:
    from geoservice.catalog.layers import load

    return load(_settings(arguments).layers)


def _demo(arguments: argparse.Namespace) -> int | None:
    from geoservice.testing.demo import prepare
    from geoservice.web.server import Door, check

    if not arguments.no_serve:
        check(Door("127.0.0.1", arguments.port))  # before the town is built for nothing
    prepare(_settings(arguments), _say)
    if arguments.no_serve:
        return 0
    print(f"Carte : http://127.0.0.1:{arguments.port}  (Ctrl+C pour arrêter)", flush=True)
    return _run_server(arguments, host="127.0.0.1", workers=1, demo=True)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _init(arguments: argparse.Namespace) -> None:
    from geoservice.operations import accounts
    from geoservice.operations.setup import create

    storage = create(_settings(arguments))
    accounts.create_organisation(storage, "organisation-1")
    print(f"Dossier de données prêt : {arguments.data}")
    print("Première organisation : organisation-1")
    wish = accounts.TokenWish("premier", days=accounts.LONGEST_DAYS)
    print(f"Jeton (montré une seule fois, bon un an) : {accounts.create_token(storage, wish.name, 'organisation-1', wish)}")


def _serve(arguments: argparse.Namespace) -> int:
    if arguments.surface == "shared":
        if arguments.log_format:
            os.environ["GEOSERVICE_LOG_FORMAT"] = arguments.log_format
        return cli_shared.serve(arguments, _settings(arguments))
    _open(arguments).close()
    return _run_server(arguments, host=arguments.host, workers=arguments.workers, demo=False)


def _run_server(arguments: argparse.Namespace, host: str, workers: int, demo: bool) -> int:
    # One request, one core: BLAS threads fight over the cores and make a heat tile five times slower.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    os.environ["GEOSERVICE_DATA"] = str(arguments.data)
    os.environ["GEOSERVICE_DEMO"] = "1" if demo else "0"
    if getattr(arguments, "log_format", None):
        os.environ["GEOSERVICE_LOG_FORMAT"] = arguments.log_format
    from geoservice.web.server import Door, serve

    serve(Door(host, arguments.port, workers), _settings(arguments))
    return 0


def _import(arguments: argparse.Namespace) -> int:
    from geoservice.operations import ingest

    request = ingest.ImportRequest(arguments.layer, tuple(arguments.files), arguments.organisation, arguments.source,
                                   arguments.mapping)
    if arguments.dry_run:
        return _dry_run(arguments, request)
    from geoservice.progress import Progress, Stoppable

    with Progress(sys.stderr) as progress, Stoppable(progress, _say) as stoppable:
        report = ingest.run(_open(arguments), _catalog(arguments), request, stoppable)
    _print_report(arguments, report)
    return 0


def _dry_run(arguments: argparse.Namespace, request: Any) -> int:
    from geoservice.operations import ingest
    from geoservice.operations.setup import open_storage, there_is_one

    settings = _settings(arguments)
    storage = open_storage(settings) if there_is_one(settings) else None
    catalog = _catalog(arguments)
    draft = ingest.propose(catalog, request)
    if arguments.write_mapping is not None:
        arguments.write_mapping.write_text(draft.toml, encoding="utf-8")
        _say(f"Correspondance proposée : {arguments.write_mapping}. Relisez-la, puis donnez-la avec --mapping.")
    if not arguments.json:
        _explain(draft)
    report = ingest.dry_run(storage, catalog, request)
    if report.source == ingest.PROPOSED:
        _say("Aucune source connue ne correspond ; essai avec la correspondance proposée (--write-mapping l’écrit).")
    for reject in report.rejects[:20]:
        _say(f"  refus : {_told(reject)}")
    _print_report(arguments, report)
    return 0


def _explain(draft: Any) -> None:
    for field, column in draft.fields.items():
        print(f"  reconnu : {column} → {field}")
    for column in draft.dropped:
        print(f"  ignoré : {column}")


def _print_report(arguments: argparse.Namespace, report: ImportReport) -> None:
    if arguments.json:
        import json

        print(json.dumps(report.as_json()))
        return
    print(f"Source : {report.source}. {report.lines} lignes : {report.accepted} nouvelles, {report.updated} mises à jour, "
          f"{report.unchanged} déjà connues, {report.duplicates} en double, {report.rejected} refusées.")
    for note in report.notes:
        print(f"  Note ({note.count} fois, par exemple ligne {note.example_line}) : {note.sentence}")
    if report.rejected and report.import_id:
        print(f"  Lignes refusées : geoservice rejects {report.import_id}")


def _layers(arguments: argparse.Namespace) -> None:
    for layer in _catalog(arguments).layers.values():
        print(f"{layer.name:12} {layer.title} ({layer.stores}, {layer.access}) — {layer.attribution}, {layer.licence}")


def _sources(arguments: argparse.Namespace) -> None:
    for layer, sources in _catalog(arguments).sources.items():
        for source in sources.values():
            print(f"{layer:12} {source.name:28} {source.title}")


def _rejects(arguments: argparse.Namespace) -> None:
    from geoservice.operations import ingest, rejectfile

    found = ingest.rejects(_open(arguments), arguments.import_id)
    if arguments.csv is not None:
        rejectfile.write(arguments.csv, found)
        return
    for reject in found:
        print(_told(reject))


def _told(reject: Any) -> str:
    where = f"{reject.file}, ligne {reject.line}"
    cell = f", {reject.column} = « {reject.value} »" if reject.column else ""
    return f"{where}{cell} : {reject.sentence}"


def _doctor(arguments: argparse.Namespace) -> int:
    from geoservice.operations import doctor

    healthy = True
    for check in doctor.run(_settings(arguments)):
        print(f"{'ok ' if check.ok else 'NON'} {check.name} : {check.sentence}")
        healthy = healthy and check.ok
    return 0 if healthy else 1


def _backup(arguments: argparse.Namespace) -> None:
    from geoservice.operations import backup

    saved = backup.save(_open(arguments), arguments.to)
    if arguments.json:
        import json

        print(json.dumps({"file": str(saved.path), **saved.manifest.as_json()}))
        return
    print(f"Sauvegarde vérifiée : {saved.path} ({len(saved.manifest.files)} fichiers, {saved.manifest.bytes / 1e6:.1f} Mo, "
          f"{saved.manifest.rows['fact']} faits).")
    if saved.manifest.lost:
        print(f"  {saved.manifest.lost} fichiers reçus n’étaient déjà plus là.")


def _restore(arguments: argparse.Namespace) -> None:
    from geoservice.operations import backup

    manifest = backup.restore(arguments.file, _settings(arguments))
    print(f"Dossier restauré et vérifié : {arguments.data} ({manifest.rows['fact']} faits, sauvegarde du {manifest.created}).")


def _undo(arguments: argparse.Namespace) -> None:
    from geoservice.operations import ingest

    undone = ingest.undo(_open(arguments), arguments.import_id)
    if arguments.json:
        import json

        print(json.dumps(undone.as_json()))
        return
    print(f"Import n° {undone.import_id} annulé : {undone.removed} éléments retirés, {undone.restored} revenus à leur version "
          f"d’avant, {undone.kept} gardés parce que d’autres imports les contiennent aussi.")


if __name__ == "__main__":
    sys.exit(main())
