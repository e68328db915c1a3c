"""`MaskPainter`: paint where a picture is to change."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import traitlets

from fluxkit.errors import InputError
from fluxkit.frames import png
from fluxkit.shots.inputs import Mask
from fluxkit.widgets import bundle
from fluxkit.widgets.base import View

if TYPE_CHECKING:
    from PIL.Image import Image as Pixels

_MOST_PX = 32
"""How far an edge may be grown, shrunk or feathered, in pixels of the picture."""


class MaskPainter(View):
    """A picture to paint a mask on, with a brush, an eraser, a rectangle and a lasso; `.mask` is what was painted.

    White, the painted part, is what a fill changes. `grow` (negative shrinks) and `feather` move and soften its edge,
    in pixels. Only a finished stroke travels to Python, as one PNG.
    """

    _esm = bundle.module("mask.js")
    _css = bundle.text("sheet.css")
    _options = ("colour", "grow", "feather")

    width = traitlets.Int().tag(sync=True)
    height = traitlets.Int().tag(sync=True)
    alt = traitlets.Unicode("The picture to be masked").tag(sync=True)
    colour = traitlets.Unicode("#ff3b6b").tag(sync=True)
    """How the mask is shown over the picture."""
    grow = traitlets.Int(0, min=-_MOST_PX, max=_MOST_PX).tag(sync=True)
    feather = traitlets.Int(0, min=0, max=_MOST_PX).tag(sync=True)
    share = traitlets.Float(0.0)
    """How much of the picture is painted, 0 to 1; observe it to follow the painting from Python."""

    def __init__(self, picture: Any, mask: Any = None, **options: Any) -> None:
        from PIL import Image

        super().__init__(**options)
        shown = picture if isinstance(picture, Image.Image) else picture.image
        self._picture: Pixels = shown.convert("RGB")
        self._raw: Pixels = Image.new("L", self._picture.size, 0)
        self.width, self.height = self._picture.size
        self.on_msg(self._answer)
        self.observe(self._refine, ("grow", "feather"))
        if mask is not None:
            self.start_from(mask)

    @property
    def mask(self) -> Mask:
        """What was painted, its edge grown and feathered; raises `InputError` while nothing is."""
        made = self._refined()
        if made.getbbox() is None:
            raise InputError(
                f"The mask of this {self.width} x {self.height} picture was asked for, but nothing is painted. "
                "Paint over what is to change first, or give the painter a mask to start from."
            )
        return Mask.of(made)

    def start_from(self, mask: Any) -> None:
        """Show a mask (a `Mask`, picture, array or file) to be painted further; its size is the picture's."""
        given = Mask.of(mask)
        if (given.width, given.height) != (self.width, self.height):
            raise InputError(
                f"A mask of {given.width} x {given.height} was given for a picture of {self.width} x {self.height}. "
                "Give one of the picture's size."
            )
        self._set(given.image)
        self.send({"kind": "base"}, buffers=[png.encode(given.image)])

    def describe(self) -> str:
        """One line: the picture's size and how much of it is painted."""
        return f"MaskPainter({self.width} x {self.height}, {self.share:.0%} painted)"

    def still(self) -> bytes:
        """The picture with the mask over it."""
        from PIL import Image

        tint = Image.new("RGB", self._picture.size, self.colour)
        shown = self._picture.copy()
        shown.paste(tint, mask=self._refined().point(lambda value: int(value * 0.55)))
        return png.encode(shown)

    def _answer(self, _widget: Any, message: dict[str, Any], buffers: Any) -> None:
        if message.get("kind") == "ready":
            self.send({"kind": "picture"}, buffers=[png.encode(self._picture)])
            if self._raw.getbbox() is not None:
                self.send({"kind": "base"}, buffers=[png.encode(self._raw)])
        elif message.get("kind") == "mask" and buffers:
            self._set(_read(bytes(buffers[0]), self._picture.size))
            self._refine()

    def _set(self, raw: Pixels) -> None:
        with self._lock:
            self._raw = raw.convert("L")
        self.share = sum(value * count for value, count in enumerate(self._raw.histogram())) / (
            255 * self.width * self.height
        )

    def _refine(self, _change: Any = None) -> None:
        if self.grow or self.feather or _change is not None:
            self.send({"kind": "refined"}, buffers=[png.encode(self._refined())])

    def _refined(self) -> Pixels:
        from PIL import ImageFilter

        with self._lock:
            made = self._raw
        edge = ImageFilter.MaxFilter(3) if self.grow > 0 else ImageFilter.MinFilter(3)
        for _ in range(abs(self.grow)):
            made = made.filter(edge)
        return made.filter(ImageFilter.GaussianBlur(self.feather / 2)) if self.feather else made


def _read(data: bytes, size: tuple[int, int]) -> Pixels:
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=["PNG"]) as opened:
        if opened.size != size:
            raise InputError(f"The browser sent a mask of {opened.size}, but the picture is {size}. Open it again.")
        return opened.convert("L")
