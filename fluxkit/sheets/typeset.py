"""Type on a sheet: which face, how wide, where it breaks, and drawing it sharply."""

from __future__ import annotations

import importlib.util
import math
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

from PIL import Image, ImageDraw, ImageFont

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

_SUPERSAMPLE = 4
"""Type is drawn at four times its size and averaged: letters then stand at fractions of a pixel, evenly spaced."""

_MEASURE_PX = 96
_WORD_SPACE = 1.18
"""Aileron's own word space is narrow for captions; this much wider reads better at 12 pixels."""

_SYSTEM_FACES = (
    "Inter-Regular.ttf",
    "HelveticaNeue.ttc",
    "segoeui.ttf",
    "NotoSans-Regular.ttf",
    "LiberationSans-Regular.ttf",
    "DejaVuSans.ttf",
    "PingFang.ttc",
    "msyh.ttc",
    "NotoSansCJK-Regular.ttc",
)


@lru_cache(maxsize=256)
def face(name: str, size: int) -> FreeTypeFont:
    """A typeface at a size in pixels; `""` is Aileron, which Pillow carries, so that sheets look alike everywhere."""
    if not name:
        font = ImageFont.load_default(size)
        assert isinstance(font, ImageFont.FreeTypeFont)
        return font
    return ImageFont.truetype(name, size)


@lru_cache(maxsize=4096)
def face_for(word: str) -> str:
    """The first typeface that has every letter of a word; the one that lacks fewest where none has all."""
    if word.isascii():
        return ""
    lacking = {name: _lacks(name, word) for name in _faces()}
    return min(lacking, key=lambda name: lacking[name])


@lru_cache(maxsize=1)
def _faces() -> tuple[str, ...]:
    matplotlib = importlib.util.find_spec("matplotlib")
    folders = (matplotlib.submodule_search_locations if matplotlib else None) or []
    shipped = [str(Path(folder) / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf") for folder in folders]
    return tuple(name for name in ("", *_SYSTEM_FACES, *shipped) if _opens(name))


def _opens(name: str) -> bool:
    try:
        face(name, _MEASURE_PX)
    except OSError:
        return False
    return True


def _lacks(name: str, word: str) -> int:
    return sum(not _has(name, letter) for letter in set(word))


@lru_cache(maxsize=8192)
def _has(name: str, letter: str) -> bool:
    if letter.isascii():
        return True
    font = face(name, 24)
    return bytes(font.getmask(letter)) != bytes(font.getmask("\uffff"))


@lru_cache(maxsize=16384)
def width(text: str, size: float) -> float:
    """How wide a line of text is, in pixels, at a size in pixels."""
    space = face("", _MEASURE_PX).getlength(" ") * _WORD_SPACE
    words = text.split(" ")
    ink = sum(face(face_for(word), _MEASURE_PX).getlength(word) for word in words)
    return float(ink + space * (len(words) - 1)) * size / _MEASURE_PX


def shorten(text: str, size: float, room: float) -> str:
    """The text, cut with an ellipsis where it does not fit into `room` pixels."""
    if width(text, size) <= room:
        return text
    low, high = 0, len(text)
    while low < high:
        middle = (low + high + 1) // 2
        low, high = (middle, high) if width(text[:middle].rstrip() + "…", size) <= room else (low, middle - 1)
    return text[:low].rstrip(" ,·") + "…"


def wrap(text: str, size: float, room: float, lines: int) -> list[str]:
    """The text in at most `lines` lines of `room` pixels; what is left over ends in an ellipsis.

    A caption breaks between its parts (`f/1.4 · seed 3`), not inside one that has room on a line of its own.
    """
    made: list[str] = []
    parts = " ".join(text.split()).split(" · ")
    words = [
        word
        for i, part in enumerate(parts)
        for word in (["·"] if i else []) + ([part] if len(parts) > 1 and width(part, size) <= room else part.split())
    ]
    while words and len(made) < lines:
        line = words.pop(0)
        while words and width(f"{line} {words[0]}", size) <= room:
            line = f"{line} {words.pop(0)}"
        if words[:1] == ["·"]:
            words.pop(0)  # a separator that fits on neither line
        if len(made) == lines - 1 and words:
            line = " ".join([line, *words])
            words = []
        made.append(shorten(line.removesuffix(" ·"), size, room))
    return made


def draw(picture: Image.Image, text: str, at: tuple[float, float], size: float, colour: str) -> None:
    """Draw one line with its left end and baseline at `at`, in pixels of the picture."""
    pixels = round(size * _SUPERSAMPLE)
    space = face("", pixels).getlength(" ") * _WORD_SPACE
    left, top = int(at[0]), int(at[1] - size * 1.1)
    # The face has a whole number of pixels, so a line can come out a little wider than it was measured.
    wide = width(text, size) * max(1.0, pixels / (size * _SUPERSAMPLE))
    mask = Image.new("L", ((int(wide) + 6) * _SUPERSAMPLE, math.ceil(size * 1.6) * _SUPERSAMPLE), 0)
    pen = ImageDraw.Draw(mask)
    x, baseline = (at[0] - left) * _SUPERSAMPLE, (at[1] - top) * _SUPERSAMPLE
    for word in text.split(" "):
        font = face(face_for(word), pixels)
        pen.text((x, baseline), word, font=font, fill=255, anchor="ls")
        x += font.getlength(word) + space
    picture.paste(colour, (left, top), mask.reduce(_SUPERSAMPLE))
