"""Commands about people, tokens and the audit."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from typing import Any

from geoservice.arguments import whole

ROLES = ("dsu_member", "analyst", "org_admin", "police_liaison", "platform_admin")
DAYS = 365  # of a token for which nobody says how long
Command = Callable[..., argparse.ArgumentParser]
Open = Callable[[argparse.Namespace], Any]


def add(commands: Any, command: Command, opened: Open) -> None:
    """`organisation`, `person`, `token` and `audit`, whose folder `opened` opens."""
    def group(name: str, text: str) -> Any:
        return commands.add_parser(name, help=text, description=text).add_subparsers(required=True, metavar="ACTION")

    def one(of: Any, name: str, run: Callable[[argparse.Namespace, Any], int | None], text: str) -> argparse.ArgumentParser:
        return command(of, name, lambda arguments: run(arguments, opened(arguments)), text)

    one(group("organisation", "Organisations."), "create", _organisation, "Crée une organisation.").add_argument(
        "code", metavar="CODE")
    _person_commands(group("person", "Personnes qui se connectent avec un mot de passe."), one)
    _token_commands(group("token", "Jetons d’accès."), one)
    audit = group("audit", "Journal scellé de ce qui a été fait.")
    one(audit, "verify", _verify, "Relit tout le journal et dit s’il a été altéré.").add_argument(
        "--head", metavar="NUMÉRO:EMPREINTE", help="une empreinte gardée ailleurs, que « audit head » avait affichée")
    one(audit, "head", _head, "Affiche l’empreinte de la dernière ligne, à garder ailleurs.").add_argument(
        "--days", action="store_true", help="celle de chaque jour")


def _person_commands(group: Any, one: Callable[..., argparse.ArgumentParser]) -> None:
    create = one(group, "create", _person, "Fait d’une personne un membre ; son mot de passe est demandé, ou montré une fois.")
    create.add_argument("email", metavar="EMAIL")
    create.add_argument("--organisation", metavar="CODE")
    create.add_argument("--role", choices=ROLES, required=True)
    create.add_argument("--territory", metavar="ZONE", help="pour police_liaison : commune:93066, qpv2024:QN09301M")
    one(group, "list", _people, "Liste les membres.").add_argument("--organisation", metavar="CODE")
    one(group, "password", _password, "Donne un autre mot de passe et déconnecte la personne partout.").add_argument(
        "email", metavar="EMAIL")
    one(group, "unlink", _unlink, "Défait le lien d’une personne avec un fournisseur d’identité (ProConnect) et la déconnecte."
        ).add_argument("email", metavar="EMAIL")
    remove = one(group, "remove", _remove, "Retire une personne d’une organisation ; sans autre organisation, efface son compte.")
    remove.add_argument("email", metavar="EMAIL")
    remove.add_argument("--organisation", metavar="CODE")


def _token_commands(group: Any, one: Callable[..., argparse.ArgumentParser]) -> None:
    create = one(group, "create", _token, "Crée un jeton, montré une seule fois.")
    create.add_argument("name", metavar="NOM")
    create.add_argument("--organisation", metavar="CODE")
    create.add_argument("--scope", choices=("read", "write"), default="write", help="lire seulement, ou aussi importer")
    create.add_argument("--days", type=whole(1, 366), default=DAYS, metavar="N",
                        help=f"jours jusqu’à son expiration ({DAYS} sans cela)")
    one(group, "list", _tokens, "Liste les jetons, sans leur secret.").add_argument("--organisation", metavar="CODE")
    revoke = one(group, "revoke", _revoke, "Révoque un jeton.")
    revoke.add_argument("number", type=whole(1, 2**53), metavar="NUMÉRO")
    revoke.add_argument("--organisation", metavar="CODE")


def _organisation(arguments: argparse.Namespace, storage: Any) -> None:
    from geoservice.operations import accounts

    accounts.create_organisation(storage, arguments.code)
    print(f"Organisation « {arguments.code} » créée.")


def _person(arguments: argparse.Namespace, storage: Any) -> None:
    from geoservice.operations import accounts, people
    from geoservice.types import LABELS, Role

    number, code = accounts.organisation(storage, arguments.organisation)
    place = people.Place(number, Role(arguments.role), arguments.territory)
    joined = people.join(storage, arguments.email, place, _asked_password())
    print(f"{people.clean_email(arguments.email)} : {LABELS[place.role]} de « {code} ».")
    _told(joined.password)


def _people(arguments: argparse.Namespace, storage: Any) -> None:
    from geoservice.operations import accounts, people

    number = None if arguments.organisation is None else accounts.organisation(storage, arguments.organisation)[0]
    for member in people.members(storage, number):
        print(" ".join(filter(None, (f"{member.email:40}", f"{member.organisation:24}", member.role, member.territory))))


def _password(arguments: argparse.Namespace, storage: Any) -> None:
    from geoservice.operations import people

    told = people.set_password(storage, arguments.email, _asked_password())
    print("Mot de passe changé ; la personne est déconnectée partout.")
    _told(told)


def _unlink(arguments: argparse.Namespace, storage: Any) -> None:
    from geoservice.operations import identities

    identities.unlink(storage, arguments.email)
    print("Lien défait ; la prochaine connexion par le fournisseur d’identité le refait si l’adresse e-mail le permet.")


def _remove(arguments: argparse.Namespace, storage: Any) -> None:
    from geoservice.errors import NotFound
    from geoservice.operations import accounts, people

    number, code = accounts.organisation(storage, arguments.organisation)
    email = people.clean_email(arguments.email)
    found = [member.id for member in people.members(storage, number) if member.email == email]
    if not found:
        raise NotFound(f"{email} n’est pas membre de « {code} ».")
    people.leave(storage, found[0], number)
    print(f"{email} n’est plus membre de « {code} ».")


def _token(arguments: argparse.Namespace, storage: Any) -> None:
    from geoservice.operations import accounts
    from geoservice.types import Scope

    wish = accounts.TokenWish(arguments.name, Scope(arguments.scope), arguments.days)
    print(accounts.create_token(storage, arguments.name, arguments.organisation, wish))


def _tokens(arguments: argparse.Namespace, storage: Any) -> None:
    from geoservice.operations import accounts

    number, _ = accounts.organisation(storage, arguments.organisation)
    for token in accounts.tokens(storage, number):
        state = "valable" if accounts.is_alive(token) else "révoqué" if token.revoked else "expiré"
        end = f"jusqu’au {token.expires:%d/%m/%Y}" if token.expires else "sans fin"
        print(f"{token.id:6} {token.name:30} …{token.last4 or '????'} {token.scope:5} {state:8} {end}")


def _revoke(arguments: argparse.Namespace, storage: Any) -> None:
    from geoservice.operations import accounts

    number, _ = accounts.organisation(storage, arguments.organisation)
    accounts.revoke_token(storage, number, arguments.number)
    print(f"Jeton n° {arguments.number} révoqué.")


def _verify(arguments: argparse.Namespace, storage: Any) -> int:
    from geoservice.operations import audit

    verdict = audit.verify(storage, arguments.head)
    if verdict.fault is None:
        before = f", après {verdict.sealed} plus anciennes, scellées et effacées" if verdict.sealed else ""
        print(f"Journal intact : {verdict.rows} lignes{before}. Empreinte : {verdict.head[0]}:{verdict.head[1]}")
        return 0
    number, word = verdict.fault
    sentences = {"numero": "une ligne manque ou est en trop", "contenu": "une ligne a été changée",
                 "jour": "la fin d’un jour ne correspond pas : des lignes ont été retirées ou ajoutées",
                 "sceau": "des lignes anciennes manquent sans le sceau qui devrait le dire",
                 "ancre": "l’empreinte gardée ailleurs n’est pas celle de cette ligne"}
    if word == "ancienne":
        print("Le journal se tient, mais l’empreinte donnée est celle d’une ligne effacée depuis avec sa période : elle ne peut "
              "plus être comparée. Gardez plutôt celles que « audit head --days » affiche : elles restent comparables.")
        return 1
    print(f"Journal ALTÉRÉ vers la ligne {number} : {sentences[word]}.")
    return 1


def _head(arguments: argparse.Namespace, storage: Any) -> None:
    from geoservice.operations import audit

    for day, digest in audit.days(storage).items() if arguments.days else ():
        print(f"{day} {digest}")
    if not arguments.days:
        print(audit.head(storage))


def _asked_password() -> str | None:
    """A password typed twice on a terminal; None (one is made) for an empty one, or where nobody can type."""
    if not sys.stdin.isatty():
        return None
    from getpass import getpass

    from geoservice.errors import BadInput

    first = getpass("Mot de passe (vide : en créer un) : ")
    if not first:
        return None
    if getpass("Encore une fois : ") != first:
        raise BadInput("Les deux mots de passe ne sont pas les mêmes.")
    return first


def _told(password: str | None) -> None:
    if password is not None:
        print(f"Mot de passe (montré une seule fois) : {password}")
