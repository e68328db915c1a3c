"""What is added stays, is found again, and is never overwritten."""

from __future__ import annotations

import threading

import pytest
from PIL import Image

from fluxkit.catalogue import Catalogue
from fluxkit.errors import FrameError, InputError
from fluxkit.frames import Frame, Frames, metadata, xmp
from tests.catalogue.kept_frames import SCENE, make_frame


def test_opening_and_asking_create_nothing(tmp_path):
    with Catalogue(tmp_path / "none") as catalogue:
        assert len(catalogue) == 0
        assert catalogue.get("shot1-0123456789abcdef") is None
        assert len(catalogue.frames()) == 0
        assert catalogue.count(rating=5) == 0
        assert repr(catalogue) == "Catalogue(0 frames)"
    assert not (tmp_path / "none").exists()


def test_an_added_frame_comes_back_the_same(catalogue):
    was = make_frame(7)
    kept = catalogue.add(was)
    assert isinstance(kept, Frame)
    for frame in (kept, catalogue.get(was.shot.id)):
        assert (frame.id, frame.shot, frame.provenance) == (was.id, was.shot, was.provenance)
        assert frame.shot.scene == SCENE
        assert frame.fingerprint == was.fingerprint
        assert frame.image.tobytes() == was.image.tobytes()
        assert frame.thumbnail().size == (16, 16)
        assert frame.made.tzinfo is not None
    assert len(catalogue) == 1


def test_frames_outlive_the_closing_of_their_catalogue(catalogue):
    kept = catalogue.add(make_frame(7))
    catalogue.close()
    assert kept.image.size == (16, 16)
    assert kept.marks.rating == 0
    assert catalogue.get(kept.shot.id).id == kept.id


def test_adding_the_same_frame_again_keeps_one(catalogue):
    first = catalogue.add(make_frame(7))
    again = catalogue.add(make_frame(7))
    assert catalogue.add(again) is again
    assert (first.id, len(catalogue)) == (again.id, 1)
    assert len(list(catalogue.store.files())) == 1


def test_another_picture_of_the_same_shot_is_another_take(catalogue):
    first = catalogue.add(make_frame(7, pixels=1))
    second = catalogue.add(make_frame(7, pixels=2))
    assert (first.take, second.take) == (0, 1)
    assert catalogue.get(first.shot.id, 1).image.tobytes() == second.image.tobytes()
    assert Frame.open(catalogue.store.path(second.file)).take == 1


def test_files_are_named_by_their_content_and_nothing_unfinished_stays(catalogue, tmp_path):
    catalogue.add(make_frame(1))
    (file,) = catalogue.store.files()
    assert catalogue.store.is_whole(file)
    assert (tmp_path / "shoot" / "files" / file[:2] / file).is_file()
    assert not list((tmp_path / "shoot" / "incoming").iterdir())


def test_a_thumbnail_is_made_once_and_is_small(catalogue):
    big = Frame(make_frame(1).shot, Image.new("RGB", (1000, 500), "red"), provenance=make_frame(1).provenance)
    kept = catalogue.add(big)
    assert kept.thumbnail().size == (256, 128)
    assert catalogue.store.thumbnail_path(kept.file).stat().st_size < 20_000
    catalogue.store.thumbnail_path(kept.file).unlink()
    assert kept.thumbnail().size == (256, 128)


def test_a_frame_whose_file_is_gone_is_made_again_in_its_place(catalogue):
    kept = catalogue.add(make_frame(7))
    catalogue.mark(kept, rating=4)
    catalogue.store.path(kept.file).unlink()
    assert catalogue.get(kept.shot.id) is None
    with pytest.raises(FrameError, match="gone"):
        _ = catalogue.frames()[0].image
    again = catalogue.add(make_frame(7))
    assert (again.id, len(catalogue), again.marks.rating) == (kept.id, 1, 4)
    assert catalogue.get(kept.shot.id).image.size == (16, 16)


def test_frames_of_a_plan_come_in_its_order(catalogue):
    frames = [catalogue.add(make_frame(seed)) for seed in range(4)]
    asked = [frames[2].shot.id, "shot1-0000000000000000", frames[0].shot.id]
    assert [frame.id for frame in catalogue.frames(asked)] == [frames[2].id, frames[0].id]
    assert isinstance(catalogue.frames(), Frames)
    assert [frame.shot.seed for frame in catalogue] == [0, 1, 2, 3]


def test_threads_may_share_a_catalogue(catalogue):
    errors = []

    def shoot(start):
        try:
            for seed in range(start, start + 10):
                catalogue.add(make_frame(seed))
        except Exception as error:
            errors.append(error)

    threads = [threading.Thread(target=shoot, args=(start,)) for start in (0, 5, 10)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not errors
    assert len(catalogue) == 20


def test_an_unknown_frame_cannot_be_marked(catalogue):
    catalogue.add(make_frame(1))
    with pytest.raises(InputError, match="not in this catalogue"):
        catalogue.mark(make_frame(2), rating=3)
    with pytest.raises(InputError, match="frame1-"):
        catalogue.mark("portrait.png", rating=3)
    with pytest.raises(InputError, match="rating"):
        catalogue.mark(make_frame(1), rating=6)


def test_a_filed_frame_is_a_frame_in_every_way(catalogue, tmp_path):
    scenes = [SCENE.with_("lighting.key.direction", side) for side in ("left", "right")]
    frames = Frames(catalogue.add(make_frame(seed, scene)) for seed, scene in enumerate(scenes))
    catalogue.mark(frames[0], rating=4, tag="hero")
    frames = catalogue.frames()
    assert frames.axes() == {"seed": (0, 1), "lighting.key.direction": ("left", "right")}
    assert len(frames.select({"lighting.key.direction": "left"})) == 1
    assert frames[0].value("lens.f_number") == 1.8
    assert repr(frames[0]) == repr(make_frame(0, scenes[0]))
    assert frames[0].png()[:4] == b"\x89PNG"
    assert str(tmp_path) not in repr(frames) + repr(frames[0]) + repr(catalogue)
    again = Frame.open(frames[0].save(tmp_path / "sent.jpg"))
    assert (again.id, again.made) == (frames[0].id, frames[0].made.replace(microsecond=again.made.microsecond))
    packet = xmp.read(metadata.read_notes(tmp_path / "sent.jpg").xmp)
    assert (packet.rating, packet.keywords) == (4, ("hero",))
    assert frames[0].with_shot(make_frame(0, scenes[1]).shot).shot.scene == scenes[1]
