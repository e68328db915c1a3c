"""How much memory a model takes, told from configuration files and safetensors headers: no weight is read.

Weights are counted exactly. What a step needs beside them is counted too: `bench/activations.py` runs the real models
on torch's meta device and follows every tensor that lives; the constants below are its results. What kernels and the
allocator take for themselves is not in them, and none of it is yet measured on a GPU.
"""

from __future__ import annotations

import json
import math
import re
import struct
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Literal

from fluxkit._base import Record
from fluxkit.errors import WeightsError
from fluxkit.models import registry
from fluxkit.models.spec import ModelSpec
from fluxkit.models.weights import weights_folder

Lever = Literal["resident", "offload", "table", "group", "fp8", "int8", "nf4"]
LEVERS: dict[Lever, str] = {
    "resident": "every part stays on the device",
    "offload": "text encoders leave the device once the words are encoded; same pixels",
    "table": "FLUX.1 only: modulation is computed beforehand and its weights leave the device too; same pixels",
    "group": "the transformer's layers come to the device one after another; same pixels, slower",
    "fp8": "the transformer is kept in 8 bits; other pixels",
    "int8": "transformer and text encoders are kept in 8 bits with a scale a row; other pixels",
    "nf4": "transformer and text encoders are kept in 4 bits with a scale a block; other pixels",
}
"""What can be done about memory, in the order in which it is tried. Those that change pixels only when asked for."""

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
_LARGEST_SHARE = {"text": 0.1, "transformer": 0.01}
"""An upper bound of the largest layer's share where the files are not here: Qwen3's table of words is a tenth of it, a
single block's projection 0.4 % of FLUX.1."""
_MODULATION = re.compile(r"(norm1|norm1_context|norm|norm_out)\.linear\.")
"""What FLUX.1's modulation layers are called in its files."""
_MODULATION_SHARE = 0.276
"""Share of FLUX.1's transformer that is modulation: 3.28 of 11.90 billion parameters."""
_STEP_NUMBERS = {"flux.1": 17.4, "flux.2": 21.7, "flux.3": 21.7}
"""Numbers alive at once for each token and channel in a pass of the transformer: in a single block, attention's result
and the wide middle of the MLP. FLUX.3's is not counted; FLUX.2's is taken, whose blocks it shares."""
_DECODE_NUMBERS = 769
"""Numbers alive at once for each pixel in the VAE's last block: six copies of 128 channels."""
_SCALES = {"int8": 1 / 1024, "nf4": 1 / 32}
"""Bytes of scales for each quantised number: a row of a few thousand, or a block of 64, shares one of two bytes."""
_BITS = {"fp8": 8, "int8": 8, "nf4": 4}
_FETCHED = 2
"""Layers on the device at once where they come one after another: the one that computes and the one that is fetched."""
_CHANNELS = {
    "flux.1": 3072, "flux.2-dev": 6144, "flux.2-klein-4b": 3072, "flux.2-klein-9b": 4096, "flux.3": 3072,
}  # fmt: skip
"""Width of the transformers whose configuration is not on this machine."""


class PartSize(Record):
    """One part of a model."""

    name: str
    parameters: int
    """How many numbers it holds."""
    largest_layer: int = 0
    """How many numbers its largest layer holds."""
    modulation: int = 0
    """How many of them are FLUX.1's modulation."""
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
    batch: int = 1
    """How many pictures are denoised together."""

    def stages(self, lever: Lever = "resident") -> dict[str, int]:
        """Bytes on the device at the peak of each stage: `encode`, `denoise`, `decode`."""
        text, transformer = self._kept(_TEXT, lever), self._transformer(lever)
        vae = self._weights([part.name for part in self.parts if part.name not in (*_TEXT, "transformer")])
        step, pixels = self._step(), self.beside()
        if lever == "resident":
            whole = text + vae + transformer
            return {"encode": whole, "denoise": whole + step, "decode": whole + pixels}
        kept = vae + transformer
        return {"encode": text, "denoise": kept + step, "decode": kept + pixels}

    def peak(self, lever: Lever = "resident") -> int:
        """Bytes on the device at the highest point."""
        return max(self.stages(lever).values())

    def during_shots(self, lever: Lever = "resident") -> int:
        """Bytes on the device at the highest point after the words are encoded."""
        stages = self.stages(lever)
        return max(stages["denoise"], stages["decode"])

    def beside(self) -> int:
        """Bytes that turning latents into a picture takes beside the weights."""
        return int(self.width * self.height * _DECODE_NUMBERS * self.bytes_per_number)

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

    def _weights(self, names: Sequence[str]) -> int:
        return int(sum(part.parameters for part in self.parts if part.name in names) * self.bytes_per_number)

    def _transformer(self, lever: Lever) -> int:
        if lever == "table":
            return self._weights(("transformer",)) - modulation_bytes(self)
        return self._kept(("transformer",), lever)

    def _kept(self, names: Sequence[str], lever: Lever) -> int:
        """Bytes of parts as a lever keeps them."""
        total = 0.0
        for part in self.parts:
            if part.name not in names:
                continue
            whole = part.parameters * self.bytes_per_number
            if lever == "group":
                total += min(whole, _FETCHED * part.largest_layer * self.bytes_per_number)
            elif lever in _BITS and (lever != "fp8" or part.name == "transformer"):
                total += part.parameters * (_BITS[lever] / 8 + _SCALES.get(lever, 0.0))
            else:
                total += whole
        return int(total)

    def _step(self) -> int:
        tokens = self.width * self.height / 256 + self.text_tokens
        return int(tokens * self.channels * _STEP_NUMBERS[self.family] * self.bytes_per_number * self.batch)


