"""Which weights a spec names, told without reading them: part of a shot's identity."""

from __future__ import annotations

import hashlib
import re
from functools import lru_cache
from pathlib import Path

from fluxkit.errors import WeightsError
from fluxkit.models.spec import ModelSpec

_HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
_BLOCK = 4096
_BLOCKS = 64


def weights_folder(spec: ModelSpec) -> Path | None:
    """The local folder of a spec's weights; None where they are a hub id or the model is hosted.

    Raises `WeightsError` for a name that is neither an existing folder nor written as a hub id.
    """
    if spec.weights is None:
        return None
    folder = Path(spec.weights).expanduser()
    if folder.is_dir():
        return folder
    if _HUB_ID.fullmatch(spec.weights):
        return None
    raise WeightsError(
        f"{spec.id} was given weights={folder.name!r}, which is no folder. "
        f"Give a folder in diffusers' layout (it holds model_index.json) or a hub id such as 'owner/name'."
    )


def weights_tag(spec: ModelSpec) -> str:
    """The identity of a spec's weights: the hub id, or a folder's name with a hash of sizes and sampled content.

    No path of the machine enters it. Sampling (64 blocks of 4 KiB a file) tells fine-tunes apart in milliseconds.
    """
    folder = weights_folder(spec)
    own = spec.weights or "" if folder is None else f"{folder.name}:{_tag_of(sorted(folder.rglob('*.safetensors')))}"
    return f"{own} on {spec.base_weights or spec.base}" if spec.base else own


def content_tag(folder: Path, pattern: str = "*") -> str:
    """A hash of what a folder holds (sampled as in `weights_tag`), whatever its name and place.

    `pattern` picks files by name, below it too.
    """
    return _tag_of(sorted(path for path in folder.rglob(pattern) if path.is_file()))


def _tag_of(files: list[Path]) -> str:
    return _sampled_hash(tuple((str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files))


@lru_cache(maxsize=256)
def _sampled_hash(files: tuple[tuple[str, int, int], ...]) -> str:
    digest = hashlib.sha256()
    for name, size, _changed in files:
        digest.update(f"{Path(name).parent.name}/{Path(name).name}:{size};".encode())
        with Path(name).open("rb") as stream:
            for index in range(_BLOCKS):
                stream.seek(max(0, (size - _BLOCK) * index // (_BLOCKS - 1)))
                digest.update(stream.read(_BLOCK))
    return digest.hexdigest()[:12]
