"""What travels between the driver and its actors: shots without their pictures, and frames as encoded bytes."""

from __future__ import annotations

import io
import pickle
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from fluxkit.errors import EngineError
from fluxkit.frames.frame import Frame
from fluxkit.frames.provenance import Provenance
from fluxkit.shots import inputs
from fluxkit.shots.inputs import Picture
from fluxkit.shots.shot import Shot

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class Hello:
    """What an actor says of itself when it is up."""

    node: str
    """The name of its machine."""
    device: str
    versions: dict[str, str]
    """Python and the libraries that decide pixels."""


@dataclass(frozen=True)
class Order:
    """Shots for one actor, packed with `pack`."""

    number: int
    """Counts up; a cancel names the last one that it concerns."""
    shots: bytes
    pictures: dict[str, Any] = field(default_factory=dict)
    """Object references to the PNG bytes of input pictures, by content hash."""


@dataclass(frozen=True)
class Look:
    """Where an actor stands right now."""

    stage: str = "wait"
    step: int = 0
    steps: int = 0
    shot_id: str = ""


@dataclass(frozen=True)
class Made:
    """One frame, encoded."""

    shot_id: str
    png: bytes
    provenance: Provenance
    receipt: dict[str, Any]


@dataclass(frozen=True)
class Reply:
    """What came of an order: frames, and what stopped the rest of it."""

    made: tuple[Made, ...] = ()
    failure: EngineError | None = None
    failed: str = ""
    """The id of the shot that failed."""
    setup_s: float = 0.0
    """Seconds before the first step: weights and words."""
    shot_s: float = 0.0
    """Seconds for each frame after that."""


class EncodedFrame(Frame):
    """A frame whose PNG exists already; it is decoded when somebody looks."""

    def __init__(self, shot: Shot, made: Made) -> None:
        super().__init__(shot, lambda: opened(made.png), provenance=made.provenance, receipt=made.receipt)
        self._png = made.png

    def png(self) -> bytes:
        """The picture as PNG bytes, as the actor encoded them."""
        return self._png


def opened(png: bytes) -> Image:
    """The picture in PNG bytes."""
    from PIL import Image

    with Image.open(io.BytesIO(png)) as picture:
        picture.load()
        return picture


def pack(shots: Sequence[Shot]) -> bytes:
    """Shots as bytes, with the records of their pictures and without the pixels."""
    buffer = io.BytesIO()
    _Pickler(buffer, protocol=pickle.HIGHEST_PROTOCOL).dump(tuple(shots))
    return buffer.getvalue()


def unpack(data: bytes) -> tuple[Shot, ...]:
    """What `pack` packed; the pixels are asked for where `inputs.add_source` says."""
    shots: tuple[Shot, ...] = _Unpickler(io.BytesIO(data)).load()
    return shots


def pictures_of(shots: Sequence[Shot]) -> dict[str, Picture]:
    """Every input picture of the shots, by content hash."""
    found = (picture for shot in shots if shot.inputs is not None for picture in shot.inputs.pictures().values())
    return {picture.content: picture for picture in found}


def as_error(error: BaseException, shot: Shot | None) -> EngineError:
    """The failure as an error that survives the journey: one of ours as it is, another with its words kept."""
    if isinstance(error, EngineError):
        error.shot = None  # The driver knows the shot by its id, and puts its own record in.
        try:
            if isinstance(pickle.loads(pickle.dumps(error)), EngineError):
                return error
        except Exception:  # an error class that cannot be made from its message alone
            return EngineError(str(error))
        return EngineError(str(error))
    what = "a shot" if shot is None else f"a shot of {shot.model} with seed {shot.seed}"
    return EngineError(
        f"An actor failed on {what}: {type(error).__name__}: {error}. Shoot it with a plain session on that machine "
        f"to see the whole trace."
    )


class _Pickler(pickle.Pickler):
    def persistent_id(self, thing: Any) -> Any:
        return (type(thing).__name__, thing.canonical_json()) if isinstance(thing, Picture) else None


class _Unpickler(pickle.Unpickler):
    def persistent_load(self, name: Any) -> Any:
        kind, text = name
        return getattr(inputs, kind).model_validate_json(text)
