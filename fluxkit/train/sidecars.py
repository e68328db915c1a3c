"""Captions in files beside their pictures: `name.yaml`, `name.yml` or `name.json` holds a Scene, `name.txt` words."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from fluxkit.errors import InputError
from fluxkit.frames.atomic import write_atomic
from fluxkit.scene import Scene

Caption = str | Scene

_SCENES = (".yaml", ".yml", ".json")


def read(picture: Path) -> Caption | None:
    """The caption that lies beside a picture, a scene before words; None where there is none."""
    for suffix in _SCENES:
        beside = picture.with_suffix(suffix)
        if beside.is_file():
            text = _text(beside)
            return Scene.from_json(text) if suffix == ".json" else Scene.from_yaml(text)
    beside = picture.with_suffix(".txt")
    return _text(beside).strip() or None if beside.is_file() else None


def write(captions: Mapping[Path, Caption], beside: Mapping[Path, Caption | None] | None = None) -> list[Path]:
    """Write each picture's caption beside it; gives the files that were written.

    `beside` are the captions of all pictures of the set. A file whose caption is the same already stays as it is, with
    its comments. Raises `InputError` before anything is written where another picture would be read with a file that
    is not its caption, a scene that lies there would be read instead of the words, or what lies there cannot be read.
    """
    found: dict[Path, Caption] = {}
    for picture, caption in captions.items():
        file = picture.with_suffix(".yaml" if isinstance(caption, Scene) else ".txt")
        _refuse_shared(picture, caption, {**(beside or {}), **captions}, file)
        if isinstance(caption, str):
            _refuse_hidden(picture, caption)
        if read(picture) != caption:
            found[file] = caption
    for file, caption in found.items():
        text = caption.to_yaml() if isinstance(caption, Scene) else f"{caption.strip()}\n"
        write_atomic(file, text.encode())
    return list(found)


def _text(beside: Path) -> str:
    try:
        return beside.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"The caption {beside.name!r} was to be read, but it is no text in UTF-8 (byte {error.start}). Save it "
            f"again as UTF-8."
        ) from None


def _refuse_shared(picture: Path, caption: Caption, captions: Mapping[Path, Caption | None], file: Path) -> None:
    """Pictures that differ only in their suffix are read with the same files."""
    for other, own in captions.items():
        if other != picture and other.with_suffix("") == picture.with_suffix("") and own != caption:
            raise InputError(
                f"The caption of {picture.name!r} was to be saved, but {other.name!r} has another one or none, and "
                f"both would lie in {file.name!r}. Pictures with captions of their own need names of their own. Rename "
                "one of them."
            )


def _refuse_hidden(picture: Path, words: str) -> None:
    scene = next((path for suffix in _SCENES if (path := picture.with_suffix(suffix)).is_file()), None)
    if scene is not None:
        raise InputError(
            f"The words {words[:60]!r} were to be saved beside {picture.name!r}, but {scene.name!r} lies there and "
            f"would be read instead. A picture has one caption. Move that file away, or state the caption as a Scene."
        )
