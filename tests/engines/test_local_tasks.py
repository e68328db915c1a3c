"""Every task beside making a picture from words: pixels equal diffusers', and its traps are closed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from fluxkit import models
from fluxkit.engines import Progress, silent
from fluxkit.engines.local import LocalEngine
from fluxkit.errors import Cancelled, WeightsError
from fluxkit.models import ModelSpec, SizeRule
from fluxkit.shots.inputs import ControlMap, Inputs, Mask, ReferenceImage
from fluxkit.shots.shot import Shot
from tests.tiny.folders import Tiny
from tests.tiny.pipelines import OUT_LAYERS

PROMPT = "a photo of the red cat on street with soft window light"
STEPS = 3


def noise(width: int = 64, height: int = 96, seed: int = 0) -> Image.Image:
    return Image.fromarray(np.random.default_rng(seed).integers(0, 256, (height, width, 3), np.uint8))


PICTURE = ReferenceImage.of(noise())
OTHER = ReferenceImage.of(noise(seed=1))
MASK = Mask.rectangle(64, 96, left=0.25, right=0.75, top=0.25, bottom=0.75)
MAP = ControlMap.given(noise(seed=2), kind="depth")


@pytest.fixture(scope="module")
def engine() -> LocalEngine:
    return LocalEngine(device="cpu")


@pytest.fixture(scope="module")
def model(tiny: Tiny) -> Callable[..., ModelSpec]:
    def made(name: str, *build: Any, **options: Any) -> ModelSpec:
        return models.get(name).with_(weights=str(tiny(*build, **options)), size=SizeRule(min_side=16))

    return made


def a_shot(spec: ModelSpec, inputs: Inputs | None = None, **changes: Any) -> Shot:
    request = {"prompt": PROMPT, "seed": 3, "steps": STEPS, "width": 64, "height": 96}
    if spec.guidance.default is not None:
        request["guidance"] = spec.guidance.default
    return Shot(model=spec.id, spec=spec, inputs=inputs, **{**request, **changes})


def shoot(engine: LocalEngine, shot: Shot) -> np.ndarray:
    return np.asarray(next(iter(engine.shoot([shot], silent))).image)


def by_diffusers(pipeline: str, shot: Shot, **call: Any) -> np.ndarray:
    """The picture that diffusers' own pipeline makes, loaded from the same folder."""
    import diffusers
    import torch

    made = getattr(diffusers, pipeline).from_pretrained(shot.spec.weights, local_files_only=True, disable_mmap=True)
    made.set_progress_bar_config(disable=True)
    if shot.guidance is not None:
        call.setdefault("guidance_scale", shot.guidance)
    if pipeline.startswith("Flux2"):
        call.setdefault("text_encoder_out_layers", OUT_LAYERS)
    generator = torch.Generator("cpu").manual_seed(shot.seed)
    request = {"prompt": str(shot.prompt), "width": shot.width, "height": shot.height, "generator": generator}
    return np.asarray(made(**{**request, "num_inference_steps": shot.steps, **call}).images[0])


def equal(one: np.ndarray, other: np.ndarray) -> bool:
    return one.shape == other.shape and bool((one == other).all())


def test_vary_equals_diffusers(engine: LocalEngine, model: Any) -> None:
    shot = a_shot(model("flux.1-dev", "flux1"), Inputs(image=PICTURE, strength=0.7))
    pixels = shoot(engine, shot)
    assert equal(pixels, by_diffusers("FluxImg2ImgPipeline", shot, image=PICTURE.image, strength=0.7))
    assert not equal(pixels, shoot(engine, a_shot(shot.spec, Inputs(image=PICTURE, strength=0.4))))


def test_vary_takes_a_negative_prompt(engine: LocalEngine, model: Any) -> None:
    spec = model("flux.1-dev", "flux1")
    shot = a_shot(spec, Inputs(image=PICTURE, strength=0.7), negative="green dog", true_cfg=3.0)
    call = {"image": PICTURE.image, "strength": 0.7, "negative_prompt": "green dog", "true_cfg_scale": 3.0}
    assert equal(shoot(engine, shot), by_diffusers("FluxImg2ImgPipeline", shot, **call))


