"""LoRAs switched on a compiled model: nothing is compiled again, and the pixels are those of the plain path."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fluxkit import models
from fluxkit.engines import silent
from fluxkit.engines.local import LocalEngine
from fluxkit.errors import CapabilityError, WeightsError
from fluxkit.models import ModelSpec
from fluxkit.shots.shot import LoRA, Shot
from tests.tiny.folders import Tiny

GREY_LEVELS = 1
"""How far zeros behind a LoRA's matrices may move a pixel: a product of another width may round otherwise."""


@pytest.fixture(scope="module")
def dev(tiny: Tiny) -> ModelSpec:
    return models.get("flux.1-dev").with_(weights=str(tiny("flux1")))


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Four LoRAs of three ranks on different layers; one has a factor of its own, one changes CLIP."""
    from tests import tiny

    def made(name: str, **how: Any) -> Path:
        return tiny.lora(tiny.flux1(), tmp_path_factory.mktemp(name), **how)

    return {
        "one": made("one", seed=1, rank=4),
        "wide": made("wide", seed=2, rank=8, layers=("to_v", "to_k"), alpha=4.0),
        "text": made("text", seed=3, rank=2, layers=("to_q",), text=True),
        "deep": made("deep", seed=4, rank=4, layers=("to_q", "proj_mlp")),
    }


@pytest.fixture
def graphs() -> Iterator[Any]:
    """How many graphs dynamo has compiled so far in this test."""
    import torch
    from torch._dynamo.utils import counters

    torch._dynamo.reset()
    counters.clear()
    yield lambda: counters["stats"]["unique_graphs"]
    torch._dynamo.reset()


@pytest.fixture
def places_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    """Compiling is asked for and left out, for what is true of the places without it."""
    from diffusers import FluxTransformer2DModel

    monkeypatch.setattr(FluxTransformer2DModel, "compile_repeated_blocks", lambda *_, **__: None)


def at(file: Path, strength: float = 1.0) -> LoRA:
    return LoRA(weights=str(file), strength=strength)


def shots_of(spec: ModelSpec, *sets: tuple[LoRA, ...], **changes: Any) -> list[Shot]:
    request = {"prompt": "a red cat", "steps": 1, "guidance": 3.5, "width": 64, "height": 64, **changes}
    return [Shot(model=spec.id, spec=spec, loras=loras, seed=seed, **request) for seed, loras in enumerate(sets)]


def pixels(engine: LocalEngine, shots: list[Shot]) -> list[np.ndarray]:
    by_id = {frame.shot.id: np.asarray(frame.image).astype(int) for frame in engine.shoot(shots, silent)}
    return [by_id[shot.id] for shot in shots]


def apart(some: list[np.ndarray], others: list[np.ndarray]) -> int:
    return max(int(abs(one - other).max()) for one, other in zip(some, others, strict=True))


def test_files_strengths_and_combinations_switch_without_compiling_again(
    dev: ModelSpec, files: dict[str, Path], graphs: Any
) -> None:
    one, wide, text = files["one"], files["wide"], files["text"]
    shots = shots_of(
        dev, (), (at(one),), (at(wide, 0.5),), (at(one, 0.3), at(wide, -0.7)), (at(text),), (at(text, 0.5), at(one)),
        (at(one, 0.7),),
    )  # fmt: skip
    engine = LocalEngine(device="cpu", compile="eager")
    found, compiled = {}, []
    for frame in engine.shoot(shots, silent):
        found[frame.shot.id] = frame
        compiled.append(graphs())
    assert len(set(compiled)) == 1, "the first shot of the plan compiles for all of them"
    made = [np.asarray(found[shot.id].image).astype(int) for shot in shots]
    assert apart(made, pixels(LocalEngine(device="cpu"), shots)) <= GREY_LEVELS
    assert len({frame.fingerprint for frame in found.values()}) == len(shots), "each of them acts"
    assert found[shots[1].id].provenance.extra["lora_places"] == "of rank 8, 8"
    assert "lora_places" not in found[shots[0].id].provenance.extra

    again = shots_of(dev, (at(wide, 1.5),), (), (at(wide), at(text)))
    assert apart(pixels(engine, again), pixels(LocalEngine(device="cpu"), again)) <= GREY_LEVELS
    assert graphs() == compiled[0], "another plan that finds room compiles nothing either"


def test_raw_switching_compiles_again(dev: ModelSpec, files: dict[str, Path], graphs: Any) -> None:
    """The trap behind the test above, in diffusers and peft alone."""
    from diffusers import FluxPipeline

    pipeline = FluxPipeline.from_pretrained(dev.weights, local_files_only=True)
    pipeline.set_progress_bar_config(disable=True)
    pipeline.transformer.compile_repeated_blocks(fullgraph=True, dynamic=True, backend="eager")
    compiled = []
    for name in ("one", "wide"):
        pipeline.load_lora_weights(files[name], adapter_name=name)
        pipeline.set_adapters([name])
        pipeline("a red cat", num_inference_steps=1, width=64, height=64)
        compiled.append(graphs())
    assert compiled[1] > compiled[0]


def test_a_plan_that_needs_more_room_compiles_once_more_and_going_back_does_not(
    dev: ModelSpec, files: dict[str, Path], graphs: Any
) -> None:
    engine, plain = LocalEngine(device="cpu", compile="eager", memory="table"), LocalEngine(device="cpu")
    first, second = shots_of(dev, (at(files["one"]),)), shots_of(dev, (at(files["deep"]),), (at(files["one"]),) * 2)
    counted = []
    for shots in (first, second, first, second):
        assert apart(pixels(engine, shots), pixels(plain, shots)) <= GREY_LEVELS
        counted.append(graphs())
    assert counted[0] < counted[1] == counted[2] == counted[3]


def test_a_lora_that_the_compiled_model_has_no_room_for_is_refused(
    dev: ModelSpec, files: dict[str, Path], places_alone: None
) -> None:
    engine = LocalEngine(device="cpu", compile="eager")
    (shot,) = shots_of(dev, (at(files["one"]),))
    expected = pixels(engine, [shot])
    adapters = engine.loaded(shot).adapters
    with pytest.raises(CapabilityError, match=r"proj_mlp.*rank 4.*made ready for 1 .*to_k \(4\), .*to_q \(4\)"):
        adapters.use((at(files["deep"]),))
    with pytest.raises(CapabilityError, match=r"as number 2 of a shot"):
        adapters.use((at(files["one"]), at(files["one"], 0.5)))
    assert apart(pixels(engine, [shot]), expected) == 0, "what was refused has changed nothing"


def test_memory_that_runs_out_keeps_the_places(
    dev: ModelSpec, files: dict[str, Path], places_alone: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diffusers import FluxTransformer2DModel

    shots = shots_of(dev, (at(files["one"]),), (at(files["wide"]),), ())
    plain, forward, calls = pixels(LocalEngine(device="cpu"), shots), FluxTransformer2DModel.forward, []

    def scarce(self: Any, *given: Any, **named: Any) -> Any:
        calls.append(given)
        if len(calls) == 2:
            raise MemoryError
        return forward(self, *given, **named)

    monkeypatch.setattr(FluxTransformer2DModel, "forward", scarce)
    engine = LocalEngine(device="cpu", compile="eager")
    assert apart(pixels(engine, shots), plain) <= GREY_LEVELS
    assert engine.loaded(shots[0]).parts.lever == "offload"


def test_the_next_model_gets_the_transformer_without_places(
    dev: ModelSpec, files: dict[str, Path], places_alone: None
) -> None:
    engine = LocalEngine(device="cpu", compile="eager")
    pixels(engine, shots_of(dev, (at(files["text"]),)))
    krea = models.get("flux.1-krea-dev").with_(weights=dev.weights)
    assert apart(pixels(engine, shots_of(krea, ())), pixels(LocalEngine(device="cpu"), shots_of(dev, ()))) == 0
    assert not hasattr(engine.loaded(shots_of(krea, ())[0]).parts["transformer"], "peft_config")


def test_layers_kept_in_few_bits_carry_switched_loras(
    dev: ModelSpec, files: dict[str, Path], places_alone: None
) -> None:
    shots = shots_of(dev, (at(files["one"]),), (at(files["wide"]),))
    made = pixels(LocalEngine(device="cpu", memory="nf4", compile="eager"), shots)
    assert apart(made, pixels(LocalEngine(device="cpu", memory="nf4"), shots)) <= GREY_LEVELS


def test_layers_that_come_and_go_are_compiled_in_pieces_and_switch_by_name(
    dev: ModelSpec, files: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Their hooks are closed to the compiler, which fails on them where it is to make one graph of a block."""
    from diffusers import FluxTransformer2DModel

    asked: list[bool] = []
    monkeypatch.setattr(
        FluxTransformer2DModel, "compile_repeated_blocks", lambda _, **how: asked.append(how["fullgraph"])
    )
    shots = shots_of(dev, (at(files["one"]),), ())
    engine = LocalEngine(device="cpu", memory="group", compile="eager")
    frames = {frame.shot.id: frame for frame in engine.shoot(shots, silent)}
    made = [np.asarray(frames[shot.id].image).astype(int) for shot in shots]
    assert asked == [False]
    assert apart(made, pixels(LocalEngine(device="cpu"), shots)) <= GREY_LEVELS
    assert "lora_places" not in frames[shots[0].id].provenance.extra


