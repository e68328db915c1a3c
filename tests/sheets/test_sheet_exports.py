"""Sheets as documents: PDF, an offline page, CSV, and the picks that come back."""

from __future__ import annotations

import csv
import io
import json
import re

import pytest
from PIL import Image

import fluxkit
from fluxkit.catalogue import Catalogue
from fluxkit.errors import SheetError
from fluxkit.frames import Frame, Provenance
from fluxkit.frames.marks import Marks
from fluxkit.sheets import ContactSheet
from fluxkit.shots import Inputs, Later, ReferenceImage, make_plan

HUB = "black-forest-labs/FLUX.1-dev"


@pytest.fixture
def sheet(eight):
    return ContactSheet(eight, rows="lighting.key.direction", columns="seed", title="Light & <b>shade</b>")


def data_of(page):
    return json.loads(re.search(r'<script type="application/json" id="fk-data">(.*?)</script>', page, re.S)[1])


def test_a_pdf_keeps_its_text_as_text_and_embeds_its_typeface(sheet, tmp_path):
    data = sheet.save(tmp_path / "sheet.pdf").read_bytes()
    assert data.startswith(b"%PDF-")
    assert data.count(b"/Type /Page\n") == 1
    assert b"/FontFile2" in data
    assert data.count(b"/DCTDecode") == 8
    assert sheet.save(tmp_path / "again.pdf").read_bytes() == data