@pytest.mark.parametrize(
    ("name", "build", "pipeline", "call"),
    [
        ("flux.1-dev", ("flux1",), "FluxInpaintPipeline", {"strength": 0.6}),
        ("flux.1-fill-dev", ("flux1", "FluxFillPipeline"), "FluxFillPipeline", {}),
        ("flux.2-klein-4b", ("flux2_klein",), "Flux2KleinInpaintPipeline", {"strength": 0.8, "guidance_scale": 1.0}),
    ],
)
def test_fill_equals_diffusers_inside_the_mask_and_the_picture_outside(
    engine: LocalEngine, model: Any, name: str, build: tuple[str, ...], pipeline: str, call: dict[str, Any]
) -> None:
    shot = a_shot(model(name, *build), Inputs(image=PICTURE, mask=MASK))
    pixels = shoot(engine, shot)
    raw = by_diffusers(pipeline, shot, image=PICTURE.image, mask_image=MASK.image, **call)
    inside = np.asarray(MASK.image) == 255
    assert (pixels[inside] == raw[inside]).all()
    original = np.asarray(PICTURE.image)
    assert (pixels[~inside] == original[~inside]).all()
    assert (raw[~inside] != original[~inside]).any(), (
        "diffusers changes pixels outside: without that, paste-back is moot"
    )


def test_a_soft_mask_blends_at_its_edge(engine: LocalEngine, model: Any) -> None:
    grey = Mask.of(Image.new("L", (64, 96), 128))
    shot = a_shot(model("flux.1-dev", "flux1"), Inputs(image=PICTURE, mask=grey))
    raw = by_diffusers("FluxInpaintPipeline", shot, image=PICTURE.image, mask_image=grey.image, strength=0.6)
    expected = Image.composite(Image.fromarray(raw), PICTURE.image, grey.image)
    assert equal(shoot(engine, shot), np.asarray(expected))


def test_control_equals_diffusers(engine: LocalEngine, model: Any) -> None:
    shot = a_shot(model("flux.1-depth-dev", "flux1", "FluxControlPipeline"), Inputs(control=MAP))
    assert equal(shoot(engine, shot), by_diffusers("FluxControlPipeline", shot, control_image=MAP.picture.image))


def test_edges_are_found_by_opencv(engine: LocalEngine, model: Any) -> None:
    import cv2

    drawn = Image.new("RGB", (64, 96), "black")
    drawn.paste("white", (16, 16, 48, 64))
    spec = model("flux.1-canny-dev", "flux1", "FluxControlPipeline")
    shot = a_shot(spec, Inputs(control=ControlMap.canny(drawn, low=50, high=150)))
    edges = Image.fromarray(cv2.Canny(np.asarray(drawn), 50, 150)).convert("RGB")
    assert np.asarray(edges).any()
    assert equal(shoot(engine, shot), by_diffusers("FluxControlPipeline", shot, control_image=edges))


def test_depth_without_its_model_says_what_to_do(engine: LocalEngine, model: Any, tmp_path: Path) -> None:
    spec = model("flux.1-depth-dev", "flux1", "FluxControlPipeline")
    shot = a_shot(spec, Inputs(control=ControlMap.depth(PICTURE, estimator=str(tmp_path))))
    with pytest.raises(WeightsError, match=r"ControlMap\.given"):
        shoot(engine, shot)


def test_edit_equals_kontext_given_the_area(engine: LocalEngine, model: Any) -> None:
    shot = a_shot(model("flux.1-kontext-dev", "flux1", "FluxKontextPipeline"), Inputs(references=(PICTURE,)))
    call = {"image": PICTURE.image, "max_area": 64 * 96, "_auto_resize": False}
    assert equal(shoot(engine, shot), by_diffusers("FluxKontextPipeline", shot, **call))


def test_kontext_delivers_the_size_that_was_asked(engine: LocalEngine, model: Any) -> None:
    shot = a_shot(model("flux.1-kontext-dev", "flux1", "FluxKontextPipeline"), Inputs(references=(PICTURE,)), steps=1)
    assert shoot(engine, shot).shape == (96, 64, 3)
    raw = by_diffusers("FluxKontextPipeline", shot, image=PICTURE.image, _auto_resize=False)
    assert raw.shape != (96, 64, 3), "raw Kontext ignores the size: without that, this trap is gone"


