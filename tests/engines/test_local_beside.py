"""What runs on the parts of a base model: control LoRAs, ControlNets, IP-Adapters, and Kontext within a mask."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fluxkit.engines.local import LocalEngine
from fluxkit.errors import WeightsError
from fluxkit.models import ModelSpec
from fluxkit.shots.inputs import ControlMap, Inputs, Mask, ReferenceImage
from fluxkit.shots.shot import LoRA
from tests.engines.raw import SIZE, a_shot, by_diffusers, equal, noise, shoot, spec_of
from tests.tiny.folders import Tiny

PICTURE = ReferenceImage.of(noise())
OTHER = ReferenceImage.of(noise(112, 80, seed=1))
MASK = Mask.rectangle(*SIZE, left=0.25, right=0.75, top=0.25, bottom=0.75)
INSIDE = np.asarray(MASK.image) == 255
EDGES = ControlMap.given(noise(seed=2), kind="canny")
DEPTH = ControlMap.given(noise(seed=4), kind="depth", strength=0.4, start=0.3, end=0.9)

STARTS = {
    "": Inputs(),
    "Img2Img": Inputs(image=PICTURE, strength=0.6),
    "Inpaint": Inputs(image=PICTURE, mask=MASK, strength=0.6),
}
"""What each form of a pipeline starts from, by the word in its class name."""


def started(form: str) -> dict[str, Any]:
    """The same as diffusers is told it."""
    given = STARTS[form]
    asked: dict[str, Any] = {} if given.image is None else {"image": given.image.image, "strength": given.strength}
    return asked if given.mask is None else asked | {"mask_image": given.mask.image}


def same(pixels: np.ndarray, raw: np.ndarray, form: str) -> bool:
    """Equal, where the mask allows a change; and as it was, outside."""
    if form != "Inpaint":
        return equal(pixels, raw)
    kept = np.asarray(PICTURE.image)
    return bool((pixels[INSIDE] == raw[INSIDE]).all() and (pixels[~INSIDE] == kept[~INSIDE]).all())


@pytest.fixture(scope="module")
def engine() -> LocalEngine:
    return LocalEngine(device="cpu")


@pytest.fixture(scope="module")
def base(tiny: Tiny) -> Path:
    return tiny("flux1")


@pytest.fixture(scope="module")
def plain(engine: LocalEngine, base: Path) -> np.ndarray:
    """What the base model makes alone."""
    return shoot(engine, a_shot(spec_of("flux.1-dev", base)))


def on(base: Path, name: str, weights: Path, **fields: Any) -> ModelSpec:
    return spec_of(name, weights, base_weights=str(base), **fields)


@pytest.mark.parametrize("form", STARTS)
def test_a_controlnet_equals_diffusers(
    engine: LocalEngine, tiny: Tiny, base: Path, plain: np.ndarray, form: str
) -> None:
    import diffusers

    spec = on(base, "flux.1-dev-controlnet-canny", tiny("controlnet"))
    shot = a_shot(spec, STARTS[form].with_(control=EDGES))
    parts = {"controlnet": diffusers.FluxControlNetModel.from_pretrained(spec.weights, disable_mmap=True)}
    call = started(form) | {"control_image": EDGES.picture.image, "controlnet_conditioning_scale": 0.6}
    pixels = shoot(engine, shot)
    assert same(pixels, by_diffusers(f"FluxControlNet{form}Pipeline", shot, base, parts=parts, **call), form)
    assert not equal(pixels, plain)


def test_a_controlnet_takes_a_negative_prompt_where_it_makes_a_new_picture(
    engine: LocalEngine, tiny: Tiny, base: Path
) -> None:
    import diffusers

    spec = on(base, "flux.1-dev-controlnet-canny", tiny("controlnet"))
    shot = a_shot(spec, Inputs(control=EDGES), negative="green dog", true_cfg=3.0)
    parts = {"controlnet": diffusers.FluxControlNetModel.from_pretrained(spec.weights, disable_mmap=True)}
    call = {"control_image": EDGES.picture.image, "controlnet_conditioning_scale": 0.6}
    raw = by_diffusers(
        "FluxControlNetPipeline", shot, base, parts=parts, negative_prompt="green dog", true_cfg_scale=3.0, **call
    )
    assert equal(shoot(engine, shot), raw)
    assert spec.negative_in("vary") == "none", "diffusers' other two ControlNet pipelines take no negative prompt"


@pytest.mark.parametrize("maps", [(DEPTH,), (EDGES, DEPTH)])
def test_a_union_is_told_its_maps_their_kinds_and_when_each_acts(
    engine: LocalEngine, tiny: Tiny, base: Path, maps: tuple[ControlMap, ...]
) -> None:
    import diffusers

    kinds = {"canny": 0, "depth": 2}
    spec = on(base, "flux.1-dev-controlnet-union", tiny("controlnet", kinds=3), controls=kinds)
    shot = a_shot(spec, Inputs(control=maps[0], more_controls=maps[1:]))
    union: Any = diffusers.FluxControlNetModel.from_pretrained(spec.weights, disable_mmap=True)
    lists = {
        "control_image": [each.picture.image for each in maps],
        "controlnet_conditioning_scale": [each.strength or 0.7 for each in maps],
        "control_mode": [kinds[each.kind] for each in maps],
        "control_guidance_start": [each.start or 0.0 for each in maps],
        "control_guidance_end": [each.end or 1.0 for each in maps],
    }
    many = len(maps) > 1
    parts = {"controlnet": diffusers.FluxMultiControlNetModel([union]) if many else union}
    call = lists if many else {name: values[0] for name, values in lists.items()}
    assert equal(shoot(engine, shot), by_diffusers("FluxControlNetPipeline", shot, base, parts=parts, **call))


@pytest.mark.parametrize("form", STARTS)
@pytest.mark.parametrize("kind", ["depth", "canny"])
def test_a_control_lora_makes_a_control_model_of_dev(
    engine: LocalEngine, tiny: Tiny, base: Path, plain: np.ndarray, kind: str, form: str
) -> None:
    spec = on(base, f"flux.1-{kind}-dev-lora", tiny("control_lora"))
    control = ControlMap.given(noise(seed=4), kind=kind)  # type: ignore[arg-type]
    shot = a_shot(spec, STARTS[form].with_(control=control))
    raw = by_diffusers(
        f"FluxControl{form}Pipeline",
        shot,
        base,
        lambda made: made.load_lora_weights(spec.weights),
        control_image=control.picture.image,
        **started(form),
    )
    assert same(shoot(engine, shot), raw, form)
    assert equal(shoot(engine, a_shot(spec_of("flux.1-dev", base))), plain), "dev is as it was, on the same weights"


def test_raw_unloading_of_a_control_lora_leaves_the_model_wide(tiny: Tiny, base: Path) -> None:
    """The trap behind the test above: without a flag, diffusers leaves the first layer at 128 channels."""
    import diffusers

    made = diffusers.FluxControlPipeline.from_pretrained(base, local_files_only=True)
    made.load_lora_weights(tiny("control_lora"))
    made.unload_lora_weights()
    assert made.transformer.x_embedder.in_features == 128


def test_other_loras_go_beside_a_control_lora(engine: LocalEngine, tiny: Tiny, base: Path, tmp_path: Path) -> None:
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(9)
    name = "transformer.transformer_blocks.0.attn.to_q"
    save_file({f"{name}.lora_A.weight": torch.randn(4, 32), f"{name}.lora_B.weight": torch.randn(32, 4)},
              tmp_path / "silk.safetensors")  # fmt: skip
    spec = on(base, "flux.1-depth-dev-lora", tiny("control_lora"))
    control = ControlMap.given(noise(seed=4), kind="depth")
    shot = a_shot(spec, Inputs(control=control), loras=LoRA(weights=str(tmp_path / "silk.safetensors"), strength=0.5))

    def both(made: Any) -> None:
        made.load_lora_weights(spec.weights, adapter_name="control")
        made.load_lora_weights(tmp_path / "silk.safetensors", adapter_name="silk")
        made.set_adapters(["control", "silk"], [1.0, 0.5])

    raw = by_diffusers("FluxControlPipeline", shot, base, both, control_image=control.picture.image)
    assert equal(shoot(engine, shot), raw)


def test_a_lora_that_reads_no_map_is_refused_as_a_control_lora(engine: LocalEngine, tiny: Tiny, base: Path) -> None:
    spec = on(base, "flux.1-depth-dev-lora", tiny("control_lora", channels=64))
    shot = a_shot(spec, Inputs(control=ControlMap.given(noise(), kind="depth")))
    with pytest.raises(WeightsError, match="does not read a control map"):
        shoot(engine, shot)


@pytest.mark.parametrize("weights", [(None,), (0.3,), (None, None), (0.9, 0.2)])
def test_an_ip_adapter_equals_diffusers(
    engine: LocalEngine, tiny: Tiny, base: Path, plain: np.ndarray, weights: tuple[float | None, ...]
) -> None:
    """Of several pictures, diffusers has an adapter each; ours are one in memory."""
    import torch

    spec = on(base, "flux.1-dev-ip-adapter", tiny("ip_adapter"))
    pictures = [picture.with_(weight=weight) for picture, weight in zip((PICTURE, OTHER), weights, strict=False)]
    shot = a_shot(spec, Inputs(references=tuple(pictures)), negative="", true_cfg=2.0)
    count = len(pictures)

    def adapted(made: Any) -> None:
        made.load_ip_adapter(
            [spec.weights] * count,
            weight_name=["ip_adapter.safetensors"] * count,
            image_encoder_pretrained_model_name_or_path=spec.weights,
            image_encoder_subfolder="image_encoder",
            image_encoder_dtype=torch.float32,  # its default is float16, whatever the pipeline's own format
            local_files_only=True,
        )
        scales = [weight or 1 / count for weight in weights]
        made.set_ip_adapter_scale(scales if count > 1 else scales[0])

    call = {"ip_adapter_image": [p.image for p in pictures], "negative_prompt": "", "true_cfg_scale": 2.0}
    pixels = shoot(engine, shot)
    assert equal(pixels, by_diffusers("FluxPipeline", shot, base, adapted, **call))
    assert not equal(pixels, plain)
    assert equal(shoot(engine, a_shot(spec_of("flux.1-dev", base))), plain), "the adapter stays out of the base"


def test_an_ip_adapter_goes_from_two_pictures_to_one_and_back(engine: LocalEngine, tiny: Tiny, base: Path) -> None:
    spec = on(base, "flux.1-dev-ip-adapter", tiny("ip_adapter"))
    both, first, other = (a_shot(spec, Inputs(references=p)) for p in ((PICTURE, OTHER), (PICTURE,), (OTHER,)))
    made = [shoot(engine, shot) for shot in (both, first, both, other)]
    assert equal(made[0], made[2])
    assert not equal(made[0], made[1])
    assert not equal(made[1], made[3])


@pytest.mark.parametrize("references", [(), (OTHER,)])
def test_kontext_within_a_mask_equals_diffusers(
    engine: LocalEngine, tiny: Tiny, references: tuple[ReferenceImage, ...]
) -> None:
    shot = a_shot(
        spec_of("flux.1-kontext-dev", tiny("flux1", "FluxKontextPipeline")),
        Inputs(image=PICTURE, mask=MASK, references=references),
    )
    call = {"image_reference": references[0].image} if references else {}
    call |= {"image": PICTURE.image, "mask_image": MASK.image, "_auto_resize": False, "max_area": SIZE[0] * SIZE[1]}
    raw = by_diffusers("FluxKontextInpaintPipeline", shot, **call)
    assert same(shoot(engine, shot), raw, "Inpaint")
    crop = by_diffusers("FluxKontextInpaintPipeline", shot, padding_mask_crop=8, **call)
    assert (crop[~INSIDE] != np.asarray(PICTURE.image)[~INSIDE]).any(), "raw Kontext never pastes back"


def test_klein_within_a_mask_takes_a_reference(engine: LocalEngine, tiny: Tiny) -> None:
    shot = a_shot(
        spec_of("flux.2-klein-4b", tiny("flux2_klein")), Inputs(image=PICTURE, mask=MASK, references=(OTHER,))
    )
    call = {"image": PICTURE.image, "mask_image": MASK.image, "image_reference": OTHER.image, "strength": 0.8}
    assert same(
        shoot(engine, shot), by_diffusers("Flux2KleinInpaintPipeline", shot, guidance_scale=1.0, **call), "Inpaint"
    )


def test_weights_of_another_kind_are_refused(engine: LocalEngine, tiny: Tiny, base: Path) -> None:
    maps = Inputs(control=EDGES)
    with pytest.raises(WeightsError, match="cannot be read"):
        shoot(engine, a_shot(on(base, "flux.1-dev-controlnet-canny", tiny("ip_adapter")), maps))
    with pytest.raises(WeightsError, match="safetensors"):
        shoot(engine, a_shot(on(base, "flux.1-canny-dev-lora", base), maps))
    with pytest.raises(WeightsError, match="IP-Adapter"):
        shoot(engine, a_shot(on(base, "flux.1-dev-ip-adapter", tiny("control_lora")), Inputs(references=(PICTURE,))))
