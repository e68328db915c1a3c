"""Pictures with their record inside: writing them, and reading the record back without touching the pixels."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from fluxkit._base import __version__
from fluxkit.errors import FrameError, InputError
from fluxkit.frames import a1111, exif, jpeg_segments, png, png_chunks, webp_chunks, xmp
from fluxkit.frames.atomic import write_atomic
from fluxkit.frames.marks import Marks
from fluxkit.frames.privacy import Privacy, check_privacy
from fluxkit.frames.record import FrameRecord, from_json, minimal_json, to_json

if TYPE_CHECKING:
    from PIL.Image import Image

    from fluxkit.frames.frame import Frame
    from fluxkit.frames.ingredients import Ingredient
    from fluxkit.frames.signing import SigningKey

KEY = "fluxkit"
"""The PNG text key that holds our record."""

PARAMETERS = "parameters"
_FORMATS = {".png": "PNG", ".jpg": "JPEG", ".jpeg": "JPEG", ".webp": "WEBP"}


@dataclass(frozen=True, slots=True)
class Notes:
    """Every text found beside the pixels of a picture."""

    record: str = ""
    """Our JSON."""
    parameters: str = ""
    """A1111's text."""
    xmp: str = ""
    signed: bool = False
    """Whether the file carries a C2PA content credential."""
    texts: dict[str, str] = dataclasses.field(default_factory=dict)
    """All texts of a PNG by key; of a JPEG or WebP what other programs put into Exif under a word of their own."""


def write(
    frame: Frame,
    path: Path,
    *,
    privacy: Privacy = "full",
    marks: Marks | None = None,
    quality: int = 95,
    key: SigningKey | None = None,
    ingredients: Sequence[Ingredient] = (),
) -> None:
    """Write the frame's picture and record to `path`, signed where a key is given, whole or not at all.

    Raises `FrameError` where that fails, and where `path` is a file with a content credential.
    """
    kind = _FORMATS.get(path.suffix.lower())
    if kind is None:
        raise FrameError(
            f"A frame was to be saved as {path.name!r}. Pictures are saved as .png (exact pixels), .jpg or .webp."
        )
    if not 1 <= quality <= 100:
        raise InputError(f"quality={quality} was asked for. It is 1 to 100; 95 is hard to tell from the original.")
    from fluxkit.frames import credentials  # it reads files through this module

    level = check_privacy(privacy)
    record = record_of(frame)
    if kind != "PNG":
        record = dataclasses.replace(record, fingerprint="")
    data = dressed(_encoded(frame.image, kind, quality), record, privacy=level, marks=marks or Marks())
    credentials.refuse_rewriting(path)
    if key is not None:
        packet = packet_of(record, Marks(), privacy=level)
        named = record if level == "full" else None
        data = credentials.signed(data, key, record=named, source_type=packet.source_type, ingredients=ingredients)
    try:
        write_atomic(path, data)
    except OSError as error:
        raise FrameError(
            f"A frame could not be saved as {path.name!r}: {error.strerror}. Nothing was written; choose a folder that "
            "exists, has room and may be written to."
        ) from error


def dressed(data: bytes, record: FrameRecord, *, privacy: Privacy = "full", marks: Marks | None = None) -> bytes:
    """The same picture with the record inside; the bytes of its pixels stay as they are."""
    if privacy == "none":
        return data
    full = privacy == "full"
    own = to_json(record) if full else minimal_json(record)
    parameters = a1111.write(record) if full else ""
    packet = packet_of(record, marks or Marks(), privacy=privacy)
    if data.startswith(png_chunks.SIGNATURE):
        texts = {KEY: png_chunks.text_chunk(KEY, own, compress=True)}
        texts[PARAMETERS] = png_chunks.text_chunk(PARAMETERS, parameters) if parameters else b""
        return png_chunks.replace_texts(data, {**texts, **_xmp_chunk(xmp.write(packet))})
    block = exif.write(f"fluxkit {__version__}", parameters)
    return _with_packet(data, xmp.write(dataclasses.replace(packet, record=own)), block)


def unpacked(frame: Frame) -> bytes:
    """The frame as a whole PNG whose pixels are not packed: large, and made in a few milliseconds."""
    return dressed(png.encode(frame.image, packed=False), record_of(frame))


