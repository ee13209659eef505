"""A backup is a copy that can be trusted: consistent, verified, restored to the same answers, and refused when damaged."""

from __future__ import annotations

import io
import json
import tarfile
import threading
import time

import pytest

from geoservice import cli
from geoservice.catalog.layers import load
from geoservice.errors import NotReady, UnreadableFile
from geoservice.operations import backup, ingest, setup
from geoservice.operations.indexing import dirty
from geoservice.settings import Settings
from geoservice.storage import backup as files
from tests.upkeep.state import addresses, answers, digest, opened


@pytest.fixture(scope="module")
def saved(world, tmp_path_factory):
    path = tmp_path_factory.mktemp("sauvegarde") / "s.tar"
    with opened(world.settings) as storage:
        return backup.save(storage, path)


@pytest.mark.slow
def test_a_restored_folder_gives_the_same_answers(world, saved, tmp_path):
    restored = Settings(data=tmp_path / "nouveau")
    manifest = backup.restore(saved.path, restored)
    asked = addresses()[:200]
    assert len(asked) == len(set(asked)) == 200
    for token in (world.rives, world.plaine):
        before, after = answers(world.settings, token, asked), answers(restored, token, asked)
        assert [address for address, one, other in zip(asked, before, after, strict=True) if one != other] == []
        assert {status for status, _, _ in after} == {200, 204}
        assert sum(status == 200 for status, _, _ in after) > 130  # the others are tiles with nothing in them
        assert sum(len(body) for _, _, body in after) > 300_000
    with opened(world.settings) as one, opened(restored) as other:
        assert digest(one) == digest(other)
    assert manifest == saved.manifest
    assert manifest.rows["fact"] > 900
    assert manifest.rows["upload"] == 7
    assert sum(name.startswith("uploads/") for name in manifest.files) == 7
    assert sum(name.startswith("index/") for name in manifest.files) == 3


def test_private_to_its_owner_and_never_written_over(saved, world):
    assert saved.path.stat().st_mode & 0o777 == 0o600
    assert list(saved.path.parent.iterdir()) == [saved.path]  # no half file, no copy of the database
    with opened(world.settings) as storage, pytest.raises(NotReady, match="existe déjà"):
        backup.save(storage, saved.path)


def test_tar_reads_it_and_the_digests_are_those_of_the_files(saved):
    import hashlib

    with tarfile.open(saved.path) as tar:
        said = json.load(tar.extractfile("manifest.json"))["files"]
        names = set(tar.getnames())
        for name, (sha256, size) in said.items():
            body = tar.extractfile(name).read()
            assert (hashlib.sha256(body).hexdigest(), len(body)) == (sha256, size)
    assert names == set(said) | {"manifest.json", "manifest.sha256"}


def test_a_restore_refuses_a_folder_with_anything_in_it(saved, tmp_path, world, capsys):
    (tmp_path / "a.txt").write_text("à moi")
    assert cli.main(["restore", str(saved.path), "--data", str(tmp_path)]) == 1
    assert "dossier nouveau" in capsys.readouterr().err
    assert [entry.name for entry in tmp_path.iterdir()] == ["a.txt"]
    with pytest.raises(NotReady):
        backup.restore(saved.path, world.settings)


def test_what_an_interrupted_restore_left_is_no_obstacle(saved, tmp_path):
    (tmp_path / ".restauration").mkdir()
    (tmp_path / ".restauration" / "geoservice.db").write_bytes(b"half")
    backup.restore(saved.path, Settings(data=tmp_path))
    assert not (tmp_path / ".restauration").exists()