def test_a_pdf_on_paper_has_as_many_pages_as_its_rows_need(frame, portrait, tmp_path):
    frames = [
        frame(i, scene=portrait.with_("lens.f_number", f), seed=i // 3)
        for i, f in zip(range(120), (1.4, 2.8, 8) * 40, strict=True)
    ]
    sheet = ContactSheet(frames, rows="seed", columns="lens.f_number", title="Many")
    data = sheet.save(tmp_path / "sheet.pdf", paper="A4").read_bytes()
    pages = data.count(b"/Type /Page\n")
    assert pages > 1
    assert data.count(b"/DCTDecode") == 120
    boxes = set(re.findall(rb"/MediaBox \[ 0 0 (\d+) (\d+) \]", data))
    assert boxes in ({(b"842", b"595")}, {(b"595", b"842")})


def test_an_unknown_paper_is_refused(sheet, tmp_path):
    with pytest.raises(SheetError, match="A4"):
        sheet.save(tmp_path / "s.pdf", paper="A4x")
    with pytest.raises(SheetError, match="has paper"):
        sheet.save(tmp_path / "s.png", paper="A4")


def test_the_page_asks_nothing_of_the_network_and_forbids_it(sheet, tmp_path):
    page = sheet.save(tmp_path / "sheet.html").read_text()
    assert "default-src 'none'" in page
    assert not re.search(r'(?:src|href)="(?!data:)', page)
    assert "http://" not in page
    assert "https://" not in page


def test_the_page_holds_every_frame_in_words_and_pixels(sheet, tmp_path):
    page = sheet.save(tmp_path / "sheet.html").read_text()
    data = data_of(page)
    assert len(data["cards"]) == len(data["thumbnails"]) == len(data["originals"]) == 8
    assert data["cards"][5]["alt"] == "Frame 6: light from the right, seed 1"
    assert data["grid"]["sections"][0]["rows"] == ["Light from the left", "Light from the right"]
    assert page.count("<tr>") == 9


def test_what_a_user_wrote_cannot_become_markup(frame, portrait, tmp_path):
    evil = "</script><script>alert(1)</script>"
    frames = [frame(i, scene=portrait.with_("subject.description", f"{evil} {i}")) for i in range(2)]
    page = ContactSheet(frames, title=evil).save(tmp_path / "s.html").read_text()
    assert "<script>alert" not in page
    assert page.count("</script>") == 2


def test_the_table_as_csv_has_a_row_for_each_frame(sheet, tmp_path):
    rows = list(csv.DictReader(io.StringIO(sheet.save(tmp_path / "sheet.csv").read_text())))
    assert len(rows) == 8
    assert rows[5]["lighting.key.direction"] == "right"


def test_picks_that_come_back_are_merged_and_the_rest_stays(sheet, eight, tmp_path):
    sheet.mark({eight[0].id: Marks(rating=2), eight[1].id: Marks(pick="reject")})
    picks = {"format": "fluxkit-picks-1", "sheet": sheet.fingerprint, "marks": {}}
    picks["marks"][eight[0].id] = {"rating": 5, "pick": "pick"}
    path = tmp_path / "picks.json"
    path.write_text(json.dumps(picks))
    assert [frame.id for frame in sheet.merge_picks(path)] == [eight[0].id]
    assert sheet.marks[eight[0].id] == Marks(rating=5, pick="pick")
    assert sheet.marks[eight[1].id] == Marks(pick="reject")


def test_votes_that_come_back_are_the_sheet_s_and_the_catalogue_s(eight, tmp_path):
    with Catalogue(tmp_path / "catalogue") as catalogue:
        kept = [catalogue.add(frame) for frame in eight[:3]]
        sheet = ContactSheet(kept)
        a, b, c = (frame.id for frame in kept)
        sheet.merge_picks({"format": "fluxkit-picks-1", "marks": {}, "votes": [[a, b], [c, a]], "ties": [[b, c]]})
        assert sheet.votes == ((a, b), (c, a))
        assert sheet.ties == ((b, c),)
        assert catalogue.votes() == (sheet.votes, sheet.ties)
        catalogue.rebuild()
        assert catalogue.votes() == (sheet.votes, sheet.ties)


def test_picks_that_are_merged_again_do_not_vote_again(eight, tmp_path):
    with Catalogue(tmp_path / "catalogue") as catalogue:
        kept = [catalogue.add(frame) for frame in eight[:3]]
        a, b, c = (frame.id for frame in kept)
        first = {"format": "fluxkit-picks-1", "marks": {}, "votes": [[a, b]], "ties": [[b, c]], "by": "ann"}
        later = {**first, "votes": [[a, b], [a, c]]}
        other = {**first, "by": "bob"}
        for _notebook in range(2):  # a notebook that is run twice makes its sheet twice
            sheet = ContactSheet(kept)
            for picks in (first, first, later, other):
                sheet.merge_picks(picks)
            assert sheet.votes == ((a, b), (a, c), (a, b)) and sheet.ties == ((b, c), (b, c))
        assert catalogue.votes() == (sheet.votes, sheet.ties)


@pytest.mark.parametrize("votes", [[["x", "y"]], [["one"]], "no", [[1, 2]], {"a": "b"}], ids=str)
def test_votes_that_are_no_pairs_of_frames_are_refused(sheet, votes):
    with pytest.raises(SheetError, match="no pairs of frames"):
        sheet.merge_picks({"format": "fluxkit-picks-1", "marks": {}, "votes": votes})
    with pytest.raises(SheetError, match="not on this sheet"):
        sheet.prefer([("frame1-0000000000000000-0", sheet.frames[0].id)])


def test_the_page_says_what_the_light_meter_says(frame, portrait, tmp_path):
    sheet = ContactSheet([frame(0, scene=portrait, side=128)], badges=True)
    (card,) = data_of(sheet.save(tmp_path / "s.html").read_text())["cards"]
    assert card["badge"]["text"]
    assert "not shown" in card["badge"]["spoken"]
    assert card["badge"]["details"]


def _picks(marks):
    return json.dumps({"format": "fluxkit-picks-1", "sheet": "", "marks": marks})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("not json", "no JSON"),
        ("[]", "holds a list"),
        ('{"format": "other"}', "fluxkit-picks-1"),
        (_picks({"frame1-0000000000000000-0": {"rating": 1}}), "not on this sheet"),
    ],
)
def test_a_file_that_is_no_picks_file_is_refused_with_the_reason(sheet, tmp_path, text, reason):
    path = tmp_path / "picks.json"
    path.write_text(text)
    with pytest.raises(SheetError, match=reason):
        sheet.merge_picks(path)


