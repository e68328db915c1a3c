"""`MaskPainter`: paint where a picture is to change."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import traitlets

from fluxkit.errors import InputError
from fluxkit.frames import png
from fluxkit.shots import masking
from fluxkit.shots.inputs import Mask
from fluxkit.widgets import bundle
from fluxkit.widgets.base import View

if TYPE_CHECKING:
    from PIL.Image import Image as Pixels

_MOST_PX = 32
"""How far the painter's sliders grow, shrink or feather an edge; `Mask.grow` and `Mask.feather` go further."""

_STILL_PX = 384
"""A smaller picture is enlarged where it stands for the painter."""

_LARGEST = 4096
"""Pixels along a side: a larger picture would make every stroke slow in a browser."""


class MaskPainter(View):
    """A picture to paint a mask on, with a brush, an eraser, a rectangle and a lasso; `.mask` is what was painted.

    White, the painted part, is what a fill changes. `grow` (negative shrinks) and `feather` move and soften its edge,
    in pixels. Only a finished stroke travels to Python, as one PNG. `picture` is a frame, a Pillow image, an array or a
    file; `mask` is one to start from.

    >>> from PIL import Image
    >>> painter = MaskPainter(Image.new("RGB", (64, 64)), mask=Mask.rectangle(64, 64, right=0.5), feather=2)
    >>> painter
    MaskPainter(64 x 64, 50% painted)
    """

    _esm = bundle.module("mask.js")
    _css = bundle.text("sheet.css") + bundle.text("paint.css")
    _options = ("tool", "size", "softness", "colour", "density", "grow", "feather")

    width = traitlets.Int(read_only=True).tag(sync=True)
    height = traitlets.Int(read_only=True).tag(sync=True)
    alt = traitlets.Unicode("The picture to be masked").tag(sync=True)
    tool = traitlets.Enum(("brush", "eraser", "rectangle", "lasso"), "brush").tag(sync=True)
    size = traitlets.Float(0.0, min=0).tag(sync=True)
    """Width of the brush in pixels of the picture; an eighth of its shorter side unless given."""
    softness = traitlets.Float(0.3, min=0, max=1).tag(sync=True)
    """How much of the brush's radius fades: 0 is a hard edge."""
    colour = traitlets.Unicode("#ff3b6b").tag(sync=True)
    """How the mask is shown over the picture: "#rrggbb"."""
    density = traitlets.Float(0.55, min=0, max=1).tag(sync=True)
    """How strongly that colour covers the picture."""
    grow = traitlets.Int(0, min=-_MOST_PX, max=_MOST_PX).tag(sync=True)
    feather = traitlets.Int(0, min=0, max=_MOST_PX).tag(sync=True)
    share = traitlets.Float(0.0)
    """How much of the picture is painted, 0 to 1; observe it to follow the painting from Python."""

    def __init__(self, picture: Any, mask: Any = None, **options: Any) -> None:
        from PIL import Image

        self._raw: Pixels = Image.new("L", (1, 1))
        self._steps: dict[str | None, int] = {}
        """Page -> the number of the newest mask that it sent."""
        super().__init__(**options)
        self._picture: Pixels = _shown(picture)
        self._raw = Image.new("L", self._picture.size, 0)
        self.set_trait("width", self._picture.width)
        self.set_trait("height", self._picture.height)
        self.alt = _alt(picture)
        self.size = self.size or max(2.0, round(min(self._picture.size) / 8))
        self.on_msg(self._answer)
        self.observe(self._edge_moved, ("grow", "feather"))
        if mask is not None:
            self.start_from(mask)

    @traitlets.validate("colour")
    def _checked_colour(self, proposal: Any) -> str:
        colour = str(proposal["value"]).lower()
        if len(colour) == 7 and colour[0] == "#" and all(digit in "0123456789abcdef" for digit in colour[1:]):
            return colour
        raise InputError(
            f"A mask's colour of {proposal['value']!r} was asked for. It is '#' and six hexadecimal digits. "
            "Give one such as '#ff3b6b'."
        )

    @property
    def mask(self) -> Mask:
        """What was painted, its edge grown and feathered; raises `InputError` while nothing is."""
        made = self._refined()
        if made.getbbox() is None:
            raise InputError(
                f"The mask of this {self.width} x {self.height} picture was asked for, but nothing is painted"
                f"{' once it is shrunk' if self._raw.getbbox() else ''}. A mask needs at least one white pixel. "
                "Paint over what is to change first, or give the painter a mask to start from."
            )
        return Mask.of(made)

    def start_from(self, mask: Any) -> None:
        """Show a mask (a `Mask`, picture, array or file) to be painted further; its size is the picture's."""
        given = Mask.of(mask)
        if (given.width, given.height) != (self.width, self.height):
            raise InputError(
                f"A mask of {given.width} x {given.height} was given for a picture of {self.width} x {self.height}. "
                "A painter takes one of the picture's size. Resize it with Mask.from_image(mask, size=picture)."
            )
        self._set(given.image)
        self.send({"kind": "base"}, buffers=[png.encode(given.image)])

    def describe(self) -> str:
        """One line: the picture's size and how much of it is painted."""
        return f"MaskPainter({self.width} x {self.height}, {self.share:.0%} painted)"

    def still(self) -> bytes:
        """The picture with the mask over it, large enough to be looked at."""
        shown = masking.laid_over(self._picture, self._refined(), self.colour, self.density)
        times = _STILL_PX // max(shown.size)
        return png.encode(shown.resize((shown.width * times, shown.height * times)) if times > 1 else shown)

    def _answer(self, _widget: Any, message: dict[str, Any], buffers: Any) -> None:
        if message.get("kind") == "ready":
            self.send({"kind": "picture"}, buffers=[png.encode(self._picture)])
            if self._raw.getbbox() is not None:
                self.send({"kind": "base"}, buffers=[png.encode(self._raw)])
        elif message.get("kind") == "mask" and buffers:
            self._take(message, _read(bytes(buffers[0]), self._picture.size))
            if self.grow or self.feather:
                self._send_refined(message.get("step"))

    def _take(self, message: dict[str, Any], raw: Pixels) -> None:
        """Take a mask from the browser, but for one that another thread of the kernel was later with than the next."""
        page, step = message.get("page"), int(message.get("step", 0))
        with self._lock:
            if step < self._steps.get(page, 0):
                return
            self._steps = {page: step}
            self._set(raw)

    def _set(self, raw: Pixels) -> None:
        with self._lock:
            self._raw = raw.convert("L")
        counts = self._raw.histogram()
        self.share = sum(value * count for value, count in enumerate(counts)) / (255 * self.width * self.height)

    def _edge_moved(self, _change: Any) -> None:
        self._send_refined(None)

    def _send_refined(self, step: int | None) -> None:
        told = {"kind": "refined"} if step is None else {"kind": "refined", "step": step}
        self.send(told, buffers=[png.encode(self._refined())])

    def _refined(self) -> Pixels:
        with self._lock:
            made = self._raw
        return masking.feathered(masking.grown(made, self.grow), self.feather)


def _shown(picture: Any) -> Pixels:
    from fluxkit.shots.inputs import ReferenceImage

    image = ReferenceImage.of(picture).image
    if max(image.size) > _LARGEST:
        raise InputError(
            f"A picture of {image.width} x {image.height} was to be painted on; the painter takes up to {_LARGEST} "
            f"pixels along a side. Make it smaller, paint, and enlarge the mask with Mask.from_image(mask, size=...)."
        )
    return image


def _alt(picture: Any) -> str:
    words = str(getattr(getattr(picture, "shot", None), "prompt", "") or "")
    return f"The picture to be masked: {words[:160]}" if words else "The picture to be masked"


def _read(data: bytes, size: tuple[int, int]) -> Pixels:
    from PIL import Image

    with Image.open(io.BytesIO(data), formats=["PNG"]) as opened:
        if opened.size != size:
            raise InputError(f"The browser sent a mask of {opened.size}, but the picture is {size}. Open it again.")
        return opened.convert("L")
