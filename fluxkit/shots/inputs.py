"""The pictures that a shot starts from: held by the hash of their content, so that equal pictures make equal shots.

The record travels in files without its pixels; whoever keeps the pixels (a catalogue) offers them with `add_source`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal, Self
from weakref import WeakValueDictionary

from pydantic import Field, PrivateAttr, model_validator

from fluxkit._base import Record
from fluxkit.errors import FrameError, InputError
from fluxkit.models.spec import Method, ModelSpec
from fluxkit.shots import masking
from fluxkit.shots.upright import in_srgb, upright

if TYPE_CHECKING:
    from PIL.Image import Image

Source = Callable[[str], "Image | None"]
"""Given the content hash of a picture, the picture, or None where it is not known."""

MapKind = Literal["depth", "canny", "soft edges", "pose", "tile", "blur", "grey", "low quality"]
"""The kinds of control map that FLUX models were trained on; those beside depth and canny have to be given ready."""

_live: WeakValueDictionary[str, Image] = WeakValueDictionary()
_sources: list[Source] = []


def add_source(source: Source) -> None:
    """Ask `source` for pictures that are not in memory; the newest source is asked first."""
    if source not in _sources:
        _sources.insert(0, source)


def remove_source(source: Source) -> None:
    """Stop asking a source."""
    if source in _sources:
        _sources.remove(source)


class Picture(Record):
    """A picture that a shot uses, known by its content. `of` makes one from a frame, an image, an array or a file."""

    mode: ClassVar[str] = "RGB"

    content: str
    """`picture1-` and 32 hexadecimal digits of the hash of the pixels."""
    width: int = Field(gt=0)
    """Pixels."""
    height: int = Field(gt=0)
    """Pixels."""

    _image: Any = PrivateAttr(default=None)

    @classmethod
    def of(cls, picture: Any, **fields: Any) -> Self:
        """The record of a frame, a Pillow image, an array (height, width[, 3]) of bytes, or a picture file.

        A picture is turned as its camera noted, and its colours are those that its profile means. Raises `InputError`
        for anything else, and for transparent parts.
        """
        if isinstance(picture, cls):
            return picture.with_(**fields) if fields else picture
        seen = _opened(picture)
        image = _opaque(in_srgb(seen) if cls.mode == "RGB" else seen, cls.mode)
        text = f"{cls.mode}:{image.width}x{image.height}:".encode()
        content = f"picture1-{hashlib.sha256(text + image.tobytes()).hexdigest()[:32]}"
        made = cls(content=content, width=image.width, height=image.height, **fields)
        made._image = _live.setdefault(content, image)
        return made

    @property
    def image(self) -> Image:
        """The pixels; raises `FrameError` where the record came from a file and no open catalogue holds them."""
        if self._image is None:
            self._image = _live.get(self.content) or next(filter(None, (ask(self.content) for ask in _sources)), None)
        if self._image is None:
            raise FrameError(
                f"The input picture {self.content} ({self.width} x {self.height}) was asked for, but its pixels are "
                f"not here. They are in the catalogue that the shot was made with. Open that catalogue in a session."
            )
        found: Image = self._image
        return found

    def with_(self, path: str | None = None, value: Any = None, /, **changes: Any) -> Self:
        """A validated copy with fields changed; the pixels go along."""
        made = super().with_(path, value, **changes)
        if made.content == self.content:
            made._image = self._image
        return made

    def __eq__(self, other: object) -> bool:
        return isinstance(other, type(self)) and self.canonical_json() == other.canonical_json()

    def __hash__(self) -> int:
        return hash(self.content)


class ReferenceImage(Picture):
    """A picture that the model looks at: the start of a variation, the thing to edit, one of several to blend."""

    weight: float | None = Field(None, gt=0, le=4)
    """How much it counts among several that are blended; None shares equally."""


class Mask(Picture):
    """Where a picture is to change: white changes, black stays as it is to the last bit, greys blend at the edge."""

    mode: ClassVar[str] = "L"

    @classmethod
    def rectangle(
        cls, width: int, height: int, *, left: float = 0, top: float = 0, right: float = 1, bottom: float = 1
    ) -> Self:
        """A white rectangle on black, its edges given as fractions (0 to 1) of the picture's width and height.

        >>> Mask.rectangle(64, 64, right=0.5).share
        0.5
        """
        from PIL import Image

        if not (0 <= left < right <= 1 and 0 <= top < bottom <= 1):
            raise InputError(
                f"A rectangle of left={left:g}, top={top:g}, right={right:g}, bottom={bottom:g} was asked for. Edges "
                f"are fractions from 0 to 1, left below right and top below bottom. Correct the edges."
            )
        made = Image.new("L", (width, height), 0)
        made.paste(255, (round(left * width), round(top * height), round(right * width), round(bottom * height)))
        return cls.of(made)

    @classmethod
    def from_box(cls, size: Any, box: Any) -> Self:
        """White inside `(left, top, right, bottom)` in pixels; `size` is the picture itself, or (width, height).

        Raises `InputError` for a box that is empty or leaves the picture.

        >>> Mask.from_box((64, 64), (0, 0, 32, 64)).share
        0.5
        """
        return cls.of(masking.box(size, box))

    @classmethod
    def from_polygon(cls, size: Any, points: Any) -> Self:
        """White inside a line through `[(x, y), ...]` in pixels; it is closed, and may run outside the picture.

        Raises `InputError` for fewer than three points.

        >>> Mask.from_polygon((64, 64), [(0, 0), (64, 0), (64, 64)]).share > 0.49
        True
        """
        return cls.of(masking.polygon(size, points))

    @classmethod
    def from_image(cls, picture: Any, *, size: Any = None, threshold: int | None = None, invert: bool = False) -> Self:
        """A frame, picture, array or file as a mask: its opacity where parts are transparent, else its brightness.

        `size` resizes it to a picture's size or (width, height). `threshold` (1 to 255) makes it black and white.
        Raises `InputError` where nothing is white.
        """
        return cls.of(masking.from_picture(_opened(picture), size=size, threshold=threshold, invert=invert))

    def grow(self, pixels: int) -> Self:
        """The white part larger by so many pixels on every side; negative makes it smaller."""
        return type(self).of(masking.grown(self.image, pixels))

    def feather(self, pixels: int) -> Self:
        """The edge faded over so many pixels on either side."""
        return type(self).of(masking.feathered(self.image, pixels))

    def __or__(self, other: Self) -> Self:
        """What is white in either."""
        return self._joined(other, "lighter")

    def __and__(self, other: Self) -> Self:
        """What is white in both."""
        return self._joined(other, "darker")

    def __sub__(self, other: Self) -> Self:
        """What is white here and not in the other."""
        return self._joined(~other, "darker")

    def __invert__(self) -> Self:
        """White and black exchanged."""
        return type(self).of(self.image.point(lambda value: 255 - value))

    def over(self, picture: Any, colour: str = "#ff3b6b") -> Image:
        """The picture with the mask laid over it in a colour, for looking at; of the picture's size."""
        return masking.laid_over(_opened(picture), self.image, colour)

    def _joined(self, other: Self, how: str) -> Self:
        from PIL import ImageChops

        if (self.width, self.height) != (other.width, other.height):
            raise InputError(
                f"Masks of {self.width} x {self.height} and {other.width} x {other.height} were to be joined. They are "
                f"of one size. Make both for the same picture."
            )
        return type(self).of(getattr(ImageChops, how)(self.image, other.image))

    @property
    def share(self) -> float:
        """How much of the picture it changes, from 0 to 1."""
        return sum(value * count for value, count in enumerate(self.image.histogram())) / (
            255 * self.width * self.height
        )


