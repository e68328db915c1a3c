"""Frames go from catalogue to catalogue with all that was said about them, and every file can be checked."""

from __future__ import annotations

import shutil

from fluxkit.catalogue import Catalogue
from tests.catalogue.kept_frames import make_frame


def test_verify_names_what_is_missing_changed_or_unknown(catalogue):
    frames = [catalogue.add(make_frame(seed)) for seed in range(4)]
    assert catalogue.verify()
    assert "every file is whole" in repr(catalogue.verify())
    catalogue.store.path(frames[0].file).unlink()
    path = catalogue.store.path(frames[1].file)
    data = bytearray(path.read_bytes())
    data[-20] ^= 1
    path.write_bytes(data)
    (path.parent / ("0" * 64 + ".png")).write_bytes(b"no picture")
    report = catalogue.verify()
    assert not report
    assert (report.missing, report.damaged) == ((frames[0].id,), (frames[1].id,))
    assert report.foreign == ("0" * 64 + ".png",)
    assert frames[1].id in repr(report)


def test_a_picture_put_back_by_hand_is_a_stray_until_the_index_is_rebuilt(catalogue, tmp_path):
    kept = catalogue.add(make_frame(1))
    with Catalogue(tmp_path / "other") as other:
        stray = other.add(make_frame(2))
        target = catalogue.store.path(stray.file)
        target.parent.mkdir(exist_ok=True)
        shutil.copy(other.store.path(stray.file), target)
    assert catalogue.verify().strays == (stray.file,)
    assert catalogue.rebuild() == 2
    assert catalogue.verify()
    assert [frame.id for frame in catalogue.frames()] == [kept.id, stray.id]


def test_export_and_import_carry_marks_receipts_and_lineage(catalogue, tmp_path):
    base = catalogue.add(make_frame(1), receipt={"seconds": 3})
    edited = catalogue.add(make_frame(2))
    catalogue.add(make_frame(3))
    catalogue.link(edited, role="edit", of=base)
    catalogue.mark(base, rating=5, tag=["hero", "cover"], pick=True, note="yes", project="Winter")
    with catalogue.export(tmp_path / "client", [base, edited]) as out:
        assert [frame.id for frame in out.frames()] == [base.id, edited.id]
        assert out.marks(base) == catalogue.marks(base)
        assert out.receipt(base) == {"seconds": 3}
        assert [frame.id for frame in out.parents(edited)] == [base.id]
        assert out.verify()
    with Catalogue(tmp_path / "third") as third:
        assert [frame.id for frame in third.import_(tmp_path / "client")] == [base.id, edited.id]
        assert third.marks(base) == catalogue.marks(base)
        third.mark(base, rating=1)
        assert len(third.import_(tmp_path / "client")) == 2
        assert (len(third), third.marks(base).rating) == (2, 1)


def test_an_import_never_overwrites_another_picture_of_the_same_shot(catalogue, tmp_path):
    mine = catalogue.add(make_frame(1, pixels=1))
    with Catalogue(tmp_path / "other") as other:
        theirs = other.add(make_frame(1, pixels=2))
        other.mark(theirs, rating=4)
    (came,) = catalogue.import_(tmp_path / "other")
    assert (came.take, came.marks.rating) == (1, 4)
    assert catalogue.get(mine.shot.id).image.tobytes() == mine.image.tobytes()


def test_pictures_of_a_plain_folder_are_taken_in(catalogue, tmp_path):
    (tmp_path / "loose" / "deep").mkdir(parents=True)
    make_frame(1).save(tmp_path / "loose" / "a.png")
    make_frame(2).save(tmp_path / "loose" / "deep" / "b.png")
    (tmp_path / "loose" / "notes.txt").write_text("words")
    (tmp_path / "loose" / "broken.png").write_bytes(b"no picture")
    assert sorted(frame.shot.seed for frame in catalogue.import_(tmp_path / "loose")) == [1, 2]
    assert catalogue.verify()


def test_answers_to_pairs_go_along_and_count_once(catalogue, tmp_path):
    one, two, three = (catalogue.add(make_frame(seed)) for seed in (1, 2, 3))
    catalogue.prefer(one, two)
    catalogue.prefer(two, one, tie=True)
    catalogue.prefer(three, one)
    with catalogue.export(tmp_path / "client", [one, two]) as out:
        assert out.votes() == (((one.id, two.id),), ((two.id, one.id),))
    catalogue.import_(tmp_path / "client")
    assert catalogue.votes() == (((one.id, two.id), (three.id, one.id)), ((two.id, one.id),))
