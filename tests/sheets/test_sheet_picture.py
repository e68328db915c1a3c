"""The sheet as a picture, a file and a line of text."""

from __future__ import annotations

import io
import itertools
import re

import numpy as np
import pytest
from PIL import Image

from fluxkit.errors import BadPictureError, SheetError
from fluxkit.sheets import ContactSheet, typeset
from fluxkit.sheets.compose import compose
from fluxkit.sheets.marks import Box, Photo, Text
from fluxkit.sheets.picture import fitted
from fluxkit.sheets.theme import THEMES


def page_of(sheet, **options):
    return compose(sheet.content, sheet.layout, THEMES["dark"], **options)


def texts(sheet):
    return [mark.text for mark in page_of(sheet).marks if isinstance(mark, Text)]


def test_every_frame_is_drawn_where_its_cell_is(eight):
    sheet = ContactSheet(eight, rows="lighting.key.direction", columns="seed")
    page, picture = page_of(sheet), sheet.picture()
    photos = [mark for mark in page.marks if isinstance(mark, Photo)]
    assert len(photos) == 8
    for photo in photos:
        middle = (round(photo.x + photo.width / 2), round(photo.y + photo.height / 2))
        assert picture.getpixel(middle) == eight[photo.frame].image.getpixel((5, 5))


@pytest.mark.parametrize("count", [1, 2, 3, 8, 24, 61, 400])
@pytest.mark.parametrize("style", ["grid", "strip"])
def test_nothing_overlaps_and_nothing_is_clipped_at_any_count(frame, portrait, count, style):
    frames = [frame(i % 7, scene=portrait.with_("lens.f_number", 1 + i % 3), seed=i, side=8) for i in range(count)]
    sheet = ContactSheet(frames, title="A title", style=style)
    page = page_of(sheet, style=style)
    photos = [mark for mark in page.marks if isinstance(mark, Photo)]
    assert len(photos) == count
    for mark in page.marks:
        right = mark.x + (typeset.width(mark.text, mark.size) if isinstance(mark, Text) else mark.width)
        assert mark.x >= 0
        assert right <= page.width
    spots = {(photo.x, photo.y) for photo in photos}
    assert len(spots) == count
    xs, ys = sorted({x for x, _ in spots}), sorted({y for _, y in spots})
    assert all(b - a >= photos[0].width for a, b in itertools.pairwise(xs))
    assert all(b - a >= photos[0].height for a, b in itertools.pairwise(ys))


def test_captions_say_only_what_differs_and_the_subtitle_what_does_not(eight):
    said = texts(ContactSheet(eight, title="Light"))
    captions = [text for text in said if re.match(r"Light from the (left|right) · seed \d", text)]
    assert len(captions) == 8
    subtitle = next(text for text in said if text.startswith("nano"))
    assert "85 mm f/1.8" in subtitle
    assert "Kodak Portra 400" in subtitle
    assert "seed" not in subtitle


def test_labels_that_are_too_long_break_and_end_in_an_ellipsis(frame, portrait):
    long = " ".join(["an elderly fisherman in a heavy knitted jersey"] * 9)
    frames = [frame(i, scene=portrait.with_("subject.description", words)) for i, words in enumerate((long, "a child"))]
    sheet = ContactSheet(frames, rows="subject.description")
    said = texts(sheet)
    assert any(text.endswith("…") for text in said)
    assert "A child" in said


def test_a_shot_that_failed_says_why_in_its_place(eight):
    lost = eight.pop(5)
    error = BadPictureError("The model returned a black picture.", shot=lost.shot)
    sheet = ContactSheet(eight, rows="lighting.key.direction", columns="seed", failed=[error])
    said = texts(sheet)
    assert "No picture" in said
    assert any("black picture" in text for text in said)
    assert repr(sheet).startswith("ContactSheet(7 frames, 1 failed;")
    assert sheet.layout.sections[0].cells[1, 1] == (7,)


