"""Which weights a spec names, told without reading them: part of a shot's identity."""

from __future__ import annotations

import hashlib
import json
import re
import struct
from functools import lru_cache
from pathlib import Path

from fluxkit.errors import WeightsError
from fluxkit.models.spec import ModelSpec

HUB_ID = re.compile(r"[\w.-]+/[\w.-]+")
"""How a repository on the Hugging Face hub is written: owner/name."""
_BLOCK = 4096
_BLOCKS = 64


def weights_folder(spec: ModelSpec) -> Path | None:
    """The local folder of a spec's weights; None where they are a hub id or the model is hosted.

    Raises `WeightsError` for a name that is neither an existing folder nor written as a hub id.
    """
    if spec.weights is None:
        return None
    folder = Path(spec.weights).expanduser()
    if folder.is_dir() or (spec.holds in ("lora", "ip-adapter") and folder.is_file()):
        return folder
    if HUB_ID.fullmatch(spec.weights):
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
    own = spec.weights or "" if folder is None else _folder_tag(folder)
    return f"{own} on {_base_tag(spec)}" if spec.base else own


def _base_tag(spec: ModelSpec) -> str:
    """The identity of what the weights run on: the base's id, a hub id, or what a folder holds."""
    return spec.base or "" if spec.base_weights is None else weights_tag(_base_of(spec))


def _base_of(spec: ModelSpec) -> ModelSpec:
    return spec.with_(weights=spec.base_weights, base_weights=None, base=None, holds="whole")


def weights_content(spec: ModelSpec) -> str:
    """What a spec's weights are, wherever they lie: the hub id, or a hash of what the folder's parts hold.

    Sampled as `weights_tag` is, but a folder that is moved or renamed keeps it. Files that lie beside the parts count
    for nothing: no part is read from them.
    """
    folder = weights_folder(spec)
    own = spec.weights or "" if folder is None else file_tag(folder) if folder.is_file() else _parts_tag(folder)
    if spec.base is None:
        return own
    return f"{own} on {spec.base if spec.base_weights is None else weights_content(_base_of(spec))}"


def _parts_tag(folder: Path) -> str:
    parts = sorted(part for part in folder.iterdir() if part.is_dir() and any(part.rglob("*.safetensors")))
    told = repr([(part.name, content_tag(part, "*.safetensors")) for part in parts])
    return hashlib.sha256(told.encode()).hexdigest()[:12]


def _folder_tag(folder: Path) -> str:
    files = [folder] if folder.is_file() else sorted(folder.rglob("*.safetensors"))
    return f"{folder.name}:{_tag_of(files)}"


def content_tag(folder: Path, pattern: str = "*") -> str:
    """A hash of what a folder holds (sampled as in `weights_tag`), whatever its name and place.

    `pattern` picks files by name, below it too.
    """
    return _tag_of(sorted(path for path in folder.rglob(pattern) if path.is_file()))


_WHOLE = 256 * 1024**2
"""Files up to this many bytes are hashed whole; larger ones are sampled as in `weights_tag`."""

_FAMILY_KEYS = ("fluxkit.family", "modelspec.architecture", "ss_base_model_version")
_NAMES = {
    "flux.1": ("flux.1", "flux-1", "flux1"),
    "flux.2": ("flux.2", "flux-2", "flux2", "klein"),
    "flux.3": ("flux.3", "flux-3", "flux3"),
}


def adapter_file(weights: str) -> Path | None:
    """The safetensors file of an adapter (a LoRA) given as a file or a folder; None where it is neither.

    Raises `WeightsError` for a folder with no such file, or with several.
    """
    path = Path(weights).expanduser()
    if path.is_file():
        return path
    if not path.is_dir():
        return None
    found = sorted(path.glob("*.safetensors"))
    if len(found) != 1:
        raise WeightsError(
            f"An adapter was asked for from the folder {path.name!r}, which holds {len(found)} safetensors files"
            f"{': ' * bool(found)}{', '.join(file.name for file in found[:4])}. A folder with one is allowed. Name the "
            f"file itself."
        )
    return found[0]


def file_tag(file: Path) -> str:
    """A hash of what one file holds, whatever its name and place: 16 hexadecimal digits."""
    state = file.stat()
    return _file_hash(str(file), state.st_size, state.st_mtime_ns)


@lru_cache(maxsize=256)
def _file_hash(name: str, size: int, _changed: int) -> str:
    digest = hashlib.sha256(f"{size};".encode())
    with Path(name).open("rb") as stream:
        if size <= _WHOLE:
            while chunk := stream.read(1 << 20):
                digest.update(chunk)
        else:
            for index in range(_BLOCKS):
                stream.seek((size - _BLOCK) * index // (_BLOCKS - 1))
                digest.update(stream.read(_BLOCK))
    return digest.hexdigest()[:16]


def said_family(file: Path) -> str | None:
    """The FLUX family that a safetensors file's own header says it was trained for; None where it says none.

    Raises `WeightsError` where it has no readable header.
    """
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            header = json.loads(stream.read(length) if length < 1 << 28 else b"")
            noted = header.get("__metadata__") or {}
    except (OSError, ValueError, struct.error, AttributeError) as error:
        raise WeightsError(
            f"The adapter {file.name!r} was asked for, but it has no readable safetensors header. Only whole "
            f"safetensors files are read, for other formats can run code. Download it again, or convert it."
        ) from error
    said = " ".join(str(noted.get(key, "")) for key in _FAMILY_KEYS).lower()
    return next((family for family, names in _NAMES.items() if any(name in said for name in names)), None)


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
