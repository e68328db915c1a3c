"""Whatever happens to the disk, the index or the clock, no frame is lost and the catalogue can be read."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import sqlite3
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest

import fluxkit as fk
from fluxkit.catalogue import Catalogue
from fluxkit.catalogue import catalogue as catalogue_module
from fluxkit.catalogue.journal import Journal
from fluxkit.catalogue.migrations import MIGRATIONS
from fluxkit.errors import CatalogueError
from tests.catalogue.kept_frames import make_frame


@contextlib.contextmanager
def small_disk(folder, size):
    """A disk of its own in memory, mounted where tests may mount."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("a small disk needs the right to mount one")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", folder], check=True)


def fill(folder, count=5):
    """A catalogue of marked frames, closed."""
    with Catalogue(folder) as catalogue:
        frames = [catalogue.add(make_frame(seed)) for seed in range(count)]
        catalogue.mark(frames[0], rating=5, tag="hero", note="keep this one")
        catalogue.link(frames[1], role="edit", of=frames[0])
        catalogue.add(make_frame(count), receipt={"seconds": 2.0})
        return [frame.id for frame in catalogue.frames()]


def holds(folder, ids):
    """Whether the catalogue is what `fill` made of it."""
    with Catalogue(folder) as catalogue:
        frames = catalogue.frames()
        assert [frame.id for frame in frames] == ids
        assert catalogue.verify()
        assert (frames[0].marks.rating, frames[0].marks.tags) == (5, ("hero",))
        assert [frame.id for frame in catalogue.search("keep")] == [ids[0]]
        assert [frame.id for frame in catalogue.parents(frames[1])] == [ids[0]]
        assert catalogue.receipt(ids[-1]) == {"seconds": 2.0}
        assert catalogue.values("model") == {"nano": len(ids)}


def test_a_deleted_index_is_made_again_with_every_mark(tmp_path):
    ids = fill(tmp_path / "shoot")
    for name in (tmp_path / "shoot").glob("index.sqlite*"):
        name.unlink()
    holds(tmp_path / "shoot", ids)


def test_without_index_and_journal_the_pictures_remain(tmp_path):
    ids = fill(tmp_path / "shoot")
    for name in [*(tmp_path / "shoot").glob("index.sqlite*"), tmp_path / "shoot" / "journal.jsonl"]:
        name.unlink()
    shutil.rmtree(tmp_path / "shoot" / "thumbs")
    with Catalogue(tmp_path / "shoot") as catalogue:
        assert [frame.id for frame in catalogue.frames()] == ids
        assert catalogue.frames()[0].thumbnail().size == (16, 16)
        assert catalogue.verify()


def test_a_deleted_journal_is_written_again_from_the_index(tmp_path):
    ids = fill(tmp_path / "shoot")
    (tmp_path / "shoot" / "journal.jsonl").unlink()
    with Catalogue(tmp_path / "shoot") as catalogue:
        catalogue.mark(ids[2], rating=1)
    for name in (tmp_path / "shoot").glob("index.sqlite*"):
        name.unlink()
    holds(tmp_path / "shoot", ids)
    assert Catalogue(tmp_path / "shoot").marks(ids[2]).rating == 1


