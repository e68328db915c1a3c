from __future__ import annotations

import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fluxkit import models
from fluxkit.engines import Progress, silent
from fluxkit.engines.local import LocalEngine
from fluxkit.errors import BadPictureError, CapabilityError, EngineError, InputError, MissingExtraError, WeightsError
from fluxkit.errors import OutOfMemoryError as NoMemory
from fluxkit.models import ModelSpec
from fluxkit.prompt import PromptRenderer
from fluxkit.scene import Environment, Scene
from fluxkit.shots.shot import Shot
from tests.engines.contract import EngineContract
from tests.tiny.folders import Tiny

PROMPT = "a photo of the red cat on street with soft window light"


def a_shot(spec: ModelSpec, **changes: Any) -> Shot:
    request = {"prompt": PROMPT, "seed": 3, "steps": 3, "width": 64, "height": 96}
    if spec.guidance.kind != "none":
        request["guidance"] = 3.5
    return Shot(model=spec.id, spec=spec, **{**request, **changes})


def shoot(engine: LocalEngine, *shots: Shot) -> list[Any]:
    return list(engine.shoot(shots, silent))


@pytest.fixture(scope="module")
def dev(tiny: Tiny) -> ModelSpec:
    return models.get("flux.1-dev").with_(weights=str(tiny("flux1")))


@pytest.fixture(scope="module")
def schnell(tiny: Tiny) -> ModelSpec:
    return models.get("flux.1-schnell").with_(weights=str(tiny("flux1", guidance=False)))


@pytest.fixture
def engine() -> LocalEngine:
    return LocalEngine(device="cpu")


@pytest.fixture(scope="module")
def diffusers_pipeline(dev: ModelSpec) -> Any:
    from diffusers import FluxPipeline

    pipeline = FluxPipeline.from_pretrained(dev.weights, local_files_only=True, disable_mmap=True)
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def by_diffusers(pipeline: Any, shot: Shot, **options: Any) -> np.ndarray:
    import torch

    return np.asarray(
        pipeline(
            prompt=str(shot.prompt),
            generator=torch.Generator("cpu").manual_seed(shot.seed),
            num_inference_steps=shot.steps,
            guidance_scale=shot.guidance,
            width=shot.width,
            height=shot.height,
            **options,
        ).images[0]
    )


class TestLocalEngine(EngineContract):
    @pytest.fixture
    def engine(self) -> LocalEngine:
        return LocalEngine(device="cpu")

    @pytest.fixture
    def shots(self, dev: ModelSpec, schnell: ModelSpec) -> list[Shot]:
        return [a_shot(dev), a_shot(schnell), a_shot(dev, seed=4, steps=2)]


@pytest.mark.parametrize("changes", [{}, {"seed": 9, "steps": 5, "guidance": 1.0}, {"width": 128, "height": 64}])
def test_pixels_equal_those_of_diffusers(
    engine: LocalEngine, dev: ModelSpec, diffusers_pipeline: Any, changes: dict[str, Any]
) -> None:
    shot = a_shot(dev, **changes)
    assert np.array_equal(np.asarray(shoot(engine, shot)[0].image), by_diffusers(diffusers_pipeline, shot))


def test_pixels_equal_those_of_diffusers_in_bfloat16(dev: ModelSpec) -> None:
    import torch
    from diffusers import FluxPipeline

    pipeline = FluxPipeline.from_pretrained(dev.weights, local_files_only=True, disable_mmap=True, dtype=torch.bfloat16)
    pipeline.set_progress_bar_config(disable=True)
    shot = a_shot(dev)
    frame = shoot(LocalEngine(device="cpu", dtype="bfloat16"), shot)[0]
    assert np.array_equal(np.asarray(frame.image), by_diffusers(pipeline, shot))
    assert frame.provenance.dtype == "bfloat16"


