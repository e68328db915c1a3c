"""Which of diffusers' pipelines does which task, and what its parameters are called: nothing else knows those names."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
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
_CHANNELS = {"fill": 384, "depth": 128, "canny": 128}
"""What FLUX.1's transformer takes in, where it is not the 64 of the latents alone: beside them a masked picture and its
mask, or a control map."""

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
    build: Callable[[Any, Path], None] = lambda _pipeline, _weights: None
    """What is done once with a new pipeline, given the place of the model's own weights."""
    ready: Callable[[Any, Shot], None] = lambda _pipeline, _shot: None
    """What is done with the pipeline before each shot."""


FLUX_3 = Route("Flux3ModularPipeline")
"""FLUX.3 comes as a modular pipeline without callbacks; `fluxkit.engines.local.flux3` runs it step by step."""


def route(spec: ModelSpec, method: Method) -> Route | None:
    """How a model does a task; None where it is done by fluxkit's own loop."""
    if spec.family == "flux.1":
        return _flux1(spec, method)
    if spec.family == "flux.3":
        return FLUX_3
    if spec.windows.get("mistral"):
        return Route("Flux2Pipeline", _references)
    distilled = {"is_distilled": spec.distilled}
    if method in ("fill", "outpaint"):
        return Route("Flux2KleinInpaintPipeline", _repaint_beside, distilled)
    if spec.id.endswith("-kv"):
        return Route("Flux2KleinKVPipeline", _references, changes_transformer=True)
    return Route("Flux2KleinPipeline", _references, distilled)


def knows(spec: ModelSpec) -> bool:
    """Whether the engine runs a family at all."""
    return spec.family in TRANSFORMERS


