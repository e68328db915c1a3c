from __future__ import annotations

from typing import Any

import pytest

from fluxkit import models
from fluxkit.engines import silent
from fluxkit.engines.local import LocalEngine, levers
from fluxkit.engines.local.device import Device
from fluxkit.engines.local.parts import Parts
from fluxkit.errors import CapabilityError, InputError, OutOfMemoryError
from fluxkit.models import ModelSpec
from fluxkit.shots import ShotPlan
from fluxkit.shots.shot import LoRA, Shot
from tests.tiny.folders import Tiny


@pytest.fixture(scope="module")
def dev(tiny: Tiny) -> ModelSpec:
    return models.get("flux.1-dev").with_(weights=str(tiny("flux1")))


def a_shot(spec: ModelSpec, **changes: Any) -> Shot:
    request = {"prompt": "a red cat", "seed": 3, "steps": 2, "width": 64, "height": 64}
    return Shot(model=spec.id, spec=spec, **{**request, **changes})


def shoot(engine: LocalEngine, *shots: Shot) -> list[Any]:
    return list(engine.shoot(shots, silent))


@pytest.fixture(scope="module")
def resident(dev: ModelSpec) -> str:
    return shoot(LocalEngine(device="cpu"), a_shot(dev))[0].fingerprint


@pytest.mark.parametrize("lever", ["offload", "table", "group"])
def test_levers_that_promise_it_keep_the_pixels(dev: ModelSpec, resident: str, lever: str) -> None:
    frame = shoot(LocalEngine(device="cpu", memory=lever), a_shot(dev))[0]
    assert frame.fingerprint == resident
    assert frame.provenance.levers == (lever,)


def test_the_modulation_table_is_exact_and_its_weights_leave_the_transformer(dev: ModelSpec) -> None:
    shots = [
        a_shot(dev, steps=steps, guidance=guidance, seed=seed, **more)
        for steps, guidance, seed, more in (
            (2, 1.0, 3, {}),
            (3, 4.0, 4, {}),
            (3, 4.0, 5, {"prompt": "a green dog", "negative": "blue", "true_cfg": 3.0}),
        )
    ]
    plain = [frame.fingerprint for frame in shoot(LocalEngine(device="cpu"), *shots)]
    engine = LocalEngine(device="cpu", memory="table")
    frames = shoot(engine, *shots)
    assert [frame.fingerprint for frame in frames] == plain
    assert {frame.provenance.levers for frame in frames} == {("table",)}
    parts = engine._model.parts
    assert not [name for name, _ in parts["transformer"].named_parameters() if "norm" in name and "linear" in name]
    assert sum(parts.table.sizes().values()) > 0.2 * sum(p.numel() for p in parts["transformer"].parameters())


def test_the_table_steps_aside_for_work_it_does_not_know(dev: ModelSpec) -> None:
    from fluxkit.shots.inputs import Inputs, Mask, ReferenceImage

    mask = Mask.rectangle(64, 64)
    inputs = Inputs(image=ReferenceImage.of(mask.image.convert("RGB")), mask=mask)
    engine = LocalEngine(device="cpu", memory="table")
    shots = (a_shot(dev), a_shot(dev, inputs=inputs), a_shot(dev, seed=4))
    by_id = {frame.shot.id: frame for frame in engine.shoot(shots, silent)}
    plain = {frame.shot.id: frame.fingerprint for frame in LocalEngine(device="cpu").shoot(shots, silent)}
    assert {name: frame.fingerprint for name, frame in by_id.items()} == plain
    assert [by_id[shot.id].provenance.levers for shot in shots] == [("table",), ("offload",), ("table",)]


def test_fp8_halves_the_transformer_and_says_so(dev: ModelSpec, resident: str) -> None:
    engine = LocalEngine(device="cpu", memory="fp8")
    frame = shoot(engine, a_shot(dev))[0]
    assert frame.provenance.levers == ("fp8",)
    assert frame.fingerprint != resident
    sizes = {p.element_size() for p in engine._model.parts["transformer"].transformer_blocks[0].attn.parameters()}
    assert 1 in sizes


@pytest.mark.parametrize(("lever", "close"), [("int8", 12), ("nf4", 40)])
def test_quantised_levers_keep_the_picture_nearly_and_say_so(dev: ModelSpec, lever: str, close: float) -> None:
    import numpy as np

    plain = shoot(LocalEngine(device="cpu"), a_shot(dev))[0]
    engine = LocalEngine(device="cpu", memory=lever)
    frame = shoot(engine, a_shot(dev))[0]
    assert frame.provenance.levers == (lever,)
    apart = np.abs(np.asarray(frame.image).astype(int) - np.asarray(plain.image).astype(int)).mean()
    assert 0 < apart < close
    layer = engine._model.parts["transformer"].transformer_blocks[0].ff.net[2]
    assert {"codes", "scale"} <= {name for name, _ in layer.named_buffers()}
    assert shoot(engine, a_shot(dev))[0].fingerprint == frame.fingerprint