def test_a_negative_prompt_acts_as_in_diffusers(engine: LocalEngine, dev: ModelSpec, diffusers_pipeline: Any) -> None:
    shot = a_shot(dev, negative="green dog", true_cfg=2.5)
    pixels = np.asarray(shoot(engine, shot)[0].image)
    options = {"negative_prompt": "green dog", "true_cfg_scale": 2.5}
    assert np.array_equal(pixels, by_diffusers(diffusers_pipeline, shot, **options))
    assert not np.array_equal(pixels, np.asarray(shoot(engine, a_shot(dev))[0].image))


def test_each_distinct_prompt_is_encoded_once(engine: LocalEngine, dev: ModelSpec) -> None:
    seen: list[Progress] = []
    shots = [a_shot(dev, prompt=f"a {word} cat", seed=seed) for word in ("red", "blue") for seed in range(3)]
    list(engine.shoot(shots, seen.append))
    assert engine.embeds.encoded == 2
    shoot(engine, *shots)
    assert engine.embeds.encoded == 2
    stages = [p.stage for p in seen]
    assert stages.index("denoise") > max(i for i, stage in enumerate(stages) if stage == "encode")
    assert Counter(stages)["encode"] == 2


def test_prompts_beyond_the_cache_are_forgotten_and_encoded_again(dev: ModelSpec) -> None:
    engine = LocalEngine(device="cpu", embeds_bytes=70_000)
    shots = [a_shot(dev, prompt=f"a {word} cat", steps=1) for word in ("red", "blue", "green")]
    first = shoot(engine, *shots)
    assert len(engine.embeds) == 1
    assert [frame.fingerprint for frame in shoot(engine, *shots)] == [frame.fingerprint for frame in first]


def test_prompts_that_do_not_fit_together_are_still_encoded_once_each(dev: ModelSpec, engine: LocalEngine) -> None:
    shots = [a_shot(dev, prompt=f"{word} cat", seed=seed, steps=1) for seed in (1, 2) for word in ("a", "the", "one")]
    whole = {frame.shot: frame.fingerprint for frame in shoot(engine, *shots)}
    small = LocalEngine(device="cpu", embeds_bytes=int(engine.embeds.nbytes * 0.7))
    assert {frame.shot: frame.fingerprint for frame in shoot(small, *shots)} == whole
    assert small.embeds.encoded == 3 and len(small.embeds) == 2


def test_provenance_says_which_weights_were_loaded(engine: LocalEngine, dev: ModelSpec) -> None:
    from fluxkit.models.weights import weights_tag

    frame = shoot(engine, a_shot(dev, steps=1, weights="as-told:000000000000"))[0]
    assert frame.provenance.weights == weights_tag(dev)


def test_models_on_other_bases_are_other_models() -> None:
    from fluxkit.engines.local.engine import _by_model

    redux = models.get("flux.1-redux-dev")
    specs = [redux.with_(base_weights=name) for name in ("me/one", "me/two")]
    assert [len(group) for group in _by_model([a_shot(spec) for spec in (*specs, specs[0])])] == [2, 1]


def test_embeds_carry_no_graph(engine: LocalEngine, dev: ModelSpec) -> None:
    shoot(engine, a_shot(dev, steps=1))
    kept = next(iter(engine.embeds._kept.values()))
    assert not kept.tokens.requires_grad
    assert kept.tokens.shape[1] == dev.windows["t5"]


def test_the_text_window_is_the_models(engine: LocalEngine, schnell: ModelSpec) -> None:
    shoot(engine, a_shot(schnell, steps=1))
    assert next(iter(engine.embeds._kept.values())).tokens.shape[1] == 256


def test_reloading_gives_identical_pixels(dev: ModelSpec) -> None:
    prints = {shoot(LocalEngine(device="cpu"), a_shot(dev))[0].fingerprint for _ in range(3)}
    assert len(prints) == 1


def test_the_random_state_of_the_process_is_left_alone(engine: LocalEngine, dev: ModelSpec) -> None:
    import torch

    torch.manual_seed(5)
    expected = torch.rand(3)
    torch.manual_seed(5)
    shoot(engine, a_shot(dev))
    assert torch.equal(torch.rand(3), expected)


def test_nothing_is_written_to_the_terminal(dev: ModelSpec, capfd: pytest.CaptureFixture[str]) -> None:
    shoot(LocalEngine(device="cpu"), a_shot(dev, prompt="a photo of the cat " * 30))
    assert capfd.readouterr() == ("", "")


