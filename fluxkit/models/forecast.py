"""How much memory a model takes, told from configuration files and safetensors headers: no weight is read.

Weights are counted exactly. What a step needs beside them is estimated, with the constants below, and the estimate is
not yet measured on a GPU.
"""

from __future__ import annotations

import json
import math
import struct
from collections.abc import Iterable
from pathlib import Path
from typing import Literal

from fluxkit._base import Record
from fluxkit.errors import WeightsError
from fluxkit.models import registry
from fluxkit.models.spec import ModelSpec
from fluxkit.models.weights import weights_folder

Lever = Literal["resident", "offload", "table", "group", "fp8"]
LEVERS: dict[Lever, str] = {
    "resident": "every part stays on the device",
    "offload": "text encoders leave the device once the words are encoded; same pixels",
    "table": "FLUX.1 only: modulation is computed beforehand and its weights leave the device too; same pixels",
    "group": "the transformer's layers come to the device one after another; same pixels, slower",
    "fp8": "the transformer is kept in 8 bits; other pixels",
}
"""What can be done about memory, in the order in which it is tried. `fp8` is used only when asked for."""

_TEXT = ("text_encoder", "text_encoder_2", "image_encoder", "image_embedder")
_KNOWN_BILLIONS = {
    "flux.1": {"text_encoder": 0.123, "text_encoder_2": 4.762, "vae": 0.084},
    "flux.2-dev": {"text_encoder": 23.572, "vae": 0.084},
    "flux.2-klein-4b": {"text_encoder": 4.022, "vae": 0.084},
    "flux.2-klein-9b": {"text_encoder": 8.191, "vae": 0.084},
    "flux.3": {"text_encoder": 8.8, "vae": 0.084},
}
"""Billions of parameters where the weights are not on this machine: counted on torch's meta device from the classes'
published configurations (FLUX.3's encoder is Qwen3-VL 8B)."""
_MODULATION_SHARE = 0.276
"""Share of FLUX.1's transformer that is modulation: 3.28 of 11.90 billion parameters."""
_STEP_BYTES = 20
"""Numbers alive at once for each token and channel in a transformer block: attention, and an MLP of four widths."""
_DECODE_CHANNELS = 128 * 8
"""Numbers alive at once for each pixel in the VAE's last block: 128 channels, eight copies."""
_CHANNELS = {"flux.1": 3072, "flux.2": 6144, "flux.3": 3072}


class PartSize(Record):
    """One part of a model."""

    name: str
    parameters: int
    """How many numbers it holds."""
    exact: bool = True
    """False where the weights are not on this machine and the published size is used."""


class MemoryForecast(Record):
    """Peak memory of a model by stage, for each way of placing it."""

    model: str
    parts: tuple[PartSize, ...]
    width: int
    height: int
    bytes_per_number: float = 2
    """2 for bfloat16, 4 for float32."""
    text_tokens: int = 512
    family: str = "flux.1"
    channels: int = 3072
    """Width of the transformer."""

    def stages(self, lever: Lever = "resident") -> dict[str, int]:
        """Bytes on the device at the peak of each stage: `encode`, `denoise`, `decode`."""
        text, vae = self._weights(_TEXT), self._weights(("vae",))
        transformer = self._transformer(lever)
        all_parts = text + vae + transformer
        step, pixels = self._step(), int(self.width * self.height * _DECODE_CHANNELS * self.bytes_per_number)
        if lever == "resident":
            return {"encode": all_parts, "denoise": all_parts + step, "decode": all_parts + pixels}
        kept = vae + transformer
        return {"encode": text, "denoise": kept + step, "decode": kept + pixels}

    def peak(self, lever: Lever = "resident") -> int:
        """Bytes on the device at the highest point."""
        return max(self.stages(lever).values())

    def best(self, free_bytes: int) -> Lever:
        """The first lever that keeps the pixels and fits; the last of them where none fits."""
        same_pixels: tuple[Lever, ...] = ("resident", "offload", "table", "group")
        return next((lever for lever in same_pixels if self.peak(lever) <= free_bytes), "group")

    @property
    def exact(self) -> bool:
        """Whether every part's size was read from its files."""
        return all(part.exact for part in self.parts)

    def __str__(self) -> str:
        head = f"{self.model} at {self.width} x {self.height} ({'from its files' if self.exact else 'published sizes'})"
        rows = []
        for lever, meaning in LEVERS.items():
            stages = ", ".join(f"{name} {_gigabytes(size)}" for name, size in self.stages(lever).items())
            rows.append(f"  {lever:<9} peak {_gigabytes(self.peak(lever))} ({stages}): {meaning}")
        return "\n".join([head, *rows])

    def __repr__(self) -> str:
        return str(self)

    def _weights(self, names: Iterable[str]) -> int:
        return int(sum(part.parameters for part in self.parts if part.name in tuple(names)) * self.bytes_per_number)

    def _transformer(self, lever: Lever) -> int:
        whole = self._weights(("transformer",))
        if lever == "fp8":
            return int(whole / self.bytes_per_number)
        if lever == "table":
            return whole - modulation_bytes(self)
        # Layer by layer, the largest layer and the one that is fetched meanwhile are there at once.
        return whole // 20 if lever == "group" else whole

    def _step(self) -> int:
        tokens = self.width * self.height / 256 + self.text_tokens
        return int(tokens * self.channels * _STEP_BYTES * self.bytes_per_number)