def test_quantised_layers_carry_loras_and_fp8_says_that_it_does_not(dev: ModelSpec, tmp_path: Any) -> None:
    import torch
    from safetensors.torch import save_file

    name = "transformer.transformer_blocks.0.ff.net.2"  # one that is quantised in so small a model
    tensors = {f"{name}.lora_A.weight": torch.randn(4, 128), f"{name}.lora_B.weight": torch.randn(32, 4)}
    save_file(tensors, tmp_path / "silk.safetensors")
    lora = LoRA(weights=str(tmp_path / "silk.safetensors"))
    engine = LocalEngine(device="cpu", memory="int8")
    plain, with_lora, again = (shoot(engine, a_shot(dev, loras=loras))[0].fingerprint for loras in ((), (lora,), ()))
    assert plain == again != with_lora
    with pytest.raises(CapabilityError, match=r"memory='fp8'.*'silk at 1'.*int8"):
        shoot(LocalEngine(device="cpu", memory="fp8"), a_shot(dev, loras=(lora,)))


def test_quantised_text_encoders_have_embeds_of_their_own(dev: ModelSpec) -> None:
    key = {}
    for lever in ("offload", "int8"):
        engine = LocalEngine(device="cpu", memory=lever)
        engine._load(a_shot(dev))
        key[lever] = engine._model.embeds_key("a red cat", ())
    assert key["offload"] != key["int8"]


def test_out_of_memory_steps_down_one_lever_goes_on_and_says_so(
    dev: ModelSpec, resident: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    from diffusers import FluxTransformer2DModel

    engine, forward, calls = LocalEngine(device="cpu"), FluxTransformer2DModel.forward, []

    def scarce(self: Any, *args: Any, **kwargs: Any) -> Any:
        calls.append(engine._model.parts.lever)
        if len(calls) == 4:
            raise MemoryError
        return forward(self, *args, **kwargs)

    monkeypatch.setattr(FluxTransformer2DModel, "forward", scarce)
    frames = shoot(engine, a_shot(dev), a_shot(dev, seed=4), a_shot(dev, seed=5))
    assert [frame.provenance.levers for frame in frames] == [(), ("offload",), ("offload",)]
    assert frames[0].fingerprint == resident
    assert calls == ["resident"] * 4 + ["offload"] * 4


def test_out_of_memory_is_told_when_no_lever_is_left(dev: ModelSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    from diffusers import FluxTransformer2DModel

    def scarce(*_: Any, **__: Any) -> None:
        raise MemoryError

    monkeypatch.setattr(FluxTransformer2DModel, "forward", scarce)
    engine = LocalEngine(device="cpu")
    with pytest.raises(OutOfMemoryError):
        shoot(engine, a_shot(dev))
    assert engine._model.parts.lever == "group"


def test_switching_models_frees_every_parameter_that_is_not_shared(dev: ModelSpec, tiny: Tiny) -> None:
    import gc

    import torch

    def live() -> int:
        gc.collect()
        return sum(p.numel() for p in gc.get_objects() if isinstance(p, torch.nn.Parameter))

    klein = models.get("flux.2-klein-4b").with_(weights=str(tiny("flux2_klein")))
    before = live()
    engine = LocalEngine(device="cpu")
    shoot(engine, a_shot(klein))
    alone = live() - before
    shoot(engine, a_shot(dev))
    engine.embeds.clear()
    shoot(engine, a_shot(klein))
    assert live() - before == alone > 100_000
    engine.close()
    assert live() == before


def test_auto_follows_the_forecast_and_the_free_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    spec, card = models.get("flux.1-dev"), Device("cuda", "bfloat16")
    for free, lever in ((80e9, "resident"), (32e9, "offload"), (24e9, "table"), (16e9, "group")):
        monkeypatch.setattr(levers, "free_bytes", lambda _, free=free: int(free))
        assert levers.choose("auto", spec, 1024, 1024, card) == lever
    assert levers.choose("fp8", spec, 1024, 1024, card) == "fp8"
    monkeypatch.setattr(levers, "free_bytes", lambda _: None)
    assert levers.choose("auto", spec, 1024, 1024, Device("cpu", "float32")) == "resident"


def test_an_unknown_lever_is_refused() -> None:
    with pytest.raises(InputError, match="auto or one of: resident, offload, table, group, fp8"):
        LocalEngine(memory="sequential")


def test_a_plan_forecasts_its_largest_shot(dev: ModelSpec) -> None:
    plan = ShotPlan([a_shot(dev), a_shot(dev, width=512, height=512), a_shot(dev, seed=4)])
    (found,) = plan.memory()
    assert (found.width, found.height) == (512, 512)
    assert found.exact
    assert "offload" in str(found)


class Placed:
    """A part that only says where it is."""

    parameters = ()

    def __init__(self, place: str) -> None:
        self.place = place

    def to(self, place: str) -> None:
        self.place = place


@pytest.mark.parametrize(
    ("lever", "then", "encoder"), [("offload", "resident", "card"), ("resident", "offload", "cpu"), (None, None, "cpu")]
)
def test_parts_that_are_taken_over_lie_where_the_new_lever_wants_them(
    dev: ModelSpec, lever: Any, then: Any, encoder: str
) -> None:
    card = Device("card", "float32")
    former = Parts(dev, card, lever or "offload")
    former._loaded = {"text_encoder": Placed("card" if lever == "resident" else "cpu"), "transformer": Placed("card")}
    if lever is None:
        former.wake()  # and then the run is stopped
        assert former._loaded["transformer"].place == "cpu"
    taken = Parts(dev, card, then or "offload")
    transformer = former._loaded["transformer"]
    taken.adopt(former)
    assert taken._loaded["text_encoder"].place == encoder
    assert transformer.place == "card"
