"""Frames are found by anything that was asked for, said or written about them."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from fluxkit.catalogue import Catalogue
from fluxkit.catalogue.query import Condition, Query
from fluxkit.errors import InputError
from fluxkit.frames import Frames
from fluxkit.scene import PORTRA_400, TRI_X_400
from tests.catalogue.kept_frames import SCENE, make_frame

LEFT = {"lighting.key.direction": "left"}


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """The filled catalogue, for tests that only ask."""
    with Catalogue(tmp_path_factory.mktemp("search") / "shoot") as catalogue:
        yield fill(catalogue)


@pytest.fixture
def filled(catalogue):
    """The filled catalogue, for tests that change it."""
    return fill(catalogue)


def fill(catalogue):
    for seed in range(4):
        for side in ("left", "right"):
            scene = SCENE.with_("lighting.key.direction", side).with_("film", TRI_X_400 if seed == 3 else PORTRA_400)
            catalogue.add(make_frame(seed, scene, prompt=f"a hare, light from the {side}", guidance=2.5 + seed))
    frames = catalogue.frames()
    catalogue.mark(frames[:3], rating=4, tag=["hero", "Café"], project="Winter")
    catalogue.mark(frames[5], rating=5, pick=True, note="eyes are tack-sharp")
    catalogue.mark(frames[6], pick="reject")
    return catalogue


def found(frames):
    return sorted((frame.shot.seed, frame.shot.scene.lighting.key.direction) for frame in frames)


@pytest.mark.parametrize(
    ("words", "where", "values", "count"),
    [
        ("", {}, {}, 8),
        ("", {"lighting.key.direction": "left"}, {}, 4),
        ("", {"lighting.key.direction": ["left", "right"]}, {"seed": [0, 1]}, 4),
        ("", {"film": TRI_X_400}, {}, 2),
        ("", {"film.name": PORTRA_400.name}, {}, 6),
        ("", {"lens.f_number": "<2"}, {}, 8),
        ("", {"lens.f_number": ">=2"}, {}, 0),
        ("", {"atmosphere.textures": "fine fur"}, {}, 8),
        ("", {}, {"seed": range(2)}, 4),
        ("", {}, {"guidance": ">4.4"}, 4),
        ("", {}, {"model": "nano", "rating": ">=4"}, 4),
        ("", {}, {"model": "flux.1-dev"}, 0),
        ("", {}, {"rating": 0}, 4),
        ("", {}, {"tag": "hero"}, 3),
        ("", {}, {"tag": ["hero", "none such"]}, 3),
        ("", {}, {"pick": "reject"}, 1),
        ("", {}, {"pick": True}, 1),
        ("", {}, {"pick": ""}, 6),
        ("", {}, {"project": "Winter", "seed": 0}, 2),
        ("", {}, {"engine": "function"}, 8),
        ("", {}, {"size": "16 x 16"}, 8),
        ("hare left", {}, {}, 4),
        ("tack-sharp", {}, {}, 1),
        ("tac* shar*", {}, {}, 1),
        ("tac", {}, {}, 0),
        ("har*", {}, {"rating": 5}, 1),
        ("cafe", {}, {}, 3),
        ("hare", {}, {"tag": "hero"}, 3),
        ('hare" OR left NEAR(', {}, {}, 0),
        ("***", {}, {}, 8),
    ],
)
def test_search_finds_what_matches_everything_asked_for(shared, words, where, values, count):
    frames = shared.search(words, where, **values)
    assert isinstance(frames, Frames)
    assert len(frames) == shared.count(words, where, **values) == count
    if not words:
        assert len(shared.search(where, **values)) == shared.count(where, **values) == count
    assert found(shared.search(words, where, newest_first=False, **values)) == found(frames)


@pytest.mark.parametrize("lookup", [0, 1_000_000])
def test_words_are_found_alike_looked_up_frame_by_frame_and_read_from_their_list(shared, monkeypatch, lookup):
    monkeypatch.setattr("fluxkit.catalogue.query._LOOKUP", lookup)
    assert found(shared.search("hare left", rating=4)) == found(shared.search({"rating": 4, **LEFT}))
    assert len(shared.search("hare", rating=[4, 5], limit=2)) == 2
    assert shared.count("cafe", tag="hero") == 3


@pytest.mark.parametrize("frames", [10_000, 30_000, 100_000])
@pytest.mark.parametrize("limit", [50, None])
def test_only_few_frames_are_each_asked_for_their_words(frames, limit):
    """A lookup is dear: two in a hundred frames of a small catalogue are too many of them."""

    def reads_the_list(uses, words='"harbour"'):
        asked = Query([Condition(terms=(5,), uses=uses)], words=words, frames=frames)
        sql, _values = asked.sql("f.seq", limit=limit)
        return "FROM words d" in sql

    assert reads_the_list(frames // 50)
    assert not reads_the_list(8)
    assert reads_the_list(40, words='"harbour" "copper"*')


def test_newest_come_first_and_a_limit_cuts_the_old_ones(shared):
    everything = [frame.id for frame in shared.frames()]
    assert [frame.id for frame in shared.search(limit=3)] == everything[:-4:-1]
    assert [frame.id for frame in shared.search(rating=">=4", limit=2)] == [everything[5], everything[2]]
    assert [frame.id for frame in shared.search(limit=2, newest_first=False)] == everything[:2]


@pytest.mark.parametrize("few", [0, 2_000])
def test_dates_are_days_in_utc_ends_included(shared, monkeypatch, few):
    filled = shared
    monkeypatch.setattr("fluxkit.catalogue.query._FEW", few)
    now = datetime.now(UTC)
    today, tomorrow = now.date(), now.date() + timedelta(days=1)
    assert len(filled.search(since=today - timedelta(days=1), until=tomorrow)) == 8
    assert len(filled.search(since=tomorrow + timedelta(days=1))) == 0
    assert len(filled.search(until=date(2020, 1, 1))) == 0
    assert len(filled.search(since="2020-01-01", rating=5)) == 1
    assert len(filled.search("left", since=today - timedelta(days=1), limit=3)) == 3
    assert filled.count("left", since=today - timedelta(days=1), seed=[0, 1]) == 2
    assert filled.count(until=tomorrow) == 8
    assert filled.count(until=date(2020, 1, 1), rating=5) == 0
    with pytest.raises(InputError, match="last week"):
        filled.search(since="last week")


@pytest.mark.parametrize(
    ("path", "hint"),
    [("lighting.key.directoin", "direction"), ("ratting", "rating"), ("lens.colour", "lens"), ("prompt", "search")],
)
def test_a_path_that_names_no_field_is_refused(shared, path, hint):
    with pytest.raises(InputError, match=hint):
        shared.search({path: 1})


def test_values_counts_by_group(shared):
    filled = shared
    assert filled.values("lighting.key.direction") == {"left": 4, "right": 4}
    assert filled.values("rating") == {4: 3, 5: 1}
    assert filled.values("film.name") == {PORTRA_400.name: 6, TRI_X_400.name: 2}
    assert filled.values("lens.character") == {}


def test_marks_change_what_is_found_and_can_be_taken_back(filled):
    frame = filled.frames()[0]
    assert frame.marks.tags == ("Café", "hero")
    filled.mark(frame, rating=2, untag="hero", tag="cover", note="crop tighter")
    assert (frame.marks.rating, frame.marks.tags, frame.marks.note) == (2, ("Café", "cover"), "crop tighter")
    assert (frame.marks.project, len(filled.search(tag="hero"))) == ("Winter", 2)
    assert [hit.id for hit in filled.search("tighter")] == [frame.id]
    filled.mark(frame, rating=0, project="", note="")
    assert len(filled.search("tighter")) == 0
    assert filled.values("rating") == {4: 2, 5: 1}


def test_marks_leave_the_files_alone(filled):
    before = sorted(filled.store.files())
    filled.mark(filled.frames(), rating=1, tag="all")
    assert sorted(filled.store.files()) == before
    assert all(filled.store.is_whole(file) for file in before)


def test_lineage_leads_both_ways(catalogue):
    from fluxkit.frames import Provenance
    from fluxkit.frames.provenance import Source

    base, other = catalogue.add(make_frame(1)), catalogue.add(make_frame(2))
    made = Provenance(engine="function", sources=(Source(role="fill", of=base.id),))
    filled = catalogue.add(make_frame(3, provenance=made))
    catalogue.link(filled, role="reference", of=other.fingerprint)
    assert [frame.id for frame in catalogue.parents(filled)] == [base.id, other.id]
    assert [frame.id for frame in catalogue.children(base)] == [filled.id]
    assert [frame.id for frame in catalogue.children(other)] == [filled.id]
    assert len(catalogue.parents(base)) == 0


def test_receipts_are_kept_beside_the_picture_not_in_it(catalogue):
    kept = catalogue.add(make_frame(1), receipt={"seconds": 1.25, "peak_bytes": 2_000_000, "cost_usd": 0.04})
    assert catalogue.receipt(kept)["cost_usd"] == 0.04
    assert catalogue.receipt(catalogue.add(make_frame(2))) == {}
    assert b"cost_usd" not in catalogue.store.path(kept.file).read_bytes()


def test_lineage_follows_from_the_pictures_a_shot_was_given(catalogue, tmp_path):
    from PIL import Image

    from fluxkit.frames import metadata, xmp
    from fluxkit.shots.inputs import Inputs, Mask, ReferenceImage

    base = catalogue.add(make_frame(1))
    photo = Image.new("RGB", (16, 16), "teal")

    def fill(picture, seed):
        inputs = Inputs(image=ReferenceImage.of(picture), mask=Mask.rectangle(16, 16, right=0.5))
        return catalogue.add(make_frame(seed, inputs=inputs, model="flux.1-fill-dev"))

    ours, composite = fill(base, 2), fill(photo, 3)
    again = fill(composite, 4)
    assert [frame.id for frame in catalogue.parents(ours)] == [base.id]
    assert [frame.id for frame in catalogue.children(base)] == [ours.id]
    assert [frame.id for frame in catalogue.children(composite)] == [again.id]
    assert ours.provenance.sources[0].role == "fill"
    kinds = [
        xmp.read(metadata.read_notes(catalogue.store.path(frame.file)).xmp).source_type
        for frame in (ours, composite, again)
    ]
    assert kinds == [xmp.TRAINED, xmp.COMPOSITE, xmp.COMPOSITE]
    catalogue.rebuild()
    assert [frame.id for frame in catalogue.children(base)] == [ours.id]
    (catalogue.folder / "inputs").mkdir()
    kept = catalogue.folder / "inputs" / f"{ours.shot.inputs.image.content}.png"
    base.save(kept)
    with catalogue.export(tmp_path / "out", [ours]) as out:
        assert isinstance(out, Catalogue)
        assert (out.folder / "inputs" / kept.name).is_file()


def test_receipts_add_up_by_anything_a_frame_is_filed_under(catalogue):
    paid = [{"usd": 0.04, "seconds": 3.0}, {"usd": 0.06, "seconds": 2.0}, {"seconds": 9.5, "peak_bytes": 2**34}, None]
    for seed in range(4):
        catalogue.add(make_frame(seed, model="flux.1-dev" if seed < 2 else "nano"), receipt=paid[seed])
    catalogue.mark(catalogue.frames()[:3], tag=["cover", "spring"], project="Spring")
    found = catalogue.receipts()
    assert [(line.name, line.frames, line.told, line.usd, line.seconds) for line in found] == [
        ("flux.1-dev", 2, 2, 0.1, 5.0), ("nano", 2, 1, None, 9.5),
    ]  # fmt: skip
    assert (found.usd, found.seconds, found.total.peak_bytes, len(found)) == (0.1, 14.5, 2**34, 2)
    assert "16.0" in repr(found)
    assert "<table>" in found._repr_html_()
    assert {line.name: line.frames for line in catalogue.receipts(by="project")} == {"Spring": 3, "(none)": 1}
    tags = catalogue.receipts(by="tag")
    assert {line.name: line.usd for line in tags} == {"cover": 0.1, "spring": 0.1, "(none)": None}
    assert tags.usd == 0.1
    assert catalogue.receipts(seed=[0]).usd == 0.04
    assert catalogue.receipts(model="no such").total.frames == 0
    with pytest.raises(InputError, match="modle"):
        catalogue.receipts(by="modle")


def test_receipts_come_back_with_a_new_index_and_travel_with_an_export(catalogue, tmp_path):
    catalogue.add(make_frame(0), receipt={"usd": 0.04})
    catalogue.rebuild()
    assert catalogue.receipts().usd == 0.04
    with catalogue.export(tmp_path / "away") as away:
        assert away.receipts().usd == 0.04


def test_an_empty_catalogue_has_spent_nothing(tmp_path):
    with Catalogue(tmp_path / "none") as empty:
        assert (empty.receipts().usd, len(empty.receipts())) == (0.0, 0)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize(("ask", "told"), [
    (lambda catalogue: catalogue.search(rating=">=four"), "rating='>=four' was asked for. A comparison has a number"),
    (lambda catalogue: catalogue.search(limit=-1), "limit=-1"),
    (lambda catalogue: catalogue.import_("no such folder"), "'no such folder', but there is no such folder"),
])  # fmt: skip
def test_questions_that_make_no_sense_are_refused_not_answered_with_nothing(shared, ask, told):
    with pytest.raises(InputError) as refused:
        ask(shared)
    assert told in str(refused.value)
