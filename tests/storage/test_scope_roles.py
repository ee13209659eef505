"""The roles on PostgreSQL: an owner that may not make roles is told what to do; a service that is too mighty is refused."""

from __future__ import annotations

import os
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text
from sqlalchemy.engine import make_url

from geoservice.errors import NotReady
from geoservice.operations import setup
from geoservice.settings import Settings
from geoservice.storage.scope import RowScope
from tests.conftest import ON_POSTGRESQL

pytestmark = pytest.mark.skipif(not ON_POSTGRESQL, reason="roles are of PostgreSQL: make test-postgres")


@pytest.fixture
def role() -> Iterator[Callable[[], str]]:
    """Makes roles that may make schemas and no role; gives an address for each."""
    given = make_url(os.environ["GEOSERVICE_DATABASE_URL"])
    address = given.difference_update_query(["schema"]).set(drivername="postgresql+psycopg")
    engine = create_engine(address, isolation_level="AUTOCOMMIT")
    made: list[str] = []

    def make() -> str:
        name = f"essai_{secrets.token_hex(4)}"
        with engine.connect() as connection:
            connection.execute(text(f"CREATE ROLE {name} LOGIN PASSWORD 'essai'"))
            connection.execute(text(f'GRANT CREATE ON DATABASE "{given.database}" TO {name}'))
        made.append(name)
        return given.set(username=name, password="essai").render_as_string(hide_password=False)

    yield make
    with engine.connect() as connection:
        for name in reversed(made):  # the owner's tables first: what others may do there goes with them
            connection.execute(text(f'GRANT "{name}" TO CURRENT_USER'))
            connection.execute(text(f'DROP OWNED BY "{name}" CASCADE'))
        for name in made:
            connection.execute(text(f'DROP ROLE "{name}"'))
    engine.dispose()


def test_an_owner_that_may_not_make_roles_is_told_what_to_do(role: Callable[[], str], tmp_path: Path) -> None:
    with pytest.raises(NotReady, match=r"CREATEROLE.*GEOSERVICE_DATABASE_SERVICE_URL"):
        setup.create(Settings(data=tmp_path / "data", database_url=role()))


def test_a_role_that_somebody_else_made_serves(role: Callable[[], str], tmp_path: Path) -> None:
    service = role()
    storage = setup.create(Settings(data=tmp_path / "data", database_url=role(), database_service_url=service))
    with storage.read(RowScope((0, 1), 1)) as connection:
        assert connection.execute(text("SELECT current_user")).scalar() == make_url(service).username
        assert connection.execute(text("SELECT count(*) FROM fact")).scalar() == 0
    storage.close()


def test_a_service_that_owns_the_tables_is_refused(role: Callable[[], str], tmp_path: Path) -> None:
    owner = role()
    with pytest.raises(NotReady, match="possède les tables"):
        setup.create(Settings(data=tmp_path / "data", database_url=owner, database_service_url=owner))
