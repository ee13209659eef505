"""A publication that is killed anywhere, a folder that is lost, a backup that is restored: one whole release, the right one."""

from __future__ import annotations

import os
import signal
import stat
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from sqlalchemy import text

from geoservice.core.disclosure import release as core
from geoservice.core.disclosure import releasefile
from geoservice.errors import Conflict, NotFound, NotReady
from geoservice.operations import (
    backup,
    doctor,
    publishing,
    publishing_files,
    setup,
    shared_access,
    shared_links,
    shared_patrol,
    territories,
)
from geoservice.operations.publishing import name_of
from geoservice.operations.shared import Folder
from geoservice.operations.shared_access import Guest, KeyWish
from geoservice.operations.shared_links import LinkWish
from geoservice.operations.shared_patrol import PatrolWish
from geoservice.settings import Settings
from geoservice.storage import releases as stored
from tests import folders
from tests.operations import sharedworld as world
from tests.operations.sharedworld import CODE

pytestmark = pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")  # the child opens everything anew
STEPS = ("audited", "keys", "state", "committed", "names", "release", "half", "seal")


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """A folder with a release up to August 2026."""
    settings = world.build(tmp_path_factory.mktemp("partage"))
    opened = setup.open_storage(settings)
    world.agree(opened)
    world.territory(opened)
    world.publish(opened, "2026-08")
    opened.close()
    return settings


@pytest.fixture
def settings(shared, tmp_path):
    return folders.copied(shared.data, tmp_path / "copie")


def released(folder) -> core.Release:
    return releasefile.unpack((folder / f"{CODE}.release").read_bytes(), (folder / "seal").read_bytes())


def _kill(*_given: object, **_named: object) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _publish_and_die(settings: Settings, step: str) -> None:
    """In a child: publish September, and die there. Never returns."""
    storage = setup.open_storage(settings)
    real_swap, real_replace = publishing_files._swap, os.replace
    if step == "audited":
        publishing._keep = _kill
    elif step == "keys":
        stored.keep_state = _kill
    elif step == "state":
        publishing.audit.note = _kill
    elif step == "committed":
        publishing.publishing_files.settle, real = (lambda given: real(given) if _issue(given) == 1 else _kill()), \
            publishing.publishing_files.settle
    elif step == "seal":
        (settings.shared_folder / "seal").unlink()
        publishing_files._swap = lambda path, data: _kill() if path.name == "seal" else real_swap(path, data)
    else:
        where = {"names": ".names.json", "release": ".release", "half": ".release"}[step]

        def swap(path, data):
            if path.name.endswith(where) and _issue(storage) == 2:
                if step == "half":
                    os.replace = lambda a, b: _kill() if str(b).endswith(where) else real_replace(a, b)
                    return real_swap(path, data)
                _kill()
            return real_swap(path, data)

        (settings.shared_folder / f"{CODE}.names.json").unlink()  # so that each file is written
        publishing_files._swap = swap
    world.publish(storage, "2026-09")
    os._exit(0)


def _issue(storage) -> int:
    return publishing.states(storage, territories.load(storage, CODE))[-1].issue


@pytest.mark.parametrize("step", STEPS)
def test_a_publication_that_is_killed_leaves_a_whole_release_and_is_finished(settings, step):
    before = released(settings.shared_folder)
    child = os.fork()
    if child == 0:
        try:
            _publish_and_die(settings, step)
        finally:
            os._exit(1)
    assert os.WTERMSIG(os.waitpid(child, 0)[1]) == signal.SIGKILL
    if step != "seal":
        assert released(settings.shared_folder).partition("2026-05") == before.partition("2026-05")
        assert Folder(settings.shared_folder).open(CODE).names  # what lies beside fits whichever release is there
    storage = setup.open_storage(settings)
    decided = step in ("committed", "names", "release", "half")
    assert _issue(storage) == (2 if decided else 1)
    publishing_files.settle(storage)
    assert max(released(settings.shared_folder).months) == world.month("2026-09" if decided else "2026-08")
    world.publish(storage, "2026-09")
    after = released(settings.shared_folder)
    assert (core.changed(before, after), max(after.months)) == ([], world.month("2026-09"))
    assert _issue(storage) == 2
    assert not [path.name for path in settings.shared_folder.iterdir() if path.name.endswith(".part")]
    storage.close()


def test_a_naive_publisher_would_be_caught(settings):
    """Were the file written before the decision, a kill in between would leave months that nobody froze."""
    storage = setup.open_storage(settings)
    outcome = world.publish(storage, "2026-09", dry_run=True)
    seal = (settings.shared_folder / "seal").read_bytes()
    (settings.shared_folder / f"{CODE}.release").write_bytes(releasefile.pack(outcome.state.published.release, seal))
    with pytest.raises(Conflict, match="plus récent"):
        world.publish(storage, "2026-09")
    storage.close()