def test_the_asked_size_is_delivered_whatever_the_inputs_size(engine: LocalEngine, model: Any) -> None:
    spec = model("flux.1-dev", "flux1")
    shot = a_shot(spec, Inputs(image=ReferenceImage.of(noise(100, 50))), width=96, height=48)
    assert shoot(engine, shot).shape == (48, 96, 3)


@pytest.mark.parametrize("guidance", [1.0, 4.0])
def test_klein_base_runs_two_passes_where_guidance_is_above_one(
    engine: LocalEngine, model: Any, guidance: float
) -> None:
    shot = a_shot(model("flux.2-klein-base-4b", "flux2_klein", distilled=False), guidance=guidance)
    assert equal(shoot(engine, shot), by_diffusers("Flux2KleinPipeline", shot))


def test_klein_base_takes_a_negative_prompt(engine: LocalEngine, model: Any) -> None:
    spec = model("flux.2-klein-base-4b", "flux2_klein", distilled=False)
    assert not equal(shoot(engine, a_shot(spec, negative="green dog")), shoot(engine, a_shot(spec)))


@pytest.mark.parametrize("references", [(), (PICTURE,), (PICTURE, OTHER)])
@pytest.mark.parametrize(
    ("name", "build", "pipeline", "call"),
    [
        ("flux.2-klein-4b", ("flux2_klein",), "Flux2KleinPipeline", {"guidance_scale": 1.0}),
        ("flux.2-dev", ("flux2_dev",), "Flux2Pipeline", {}),
        ("flux.2-klein-9b-kv", ("flux2_klein", "Flux2KleinKVPipeline"), "Flux2KleinKVPipeline", {}),
    ],
)
def test_flux2_equals_diffusers_with_and_without_references(
    engine: LocalEngine,
    model: Any,
    name: str,
    build: tuple[str, ...],
    pipeline: str,
    call: dict[str, Any],
    references: tuple[ReferenceImage, ...],
) -> None:
    shot = a_shot(model(name, *build), Inputs(references=references) if references else None)
    images = {"image": [picture.image for picture in references]} if references else {}
    assert equal(shoot(engine, shot), by_diffusers(pipeline, shot, **images, **call))


def test_kv_attention_does_not_reach_the_next_model(engine: LocalEngine, model: Any) -> None:
    """Building the KV pipeline changes the attention of the transformer that it is given, in place."""
    plain = a_shot(model("flux.2-klein-9b", "flux2_klein"), Inputs(references=(PICTURE,)))
    before = shoot(engine, plain)
    shoot(engine, a_shot(model("flux.2-klein-9b-kv", "flux2_klein"), Inputs(references=(PICTURE,))))
    assert equal(shoot(engine, plain), before)


@pytest.mark.parametrize("weights", [None, (0.8, 0.3)])
def test_blend_equals_redux(
    engine: LocalEngine, tiny: Tiny, monkeypatch: pytest.MonkeyPatch, weights: tuple[float, float] | None
) -> None:
    import torch
    from diffusers import FluxPipeline, FluxPriorReduxPipeline

    base, prior_folder = tiny("flux1"), tiny("redux_prior")
    spec = models.get("flux.1-redux-dev").with_(weights=str(prior_folder), base_weights=str(base))
    first, second = (
        (PICTURE, OTHER)
        if weights is None
        else (picture.with_(weight=weight) for picture, weight in zip((PICTURE, OTHER), weights, strict=True))
    )
    shot = a_shot(spec, Inputs(references=(first, second)))
    pixels = shoot(engine, shot)

    pipeline = FluxPipeline.from_pretrained(base, local_files_only=True, disable_mmap=True)
    pipeline.set_progress_bar_config(disable=True)
    words = {name: getattr(pipeline, name) for name in ("text_encoder", "tokenizer", "text_encoder_2", "tokenizer_2")}
    prior = FluxPriorReduxPipeline.from_pretrained(prior_folder, local_files_only=True, disable_mmap=True, **words)
    scales = list(weights or (0.5, 0.5))
    with torch.no_grad():
        seen = prior(
            [PICTURE.image, OTHER.image], prompt=PROMPT, prompt_embeds_scale=scales, pooled_prompt_embeds_scale=scales
        )
    generator = torch.Generator("cpu").manual_seed(shot.seed)
    raw = pipeline(
        **seen, width=64, height=96, num_inference_steps=STEPS, guidance_scale=shot.guidance, generator=generator
    ).images[0]
    assert equal(pixels, np.asarray(raw))


