from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fluxkit import models
from fluxkit.engines import silent
from fluxkit.engines.local import LocalEngine
from fluxkit.errors import WeightsError
from fluxkit.models import ModelSpec
from fluxkit.shots.shot import LoRA, Shot
from tests.tiny.folders import Tiny

Made = Callable[..., Path]


@pytest.fixture(scope="module")
def lora(tmp_path_factory: pytest.TempPathFactory) -> Made:
    """A random LoRA of a tiny pipeline, see `tests.tiny.lora`."""

    def made(pipeline: Any, **how: Any) -> Path:
        from tests import tiny

        return tiny.lora(pipeline, tmp_path_factory.mktemp("lora"), **how)

    return made


@pytest.fixture(scope="module")
def dev(tiny: Tiny) -> ModelSpec:
    return models.get("flux.1-dev").with_(weights=str(tiny("flux1")))


@pytest.fixture(scope="module")
def files(lora: Made) -> dict[str, Path]:
    from tests import tiny

    return {
        "one": lora(tiny.flux1(), seed=1),
        "two": lora(tiny.flux1(), seed=2),
        "text": lora(tiny.flux1(), seed=3, text=True),
    }


@pytest.fixture(scope="module")
def engine() -> LocalEngine:
    return LocalEngine(device="cpu")


def a_shot(spec: ModelSpec, *loras: LoRA, **changes: Any) -> Shot:
    request = {"prompt": "a red cat", "seed": 3, "steps": 2, "guidance": 3.5, "width": 64, "height": 64}
    return Shot(model=spec.id, spec=spec, loras=loras, **{**request, **changes})


def shoot(engine: LocalEngine, *shots: Shot) -> list[Any]:
    by_id = {frame.shot.id: frame for frame in engine.shoot(shots, silent)}
    return [by_id[shot.id] for shot in shots]


def by_diffusers(spec: ModelSpec, loras: dict[Path, float]) -> np.ndarray:
    import torch
    from diffusers import FluxPipeline

    pipeline = FluxPipeline.from_pretrained(spec.weights, local_files_only=True, disable_mmap=True)
    pipeline.set_progress_bar_config(disable=True)
    for index, path in enumerate(loras):
        pipeline.load_lora_weights(path, adapter_name=f"lora{index}")
    pipeline.set_adapters([f"lora{index}" for index in range(len(loras))], list(loras.values()))
    generator = torch.Generator("cpu").manual_seed(3)
    options = {"num_inference_steps": 2, "guidance_scale": 3.5, "width": 64, "height": 64, "generator": generator}
    return np.asarray(pipeline("a red cat", **options).images[0])


def test_strengths_combine_as_in_diffusers(engine: LocalEngine, dev: ModelSpec, files: dict[str, Path]) -> None:
    loras = (LoRA(weights=str(files["one"]), strength=0.7), LoRA(weights=str(files["two"]), strength=-0.4))
    frame = shoot(engine, a_shot(dev, *loras))[0]
    expected = by_diffusers(dev, {files["one"]: 0.7, files["two"]: -0.4})
    assert np.array_equal(np.asarray(frame.image), expected)


def test_a_swept_strength_acts_and_none_leaves_the_model_as_it_was(
    engine: LocalEngine, dev: ModelSpec, files: dict[str, Path]
) -> None:
    plain = shoot(LocalEngine(device="cpu"), a_shot(dev))[0].fingerprint
    swept = [a_shot(dev, LoRA(weights=str(files["one"]), strength=s)) for s in (0.5, 1.0)]
    half, whole, none = (frame.fingerprint for frame in shoot(engine, *swept, a_shot(dev)))
    assert len({half, whole, none}) == 3
    assert none == plain
    assert [frame.fingerprint for frame in shoot(engine, *swept)] == [half, whole]


def test_a_lora_that_changes_clip_has_embeds_of_its_own(dev: ModelSpec, files: dict[str, Path]) -> None:
    engine = LocalEngine(device="cpu")
    changed = LoRA(weights=str(files["text"]))
    frames = shoot(engine, a_shot(dev), a_shot(dev, changed))
    assert engine.embeds.encoded == 2
    assert np.array_equal(np.asarray(frames[1].image), by_diffusers(dev, {files["text"]: 1.0}))
    shoot(engine, a_shot(dev, LoRA(weights=str(files["one"]))))
    assert engine.embeds.encoded == 2, "a LoRA of the transformer alone shares the plain embeds"


