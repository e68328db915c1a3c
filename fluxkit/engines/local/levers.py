"""Making a model fit: where its parts lie, and in what number format, by the levers of `fluxkit.models.forecast`."""

from __future__ import annotations

from typing import Any

from fluxkit.engines.local.device import Device
from fluxkit.errors import InputError
from fluxkit.models import ModelSpec
from fluxkit.models.forecast import LEVERS, Lever, forecast

_NEXT: dict[Lever, Lever] = {"resident": "offload", "offload": "table", "table": "group"}
"""What is tried when memory runs out: only levers that keep the pixels as they are."""
_HEADROOM = 0.92
"""Share of the free memory that is planned with; the rest goes to fragments and to the driver."""


def check(asked: str) -> str:
    """The value of `memory=` if it is one; raises `InputError` otherwise."""
    if asked != "auto" and asked not in LEVERS:
        raise InputError(
            f"memory={asked!r} was asked for. It is auto or one of: {', '.join(LEVERS)}. Choose one of them."
        )
    return asked


def choose(asked: str, spec: ModelSpec, width: int, height: int, device: Device) -> Lever:
    """The lever asked for, or, for `auto`, the first that the forecast says will fit the free memory of the card."""
    for lever in LEVERS:
        if asked == lever:
            return "offload" if lever == "table" and not tabled(spec) else lever
    free = free_bytes(device)
    if free is None:
        return "resident"
    size = 4 if device.dtype == "float32" else 2
    best = forecast(spec, width, height, bytes_per_number=size).best(int(free * _HEADROOM))
    return "group" if best == "table" and not tabled(spec) else best


def free_bytes(device: Device) -> int | None:
    """Free memory of the card; None on a CPU, where the system pages instead."""
    import torch

    return int(torch.cuda.mem_get_info(device.kind)[0]) if device.kind.startswith("cuda") else None


def after(lever: Lever, spec: ModelSpec) -> Lever | None:
    """The next lever down that keeps the pixels of a model; None where there is none."""
    lower = _NEXT.get(lever)
    return "group" if lower == "table" and not tabled(spec) else lower


def tabled(spec: ModelSpec) -> bool:
    """Whether modulation can be computed beforehand: FLUX.1 has one for each block, later families share one."""
    return spec.family == "flux.1" and spec.task in ("text", "redux")


def placed(part: Any, name: str, lever: Lever, device: Device) -> Any:
    """A freshly loaded part where the lever wants it."""
    if not hasattr(part, "parameters"):
        return part
    if name != "transformer" or lever in ("resident", "offload", "table"):
        return part.to(device.kind)
    if lever == "fp8":
        import torch

        part.to(device.kind)
        part.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=device.torch_dtype)
        return part
    _stream(part, device)
    return part


def _stream(transformer: Any, device: Device) -> None:
    """Bring the transformer's layers to the device one after another, fetching the next while one computes."""
    import torch

    transformer.enable_group_offload(
        onload_device=torch.device(device.kind),
        offload_device=torch.device("cpu"),
        offload_type="leaf_level",
        use_stream=device.kind.startswith("cuda"),
    )