@pytest.mark.parametrize("damage", ["gone", "bytes", "names", "seal", "all"])
def test_what_is_lost_or_altered_is_put_back(settings, damage):
    folder = settings.shared_folder
    before, whole = released(folder), (folder / f"{CODE}.release").read_bytes()
    if damage == "gone":
        (folder / f"{CODE}.release").unlink()
    elif damage == "bytes":
        (folder / f"{CODE}.release").write_bytes(whole[:200] + bytes([whole[200] ^ 1]) + whole[201:])
    elif damage == "names":
        (folder / f"{CODE}.names.json").write_text('{"names": {}, "title": "Ailleurs"}')
    elif damage == "seal":
        (folder / "seal").unlink()
    else:
        for path in folder.iterdir():
            path.unlink()
        folder.rmdir()
    checks = {check.name: check for check in doctor.run(settings)}
    assert checks["Diffusions"].ok
    assert CODE in checks["Diffusions"].sentence
    after = released(folder)
    assert core.changed(before, after) == []
    assert ((folder / f"{CODE}.release").read_bytes() == whole) == (damage in ("gone", "bytes", "names"))
    assert Folder(folder).open(CODE).title == "Pays du Lys"
    assert {check.sentence for check in doctor.run(settings) if check.name == "Diffusions"} == {"le dossier partagé est à jour"}


def test_a_seal_of_another_length_is_refused(settings):
    (settings.shared_folder / "seal").write_bytes(b"court")
    storage = setup.open_storage(settings)
    with pytest.raises(NotReady, match="sceau"):
        world.publish(storage)
    storage.close()


def test_a_backup_brings_the_release_and_its_private_state(settings, tmp_path):
    storage = setup.open_storage(settings)
    saved = backup.save(storage, tmp_path / "s.tar")
    before = released(settings.shared_folder)
    world.publish(storage, "2026-09")
    here = released(settings.shared_folder)
    storage.close()
    restored = Settings(data=tmp_path / "nouveau")
    backup.restore(saved.path, restored)
    assert core.changed(before, released(restored.shared_folder)) == []
    again = setup.open_storage(restored)
    outcome = world.publish(again, "2026-09")
    there = released(restored.shared_folder)
    assert core.changed(before, there) == []
    assert there.commitment == here.commitment
    assert np.array_equal(np.sort(outcome.state.published.ledger.cell), np.sort(_ledger(settings)))
    again.close()


def _ledger(settings: Settings) -> np.ndarray:
    storage = setup.open_storage(settings)
    found = publishing.states(storage, territories.load(storage, CODE))[-1].published.ledger.cell
    storage.close()
    return found


def test_a_backup_brings_what_only_the_shared_folder_has(settings, tmp_path):
    """Keys, links with the release that they show, patrol requests: as they were, the ended ones ended."""
    shared = shared_access.open_shared(settings.shared_folder)
    member = Guest(frozenset({CODE}), organisation="rives", asks=True)
    zone, level = f"qpv2024:{world.QPV}", "qpv"
    kept, ended = (shared_links.make(shared, member, LinkWish(CODE, "bailleur", level, zone, 30)) for _ in range(2))
    shared_links.revoke(shared, "rives", max(link.id for link in shared_links.listing(shared, "rives")))
    key = shared_access.make_key(shared, KeyWish(CODE, "Brigade", liaison=True))
    group, soon = next(iter(shared_patrol.groups(shared.folder.open(CODE)))), str((datetime.now(UTC) + timedelta(3)).date())
    shared_patrol.ask(shared, member, PatrolWish(CODE, level, zone, group, next(iter(shared_patrol.REASONS)), soon))
    storage = setup.open_storage(settings)
    world.publish(storage, "2026-09")  # the links show the release before
    told, asked = shared_links.told(shared_links.follow(shared, kept)), shared_patrol.listing(shared, member, CODE)
    saved = backup.save(storage, tmp_path / "s.tar")
    assert sorted(name.partition("/")[2].partition("/")[0] for name in saved.manifest.files if name.startswith("partage/")) == [
        "access.db", "pinned", "seal"]
    storage.close()
    shared.close()
    backup.restore(saved.path, Settings(data=tmp_path / "nouveau"))
    again = shared_access.open_shared(tmp_path / "nouveau" / "partage")
    assert shared_links.told(shared_links.follow(again, kept)) == told
    with pytest.raises(NotFound):
        shared_links.follow(again, ended)
    assert shared_access.guest_of_key(again, key).answers
    assert shared_patrol.listing(again, member, CODE) == asked != []
    files = [path for path in again.folder.path.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
    current = f"{CODE}.release"
    assert (again.folder.path / current).read_bytes() == (settings.shared_folder / current).read_bytes()
    again.close()


def test_an_older_backup_does_not_go_over_what_people_read(settings, tmp_path):
    storage = setup.open_storage(settings)
    saved = backup.save(storage, tmp_path / "s.tar")
    world.publish(storage, "2026-09")
    storage.close()
    backup.restore(saved.path, Settings(data=tmp_path / "nouveau", shared=settings.shared_folder))
    older = setup.open_storage(Settings(data=tmp_path / "nouveau", shared=settings.shared_folder))
    with pytest.raises(Conflict, match="plus récent"):
        world.publish(older, "2026-08")
    assert name_of(max(released(settings.shared_folder).months)) == "2026-09"
    older.close()


def test_two_publishers_at_once_make_one_release(settings):
    children = []
    for _ in range(2):
        child = os.fork()
        if child == 0:
            code = 1
            try:
                storage = setup.open_storage(settings)
                code = 0 if world.publish(storage, "2026-09") else 1
            finally:
                os._exit(code)
        children.append(child)
    assert [os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children] == [0, 0]
    storage = setup.open_storage(settings)
    assert _issue(storage) == 2
    with storage.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM audit WHERE action = 'diffusion' AND object LIKE '%diffusion 2'")
                                  ).scalar() == 4  # three landlords, and the platform
    storage.close()
