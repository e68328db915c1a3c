"""FLUX.3 [klein], which diffusers has as a modular pipeline only: the same pixels, with progress and cancelling."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from fluxkit.engines import Progress
from fluxkit.engines.local import LocalEngine
from fluxkit.errors import Cancelled, WeightsError
from fluxkit.shots.inputs import Inputs, ReferenceImage
from fluxkit.shots.shot import LoRA, Shot
from tests.engines.raw import a_shot, equal, noise, shoot, spec_of
from tests.tiny.folders import Tiny

PICTURE = ReferenceImage.of(noise())
OTHER = ReferenceImage.of(noise(112, 80, seed=1))


@pytest.fixture(scope="module")
def engine() -> LocalEngine:
    return LocalEngine(device="cpu")


def by_diffusers(shot: Shot, *, seed: int = 0) -> np.ndarray:
    """What diffusers' own modular pipeline makes, its upsampler taken out as its documentation says."""
    import torch
    from diffusers import ClassifierFreeGuidance

    from tests.tiny import FLUX3_LAYERS, flux3

    pipeline = flux3(distilled=shot.spec.distilled, seed=seed).pipeline
    if shot.guidance is not None:
        pipeline.update_components(guider=ClassifierFreeGuidance(guidance_scale=shot.guidance))
    references = [] if shot.inputs is None else [picture.image for picture in shot.inputs.references]
    call: dict[str, Any] = {"image": references} if references else {}
    if shot.negative is not None:
        call["negative_prompt"] = shot.negative
    made = pipeline(
        prompt=str(shot.prompt),
        width=shot.width,
        height=shot.height,
        num_inference_steps=shot.steps,
        generator=torch.Generator("cpu").manual_seed(shot.seed),
        text_encoder_out_layers=FLUX3_LAYERS,
        output="images",
        **call,
    )
    return np.asarray(made[0])


@pytest.mark.parametrize("references", [(), (PICTURE,), (PICTURE, OTHER)], ids=["words", "one", "two"])
def test_the_distilled_model_equals_diffusers(
    engine: LocalEngine, tiny: Tiny, references: tuple[ReferenceImage, ...]
) -> None:
    shot = a_shot(spec_of("flux.3-klein", tiny("flux3")), Inputs(references=references) if references else None)
    pixels = shoot(engine, shot)
    assert equal(pixels, by_diffusers(shot))
    assert not references or not equal(pixels, shoot(engine, shot.with_(inputs=None)))


@pytest.mark.parametrize("changes", [{"guidance": 1.0}, {}, {"negative": "green dog"}], ids=str)
def test_the_base_equals_diffusers_with_guidance_and_negative_words(
    engine: LocalEngine, tiny: Tiny, changes: dict[str, Any]
) -> None:
    shot = a_shot(spec_of("flux.3-klein-base", tiny("flux3", distilled=False)), **changes)
    pixels = shoot(engine, shot)
    assert equal(pixels, by_diffusers(shot))
    assert equal(pixels, shoot(engine, a_shot(shot.spec))) == (not changes)


def test_raw_references_change_the_size_and_ours_are_as_asked(engine: LocalEngine, tiny: Tiny) -> None:
    shot = a_shot(spec_of("flux.3-klein", tiny("flux3")), Inputs(references=(OTHER,)))
    assert shoot(engine, shot).shape == (96, 64, 3)


def test_it_tells_its_steps_and_stops_within_one(engine: LocalEngine, tiny: Tiny) -> None:
    shot = a_shot(spec_of("flux.3-klein", tiny("flux3")))
    previews: dict[int, np.ndarray] = {}

    def watch(progress: Progress) -> None:
        if progress.stage == "denoise" and progress.preview is not None:
            previews[progress.step] = np.asarray(progress.preview())

    clean = np.asarray(next(iter(engine.shoot([shot], watch))).image)
    assert list(previews) == [1, 2, 3]
    assert equal(previews[3], clean)
    seen: list[int] = []

    def cancel(progress: Progress) -> None:
        if progress.stage == "denoise":
            seen.append(progress.step)
            if progress.step == 1:
                raise Cancelled("Stopped.")

    with pytest.raises(Cancelled):
        list(engine.shoot([shot], cancel))
    assert seen == [0, 1]
    assert equal(shoot(engine, shot), clean)


def test_a_lora_acts_and_leaves(engine: LocalEngine, tiny: Tiny, tmp_path: Any) -> None:
    import torch
    from safetensors.torch import save_file

    shot = a_shot(spec_of("flux.3-klein", tiny("flux3")))
    plain = shoot(engine, shot)
    torch.manual_seed(5)
    layers = [f"single_transformer_blocks.0.attn.to_{side}" for side in "qk"]
    tensors = {f"transformer.{name}.lora_{side}.weight": torch.randn((4, 32) if side == "A" else (32, 4))
               for name in layers for side in "AB"}  # fmt: skip
    save_file(tensors, tmp_path / "silk.safetensors")
    assert not equal(shoot(engine, shot.with_(loras=(LoRA(weights=str(tmp_path / "silk.safetensors")),))), plain)
    assert equal(shoot(engine, shot), plain)


def test_base_weights_under_a_distilled_id_are_refused(engine: LocalEngine, tiny: Tiny) -> None:
    with pytest.raises(WeightsError, match=r"flow_map=False.*with -base"):
        shoot(engine, a_shot(spec_of("flux.3-klein", tiny("flux3", distilled=False))))


def test_words_are_counted_with_the_models_own_tokenizer(tiny: Tiny) -> None:
    from fluxkit.engines.local import tokenizers

    readers = tokenizers.load(spec_of("flux.3-klein", tiny("flux3")))
    text = "a red cat"
    with_template = f"<|im_start|>user\n{text}<|im_end|>\n<|im_start|>assistant\n"
    assert len(readers["qwen3-vl"](text)) >= len(with_template.replace("<|im_start|>", "#").replace("<|im_end|>", "#"))