def test_an_error_without_its_shot_is_refused(eight):
    with pytest.raises(SheetError, match="carries no shot"):
        ContactSheet(eight, failed=[BadPictureError("black")])


def test_a_hole_is_drawn_as_an_empty_slot(eight):
    sheet = ContactSheet(eight[:3] + eight[4:], rows="lighting.key.direction", columns="seed")
    empty = [m for m in page_of(sheet).marks if isinstance(m, Box) and m.fill == THEMES["dark"].empty]
    assert len(empty) == 1


@pytest.mark.parametrize("theme", ["dark", "light"])
def test_text_stands_out_from_its_ground(theme):
    colours = THEMES[theme]

    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.03928 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    def contrast(a, b):
        high, low = sorted((luminance(a), luminance(b)), reverse=True)
        return (high + 0.05) / (low + 0.05)

    assert contrast(colours.text, colours.ground) >= 4.5
    assert contrast(colours.quiet, colours.ground) >= 4.5
    assert contrast(colours.quiet, colours.empty) >= 4.5
    assert contrast(colours.fault, colours.empty) >= 4.5
    assert contrast(colours.edge, colours.film) >= 4.5


def test_the_picture_of_a_notebook_is_made_once_and_stays_small(frame, portrait):
    noise = np.random.default_rng(0).integers(0, 255, (256, 256, 3), dtype=np.uint8)
    frames = [frame(i, scene=portrait, seed=i) for i in range(100)]
    for made in frames:
        made._image = Image.fromarray(noise)
    sheet = ContactSheet(frames)
    png = sheet._repr_png_()
    assert sheet._repr_png_() is png
    assert len(png) * 4 / 3 < 3_000_000
    assert Image.open(io.BytesIO(png)).format == "PNG"


def test_a_saved_sheet_has_twice_the_resolution(eight, tmp_path):
    sheet = ContactSheet(eight, rows="lighting.key.direction", columns="seed")
    path = sheet.save(tmp_path / "out" / "sheet.png")
    assert Image.open(path).width == 2 * sheet.picture().width


def test_an_unknown_ending_is_refused_with_those_that_work(eight, tmp_path):
    with pytest.raises(SheetError, match=r"\.png"):
        ContactSheet(eight).save(tmp_path / "sheet.gif")


def test_its_text_is_one_stable_line(eight):
    sheet = ContactSheet(eight, rows="lighting.key.direction", columns="seed")
    assert repr(sheet) == "ContactSheet(8 frames; lighting.key.direction (2) x seed (4))"


def test_a_notebook_gets_the_picture_with_a_description_and_the_text(eight):
    sheet = ContactSheet(eight, rows="lighting.key.direction", columns="seed", title="Light")
    data, metadata = sheet._repr_mimebundle_()
    assert set(data) == {"image/png", "text/plain"}
    assert "Rows: direction of the key light" in metadata["image/png"]["alt"]
    assert "Light" in metadata["image/png"]["alt"]


def test_the_table_tells_every_frame_in_words(eight):
    table = ContactSheet(eight, rows="lighting.key.direction", columns="seed").table()
    html = table._repr_html_()
    assert len(table) == 8
    assert html.count("<tr>") == 9
    assert "Frame 6: light from the right, seed 1" in html
    assert '<th scope="col">aperture' not in html
    assert table.csv().splitlines()[0] == "number,lighting.key.direction,seed,id"
    assert "0x" not in repr(table)


def test_the_table_escapes_what_a_user_wrote(frame, portrait):
    frames = [frame(i, scene=portrait.with_("subject.description", f"<b>{i}")) for i in range(2)]
    assert "<b>" not in ContactSheet(frames).table()._repr_html_()