def test_a_truncated_or_altered_backup_is_refused(saved, tmp_path, capsys):
    whole = saved.path.read_bytes()
    with tarfile.open(saved.path) as tar:
        inside = {member.name: member.offset_data for member in tar}
    end = inside["manifest.sha256"] + 512
    cuts = [0, 1, 511, 512, 4_096, len(whole) // 3, len(whole) // 2, inside["manifest.json"], inside["manifest.sha256"] + 10]
    broken = {f"cut at {cut}": whole[:cut] for cut in cuts if cut < end}
    places = [inside[name] + 3 for name in inside] + [end * part // 23 for part in range(23)]
    for place in places:
        broken[f"flipped at {place}"] = whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :]
    refused = 0
    for number, (what, body) in enumerate(broken.items()):
        path, folder = tmp_path / "b.tar", tmp_path / f"d{number}"
        path.write_bytes(body)
        try:
            files.verify(path)
        except UnreadableFile:
            refused += 1
            with pytest.raises(UnreadableFile, match="sauvegarde utilisable"):
                backup.restore(path, Settings(data=folder))
            assert not (folder / "geoservice.db").exists()
        else:  # what changed is padding or a date that nothing reads: then nothing may differ
            assert files.verify(path) == saved.manifest, what
    assert refused >= len(broken) - 2
    assert cli.main(["restore", str(path), "--data", str(tmp_path / "x")]) in (0, 2)
    (tmp_path / "t.tar").write_bytes(b"bonjour")
    assert cli.main(["restore", str(tmp_path / "t.tar"), "--data", str(tmp_path / "y")]) == 2
    assert cli.main(["restore", str(tmp_path / "rien.tar"), "--data", str(tmp_path / "y")]) == 2
    assert "Traceback" not in capsys.readouterr().err
    assert not (tmp_path / "y").exists()


@pytest.mark.parametrize("name", ["../dehors", "/tmp/dehors", "uploads/../../dehors", "index/1.facts/x", "geoservice.db-wal",
                                  "partage/lys.release", "partage/pinned/x.release", "partage/../seal"])
def test_a_part_that_has_no_business_there_is_refused(saved, tmp_path, name):
    hostile = tmp_path / "h.tar"
    with tarfile.open(saved.path) as tar, tarfile.open(hostile, "w:") as out:
        for member in tar:
            out.addfile(member, tar.extractfile(member))
        extra = tarfile.TarInfo(name)
        extra.size = 3
        out.addfile(extra, io.BytesIO(b"abc"))
    with pytest.raises(UnreadableFile, match="rien à y faire"):
        backup.restore(hostile, Settings(data=tmp_path / "d"))
    link = tarfile.TarInfo("geoservice.db")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    with tarfile.open(hostile, "w:") as out:
        out.addfile(link)
    with pytest.raises(UnreadableFile, match="autre chose que des fichiers"):
        backup.restore(hostile, Settings(data=tmp_path / "d"))
    assert not (tmp_path / "dehors").exists()


def test_a_database_whose_rows_are_not_those_told_is_refused(copied, tmp_path, monkeypatch):
    settings = copied()
    monkeypatch.setattr(files, "row_counts", lambda connection: {"fact": 1})
    with opened(settings) as storage:
        saved = backup.save(storage, tmp_path / "faux.tar")
    monkeypatch.undo()
    with pytest.raises(UnreadableFile, match="nombre de lignes"):
        backup.restore(saved.path, Settings(data=tmp_path / "d"))


def _facts(storage):
    with storage.read() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM fact").scalar()


def test_an_index_of_another_moment_is_left_out_and_built_again(copied, tmp_path):
    settings = copied()
    with opened(settings) as storage:
        with storage.write() as connection:  # as when the index was swapped after the database was copied
            connection.exec_driver_sql(
                "UPDATE layer_state SET built = built + 1, changes = changes + 1 WHERE organisation_id = 1"
            )
        saved = backup.save(storage, tmp_path / "s.tar")
        assert sorted(name for name in saved.manifest.files if name.startswith("index/")) == ["index/0.facts", "index/2.facts"]
        restored = Settings(data=tmp_path / "d")
        backup.restore(saved.path, restored)
        with opened(restored) as copy:
            assert len(copy.indexes.get(1)) == len(storage.indexes.get(1)) > 100


def test_backups_made_while_a_writer_runs_hold_whole_batches(copied, tmp_path):
    """Every copy is one state: whole batches, counters that add up, indexes that say what the database says."""
    settings = Settings(data=copied().data, batch_rows=40)
    rows = [
        f"N{n};Graffitis;Graffitis sur mur;{1 + n % 28:02}/03/2024;\"{{'lon': 2.35, 'lat': {48.8 + n / 1e5:.6f}}}\""
        for n in range(4_000)
    ]
    (tmp_path / "n.csv").write_text("\n".join(["id_dmr;type;soustype;datedecl;geo_point_2d", *rows]))
    storage, other = setup.open_storage(settings), setup.open_storage(settings)
    request = ingest.ImportRequest("incidents", (tmp_path / "n.csv",), "rives", "dans-ma-rue")
    before = _facts(other)
    writer = threading.Thread(target=ingest.run, args=(storage, load(), request))
    writer.start()
    taken = []
    while _facts(other) == before:
        time.sleep(0.01)
    while writer.is_alive() and len(taken) < 6:
        taken.append(backup.save(other, tmp_path / f"{len(taken)}.tar"))
    writer.join()
    counts = [one.manifest.rows["fact"] for one in taken]
    assert len(set(counts)) > 1  # the writer did run meanwhile
    assert counts == sorted(counts)
    for number, one in enumerate(taken[:3]):
        restored = Settings(data=tmp_path / f"r{number}", batch_rows=40)
        manifest = backup.restore(one.path, restored)
        with opened(restored) as copy:
            with copy.read() as connection:
                told = connection.exec_driver_sql("SELECT accepted, batches, status FROM import_run ORDER BY id DESC").first()
            assert dirty(copy) == {}
            assert sum(len(copy.indexes.get(each)) for each in (0, 1, 2)) == manifest.rows["fact"]
            if one is taken[0]:  # the copy of an import that ran is an import that was interrupted: it can be finished
                assert (told[0], told[2]) == (told[1] * 40, "reading")
                assert ingest.run(copy, load(), request).accepted == 4_000
                with opened(settings) as original:
                    same = ("fact", "feature", "organisation", "token")
                    assert digest(copy, same, {"id"}) == digest(original, same, {"id"})
    for each in (storage, other):
        each.close()


def test_the_command_tells_what_it_wrote(copied, tmp_path, monkeypatch, capsys):
    settings = copied()
    monkeypatch.chdir(tmp_path)
    assert cli.main(["backup", "--data", str(settings.data)]) == 0
    (path,) = tmp_path.glob("geoservice-*.tar")
    assert path.name in capsys.readouterr().out
    assert cli.main(["restore", str(path), "--data", "la"]) == 0
    assert "restauré" in capsys.readouterr().out
    assert cli.main(["backup", "--data", str(settings.data), "--to", "absent/x.tar"]) == 1
    assert cli.main(["backup", "--data", "rien"]) == 1