def test_flux2_switches_too(tiny: Tiny, tmp_path: Path, graphs: Any) -> None:
    from tests import tiny as builders

    spec = models.get("flux.2-klein-4b").with_(weights=str(tiny("flux2_klein")))
    loras = [builders.lora(builders.flux2_klein(), tmp_path / str(seed), seed=seed, rank=seed) for seed in (2, 4)]
    shots = shots_of(spec, (at(loras[0]),), (at(loras[1], 0.5),), (), (at(loras[1]), at(loras[0])), guidance=None)
    engine = LocalEngine(device="cpu", compile="eager")
    found, compiled = {}, set()
    for frame in engine.shoot(shots, silent):
        found[frame.shot.id] = np.asarray(frame.image).astype(int)
        compiled.add(graphs())
    assert len(compiled) == 1
    made = [found[shot.id] for shot in shots]
    assert apart(made, pixels(LocalEngine(device="cpu"), shots)) <= GREY_LEVELS


def test_a_lora_of_more_than_two_matrices_a_layer_is_refused_under_compile(
    dev: ModelSpec, files: dict[str, Path], tmp_path: Path, places_alone: None
) -> None:
    import torch
    from safetensors.torch import load_file, save_file

    layers = load_file(files["one"])
    biases = {key.replace("weight", "bias"): torch.ones(len(layers[key])) for key in layers if "lora_B" in key}
    save_file(layers | biases, tmp_path / "biased.safetensors")
    with pytest.raises(WeightsError, match=r"biased.*more than two matrices"):
        pixels(LocalEngine(device="cpu", compile="eager"), shots_of(dev, (at(tmp_path / "biased.safetensors"),)))