def test_gradients_are_on_again_between_frames(engine: LocalEngine, dev: ModelSpec) -> None:
    import torch

    for _ in engine.shoot([a_shot(dev), a_shot(dev, seed=5)], silent):
        assert torch.is_grad_enabled()


def test_the_preview_shows_where_the_picture_is_heading(engine: LocalEngine, dev: ModelSpec) -> None:
    previews = []

    def watch(progress: Progress) -> None:
        if progress.preview is not None:
            previews.append(np.asarray(progress.preview()))

    frame = next(iter(engine.shoot([a_shot(dev)], watch)))
    assert len(previews) == 3
    assert np.array_equal(previews[-1], np.asarray(frame.image))


def test_provenance_says_how_it_was_made(engine: LocalEngine, dev: ModelSpec) -> None:
    made = shoot(engine, a_shot(dev))[0].provenance
    assert (made.engine, made.device, made.dtype, made.batch, made.seed_device) == ("local", "cpu", "float32", 1, "cpu")
    assert {"torch", "diffusers", "transformers"} <= set(made.versions)
    assert made.weights
    assert "/" not in made.weights


def test_words_behind_the_window_are_refused_by_field(engine: LocalEngine, schnell: ModelSpec) -> None:
    scene = Scene(subject="a cat " * 100 + "cat", environment=Environment(place="street dog " * 40 + "dog"))
    prompt = PromptRenderer(schnell).render(scene)
    with pytest.raises(CapabilityError, match=r"reads 256 \(t5\).*dog.*environment\.place") as told:
        shoot(engine, a_shot(schnell, prompt=prompt))
    assert "subject" not in str(told.value)
    assert engine.embeds.encoded == 0


def test_unread_words_are_reported_where_they_are_let_go(schnell: ModelSpec) -> None:
    frame = shoot(LocalEngine(device="cpu", strict=False), a_shot(schnell, prompt="cat " * 300, steps=1))[0]
    assert frame.provenance.extra == {"t5": "read 256 of 301 tokens, up to character 1019"}


def test_the_last_word_that_fits_is_not_refused(engine: LocalEngine, schnell: ModelSpec) -> None:
    shoot(engine, a_shot(schnell, prompt="cat " * 255, steps=1))
    with pytest.raises(CapabilityError):
        shoot(engine, a_shot(schnell, prompt="cat " * 256, steps=1))


def copied(spec: ModelSpec, target: Path) -> ModelSpec:
    shutil.copytree(spec.weights or "", target)
    return spec.with_(weights=str(target))


def test_a_corrupt_file_is_told(engine: LocalEngine, dev: ModelSpec, tmp_path: Path) -> None:
    spec = copied(dev, tmp_path / "corrupt")
    file = tmp_path / "corrupt" / "transformer" / "diffusion_pytorch_model.safetensors"
    file.write_bytes(file.read_bytes()[:5000])
    shot = a_shot(spec)
    with pytest.raises(WeightsError, match=r"'transformer' cannot be read.*Copy or download") as told:
        shoot(engine, shot)
    assert told.value.shot == shot
    assert str(tmp_path) not in str(told.value)
    assert shoot(engine, a_shot(dev))


