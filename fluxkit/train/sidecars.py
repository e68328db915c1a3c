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


def write(captions: Mapping[Path, Caption]) -> list[Path]:
    """Write each picture's caption beside it; gives the files that were written.

    A file whose caption is the same already stays as it is, with its comments. Raises `InputError` before anything is
    written where two pictures would share a file, a scene that lies there would be read instead of the words, or
    what lies there cannot be read.
    """
    found: dict[Path, tuple[Path, Caption]] = {}
    for picture, caption in captions.items():
        beside = picture.with_suffix(".yaml" if isinstance(caption, Scene) else ".txt")
        if beside in found and found[beside][1] != caption:
            raise InputError(
                f"Captions of {found[beside][0].name!r} and {picture.name!r} were to be saved, and both would lie in "
                f"{beside.name!r}. Pictures with captions of their own need names of their own. Rename one of them."
            )
        if isinstance(caption, str):
            _refuse_hidden(picture, caption)
        found[beside] = (picture, caption)
    changed = {beside: caption for beside, (picture, caption) in found.items() if read(picture) != caption}
    for beside, caption in changed.items():
        text = caption.to_yaml() if isinstance(caption, Scene) else f"{caption.strip()}\n"
        write_atomic(beside, text.encode())
    return list(changed)


def _text(beside: Path) -> str:
    try:
        return beside.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise InputError(
            f"The caption {beside.name!r} was to be read, but it is no text in UTF-8 (byte {error.start}). Save it "
            f"again as UTF-8."
        ) from None


def _refuse_hidden(picture: Path, words: str) -> None:
    scene = next((path for suffix in _SCENES if (path := picture.with_suffix(suffix)).is_file()), None)
    if scene is not None:
        raise InputError(
            f"The words {words[:60]!r} were to be saved beside {picture.name!r}, but {scene.name!r} lies there and "
            f"would be read instead. A picture has one caption. Move that file away, or state the caption as a Scene."
        )
