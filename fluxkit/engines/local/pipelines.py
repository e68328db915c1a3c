"""Which of diffusers' pipelines does which task, and what its parameters are called: nothing else knows those names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fluxkit.engines.local import control
from fluxkit.errors import WeightsError
from fluxkit.models import ModelSpec
from fluxkit.models.spec import Method
from fluxkit.shots.inputs import Inputs, Picture
from fluxkit.shots.shot import Shot

TRANSFORMERS = {
    "flux.1": "FluxTransformer2DModel",
    "flux.2": "Flux2Transformer2DModel",
    "flux.3": "Flux3Transformer2DModel",
}
_CHANNELS = {"text": 64, "redux": 64, "edit": 64, "fill": 384, "depth": 128, "canny": 128}
"""What FLUX.1's transformer takes in: the latents, and beside them a masked picture and its mask, or a control map."""

_KONTEXT_SMALL = 512 * 512
"""Kontext resizes its reference to about one megapixel, as it was trained; below this many pixels asked for, not."""


@dataclass(frozen=True)
class Route:
    """A pipeline class, what to call it with beyond what all share, and flags of its constructor."""

    pipeline: str
    arguments: Callable[[Shot, bool], dict[str, Any]] = lambda _shot, _guided: {}
    flags: dict[str, Any] = field(default_factory=dict)
    changes_transformer: bool = False
    """True where building it changes the transformer it is given, so that no other model may take that over."""


def route(spec: ModelSpec, method: Method) -> Route | None:
    """How a model does a task; None where it is done by fluxkit's own loop."""
    if spec.family == "flux.1":
        return _flux1(spec, method)
    if spec.windows.get("mistral"):
        return Route("Flux2Pipeline", _references)
    distilled = {"is_distilled": spec.distilled}
    if method in ("fill", "outpaint"):
        return Route("Flux2KleinInpaintPipeline", _repaint, distilled)
    if spec.id.endswith("-kv"):
        return Route("Flux2KleinKVPipeline", _references, changes_transformer=True)
    return Route("Flux2KleinPipeline", _references, distilled)


def knows(spec: ModelSpec) -> bool:
    """Whether the engine runs a family at all."""
    return spec.family in ("flux.1", "flux.2")


def check_weights(spec: ModelSpec, index: dict[str, Any], transformer_config: dict[str, Any]) -> None:
    """Refuse weights of another family or task before they are loaded; told from the folder's configuration files."""
    found = (index.get("transformer") or [None, "no transformer"])[1]
    wanted = TRANSFORMERS[spec.family]
    if found != wanted:
        raise WeightsError(
            f"{spec.id} was given weights that hold {found}. It takes those of family {spec.family} ({wanted}). Use "
            f"the "
            f"model id that belongs to these weights, or other weights."
        )
    channels = transformer_config.get("in_channels", 64)
    if spec.family == "flux.1" and not spec.base and channels != _CHANNELS[spec.task]:
        raise WeightsError(
            f"{spec.id} ({spec.task}) was given weights whose transformer takes {channels} channels. Its task takes "
            f"{_CHANNELS[spec.task]}. Use the model id that belongs to these weights: 64 is text or editing, 128 "
            f"depth or "
            f"canny, 384 fill."
        )
    if spec.family == "flux.2" and index.get("is_distilled", spec.distilled) != spec.distilled:
        raise WeightsError(
            f"{spec.id} was given weights that say is_distilled={index['is_distilled']}. It takes {spec.distilled}: "
            f"guidance works otherwise. Use the id {'with' if spec.distilled else 'without'} -base-."
        )


def common(shot: Shot) -> dict[str, Any]:
    """What every pipeline is called with; a picture that is to be seen is asked of the caller, not of the pipeline."""
    import torch

    asked: dict[str, Any] = {
        "width": shot.width,
        "height": shot.height,
        "num_inference_steps": steps_of(shot),
        "generator": torch.Generator("cpu").manual_seed(shot.seed),
        "output_type": "latent",
    }
    guidance = shot.spec.guidance_for(shot.guidance)
    return asked if guidance is None else asked | {"guidance_scale": guidance}


def steps_of(shot: Shot) -> int:
    """The steps that a shot asks for, or its model's own number."""
    return shot.steps or (shot.spec.steps.default if shot.spec.steps else 1)


def words(family: str, embeds: Any, negative: Any, scale: float | None) -> dict[str, Any]:
    """Encoded words as a pipeline takes them."""
    named = {"prompt_embeds": embeds.tokens}
    if family == "flux.1":
        named["pooled_prompt_embeds"] = embeds.pooled
    if negative is not None:
        named["negative_prompt_embeds"] = negative.tokens
        if family == "flux.1":
            named |= {"negative_pooled_prompt_embeds": negative.pooled, "true_cfg_scale": scale}
    return named


def start_of(shot: Shot) -> Any:
    """The picture that a shot starts from, at the shot's size."""
    inputs = _given(shot)
    return None if inputs.image is None else _sized(inputs.image, shot)


def mask_of(shot: Shot) -> Any:
    """The shot's mask, at the shot's size; None where it has none."""
    inputs = _given(shot)
    return None if inputs.mask is None else _sized(inputs.mask, shot)


def _flux1(spec: ModelSpec, method: Method) -> Route | None:
    if method in ("fill", "outpaint"):
        return Route("FluxFillPipeline", _fill) if spec.task == "fill" else Route("FluxInpaintPipeline", _repaint)
    routes = {
        "vary": Route("FluxImg2ImgPipeline", _vary),
        "control": Route("FluxControlPipeline", _control),
        "edit": Route("FluxKontextPipeline", _edit),
    }
    return routes.get(method)


def _vary(shot: Shot, _guided: bool) -> dict[str, Any]:
    return {"image": start_of(shot), "strength": _strength(shot)}


def _fill(shot: Shot, _guided: bool) -> dict[str, Any]:
    return {"image": start_of(shot), "mask_image": mask_of(shot)}


def _repaint(shot: Shot, guided: bool) -> dict[str, Any]:
    asked = _fill(shot, guided) | {"strength": _strength(shot)}
    return asked if guided else asked | {"guidance_scale": 1.0}


def _control(shot: Shot, _guided: bool) -> dict[str, Any]:
    asked = _given(shot).control
    return {} if asked is None else {"control_image": control.made(asked, shot.width, shot.height)}


def _edit(shot: Shot, _guided: bool) -> dict[str, Any]:
    """Kontext takes the area alone and keeps the picture's proportions unless told both sides and their product."""
    area = shot.width * shot.height
    references = _given(shot).references
    return {
        "image": references[0].image if references else None,
        "max_area": area,
        "_auto_resize": area >= _KONTEXT_SMALL,
    }


def _references(shot: Shot, guided: bool) -> dict[str, Any]:
    references = [picture.image for picture in _given(shot).references]
    asked: dict[str, Any] = {"image": references} if references else {}
    # Distilled models take no guidance; the pipeline warns about its own default unless it is told 1.
    return asked if guided or shot.spec.id.endswith("-kv") else asked | {"guidance_scale": 1.0}


def _strength(shot: Shot) -> float:
    asked = _given(shot).strength
    return asked if asked is not None else shot.spec.strength or 1.0


def _given(shot: Shot) -> Inputs:
    return shot.inputs if shot.inputs is not None else Inputs()


def _sized(picture: Picture, shot: Shot) -> Any:
    from PIL import Image

    size = (shot.width, shot.height)
    return picture.image if picture.image.size == size else picture.image.resize(size, Image.Resampling.LANCZOS)