def check_weights(spec: ModelSpec, index: dict[str, Any], transformer_config: dict[str, Any]) -> None:
    """Refuse weights of another family or task before they are loaded; told from the folder's configuration files."""
    found = (index.get("transformer") or [None, "no transformer"])[1]
    wanted = TRANSFORMERS[spec.family]
    if found != wanted:
        raise WeightsError(
            f"{spec.id} was given weights that hold {found}. It takes those of family {spec.family} ({wanted}). Use "
            f"the model id that belongs to these weights, or other weights."
        )
    channels = transformer_config.get("in_channels", 64)
    takes = 64 if spec.base else _CHANNELS.get(spec.task, 64)
    if spec.family == "flux.1" and channels != takes:
        raise WeightsError(
            f"{spec.id} ({spec.task}) was given weights whose transformer takes {channels} channels. Its task takes "
            f"{takes}. Use the model id that belongs to these weights: 64 is text or editing, 128 depth or canny, 384 "
            f"fill."
        )
    said = transformer_config.get("flow_map") if spec.family == "flux.3" else index.get("is_distilled")
    if spec.family != "flux.1" and said not in (None, spec.distilled):
        raise WeightsError(
            f"{spec.id} was given weights that say {'flow_map' if spec.family == 'flux.3' else 'is_distilled'}={said}. "
            f"It takes {spec.distilled}: guidance works otherwise. Use the id "
            f"{'with' if spec.distilled else 'without'} -base."
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
    task, filling = spec.task, method in ("fill", "outpaint")
    if task == "edit":
        return Route("FluxKontextInpaintPipeline", _edit_inside) if filling else Route("FluxKontextPipeline", _edit)
    if task == "fill":
        return Route("FluxFillPipeline", _repaint)
    if task == "likeness":
        return Route(
            "FluxPipeline", _likeness, changes_transformer=True, build=_with_ip_adapter, ready=_weigh_ip_adapter
        )
    kind = {"control": "ControlNet", "depth": "Control", "canny": "Control"}.get(task, "")
    start = {"vary": _vary, "fill": _repaint, "outpaint": _repaint}.get(method, _nothing)
    form = {"vary": "Img2Img", "fill": "Inpaint", "outpaint": "Inpaint"}.get(method, "")
    name = f"Flux{kind}{form}Pipeline"
    if kind == "ControlNet":
        return Route(name, _joined(start, _control_beside), ready=_several_maps)
    if kind == "Control":
        return Route(name, _joined(start, _control))
    return Route(name, start) if start is not _nothing else None


def _nothing(_shot: Shot, _guided: bool) -> dict[str, Any]:
    return {}


def _joined(*parts: Callable[[Shot, bool], dict[str, Any]]) -> Callable[[Shot, bool], dict[str, Any]]:
    def asked(shot: Shot, guided: bool) -> dict[str, Any]:
        return {name: value for part in parts for name, value in part(shot, guided).items()}

    return asked


def _vary(shot: Shot, _guided: bool) -> dict[str, Any]:
    return {"image": start_of(shot), "strength": _strength(shot)}


def _repaint(shot: Shot, guided: bool) -> dict[str, Any]:
    asked = {"image": start_of(shot), "mask_image": mask_of(shot), "strength": _strength(shot)}
    return asked if guided else asked | {"guidance_scale": 1.0}


def _repaint_beside(shot: Shot, guided: bool) -> dict[str, Any]:
    references = _given(shot).references
    return _repaint(shot, guided) | ({"image_reference": references[0].image} if references else {})


def _control(shot: Shot, _guided: bool) -> dict[str, Any]:
    asked = _given(shot).control
    return {} if asked is None else {"control_image": control.made(asked, shot.width, shot.height)}


def _control_beside(shot: Shot, _guided: bool) -> dict[str, Any]:
    """What a ControlNet takes: one map with its numbers, or lists of them."""
    maps, spec = _given(shot).controls, shot.spec
    asked: dict[str, list[Any]] = {
        "control_image": [control.made(each, shot.width, shot.height) for each in maps],
        "controlnet_conditioning_scale": [each.strength or spec.control_strength for each in maps],
        "control_guidance_start": [each.start or 0.0 for each in maps],
        "control_guidance_end": [each.end or 1.0 for each in maps],
        "control_mode": [spec.controls.get(each.kind) for each in maps],
    }
    return asked if len(maps) > 1 else {name: values[0] for name, values in asked.items()}


def _several_maps(pipeline: Any, shot: Shot) -> None:
    """One ControlNet reads several maps one after the other, in the wrapper that diffusers has for that."""
    from diffusers import FluxMultiControlNetModel

    one = getattr(pipeline.controlnet, "nets", [pipeline.controlnet])[0]
    pipeline.controlnet = FluxMultiControlNetModel([one]) if len(_given(shot).controls) > 1 else one


def _with_ip_adapter(pipeline: Any, weights: Path) -> None:
    named = [weights] if weights.is_file() else [f for f in sorted(weights.glob("*.safetensors")) if "ip" in f.stem]
    if not named:
        raise WeightsError(
            f"An IP-Adapter was asked for from the folder {weights.name!r}, which holds no safetensors file of that "
            f"name. A folder with ip_adapter.safetensors is allowed. Name the file itself."
        )
    pipeline.load_ip_adapter(str(named[0].parent), weight_name=named[0].name, local_files_only=True)


def _weigh_ip_adapter(pipeline: Any, shot: Shot) -> None:
    """One adapter acts once for each picture, as diffusers lets several adapters act, with a weight for each.

    Weights that are not given share 1 equally, so that two pictures are not twice as strong.
    """
    from torch.nn import ModuleList

    references = _given(shot).references
    count, projection = len(references), pipeline.transformer.encoder_hid_proj
    if count != projection.num_ip_adapters:
        layers = [projection.image_projection_layers[0]] * count
        projection.image_projection_layers = ModuleList(layers)
        for processor in pipeline.transformer.attn_processors.values():
            if hasattr(processor, "to_k_ip"):
                processor.to_k_ip = ModuleList([processor.to_k_ip[0]] * count)
                processor.to_v_ip = ModuleList([processor.to_v_ip[0]] * count)
    weights = [1 / count if picture.weight is None else picture.weight for picture in references]
    # A list of one would be read as the weights of the layers.
    pipeline.set_ip_adapter_scale(weights if count > 1 else weights[0])


def _likeness(shot: Shot, _guided: bool) -> dict[str, Any]:
    return {"ip_adapter_image": [picture.image for picture in _given(shot).references]}


def _edit(shot: Shot, _guided: bool) -> dict[str, Any]:
    """Kontext takes the area alone and keeps the picture's proportions unless told both sides and their product."""
    area = shot.width * shot.height
    references = _given(shot).references
    trained = area >= _KONTEXT_SMALL
    return {
        "image": (references[0].image if trained else _at_most(references[0].image)) if references else None,
        "max_area": area,
        "_auto_resize": trained,
    }


def _edit_inside(shot: Shot, guided: bool) -> dict[str, Any]:
    """Kontext's inpainting takes its size from the picture, which is at the size asked for already."""
    references = _given(shot).references
    beside = {"image_reference": _at_most(references[0].image)} if references else {}
    return _repaint(shot, guided) | beside | {"max_area": shot.width * shot.height, "_auto_resize": False}


def _at_most(image: Any, pixels: int = 1024 * 1024) -> Any:
    """The picture, made smaller where it has more pixels than references were trained with."""
    from PIL import Image

    scale = (pixels / (image.width * image.height)) ** 0.5
    size = (max(16, int(image.width * scale)), max(16, int(image.height * scale)))
    return image if scale >= 1 else image.resize(size, Image.Resampling.LANCZOS)


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
