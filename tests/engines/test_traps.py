"""The traps of diffusers that fluxkit closes: each test shows what the raw pipeline does, and that ours does not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fluxkit.engines import Progress, silent
from fluxkit.engines.local import LocalEngine
from fluxkit.errors import BadPictureError, Cancelled, CapabilityError, WeightsError
from fluxkit.models import ModelSpec
from fluxkit.prompt import PromptRenderer
from fluxkit.scene import Scene, Subject
from fluxkit.shots import make_plan
from fluxkit.shots.inputs import ControlMap, Inputs, Mask, ReferenceImage
from fluxkit.shots.shot import LoRA
from tests.engines.raw import SIZE, a_shot, by_diffusers, equal, noise, shoot, spec_of
from tests.tiny.folders import Tiny

PICTURE = ReferenceImage.of(noise())
MASK = Mask.rectangle(*SIZE, left=0.25, right=0.75, top=0.25, bottom=0.75)
MAP = ControlMap.given(noise(seed=4), kind="depth")


@pytest.fixture(scope="module")
def engine() -> LocalEngine:
    return LocalEngine(device="cpu")


@pytest.fixture(scope="module")
def dev(tiny: Tiny) -> ModelSpec:
    return spec_of("flux.1-dev", tiny("flux1"))


@pytest.fixture(scope="module")
def klein(tiny: Tiny) -> ModelSpec:
    return spec_of("flux.2-klein-4b", tiny("flux2_klein"))


def pipeline_of(spec: ModelSpec, name: str = "FluxPipeline", **options: Any) -> Any:
    import diffusers

    made = getattr(diffusers, name).from_pretrained(spec.weights, local_files_only=True, disable_mmap=True, **options)
    made.set_progress_bar_config(disable=True)
    return made


DRAWS_FOR_THE_VAE = [
    ("flux.1-dev", ("flux1",), "FluxImg2ImgPipeline", Inputs(image=PICTURE, strength=0.6)),
    ("flux.1-dev", ("flux1",), "FluxInpaintPipeline", Inputs(image=PICTURE, mask=MASK, strength=0.6)),
    ("flux.1-fill-dev", ("flux1", "FluxFillPipeline"), "FluxFillPipeline", Inputs(image=PICTURE, mask=MASK)),
    ("flux.1-depth-dev", ("flux1", "FluxControlPipeline"), "FluxControlImg2ImgPipeline",
     Inputs(image=PICTURE, control=MAP, strength=0.6)),
    ("flux.1-depth-dev", ("flux1", "FluxControlPipeline"), "FluxControlInpaintPipeline",
     Inputs(image=PICTURE, mask=MASK, control=MAP, strength=0.6)),
    ("flux.1-dev-controlnet-canny", ("controlnet",), "FluxControlNetImg2ImgPipeline",
     Inputs(image=PICTURE, control=ControlMap.given(noise(seed=4), kind="canny"), strength=0.6)),
    ("flux.1-dev-controlnet-canny", ("controlnet",), "FluxControlNetInpaintPipeline",
     Inputs(image=PICTURE, mask=MASK, control=ControlMap.given(noise(seed=4), kind="canny"), strength=0.6)),
]  # fmt: skip
"""The seven pipelines that draw for the VAE before they draw noise, and skip that for all but the first of a batch."""


@pytest.mark.parametrize(("name", "build", "pipeline", "inputs"), DRAWS_FOR_THE_VAE, ids=lambda value: str(value)[:40])
def test_every_shot_has_its_own_seed_where_raw_batches_do_not(
    engine: LocalEngine, tiny: Tiny, name: str, build: tuple[str, ...], pipeline: str, inputs: Inputs
) -> None:
    import diffusers
    import torch

    beside = build == ("controlnet",)
    base = tiny("flux1")
    spec = spec_of(name, tiny(*build), **({"base_weights": str(base)} if beside else {}))
    shots = [a_shot(spec, inputs, seed=seed) for seed in (3, 4)]
    call: dict[str, Any] = {"image": PICTURE.image}
    call |= {"mask_image": MASK.image} if inputs.mask else {}
    call |= {"control_image": inputs.control.picture.image} if inputs.control else {}
    call |= {"strength": inputs.strength} if inputs.strength else {}
    parts: dict[str, Any] = {}
    if beside:
        parts["controlnet"] = diffusers.FluxControlNetModel.from_pretrained(spec.weights, disable_mmap=True)
    made = getattr(diffusers, pipeline).from_pretrained(
        base if beside else spec.weights, local_files_only=True, disable_mmap=True, **parts
    )
    made.set_progress_bar_config(disable=True)
    call |= {"controlnet_conditioning_scale": 0.6} if beside else {}
    request = {"prompt": str(shots[0].prompt), "width": SIZE[0], "height": SIZE[1], "num_inference_steps": 3,
               "guidance_scale": shots[0].guidance, **call}  # fmt: skip
    alone = [np.asarray(made(**request, generator=torch.Generator().manual_seed(s.seed)).images[0]) for s in shots]
    generators = [torch.Generator().manual_seed(shot.seed) for shot in shots]
    batch = [np.asarray(image) for image in made(**request, generator=generators, num_images_per_prompt=2).images]
    assert np.abs(batch[1].astype(int) - alone[1]).max() > 8, "raw batches draw wrong noise for the second picture"

    ours = {frame.shot.seed: np.asarray(frame.image) for frame in engine.shoot(shots, silent)}
    inside = np.asarray(MASK.image) == 255 if inputs.mask else np.ones(SIZE[::-1], bool)
    for shot, expected in zip(shots, alone, strict=True):
        assert (ours[shot.seed][inside] == expected[inside]).all()


def test_a_size_that_is_no_multiple_is_refused_where_raw_rounds_it_down(dev: ModelSpec) -> None:
    shot = a_shot(dev, width=70, height=90)
    assert by_diffusers("FluxPipeline", shot).shape == (80, 64, 3)
    with pytest.raises(CapabilityError, match=r"70 x 90 was asked for.*nearest size it makes is 64 x 96"):
        make_plan(shot)


def test_weights_keep_their_format_where_raw_from_pipe_changes_it(dev: ModelSpec) -> None:
    import torch
    from diffusers import FluxImg2ImgPipeline

    raw = pipeline_of(dev, dtype=torch.bfloat16)
    FluxImg2ImgPipeline.from_pipe(raw)
    assert raw.transformer.dtype == torch.float32, "raw: the first pipeline's own weights are cast in place"
    half = LocalEngine(device="cpu", dtype="bfloat16")
    before = shoot(half, a_shot(dev))
    shoot(half, a_shot(dev, Inputs(image=PICTURE)))
    assert half._model.parts["transformer"].dtype == torch.bfloat16
    assert equal(shoot(half, a_shot(dev)), before)


def test_encoded_words_carry_no_graph_where_raw_ones_do(engine: LocalEngine, dev: ModelSpec) -> None:
    raw, _, _ = pipeline_of(dev).encode_prompt("a red cat", None)
    assert raw.grad_fn is not None, "raw: called by itself, the method keeps the whole encoder's graph alive"
    shoot(engine, a_shot(dev, prompt="a red cat"))
    kept = engine.embeds._kept if hasattr(engine.embeds, "_kept") else {}
    assert kept
    assert all(embeds.tokens.grad_fn is None for embeds in kept.values())


def test_numbers_that_are_none_are_told_where_raw_gives_a_black_picture(tiny: Tiny, tmp_path: Path) -> None:
    import torch

    from tests import tiny as builders

    broken = builders.flux1()
    with torch.no_grad():
        broken.transformer.proj_out.weight.fill_(float("nan"))
    spec = spec_of("flux.1-dev", builders.saved(broken, tmp_path / "broken"))
    assert not by_diffusers("FluxPipeline", a_shot(spec)).any(), "raw: black, and no error"
    with pytest.raises(BadPictureError, match="not numbers"):
        shoot(LocalEngine(device="cpu"), a_shot(spec))


def test_a_lora_of_another_family_is_refused_where_raw_loads_it(
    engine: LocalEngine, klein: ModelSpec, tmp_path: Path
) -> None:
    import torch
    from safetensors.torch import save_file

    name = "transformer.transformer_blocks.0.attn.to_q"
    file = tmp_path / "portrait.safetensors"
    save_file({f"{name}.lora_A.weight": torch.randn(4, 32), f"{name}.lora_B.weight": torch.randn(32, 4)}, file,
              metadata={"modelspec.architecture": "flux-1-dev/lora"})  # fmt: skip
    pipeline_of(klein, "Flux2KleinPipeline").load_lora_weights(file)
    shot = a_shot(klein, loras=(LoRA(weights=str(file)),))
    with pytest.raises(CapabilityError, match=r"portrait at 1 says that it was trained for flux\.1"):
        make_plan(shot)
    with pytest.raises(WeightsError, match=r"trained for flux\.1"):
        shoot(engine, shot)


def test_words_past_the_window_are_told_by_field_where_raw_drops_them(engine: LocalEngine, klein: ModelSpec) -> None:
    long = "red " * 140  # four tokens a word on the tiny tokenizer
    cut, more = (a_shot(klein, prompt=long + tail) for tail in ("", "a green dog on a blue car"))
    call = {"guidance_scale": 1.0}
    assert equal(by_diffusers("Flux2KleinPipeline", cut, **call), by_diffusers("Flux2KleinPipeline", more, **call)), (
        "raw: the last words change nothing, and nothing is said"
    )
    scene = Scene(subject=Subject(description=long + "on a car", pose="seated", hair="green"))
    with pytest.raises(CapabilityError, match=r"would not see the words .*, which say .*subject\.hair"):
        shoot(engine, more.with_(prompt=PromptRenderer(klein).render(scene), scene=scene))


@pytest.mark.parametrize(
    ("changes", "call", "said"),
    [
        ({"negative": "green dog"}, {"negative_prompt": "green dog"}, "reads it only with true_cfg above 1"),
        ({"true_cfg": 4.0}, {"true_cfg_scale": 4.0}, "acts only against one"),
    ],
)
def test_half_a_negative_prompt_is_refused_where_raw_ignores_it(
    dev: ModelSpec, changes: dict[str, Any], call: dict[str, Any], said: str
) -> None:
    plain = a_shot(dev)
    assert equal(by_diffusers("FluxPipeline", plain, **call), by_diffusers("FluxPipeline", plain))
    with pytest.raises(CapabilityError, match=said):
        make_plan(a_shot(dev, **changes))


def test_guidance_is_refused_where_raw_ignores_it(tiny: Tiny) -> None:
    schnell = spec_of("flux.1-schnell", tiny("flux1", guidance=False))
    shot = a_shot(schnell)
    window = {"max_sequence_length": 256}
    assert equal(
        by_diffusers("FluxPipeline", shot, guidance_scale=30.0, **window),
        by_diffusers("FluxPipeline", shot, guidance_scale=0.0, **window),
    )
    with pytest.raises(CapabilityError, match="takes no guidance, but guidance=30"):
        make_plan(a_shot(schnell, guidance=30.0))


def test_a_stopped_picture_is_not_delivered_where_raw_delivers_it_half_made(
    engine: LocalEngine, dev: ModelSpec
) -> None:
    shot = a_shot(dev, Inputs(image=PICTURE, strength=1.0))

    def stop(pipeline: Any, index: int, _time: Any, tensors: dict[str, Any]) -> dict[str, Any]:
        pipeline._interrupt = index == 0
        return tensors

    half = by_diffusers("FluxImg2ImgPipeline", shot, image=PICTURE.image, strength=1.0, callback_on_step_end=stop)
    assert not equal(half, by_diffusers("FluxImg2ImgPipeline", shot, image=PICTURE.image, strength=1.0))

    def cancel(progress: Progress) -> None:
        if progress.step == 1:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        list(engine.shoot([shot], cancel))


def test_a_strength_that_skips_no_step_is_refused_where_raw_makes_the_same_picture(dev: ModelSpec) -> None:
    nearly, whole = (a_shot(dev, Inputs(image=PICTURE, strength=strength)) for strength in (0.8, 1.0))
    raw = [
        by_diffusers("FluxImg2ImgPipeline", shot, image=PICTURE.image, strength=shot.inputs.strength)
        for shot in (nearly, whole)
        if shot.inputs is not None
    ]
    assert equal(*raw)
    with pytest.raises(CapabilityError, match=r"strength=0\.8 of 3 steps.*Use 0\.67 or less"):
        make_plan(nearly)
    assert make_plan(whole)