@pytest.mark.parametrize("damage", ["header", "middle", "empty", "text", "half", "no tables"])
def test_a_damaged_index_is_salvaged(tmp_path, damage):
    ids = fill(tmp_path / "shoot")
    path = tmp_path / "shoot" / "index.sqlite"
    data = bytearray(path.read_bytes())
    if damage == "no tables":
        path.unlink()
        with contextlib.closing(sqlite3.connect(path)) as connection:
            connection.execute(f"PRAGMA user_version = {len(MIGRATIONS)}")
    else:
        data[:] = {
            "header": b"\xff" * 100 + data[100:],
            "middle": data[:4096] + os.urandom(len(data) - 8192) + data[-4096:],
            "empty": b"",
            "text": b"this is no database",
            "half": data[: len(data) // 2],
        }[damage]
        path.write_bytes(data)
    holds(tmp_path / "shoot", ids)
    if damage not in ("empty", "no tables"):
        assert (tmp_path / "shoot" / "index.old-1.sqlite").exists()


def test_damage_met_while_the_catalogue_is_open_is_salvaged_too(tmp_path):
    ids = fill(tmp_path / "shoot", count=60)
    with Catalogue(tmp_path / "shoot") as catalogue:
        assert len(catalogue) == 61
        path = tmp_path / "shoot" / "index.sqlite"
        with path.open("r+b") as file:
            file.seek(4096)
            file.write(os.urandom(path.stat().st_size - 4096))
        catalogue.close()
        assert [frame.id for frame in catalogue.frames()] == ids
        catalogue.add(make_frame(99))
        assert len(catalogue) == 62


def test_answers_to_pairs_outlive_the_journal_and_then_the_index(tmp_path):
    with Catalogue(tmp_path / "shoot") as catalogue:
        one, two = (catalogue.add(make_frame(seed)) for seed in (1, 2))
        catalogue.prefer(one, two)
        catalogue.prefer(one, two, tie=True)
        votes = catalogue.votes()
    (tmp_path / "shoot" / "journal.jsonl").unlink()
    with Catalogue(tmp_path / "shoot") as catalogue:
        catalogue.mark(one, rating=3)
    for name in (tmp_path / "shoot").glob("index.sqlite*"):
        name.unlink()
    with Catalogue(tmp_path / "shoot") as catalogue:
        assert catalogue.votes() == votes


def test_a_line_cut_short_in_the_journal_costs_only_itself(tmp_path):
    ids = fill(tmp_path / "shoot")
    with (tmp_path / "shoot" / "journal.jsonl").open("a") as file:
        file.write('{"op":"mark","frames":["' + ids[1])
    with Catalogue(tmp_path / "shoot") as catalogue:
        catalogue.mark(ids[2], rating=3)
    for name in (tmp_path / "shoot").glob("index.sqlite*"):
        name.unlink()
    holds(tmp_path / "shoot", ids)
    assert Catalogue(tmp_path / "shoot").marks(ids[2]).rating == 3


def test_a_frame_written_just_before_a_crash_is_taken_in(tmp_path, monkeypatch):
    catalogue = Catalogue(tmp_path / "shoot")
    catalogue.add(make_frame(1))
    monkeypatch.setattr(catalogue.store, "put_thumbnail", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
    with pytest.raises(KeyboardInterrupt):
        catalogue.add(make_frame(2))
    assert len(catalogue) == 1
    with Catalogue(tmp_path / "shoot") as other:
        assert len(other) == 2
        assert other.verify()


def test_scraps_of_a_crash_are_no_frames_and_are_swept(tmp_path):
    ids = fill(tmp_path / "shoot")
    (tmp_path / "shoot" / "incoming" / ".abc.png.1234.part").write_bytes(b"half a picture")
    (tmp_path / "shoot" / "files" / ids[0][7:9]).mkdir(exist_ok=True)
    for name in (tmp_path / "shoot").glob("index.sqlite*"):
        name.unlink()
    holds(tmp_path / "shoot", ids)
    assert not list((tmp_path / "shoot" / "incoming").iterdir())


def test_a_full_disk_is_said_and_what_was_kept_stays(tmp_path):
    with small_disk(tmp_path / "disk", "1m") as disk:
        catalogue = Catalogue(disk / "shoot")
        with pytest.raises(CatalogueError, match="disk is full") as told:
            for seed in range(200):
                catalogue.add(make_frame(seed, width=128, height=128, pixels=seed))
        kept = len(catalogue)
        assert kept >= 1
        assert f"the {kept} frames kept before are safe" in str(told.value)
        assert all(frame.image.size == (16, 16) for frame in catalogue.frames())
        catalogue.close()
        with Catalogue(disk / "shoot") as again:
            assert len(again) == kept
            assert not again.verify().missing
            assert not again.verify().damaged
            shutil.rmtree(disk / "shoot" / "thumbs")
            again.add(make_frame(500))
            assert again.verify()
            assert len(again) > kept
        shutil.copytree(disk / "shoot", tmp_path / "copy", ignore=shutil.ignore_patterns("index*"))
        assert len(Catalogue(tmp_path / "copy")) > kept


def test_a_read_only_disk_can_be_read_and_says_why_it_cannot_be_written(tmp_path):
    with small_disk(tmp_path / "disk", "8m") as disk:
        ids = fill(disk / "shoot")
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        holds(disk / "shoot", ids)
        with Catalogue(disk / "shoot") as catalogue:
            with pytest.raises(CatalogueError, match="may not be written"):
                catalogue.add(make_frame(99))
            with pytest.raises(CatalogueError, match="safe and can be read"):
                catalogue.mark(ids[0], rating=1)
            assert [frame.id for frame in catalogue.frames()] == ids


def test_a_read_only_disk_shows_what_a_crashed_kernel_had_not_yet_folded_in(tmp_path):
    with small_disk(tmp_path / "disk", "8m") as disk:
        catalogue = Catalogue(disk / "shoot")
        ids = [catalogue.add(make_frame(seed)).id for seed in range(3)]
        copy = disk / "copy"
        shutil.copytree(disk / "shoot", copy)  # with the write-ahead log, as a killed kernel leaves it
        catalogue.close()
        subprocess.run(["mount", "-o", "remount,ro", disk], check=True)
        assert [frame.id for frame in Catalogue(copy).frames()] == ids


def test_a_folder_without_permission_is_refused_in_words(tmp_path):
    (tmp_path / "locked").mkdir(mode=0o500)
    if os.access(tmp_path / "locked", os.W_OK):
        pytest.skip("this user may write everywhere")
    with pytest.raises(CatalogueError, match="may not be written"):
        Catalogue(tmp_path / "locked" / "shoot").add(make_frame(1))


def test_a_file_where_the_folder_should_be_is_refused_in_words(tmp_path):
    (tmp_path / "shoot").write_text("a file")
    with pytest.raises(CatalogueError, match="there is a file where its folder should be"):
        Catalogue(tmp_path / "shoot").add(make_frame(1))


def test_a_clock_that_goes_back_changes_no_order(tmp_path, monkeypatch):
    class Clock(datetime):
        times = iter([datetime(2026, 11, 23, tzinfo=UTC), datetime(1999, 1, 1, tzinfo=UTC)])

        @classmethod
        def now(cls, tz=None):
            return next(cls.times)

    monkeypatch.setattr(catalogue_module, "datetime", Clock)
    with Catalogue(tmp_path / "shoot") as catalogue:
        ids = [catalogue.add(make_frame(seed)).id for seed in range(2)]
        assert [frame.id for frame in catalogue.search()] == ids[::-1]
        monkeypatch.setattr("fluxkit.catalogue.query._FEW", 0)
        assert [frame.id for frame in catalogue.search(since="2026-01-01")] == ids[:1]
        assert [frame.id for frame in catalogue.search(since="2026-01-01", model="nano")] == ids[:1]
        assert [frame.id for frame in catalogue.search("hare", until="2000-01-01")] == ids[1:]
        catalogue.rebuild()
        assert [frame.id for frame in catalogue.search()] == ids[::-1]


def test_names_in_unicode_hold_a_catalogue(tmp_path):
    folder = tmp_path / "Aufnahmen ‘Zoë’ 写真 📷"
    with Catalogue(folder) as catalogue:
        kept = catalogue.add(make_frame(1, prompt="Zoë, 写真"))
        catalogue.mark(kept, tag="häuser 写真", project="Straße")
        assert len(catalogue.search("写真")) == 1
        assert len(catalogue.search(project="Straße")) == 1
        catalogue.rebuild()
        assert catalogue.marks(kept).tags == ("häuser 写真",)


def test_an_index_of_a_newer_fluxkit_is_left_alone(tmp_path):
    fill(tmp_path / "shoot")
    with contextlib.closing(sqlite3.connect(tmp_path / "shoot" / "index.sqlite")) as connection:
        connection.execute(f"PRAGMA user_version = {len(MIGRATIONS) + 1}")
    with pytest.raises(CatalogueError, match="newer fluxkit"):
        len(Catalogue(tmp_path / "shoot"))


ADDING = """
import sys
from fluxkit.catalogue import Catalogue
from tests.catalogue.kept_frames import make_frame
start, folder = int(sys.argv[1]), sys.argv[2]
with Catalogue(folder) as catalogue:
    for seed in range(start, start + 500):
        kept = catalogue.add(make_frame(seed))
        if seed % 100 == 0:
            catalogue.mark(kept, rating=3)
"""


def test_two_processes_writing_five_hundred_frames_each_lose_none(tmp_path):
    roots = os.pathsep.join([str(Path(fk.__file__).parents[1]), str(Path(__file__).parents[2])])
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", ADDING, str(start), str(tmp_path / "shoot")],
            env={**os.environ, "PYTHONPATH": roots},
        )
        for start in (0, 400)  # a hundred shots are the same in both
    ]
    assert [writer.wait(300) for writer in writers] == [0, 0]
    with Catalogue(tmp_path / "shoot") as catalogue:
        assert sorted(frame.shot.seed for frame in catalogue.frames()) == list(range(900))
        assert catalogue.verify()
        assert catalogue.values("rating") == {3: 9}
        catalogue.rebuild()
        assert len(catalogue) == 900
        assert catalogue.values("rating") == {3: 9}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system cannot fork")