TASKS: list[tuple[str, tuple[str, ...], Inputs]] = [
    ("flux.1-dev", ("flux1",), Inputs(image=PICTURE, strength=1.0)),
    ("flux.1-dev", ("flux1",), Inputs(image=PICTURE, mask=MASK, strength=1.0)),
    ("flux.1-fill-dev", ("flux1", "FluxFillPipeline"), Inputs(image=PICTURE, mask=MASK)),
    ("flux.1-depth-dev", ("flux1", "FluxControlPipeline"), Inputs(control=MAP)),
    ("flux.1-kontext-dev", ("flux1", "FluxKontextPipeline"), Inputs(references=(PICTURE,))),
    ("flux.2-klein-4b", ("flux2_klein",), Inputs(references=(PICTURE,))),
    ("flux.2-dev", ("flux2_dev",), Inputs(references=(PICTURE,))),
]


@pytest.mark.parametrize(("name", "build", "inputs"), TASKS)
def test_every_task_can_be_stopped_within_a_step_and_stays_clean(
    engine: LocalEngine, model: Any, name: str, build: tuple[str, ...], inputs: Inputs
) -> None:
    shot = a_shot(model(name, *build), inputs)
    clean = shoot(engine, shot)
    seen: list[Progress] = []

    def cancel(progress: Progress) -> None:
        seen.append(progress)
        if progress.stage == "denoise" and progress.step == 1:
            raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        list(engine.shoot([shot], cancel))
    assert seen[-1].step == 1
    assert equal(shoot(engine, shot), clean)


@pytest.mark.parametrize(("name", "build", "inputs"), TASKS)
def test_every_task_tells_its_steps_and_ends_on_its_preview(
    engine: LocalEngine, model: Any, name: str, build: tuple[str, ...], inputs: Inputs
) -> None:
    previews = {}

    def watch(progress: Progress) -> None:
        if progress.stage == "denoise":
            previews[progress.step] = None if progress.preview is None else np.asarray(progress.preview())

    shot = a_shot(model(name, *build), inputs)
    pixels = np.asarray(next(iter(engine.shoot([shot], watch))).image)
    assert list(previews) == [0, 1, 2, 3]
    inside = np.asarray(MASK.image) == 255 if inputs.mask else np.ones(pixels.shape[:2], bool)
    assert (previews[STEPS][inside] == pixels[inside]).all()


@pytest.mark.parametrize(
    ("name", "build", "message"),
    [
        ("flux.1-dev", ("flux2_klein",), "family flux.1"),
        ("flux.2-klein-4b", ("flux1",), "family flux.2"),
        ("flux.1-dev", ("flux1", "FluxFillPipeline"), "takes 384 channels"),
        ("flux.1-fill-dev", ("flux1",), "takes 64 channels"),
    ],
)
def test_weights_of_another_family_or_task_are_refused(
    engine: LocalEngine, model: Any, name: str, build: tuple[str, ...], message: str
) -> None:
    with pytest.raises(WeightsError, match=message):
        shoot(engine, a_shot(model(name, *build)))


def test_base_weights_under_a_distilled_id_are_refused(engine: LocalEngine, model: Any) -> None:
    with pytest.raises(WeightsError, match="is_distilled=False"):
        shoot(engine, a_shot(model("flux.2-klein-4b", "flux2_klein", distilled=False)))


def test_seeds_of_many_shots_are_those_of_single_ones(engine: LocalEngine, model: Any) -> None:
    """In a batch, seven of diffusers' pipelines draw wrong noise for all but the first picture."""
    spec = model("flux.1-fill-dev", "flux1", "FluxFillPipeline")
    shots = [a_shot(spec, Inputs(image=PICTURE, mask=MASK), seed=seed) for seed in range(3)]
    together = {frame.shot.seed: np.asarray(frame.image) for frame in engine.shoot(shots, silent)}
    assert all(equal(together[shot.seed], shoot(LocalEngine(device="cpu"), shot)) for shot in shots)


def test_the_whole_table_has_a_way_for_each_method() -> None:
    from fluxkit.engines.local import pipelines

    for spec in (models.get(name) for name in models.ids()):
        if spec.where == "local" and pipelines.knows(spec):
            for method in spec.methods:
                route = pipelines.route(spec, method)
                assert route is not None or method in ("shoot", "blend"), (spec.id, method)