def forecast(
    spec: ModelSpec,
    width: int | None = None,
    height: int | None = None,
    *,
    bytes_per_number: float = 2,
    batch: int = 1,
) -> MemoryForecast:
    """What a model takes at a size in pixels (its own default unless given), before anything is loaded.

    Raises `WeightsError` where a weights file on this machine has no readable header.
    """
    folder = weights_folder(spec)
    base = registry.base_of(spec)
    parts = _counted(folder, spec.holds) if folder is not None else ()
    if base is not None:
        parts = (*parts, *forecast(base, width, height).parts)
    config = {} if folder is None else _config(folder / "transformer")
    return MemoryForecast(
        model=spec.id,
        family=spec.family,
        parts=parts or _published(spec),
        width=width or spec.size.default_width,
        height=height or spec.size.default_height,
        bytes_per_number=bytes_per_number,
        batch=batch,
        text_tokens=min(512, max(spec.windows.values(), default=512)),
        channels=_width(config) or _CHANNELS[_known(spec, _CHANNELS)],
    )


def modulation_bytes(found: MemoryForecast) -> int:
    """Bytes of FLUX.1's transformer that depend on the time alone and can be computed beforehand; 0 for others."""
    part = next((part for part in found.parts if part.name == "transformer"), None)
    if part is None or found.family != "flux.1":
        return 0
    return int((part.modulation or part.parameters * _MODULATION_SHARE) * found.bytes_per_number)


def parameters_in(file: Path) -> int:
    """How many numbers a safetensors file holds, from its header alone."""
    return sum(_shapes(file).values())


def _shapes(file: Path) -> dict[str, int]:
    """The numbers in each tensor of a safetensors file, by name."""
    try:
        with file.open("rb") as stream:
            (length,) = struct.unpack("<Q", stream.read(8))
            header = json.loads(stream.read(length) if length < 1 << 28 else b"")
    except (OSError, ValueError, struct.error) as error:
        raise WeightsError(
            f"The size of {file.parent.name}/{file.name} was asked for, but its header cannot be read. A whole "
            f"safetensors file is allowed. Download it again."
        ) from error
    return {name: math.prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__"}


def _counted(folder: Path, holds: str) -> tuple[PartSize, ...]:
    """The parts in a folder, and weights that lie at its root, as those of adapters and ControlNets do."""
    if folder.is_file():
        return (_sized(holds, [folder]),)
    files = {part.name: sorted(part.glob("*.safetensors")) for part in sorted(folder.iterdir()) if part.is_dir()}
    if holds != "whole":
        files[holds] = sorted(folder.glob("*.safetensors"))
    return tuple(_sized(name, found) for name, found in files.items() if found)


def _sized(name: str, files: list[Path]) -> PartSize:
    numbers = {tensor: count for file in files for tensor, count in _shapes(file).items()}
    return PartSize(
        name=name,
        parameters=sum(numbers.values()),
        largest_layer=max(numbers.values(), default=0),
        modulation=sum(count for tensor, count in numbers.items() if _MODULATION.search(tensor)),
    )


def _published(spec: ModelSpec) -> tuple[PartSize, ...]:
    if spec.where == "hosted":
        return ()
    billions = {"transformer": spec.parameters or 0.0} | _KNOWN_BILLIONS.get(_known(spec, _KNOWN_BILLIONS), {})
    return tuple(
        PartSize(
            name=name,
            parameters=int(size * 1e9),
            largest_layer=int(size * 1e9 * (_LARGEST_SHARE["text" if name in _TEXT else "transformer"])),
            exact=False,
        )
        for name, size in billions.items()
    )


def _known(spec: ModelSpec, table: Mapping[str, Any]) -> str:
    """The key of a table that stands for a model: the longest that its id begins with, or else its family."""
    named = spec.id.replace("-base", "")
    return max((key for key in table if named.startswith(key)), key=len, default=spec.family)


def _config(folder: Path) -> dict[str, int]:
    file = folder / "config.json"
    found: dict[str, int] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
    return found


def _width(config: dict[str, int]) -> int:
    return int(config.get("num_attention_heads", 0)) * int(config.get("attention_head_dim", 0))


def _gigabytes(size: int) -> str:
    return f"{size / 1e9:.3g} GB"
