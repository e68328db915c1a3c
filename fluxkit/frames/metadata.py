"""Pictures with their record inside: writing them, and reading the record back without touching the pixels."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from fluxkit.errors import FrameError
from fluxkit.frames import png, png_chunks
from fluxkit.frames.atomic import write_atomic
from fluxkit.frames.record import FrameRecord, from_json, to_json

if TYPE_CHECKING:
    from PIL.Image import Image

    from fluxkit.frames.frame import Frame

KEY = "fluxkit"
"""The text key that holds our record."""


def write(frame: Frame, path: Path) -> None:
    """Write the frame's picture and record to `path`, whole or not at all; raises `FrameError` where that fails."""
    if path.suffix.lower() != ".png":
        raise FrameError(f"A frame was to be saved as {path.name!r}. Pictures are saved as .png.")
    data = dressed(png.encode(frame.image), record_of(frame))
    try:
        write_atomic(path, data)
    except OSError as error:
        raise FrameError(
            f"A frame could not be saved as {path.name!r}: {error.strerror}. Nothing was written; choose a folder that "
            "exists, has room and may be written to."
        ) from error


def dressed(data: bytes, record: FrameRecord) -> bytes:
    """The same picture with the record inside; the bytes of its pixels stay as they are."""
    return png_chunks.replace_texts(data, {KEY: png_chunks.text_chunk(KEY, to_json(record), compress=True)})


def read(path: Path) -> FrameRecord:
    """The record inside a picture file; raises `FrameError` where there is none."""
    texts, _signed = png_chunks.read_texts(path)
    if KEY not in texts:
        raise FrameError(f"{path.name!r} holds no fluxkit record: it was made or re-saved by another program.")
    return from_json(texts[KEY], path.name)


def loader(path: Path) -> Callable[[], Image]:
    """A function that loads the pixels of `path` when called."""

    def load() -> Image:
        from PIL import Image, UnidentifiedImageError

        try:
            with Image.open(path) as picture:
                return picture.convert("RGB")
        except FileNotFoundError:
            raise FrameError(f"The picture {path.name!r} is gone: its file was moved or deleted.") from None
        except (OSError, SyntaxError, UnidentifiedImageError) as error:
            raise FrameError(f"The picture {path.name!r} is damaged: {error}. Use another copy.") from error

    return load


def record_of(frame: Frame) -> FrameRecord:
    """What a file says about a frame."""
    return FrameRecord(
        shot=frame.shot,
        provenance=frame.provenance,
        take=frame.take,
        made=frame.made,
        fingerprint=frame.fingerprint,
    )