class ControlMap(Record):
    """What the shape of a picture should follow: a depth map, edges, a pose: made from a picture or given ready."""

    kind: MapKind
    picture: ReferenceImage
    ready: bool = False
    """True where `picture` is the map itself."""
    estimator: str | None = None
    """The depth model: a folder or hub id; None is Depth Anything V2 Small."""
    low: int = Field(100, ge=0, le=255)
    """Edges: gradients below this are dropped (OpenCV's first threshold)."""
    high: int = Field(200, ge=0, le=255)
    """Edges: gradients above this start an edge (OpenCV's second threshold)."""
    strength: float | None = Field(None, gt=0, le=2)
    """How strongly it acts, for a ControlNet; None is the model's own advice."""
    start: float | None = Field(None, ge=0, lt=1)
    """The share of the steps after which it begins to act, for a ControlNet; None is from the first step."""
    end: float | None = Field(None, gt=0, le=1)
    """The share of the steps after which it no longer acts, for a ControlNet; None is to the last step."""

    @model_validator(mode="after")
    def _nothing_idle(self) -> Self:
        """Refuse what would be ignored: thresholds without edges to find, a depth model without depth to estimate."""
        made_of = None if self.ready or self.kind not in ("depth", "canny") else self.kind
        if made_of != "canny" and (self.low, self.high) != (100, 200):
            raise ValueError(
                f"low={self.low} and high={self.high} were given with a {'ready ' * self.ready}{self.kind} map; they "
                f"are thresholds for finding edges. Leave them out, or use ControlMap.canny(picture, low=, high=)"
            )
        if made_of != "depth" and self.estimator is not None:
            raise ValueError(
                f"estimator={self.estimator!r} was given with a {'ready ' * self.ready}{self.kind} map; it estimates "
                f"depth. Leave it out, or use ControlMap.depth(picture, estimator=)"
            )
        if made_of is None and not self.ready:
            raise ValueError(
                f"A {self.kind} map was to be made from a picture; only depth and canny are. Give a map that is ready: "
                f"ControlMap.given(image, kind={self.kind!r})"
            )
        if (self.start or 0) >= (self.end or 1):
            raise ValueError(f"start={self.start} and end={self.end} were given; it starts before it ends. Swap them")
        return self

    @classmethod
    def depth(cls, picture: Any, *, estimator: str | None = None, **fields: Any) -> Self:
        """The depth of a frame or image, estimated when the shot is made: near is bright."""
        return cls(kind="depth", picture=ReferenceImage.of(picture), estimator=estimator, **fields)

    @classmethod
    def canny(cls, picture: Any, *, low: int = 100, high: int = 200, **fields: Any) -> Self:
        """The edges of a frame or image, found with OpenCV when the shot is made."""
        return cls(kind="canny", picture=ReferenceImage.of(picture), low=low, high=high, **fields)

    @classmethod
    def given(cls, picture: Any, *, kind: MapKind, **fields: Any) -> Self:
        """A map that is ready: depth as grey (near is bright), white edges on black, a pose drawn in colours, ..."""
        return cls(kind=kind, picture=ReferenceImage.of(picture), ready=True, **fields)


