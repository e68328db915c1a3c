"""Training pictures and captions as the one zip file that hosts read, without names and metadata of the user's."""

from __future__ import annotations

import hashlib
import io
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fluxkit.errors import InputError
from fluxkit.shots.trained import with_trigger
from fluxkit.shots.upright import on_grey, upright

_SUFFIXES = (".png", ".jpg", ".jpeg", ".webp")
_EPOCH = (1980, 1, 1, 0, 0, 0)
"""The same pictures give the same zip, byte for byte."""

Picture = Any
"""A path or a Pillow image, or a pair of one and its caption."""


@dataclass(frozen=True)
class Dataset:
    """A zip file on disk, and what is in it."""

    path: Path
    content: str
    """SHA-256 of the zip."""
    pictures: int
    captioned: bool
    """Whether every picture has a caption."""


def pack(pictures: str | Path | Iterable[Picture], trigger: str, folder: Path) -> Dataset:
    """Training pictures as a zip in `folder`, named by its content.

    `pictures` is a zip file (`a.jpg` with `a.txt`, sent as it is) or pictures, each alone or paired with a caption.
    Pictures are written anew without their metadata: no place, camera or owner goes to the host. Transparent parts are
    neutral grey there. A caption that does not hold the trigger word gets it in front. Raises `InputError` for what
    cannot be read.
    """
    folder.mkdir(parents=True, exist_ok=True)
    if isinstance(pictures, str | Path):
        return _given(Path(pictures).expanduser())
    pairs = [(one[0], one[1]) if isinstance(one, tuple) else (one, None) for one in pictures]
    if not pairs:
        raise InputError("A LoRA was to be trained from no pictures. Trainers want at least 4. Give some.")
    captions = [caption for _picture, caption in pairs]
    if any(captions) and not all(captions):
        missing = sum(not caption for caption in captions)
        raise InputError(
            f"{len(pairs)} training pictures were given, {missing} of them without a caption. Caption all or none: "
            "trainers treat the rest as having none. Add the captions."
        )
    data = _zipped(pairs, trigger)
    content = hashlib.sha256(data).hexdigest()
    path = folder / f"{content[:32]}.zip"
    if not path.is_file():
        part = path.with_suffix(".part")
        part.write_bytes(data)
        part.replace(path)
    return Dataset(path, content, len(pairs), captioned=bool(captions[0]))


def _zipped(pairs: Sequence[tuple[Picture, str | None]], trigger: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for number, (picture, caption) in enumerate(pairs, 1):
            data, suffix = _plain(picture)
            _add(archive, f"{number:04d}{suffix}", data)
            if caption:
                _add(archive, f"{number:04d}.txt", with_trigger(caption, trigger).encode())
    return buffer.getvalue()


def _add(archive: zipfile.ZipFile, name: str, data: bytes) -> None:
    archive.writestr(zipfile.ZipInfo(name, _EPOCH), data)


def _plain(picture: Picture) -> tuple[bytes, str]:
    """A picture upright, in sRGB, on grey where it is transparent, and without metadata.

    JPEG stays JPEG, everything else becomes PNG.
    """
    from PIL import Image

    lossy = False
    if isinstance(picture, str | Path):
        source = Path(picture).expanduser()
        try:
            with Image.open(source) as opened:
                lossy = opened.format == "JPEG"
                opened.load()
                picture = upright(opened)
        except Exception as error:  # Pillow raises many kinds for broken files
            raise InputError(
                f"A training picture {source.name!r} cannot be read ({type(error).__name__}). PNG, JPEG and WebP files "
                "can. Leave it out, or save it again."
            ) from None
    buffer = io.BytesIO()
    image, _ = on_grey(picture)
    clean = Image.frombytes("RGB", image.size, image.tobytes())
    clean.save(buffer, "JPEG" if lossy else "PNG", **({"quality": 95} if lossy else {"compress_level": 1}))
    return buffer.getvalue(), ".jpg" if lossy else ".png"


def _given(path: Path) -> Dataset:
    """A zip that the user made: looked at, not changed."""
    try:
        with zipfile.ZipFile(path) as archive:
            names = [name for name in archive.namelist() if not name.startswith("__MACOSX")]
            broken = archive.testzip()
    except (OSError, zipfile.BadZipFile) as error:
        raise InputError(
            f"Training pictures were to be read from {path.name!r}, which is no zip file ({type(error).__name__}). "
            "Give a zip of pictures with captions as .txt files of the same names, or a list of pictures."
        ) from None
    shown = [name for name in names if name.lower().endswith(_SUFFIXES)]
    if broken or not shown:
        what = f"{broken!r} in it is damaged" if broken else "it holds no PNG, JPEG or WebP"
        raise InputError(f"Training pictures were to be read from {path.name!r}, but {what}. Make the zip again.")
    stems = {name.rsplit(".", 1)[0] for name in names if name.lower().endswith(".txt")}
    captioned = [name.rsplit(".", 1)[0] in stems for name in shown]
    with path.open("rb") as stream:
        content = hashlib.file_digest(stream, "sha256").hexdigest()
    return Dataset(path, content, len(shown), captioned=all(captioned))