def test_provenance_names_the_loras_by_content(engine: LocalEngine, dev: ModelSpec, files: dict[str, Path]) -> None:
    said = shoot(engine, a_shot(dev, LoRA(weights=str(files["one"]), name="warm", strength=0.5)))[0].provenance.extra
    assert said["loras"].startswith("warm lora_")
    assert said["loras"].endswith("at 0.5")
    assert "/" not in said["loras"]


def test_a_factor_beside_the_matrices_acts_as_in_diffusers(
    engine: LocalEngine, dev: ModelSpec, lora: Made, tmp_path: Path
) -> None:
    """Files keep alpha in their metadata or as a tensor a layer; read apart from these, a LoRA would act at rank."""
    from safetensors.torch import load_file, save_file

    from tests import tiny

    noted = lora(tiny.flux1(), seed=5, alpha=1.0)
    layers = load_file(noted)
    factors = {key.replace("lora_A.weight", "alpha"): layers[key].new_tensor(2.0) for key in layers if "lora_A" in key}
    save_file(layers | factors, tmp_path / "alphas.safetensors")
    save_file(layers, tmp_path / "plain.safetensors")
    made = []
    for file in (noted, tmp_path / "alphas.safetensors", tmp_path / "plain.safetensors"):
        made.append(np.asarray(shoot(engine, a_shot(dev, LoRA(weights=str(file))))[0].image))
        assert np.array_equal(made[-1], by_diffusers(dev, {file: 1.0}))
    assert not np.array_equal(made[0], made[1])
    assert not np.array_equal(made[1], made[2])


def test_a_dora_is_refused_where_diffusers_would_drop_its_magnitudes(
    engine: LocalEngine, dev: ModelSpec, files: dict[str, Path], tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    layers = load_file(files["one"])
    key = next(iter(layers)).partition(".lora_")[0]
    save_file(
        layers | {f"{key}.dora_scale": layers[f"{key}.lora_B.weight"][:, 0].clone()}, tmp_path / "dora.safetensors"
    )
    with pytest.raises(WeightsError, match="DoRA"):
        shoot(engine, a_shot(dev, LoRA(weights=str(tmp_path / "dora.safetensors"))))


def test_a_lora_of_another_family_is_refused(
    engine: LocalEngine, tiny: Tiny, dev: ModelSpec, files: dict[str, Path]
) -> None:
    klein = models.get("flux.2-klein-4b").with_(weights=str(tiny("flux2_klein")))
    with pytest.raises(WeightsError, match=r"no layer of that shape.*family flux\.2"):
        shoot(engine, a_shot(klein, LoRA(weights=str(files["one"])), guidance=None))
    assert shoot(engine, a_shot(klein, guidance=None))


def test_a_lora_whose_header_names_another_family_is_refused(
    engine: LocalEngine, dev: ModelSpec, files: dict[str, Path], tmp_path: Path
) -> None:
    from safetensors.torch import load_file, save_file

    save_file(load_file(files["one"]), tmp_path / "klein.safetensors", metadata={"fluxkit.family": "flux.2"})
    with pytest.raises(WeightsError, match=r"trained for flux\.2"):
        shoot(engine, a_shot(dev, LoRA(weights=str(tmp_path / "klein.safetensors"))))


def test_a_lora_that_is_not_there_is_told(engine: LocalEngine, dev: ModelSpec, tmp_path: Path) -> None:
    with pytest.raises(WeightsError, match="cannot be read"):
        shoot(engine, a_shot(dev, LoRA(weights=str(tmp_path / "none.safetensors"))))


def test_a_lora_that_was_read_before_another_failed_does_not_act_on_the_next_shot(
    dev: ModelSpec, files: dict[str, Path], tmp_path: Path
) -> None:
    engine = LocalEngine(device="cpu")
    plain = shoot(engine, a_shot(dev))[0].fingerprint
    torn = tmp_path / "torn.safetensors"
    torn.write_bytes(files["two"].read_bytes()[:2000])
    with pytest.raises(WeightsError, match="torn"):
        shoot(engine, a_shot(dev, LoRA(weights=str(files["one"])), LoRA(weights=str(torn))))
    assert shoot(engine, a_shot(dev))[0].fingerprint == plain


def test_the_next_model_gets_its_parts_without_loras(
    engine: LocalEngine, tiny: Tiny, dev: ModelSpec, files: dict[str, Path]
) -> None:
    shoot(engine, a_shot(dev, LoRA(weights=str(files["text"]))))
    krea = models.get("flux.1-krea-dev").with_(weights=dev.weights)
    assert shoot(engine, a_shot(krea))[0].fingerprint == shoot(LocalEngine(device="cpu"), a_shot(dev))[0].fingerprint