def test_bad_options_are_refused(eight):
    with pytest.raises(SheetError, match="Did you mean 'dark'"):
        ContactSheet(eight, theme="drak")
    with pytest.raises(SheetError, match="Styles: grid, strip"):
        ContactSheet(eight, style="mosaic")
    with pytest.raises(SheetError, match="32 to 2048"):
        ContactSheet(eight, cell=4)
    with pytest.raises(SheetError, match="no frames"):
        ContactSheet([])
    with pytest.raises(TypeError, match="Did you mean 'rows'"):
        ContactSheet(eight, row="seed")
    with pytest.raises(SheetError, match="badges='yes'"):
        ContactSheet(eight, badges="yes")
    with pytest.raises(SheetError, match="rows=3"):
        ContactSheet(eight, rows=3)


@pytest.mark.parametrize("given", ["frames", None, 7, [1, 2]], ids=str)
def test_what_holds_no_frames_is_refused(given):
    with pytest.raises(SheetError, match="Give it frames"):
        ContactSheet(given)


def test_one_frame_is_a_sheet_of_one(eight):
    assert repr(ContactSheet(eight[0])) == "ContactSheet(1 frame)"


def test_a_picture_that_stays_too_large_for_a_notebook_is_drawn_ever_smaller(eight, monkeypatch):
    noise = np.random.default_rng(0).integers(0, 255, (64, 64, 3), dtype=np.uint8)
    for made in eight:
        made._image = Image.fromarray(noise)
    monkeypatch.setattr("fluxkit.sheets.sheet._NOTEBOOK_BYTES", 20_000)
    assert len(ContactSheet(eight)._repr_png_()) <= 20_000


def test_a_caption_breaks_between_its_parts():
    assert typeset.wrap("f/1.4 · seed 10", 12, 62, 2) == ["f/1.4", "seed 10"]
    assert typeset.wrap("one line · seed 10", 12, 300, 2) == ["one line · seed 10"]
    assert " ".join(typeset.wrap("a part that is too long for one line · seed 10", 12, 90, 4)).endswith("seed 10")


def test_badges_say_in_signs_what_the_light_meter_says(frame, portrait):
    made = frame(0, scene=portrait, side=128)
    sheet = ContactSheet([made], badges=True)
    (badge,) = sheet.content.badges.values()
    assert badge.text in texts(sheet)
    assert "Light meter: ✓ shown" in sheet.content.legend
    assert badge.text in sheet.table().csv()
    assert "light meter: " in sheet.table().rows[0]["alt"]
    assert ContactSheet([made]).content.badges == {}


def test_a_frame_that_was_asked_for_nothing_gets_no_badge(frame):
    assert ContactSheet([frame(0)], badges=True).content.badges == {}


def test_large_pictures_keep_their_brightness_when_made_small():
    rng = np.random.default_rng(3)
    big = Image.fromarray(rng.integers(0, 255, (1000, 1500, 3), dtype=np.uint8))
    small = fitted(big, 213, 213)
    assert small.size == (213, 142)
    assert abs(np.asarray(small).mean() - np.asarray(big).mean()) < 1.0


def test_small_pictures_are_enlarged_without_blur_between_flat_areas():
    edge = Image.new("RGB", (64, 64), "black")
    edge.paste("white", (32, 0, 64, 64))
    large = np.asarray(fitted(edge, 256, 256))[:, :, 0]
    assert large[128, 118] < 12
    assert large[128, 137] > 243
    assert large[128, 100] == 0


def test_letters_that_the_first_typeface_lacks_come_from_another():
    assert typeset.face_for("Light") == ""
    assert typeset.face_for("Zürich") != ""
    picture = Image.new("RGB", (200, 40), "black")
    typeset.draw(picture, "Zürich × 2", (5, 28), 18, "white")
    assert np.asarray(picture).max() > 200


def test_a_line_is_cut_to_its_room():
    short = typeset.shorten("a line that is far too long for its room", 14, 90)
    assert short.endswith("…")
    assert typeset.width(short, 14) <= 90