def forecast(
    spec: ModelSpec, width: int | None = None, height: int | None = None, *, bytes_per_number: float = 2
) -> MemoryForecast:
    """What a model takes at a size in pixels (its own default unless given), before anything is loaded.

    Raises `WeightsError` where a weights file on this machine has no readable header.
    """
    folder = weights_folder(spec)
    base = registry.get(spec.base) if spec.base else None
    parts = _counted(folder) if folder is not None else ()
    if base is not None:
        named = base.with_(weights=spec.base_weights) if spec.base_weights else base
        parts = (*parts, *forecast(named, width, height).parts)
    config = {} if folder is None else _config(folder / "transformer")
    return MemoryForecast(
        model=spec.id,
        family=spec.family,
        parts=parts or _published(spec),
        width=width or spec.size.default_width,
        height=height or spec.size.default_height,
        bytes_per_number=bytes_per_number,
        text_tokens=min(512, max(spec.windows.values(), default=512)),
        channels=_width(config) or _CHANNELS[spec.family],
    )


def modulation_bytes(found: MemoryForecast) -> int:
    """Bytes of FLUX.1's transformer that depend on the time alone and can be computed beforehand; 0 for others."""
    size = next((part.parameters for part in found.parts if part.name == "transformer"), 0)
    return int(size * _MODULATION_SHARE * found.bytes_per_number) if found.family == "flux.1" else 0


def parameters_in(file: Path) -> int:
    """How many numbers a safetensors file holds, from its header alone."""
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            header = json.loads(stream.read(length) if length < 1 << 28 else b"")
    except (OSError, ValueError, struct.error) as error:
        raise WeightsError(
            f"The size of {file.parent.name}/{file.name} was asked for, but its header cannot be read. A whole "
            f"safetensors "
            f"file is allowed. Download it again."
        ) from error
    return sum(math.prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__")


def _counted(folder: Path) -> tuple[PartSize, ...]:
    sizes = {
        part.name: sum(parameters_in(file) for file in part.glob("*.safetensors"))
        for part in sorted(folder.iterdir())
        if part.is_dir()
    }
    return tuple(PartSize(name=name, parameters=size) for name, size in sizes.items() if size)


def _published(spec: ModelSpec) -> tuple[PartSize, ...]:
    if spec.where == "hosted":
        return ()
    key = next((key for key in _KNOWN_BILLIONS if spec.id.replace("-base", "").startswith(key)), spec.family)
    billions = {"transformer": spec.parameters or 0.0} | _KNOWN_BILLIONS.get(key, {})
    return tuple(PartSize(name=name, parameters=int(size * 1e9), exact=False) for name, size in billions.items())


def _config(folder: Path) -> dict[str, int]:
    file = folder / "config.json"
    found: dict[str, int] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found


def _width(config: dict[str, int]) -> int:
    return int(config.get("num_attention_heads", 0)) * int(config.get("attention_head_dim", 0))


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.3g} GB"