def test_a_rating_that_no_sheet_gives_is_refused(sheet, eight, tmp_path):
    path = tmp_path / "picks.json"
    path.write_text(_picks({eight[0].id: {"rating": 9}}))
    with pytest.raises(SheetError, match="no rating or pick"):
        sheet.merge_picks(path)
    assert not sheet.marks


def test_marks_of_frames_in_a_catalogue_are_written_there(eight, tmp_path):
    with Catalogue(tmp_path / "catalogue") as catalogue:
        kept = [catalogue.add(frame) for frame in eight]
        sheet = ContactSheet(kept)
        sheet.mark({kept[2].id: Marks(rating=4, pick="pick")})
        assert catalogue.marks(kept[2]).rating == 4
        assert [frame.id for frame in catalogue.search(pick="pick")] == [kept[2].id]
        assert ContactSheet(kept).marks == {kept[2].id: Marks(rating=4, pick="pick")}


def test_a_mark_of_a_stranger_is_refused(sheet):
    with pytest.raises(SheetError, match="not on this sheet"):
        sheet.mark({"frame1-x-0": Marks(rating=1)})


def test_the_code_of_a_sheet_makes_the_same_requests(frame, portrait, monkeypatch):
    request = {"model": "flux.1-dev", "seed": 1, "steps": 28, "guidance": 3.5, "width": 1024, "height": 1024}
    made = frame(1, scene=portrait, prompt=portrait.prompt("flux.1-dev"), weights=HUB, **request)
    code = ContactSheet([made]).code()
    asked = {}

    class FakeSession:
        def __enter__(self):
            return self

        def __exit__(self, *_):
            return None

        def shoot(self, scene, **settings):
            asked["shot"] = make_plan(scene, **settings)[0]

    monkeypatch.setattr(fluxkit, "Session", FakeSession, raising=False)
    monkeypatch.setattr(fluxkit, "ContactSheet", lambda *_a, **_k: None, raising=False)
    exec(code, {})
    assert asked["shot"].scene == portrait
    assert {name: getattr(asked["shot"], name) for name in request} == request


def test_what_a_scene_alone_does_not_ask_for_is_fetched_from_the_catalogue(frame, portrait):
    request = {"model": "flux.1-dev", "steps": 28, "guidance": 3.5, "width": 1024, "height": 1024, "weights": HUB}
    plain = frame(1, scene=portrait, prompt=portrait.prompt("flux.1-dev"), **request).shot
    assert "session.shoot(" in ContactSheet([framed(plain)]).code()
    beside = [
        {"later": Later(step=9, guidance=2.0)},
        {"inputs": Inputs(image=ReferenceImage.of(Image.new("RGB", (64, 64))))},
        {"weights": "mine:0123456789ab"},
        {"prompt": "other words"},
    ]
    for more in beside:
        shot = plain.with_(**more)
        code = ContactSheet([framed(shot)]).code()
        assert "session.shoot(" not in code and f'"{shot.id}"' in code, more


def test_a_second_take_is_fetched_as_that_take(frame):
    frames = [frame(1, take=0), frame(1, take=1)]
    code = ContactSheet(frames).code()
    assert all(f'"{one.id}"' in code for one in frames)


def framed(shot):
    return Frame(shot, Image.new("RGB", (32, 32)), provenance=Provenance(engine="function"))


def test_many_frames_are_fetched_from_the_catalogue_by_id(sheet, eight):
    code = sheet.code()
    assert all(f'"{frame.shot.id}"' in code for frame in eight)
    assert "rows='lighting.key.direction', columns='seed'" in code