def test_a_forked_child_may_go_on_with_the_catalogue_it_inherited(tmp_path):
    with Catalogue(tmp_path / "shoot") as catalogue:
        catalogue.add(make_frame(1))
        child = os.fork()
        if child == 0:
            catalogue.add(make_frame(2))
            os._exit(0)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        catalogue.add(make_frame(3))
        assert [frame.shot.seed for frame in catalogue.frames()] == [1, 2, 3]


def test_a_migration_from_an_older_index_keeps_its_frames(tmp_path, monkeypatch):
    ids = fill(tmp_path / "shoot")
    added = (*MIGRATIONS, ("CREATE TABLE colours (seq INTEGER)",))
    monkeypatch.setattr("fluxkit.catalogue.index.MIGRATIONS", added)
    holds(tmp_path / "shoot", ids)
    with contextlib.closing(sqlite3.connect(tmp_path / "shoot" / "index.sqlite")) as connection:
        assert connection.execute("PRAGMA user_version").fetchone()[0] == len(added)
        assert connection.execute("SELECT count(*) FROM colours").fetchone()[0] == 0


def test_the_journal_is_plain_lines_that_other_programs_can_read(tmp_path):
    fill(tmp_path / "shoot")
    lines = (tmp_path / "shoot" / "journal.jsonl").read_text("utf-8").splitlines()
    assert {json.loads(line)["op"] for line in lines} == {"add", "mark", "link"}
    assert len(list(Journal(tmp_path / "shoot").entries())) == len(lines)
    assert str(tmp_path) not in "".join(lines)
