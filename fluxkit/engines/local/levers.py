"""Making a model fit: where its parts lie, and in what number format, by the levers of `fluxkit.models.forecast`."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fluxkit.engines.local.device import Device
from fluxkit.engines.local.quantised import quantise
from fluxkit.errors import CapabilityError, InputError
from fluxkit.models import ModelSpec
from fluxkit.models.forecast import LEVERS, Lever, forecast
from fluxkit.shots.shot import Shot

_NEXT: dict[Lever, Lever] = {"resident": "offload", "offload": "table", "table": "group"}
"""What is tried when memory runs out: only levers that keep the pixels as they are."""
_BITS: dict[Lever, int] = {"int8": 8, "nf4": 4}
_HEADROOM = 0.92
"""Share of the free memory that is planned with; the rest goes to fragments and to the driver."""


def check(asked: str) -> str:
    """The value of `memory=` if it is one; raises `InputError` otherwise."""
    if asked != "auto" and asked not in LEVERS:
        raise InputError(
            f"memory={asked!r} was asked for. It is auto or one of: {', '.join(LEVERS)}. Choose one of them."
        )
    return asked


def choose(asked: str, spec: ModelSpec, width: int, height: int, device: Device, batch: int = 1) -> Lever:
    """The lever asked for, or, for `auto`, the first that the forecast says will fit the free memory of the card."""
    for lever in LEVERS:
        if asked == lever:
            return "offload" if lever == "table" and not tabled(spec) else lever
    free = free_bytes(device)
    if free is None:
        return "resident"
    size = 4 if device.dtype == "float32" else 2
    best = forecast(spec, width, height, bytes_per_number=size, batch=batch).best(int(free * _HEADROOM))
    return "group" if best == "table" and not tabled(spec) else best


def check_loras(lever: Lever, shots: Iterable[Shot]) -> None:
    """Raise `CapabilityError` where shots name LoRAs that a lever cannot carry."""
    shot = next((shot for shot in shots if shot.loras), None)
    if lever == "fp8" and shot is not None:
        raise CapabilityError(
            f"memory='fp8' was asked for with the LoRA {shot.loras[0].label!r}. They would be cast to 8 bits too "
            f"and act wrongly. Use memory='int8' or 'nf4', which carry LoRAs in their own format.",
            shot=shot,
        )


def free_bytes(device: Device) -> int | None:
    """Memory of the card that is free or held by this process; None on a CPU, where the system pages instead."""
    import torch

    if not device.kind.startswith("cuda"):
        return None
    return int(torch.cuda.mem_get_info(device.kind)[0]) + int(torch.cuda.memory_reserved(device.kind))


def after(lever: Lever, spec: ModelSpec) -> Lever | None:
    """The next lever down that keeps the pixels of a model; None where there is none."""
    lower = _NEXT.get(lever)
    return "group" if lower == "table" and not tabled(spec) else lower


def tabled(spec: ModelSpec) -> bool:
    """Whether modulation can be computed beforehand: FLUX.1 has one for each block, later families share one."""
    return spec.family == "flux.1" and spec.task in ("text", "redux")


def unlike(one: Lever, other: Lever) -> set[str]:
    """The parts that two levers keep differently, so that neither can take them over from the other."""
    if one == other:
        return {"transformer"} if one == "table" else set()
    differing = {"transformer"}
    if {one, other} & {"group", *_BITS}:
        differing |= {"text_encoder", "text_encoder_2"}
    return differing


def placed(part: Any, name: str, lever: Lever, device: Device) -> Any:
    """A freshly loaded part where, and in the format in which, the lever wants it."""
    if not hasattr(part, "parameters"):
        return part
    if name == "transformer" and lever == "fp8":
        import torch

        part.to(device.kind)
        part.enable_layerwise_casting(storage_dtype=torch.float8_e4m3fn, compute_dtype=device.torch_dtype)
        return part
    large = name == "transformer" or name.startswith("text_encoder")
    if lever == "group" and large:
        return _streamed(part, device)
    if lever in _BITS and large:
        quantise(part, _BITS[lever], device.kind)
    return part.to(device.kind)


def _streamed(part: Any, device: Device) -> Any:
    """A part whose layers come to the device one after another, the next being fetched while one computes."""
    import torch
    from diffusers.hooks import apply_group_offloading

    apply_group_offloading(
        part,
        onload_device=torch.device(device.kind),
        offload_device=torch.device("cpu"),
        offload_type="leaf_level",
        use_stream=device.kind.startswith("cuda"),
    )
    return part