def test_missing_tensors_are_refused_rather_than_left_random(
    engine: LocalEngine, dev: ModelSpec, tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    spec = copied(dev, tmp_path / "lacking")
    file = tmp_path / "lacking" / "transformer" / "diffusion_pytorch_model.safetensors"
    tensors = load_file(file)
    tensors.pop("x_embedder.weight")
    save_file({name: tensor.clone() for name, tensor in tensors.items()}, file)
    with pytest.raises(WeightsError, match=r"lacks 1 of its tensors \(x_embedder\.weight\)"):
        shoot(engine, a_shot(spec))


def test_other_formats_than_safetensors_are_refused(engine: LocalEngine, dev: ModelSpec, tmp_path: Path) -> None:
    spec = copied(dev, tmp_path / "pickled")
    file = tmp_path / "pickled" / "vae" / "diffusion_pytorch_model.safetensors"
    file.rename(file.with_suffix(".bin"))
    with pytest.raises(WeightsError, match=r"no \.safetensors file"):
        shoot(engine, a_shot(spec))


def test_a_folder_without_an_index_is_refused(engine: LocalEngine, dev: ModelSpec, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match=r"model_index\.json is missing"):
        shoot(engine, a_shot(dev.with_(weights=str(tmp_path))))


def test_code_in_a_weights_folder_is_never_loaded(engine: LocalEngine, dev: ModelSpec, tmp_path: Path) -> None:
    spec = copied(dev, tmp_path / "code")
    index = tmp_path / "code" / "model_index.json"
    index.write_text(index.read_text().replace('"diffusers"', '"os"'))
    with pytest.raises(WeightsError, match="may not bring code"):
        shoot(engine, a_shot(spec))


def test_values_that_are_not_numbers_are_refused(engine: LocalEngine, dev: ModelSpec) -> None:
    shoot(engine, a_shot(dev, steps=1))
    engine._model.parts["vae"].decoder.conv_out.weight.data.fill_(float("nan"))
    with pytest.raises(BadPictureError, match="not numbers"):
        shoot(engine, a_shot(dev, steps=1))


def test_a_black_picture_is_refused(engine: LocalEngine, dev: ModelSpec) -> None:
    shoot(engine, a_shot(dev, steps=1))
    last = engine._model.parts["vae"].decoder.conv_out
    last.weight.data.zero_()
    last.bias.data.fill_(-5)
    with pytest.raises(BadPictureError, match="black"):
        shoot(engine, a_shot(dev, steps=1))


@pytest.mark.parametrize("failure", [MemoryError(), RuntimeError("DefaultCPUAllocator: not enough memory: you tried")])
def test_too_little_memory_is_told(
    engine: LocalEngine, dev: ModelSpec, monkeypatch: pytest.MonkeyPatch, failure: Exception
) -> None:
    shoot(engine, a_shot(dev, steps=1))

    def fail(*_: Any, **__: Any) -> None:
        raise failure

    with monkeypatch.context() as patch:
        patch.setattr("diffusers.FluxTransformer2DModel.forward", fail)
        with pytest.raises(NoMemory, match="64 x 96"):
            shoot(engine, a_shot(dev, steps=1))
    assert shoot(engine, a_shot(dev, steps=1))


def test_another_failure_carries_its_shot(engine: LocalEngine, dev: ModelSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    shoot(engine, a_shot(dev, steps=1))

    def fail(*_: Any, **__: Any) -> None:
        raise RuntimeError("mat1 and mat2 shapes cannot be multiplied")

    monkeypatch.setattr(engine._model.parts["transformer"], "forward", fail)
    with pytest.raises(EngineError, match=r"seed 3.*mat1 and mat2") as told:
        shoot(engine, a_shot(dev, steps=1))
    assert told.value.shot.seed == 3


def test_without_torch_the_extra_is_named(engine: LocalEngine, dev: ModelSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "diffusers", None)
    with pytest.raises(MissingExtraError, match=r"\.\[local\]"):
        shoot(engine, a_shot(dev))


@pytest.mark.parametrize(("option", "allowed"), [({"device": "tpu"}, "cpu"), ({"dtype": "int3"}, "bfloat16")])
def test_an_unknown_device_or_format_is_refused(dev: ModelSpec, option: dict[str, str], allowed: str) -> None:
    with pytest.raises(InputError, match=allowed):
        shoot(LocalEngine(**option), a_shot(dev))


def test_switching_models_frees_what_they_do_not_share(engine: LocalEngine, dev: ModelSpec, schnell: ModelSpec) -> None:
    import weakref

    shoot(engine, a_shot(dev, steps=1))
    parts = engine._model.parts
    transformer, vae = weakref.ref(parts["transformer"]), parts["vae"]
    del parts
    shoot(engine, a_shot(schnell, steps=1))
    assert transformer() is None
    assert engine._model.parts["vae"] is vae