def packet_of(record: FrameRecord, marks: Marks, *, privacy: Privacy = "full") -> xmp.Packet:
    """What photo software is told about a frame."""
    shot, full = record.shot, privacy == "full"
    composite = any(source.photograph for source in record.provenance.sources)
    return xmp.Packet(
        source_type=xmp.COMPOSITE if composite else xmp.TRAINED,
        creator_tool=f"fluxkit {__version__}",
        created=record.made.isoformat(timespec="seconds") if full and record.made else "",
        system=f"{shot.spec.title} ({shot.model})",
        prompt=shot.prompt.text if full else "",
        caption=(marks.note or shot.prompt.text) if full else "",
        keywords=marks.tags if full else (),
        rating=0 if not full else -1 if marks.pick == "reject" else marks.rating,
    )


def edit(
    path: str | Path, *, rating: int | None = None, caption: str | None = None, keywords: Iterable[str] | None = None
) -> None:
    """Change what a saved picture says of itself to photo software; the pixels' bytes and our record stay.

    Raises `FrameError` for a picture with a content credential: any change would make it read as tampered with.
    """
    target = Path(path).expanduser()
    found = read_notes(target)
    if found.signed:
        raise FrameError(
            f"{target.name!r} carries a content credential, and any change to the file would break it. "
            "Save the frame again under another name, and sign that."
        )
    if rating is not None and not -1 <= rating <= 5:
        raise InputError(f"rating={rating} was asked for. It is 0 to 5 stars, or -1 for rejected.")
    words = None if keywords is None else tuple(keywords)
    data, text = target.read_bytes(), xmp.changed(found.xmp, rating=rating, caption=caption, keywords=words)
    is_png = data.startswith(png_chunks.SIGNATURE)
    write_atomic(target, png_chunks.replace_texts(data, _xmp_chunk(text)) if is_png else _with_packet(data, text, None))


def read(path: Path) -> FrameRecord:
    """The record inside a picture file; raises `FrameError` where there is none."""
    found = read_notes(path)
    if not found.record:
        more = " `fluxkit.frames.importers.read` reads what other programs wrote." if found.texts or found.xmp else ""
        raise FrameError(
            f"{path.name!r} holds no fluxkit record: it was made or re-saved by another program, or saved with "
            f"privacy='none'.{more}"
        )
    return from_json(found.record, path.name)


def read_notes(path: Path) -> Notes:
    """Every text beside the pixels, from a PNG, JPEG or WebP; the pixels are not decoded."""
    with path.open("rb") as file:
        head = file.read(12)
        if head.startswith(png_chunks.SIGNATURE):
            texts, signed = png_chunks.read_texts(path)
            return Notes(
                record=texts.get(KEY, ""),
                parameters=texts.get(PARAMETERS) or texts.get(png_chunks.EXIF_KEY, ""),
                xmp=texts.get(png_chunks.XMP_KEY, ""),
                signed=signed,
                texts=texts,
            )
        data = head + file.read()
    if data.startswith(jpeg_segments.SIGNATURE):
        block, packet, signed = jpeg_segments.read(data, path.name)
    elif webp_chunks.is_webp(data):
        block, packet, signed = webp_chunks.read(data, path.name)
    else:
        raise FrameError(f"{path.name!r} is no PNG, JPEG or WebP picture. Give a file that fluxkit wrote.")
    own = xmp.read(packet).record if packet else ""
    comment, texts = (exif.read_comment(block), exif.read_labelled(block)) if block else ("", {})
    return Notes(record=own, parameters=comment, xmp=packet, signed=signed, texts=texts)


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


def _encoded(image: Image, kind: str, quality: int) -> bytes:
    if kind == "PNG":
        return png.encode(image)
    buffer = io.BytesIO()
    options = {"subsampling": 0} if kind == "JPEG" else {"method": 4}
    image.save(buffer, kind, quality=quality, **options)
    return buffer.getvalue()


def _with_packet(data: bytes, packet: str, block: bytes | None) -> bytes:
    if webp_chunks.is_webp(data):
        return webp_chunks.dressed(data, size=_size(data), exif=block, xmp=packet)
    return jpeg_segments.dressed(data, exif=block, xmp=packet)


def _size(data: bytes) -> tuple[int, int]:
    from PIL import Image

    with Image.open(io.BytesIO(data)) as picture:
        return picture.size


def _xmp_chunk(text: str) -> dict[str, bytes]:
    name = png_chunks.XMP_KEY.encode()
    return {png_chunks.XMP_KEY: png_chunks.chunk(b"iTXt", name + b"\0\0\0\0\0" + text.encode())}