class Inputs(Record):
    """Everything that a shot is given beside its words."""

    image: ReferenceImage | None = None
    """The picture to vary or to fill."""
    mask: Mask | None = None
    control: ControlMap | None = None
    more_controls: tuple[ControlMap, ...] = ()
    """Further maps beside `control`, for models that follow several at once."""
    references: tuple[ReferenceImage, ...] = ()
    """What to edit or blend, in the order that the words name them."""
    strength: float | None = Field(None, gt=0, le=1)
    """How far a varied picture moves from its start: 1 starts from noise alone. None is the model's default."""

    def method(self, spec: ModelSpec) -> Method:
        """Which of a session's methods asks for these inputs."""
        if self.mask is not None:
            return "fill"
        if self.image is not None:
            return "outpaint" if spec.task == "expand" else "vary"
        if self.control is not None:
            return "control"
        return "blend" if spec.task in ("redux", "likeness") else "edit"

    @property
    def controls(self) -> tuple[ControlMap, ...]:
        """Every control map."""
        return (self.control, *self.more_controls) if self.control is not None else self.more_controls

    def pictures(self) -> dict[str, Picture]:
        """Every picture by its role: `image`, `mask`, `control`, `control.1`, `reference.0`, `reference.1`, ..."""
        roles: dict[str, Picture | None] = {
            "image": self.image,
            "mask": self.mask,
            "control": None if self.control is None else self.control.picture,
            **{f"control.{index}": further.picture for index, further in enumerate(self.more_controls, 1)},
            **{f"reference.{index}": picture for index, picture in enumerate(self.references)},
        }
        return {role: picture for role, picture in roles.items() if picture is not None}


def _opened(picture: Any) -> Image:
    """The picture upright and in 8 bits; raises `InputError` for what is no picture."""
    from PIL import Image

    if isinstance(picture, Picture):
        return picture.image
    found = getattr(picture, "image", picture)
    if isinstance(found, Image.Image):
        return upright(found)
    if isinstance(picture, str | Path):
        try:
            with Image.open(Path(picture).expanduser()) as opened:
                opened.load()
                return upright(opened)
        except (OSError, SyntaxError) as error:
            raise InputError(
                f"A picture was asked for from {Path(picture).name!r}, which cannot be read ({type(error).__name__}). "
                f"PNG, JPEG and WebP files are allowed. Give the path of one."
            ) from error
    return _of_array(picture)


def _of_array(picture: Any) -> Image:
    from PIL import Image

    shape, kind = getattr(picture, "shape", None), str(getattr(picture, "dtype", ""))
    if shape is None or not kind:
        raise InputError(
            f"A picture was asked for from {type(picture).__name__}. A frame, a Pillow image, an array of uint8 and a "
            f"file's path are allowed. Give one of those."
        )
    if kind not in ("uint8", "bool") or not (len(shape) == 2 or (len(shape) == 3 and shape[2] in (3, 4))) or 0 in shape:
        raise InputError(
            f"A picture was asked for from an array of {kind} of shape {tuple(shape)}. Arrays of uint8 of shape "
            f"(height, width) or (height, width, 3) are allowed, with values from 0 to 255. Convert it."
        )
    return Image.fromarray(picture)


def _opaque(image: Image, mode: str) -> Image:
    """The picture in a mode without transparency; raises `InputError` where a part of it can be seen through."""
    if image.has_transparency_data and b"\xff" * (image.width * image.height) != image.convert("RGBA").tobytes()[3::4]:
        cure = "Mask.from_image(picture) reads the transparent parts" if mode == "L" else "Put it on a background first"
        raise InputError(
            f"A picture of {image.width} x {image.height} with transparent parts was given. FLUX sees no transparency, "
            f"and the colours behind it are often arbitrary. {cure}."
        )
    return image.convert(mode)
