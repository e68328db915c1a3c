"""Steps in common, batches, compiled blocks, attention kernels, caches: what they keep, and what they change."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from fluxkit import models
from fluxkit.engines import Progress, silent
from fluxkit.engines.local import LocalEngine
from fluxkit.engines.local.prefix import Fork, forks
from fluxkit.errors import BadPictureError, Cancelled, CapabilityError, InputError
from fluxkit.models import ModelSpec
from fluxkit.shots import Later
from fluxkit.shots.shot import Shot
from tests.tiny.folders import Tiny


@pytest.fixture(scope="module")
def dev(tiny: Tiny) -> ModelSpec:
    return models.get("flux.1-dev").with_(weights=str(tiny("flux1")))


@pytest.fixture(scope="module")
def klein(tiny: Tiny) -> ModelSpec:
    return models.get("flux.2-klein-base-4b").with_(weights=str(tiny("flux2_klein", distilled=False)))


def a_shot(spec: ModelSpec, **changes: Any) -> Shot:
    request = {"prompt": "a red cat", "seed": 3, "steps": 6, "width": 64, "height": 64}
    return Shot(model=spec.id, spec=spec, **{**request, **changes})


def pixels(engine: LocalEngine, *shots: Shot) -> list[np.ndarray]:
    by_id = {frame.shot.id: np.asarray(frame.image).astype(int) for frame in engine.shoot(shots, silent)}
    return [by_id[shot.id] for shot in shots]


def prints(engine: LocalEngine, *shots: Shot) -> list[str]:
    by_id = {frame.shot.id: frame.fingerprint for frame in engine.shoot(shots, silent)}
    return [by_id[shot.id] for shot in shots]


@pytest.fixture
def passes(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[int]]:
    """The batch size of every pass through a transformer."""
    from diffusers import Flux2Transformer2DModel, FluxTransformer2DModel

    counted: list[int] = []
    for made in (FluxTransformer2DModel, Flux2Transformer2DModel):

        def forward(self: Any, hidden_states: Any, *given: Any, _was: Any = made.forward, **named: Any) -> Any:
            counted.append(len(hidden_states))
            return _was(self, hidden_states, *given, **named)

        monkeypatch.setattr(made, "forward", forward)
    return counted


def test_paths_fork_where_they_part() -> None:
    paths = [tuple(way) for way in ("aaaa", "aabb", "aabc", "xyyy")]
    assert forks(paths) == [
        Fork(0, frozenset({2})),
        Fork(2, frozenset({3})),
        Fork(3, frozenset()),
        Fork(0, frozenset()),
    ]
    assert forks([("a",)]) == [Fork()]
    assert forks([("a", "b"), ("a", "b")]) == [Fork(0, frozenset({1})), Fork(1)]


@pytest.mark.parametrize("family", ["dev", "klein"])
def test_shots_that_fork_share_their_first_steps_to_the_bit(
    family: str, request: pytest.FixtureRequest, passes: list[int]
) -> None:
    spec = request.getfixturevalue(family)
    guidances = {"dev": (3.5, 1.0, 2.0), "klein": (4.0, 2.0, 3.0)}[family]
    shots = [
        a_shot(spec, guidance=guidances[0], seed=3, later=later)
        for later in (
            (),
            Later(step=4, guidance=guidances[1]),
            Later(step=4, guidance=guidances[2]),
            Later(step=2, words="a green dog"),
            (Later(step=2, words="a green dog"), Later(step=5, guidance=guidances[1])),
        )
    ]
    engine = LocalEngine(device="cpu")
    alone = [prints(engine, shot)[0] for shot in shots]
    each = 1 if family == "dev" else 2
    assert len(passes) == len(shots) * 6 * each
    passes.clear()
    assert prints(engine, *shots) == alone
    # A trunk of six steps; two branches of two steps; one of four; one of one.
    assert len(passes) == (6 + 2 + 2 + 4 + 1) * each
    assert len(set(alone)) == len(alone)


def test_a_change_of_guidance_is_that_of_two_runs_joined(dev: ModelSpec) -> None:
    """The last step under other guidance equals diffusers' own loop with its guidance changed in the callback."""
    import torch
    from diffusers import FluxPipeline

    pipeline = FluxPipeline.from_pretrained(dev.weights, local_files_only=True, disable_mmap=True)
    pipeline.set_progress_bar_config(disable=True)
    forward, calls = pipeline.transformer.forward, []

    def changed(*given: Any, guidance: Any, **named: Any) -> Any:
        calls.append(guidance)
        return forward(*given, guidance=torch.full_like(guidance, 1.5) if len(calls) > 4 else guidance, **named)

    pipeline.transformer.forward = changed
    wanted = pipeline(
        "a red cat", generator=torch.Generator("cpu").manual_seed(3), num_inference_steps=6, guidance_scale=3.5,
        width=64, height=64,
    ).images[0]  # fmt: skip
    (made,) = pixels(LocalEngine(device="cpu"), a_shot(dev, guidance=3.5, later=Later(step=4, guidance=1.5)))
    assert np.array_equal(made, np.asarray(wanted))


def test_a_stopped_fork_leaves_nothing_behind(dev: ModelSpec) -> None:
    shots = [a_shot(dev, guidance=3.0, later=later) for later in ((), Later(step=3, guidance=1.0))]
    engine, clean = LocalEngine(device="cpu"), prints(LocalEngine(device="cpu"), *shots)

    def stop(progress: Progress) -> None:
        if progress.stage == "denoise" and progress.step == 4:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        list(engine.shoot(shots, stop))
    assert prints(engine, *reversed(shots)) == clean[::-1]


def test_out_of_memory_in_a_fork_steps_down_and_goes_on(dev: ModelSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    from diffusers import FluxTransformer2DModel

    shots = [
        a_shot(dev, guidance=3.0, later=later)
        for later in ((), Later(step=4, guidance=1.0), Later(step=2, guidance=1.0))
    ]
    clean, forward, calls = prints(LocalEngine(device="cpu"), *shots), FluxTransformer2DModel.forward, []

    def scarce(self: Any, *given: Any, **named: Any) -> Any:
        calls.append(given)
        if len(calls) == 8:  # in the second shot, which begins with a state of the first
            raise MemoryError
        return forward(self, *given, **named)

    monkeypatch.setattr(FluxTransformer2DModel, "forward", scarce)
    engine = LocalEngine(device="cpu")
    assert prints(engine, *shots) == clean
    assert engine._model.parts.lever == "offload"


def test_the_table_of_modulation_knows_changes_on_the_way(dev: ModelSpec) -> None:
    shots = [a_shot(dev, guidance=3.0, later=later) for later in ((), Later(step=3, guidance=1.0, words="a dog"))]
    assert prints(LocalEngine(device="cpu", memory="table"), *shots) == prints(LocalEngine(device="cpu"), *shots)


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
@pytest.mark.parametrize("kind", ["klein", "distilled", "dev"])
def test_flux2_from_words_equals_diffusers(tiny: Tiny, kind: str, dtype: str) -> None:
    import torch
    from diffusers import DiffusionPipeline

    from fluxkit.engines.local import flux2

    if kind == "dev":
        folder, name, guidance = tiny("flux2_dev"), "flux.2-dev", 3.0
    else:
        folder = tiny("flux2_klein", distilled=kind == "distilled")
        name, guidance = ("flux.2-klein-4b", None) if kind == "distilled" else ("flux.2-klein-base-4b", 3.0)
    spec = models.get(name).with_(weights=str(folder))
    pipeline = DiffusionPipeline.from_pretrained(
        folder, local_files_only=True, disable_mmap=True, dtype=getattr(torch, dtype)
    )
    pipeline.set_progress_bar_config(disable=True)
    wanted = pipeline(
        prompt="a red cat", generator=torch.Generator("cpu").manual_seed(3), num_inference_steps=3, width=96, height=64,
        guidance_scale=guidance or 1.0, text_encoder_out_layers=flux2.layers(pipeline.text_encoder.config),
    ).images[0]  # fmt: skip
    shot = a_shot(spec, steps=3, width=96, guidance=guidance)
    (made,) = pixels(LocalEngine(device="cpu", dtype=dtype), shot)
    assert np.array_equal(made, np.asarray(wanted))


@pytest.mark.parametrize("family", ["dev", "klein"])
def test_a_batch_gives_each_shot_its_own_seed_guidance_and_words(
    family: str, request: pytest.FixtureRequest, passes: list[int]
) -> None:
    spec = request.getfixturevalue(family)
    shots = [
        a_shot(spec, seed=seed, guidance=guidance, prompt=words)
        for seed, guidance, words in ((1, 2.0, "a cat"), (2, 4.0, "a red cat"), (3, 3.0, "a cat"), (1, 3.0, "a dog"),
                                      (9, 2.0, "a cat"))
    ]  # fmt: skip
    single = pixels(LocalEngine(device="cpu"), *shots)
    passes.clear()
    frames = list(LocalEngine(device="cpu", batch=2).shoot(shots, silent))
    assert set(passes) == {2}
    assert len(passes) == 3 * 6 * (1 if family == "dev" else 2)
    assert {frame.provenance.batch for frame in frames} == {2}
    for shot, alone in zip(shots, single, strict=True):
        together = next(np.asarray(frame.image).astype(int) for frame in frames if frame.shot.id == shot.id)
        assert abs(together - alone).max() <= 1


def test_in_a_batch_of_constant_size_a_picture_does_not_depend_on_its_neighbours(dev: ModelSpec) -> None:
    shots = [a_shot(dev, seed=seed, guidance=2.0) for seed in range(5)]
    together = prints(LocalEngine(device="cpu", batch=3), *shots)
    assert prints(LocalEngine(device="cpu", batch=3), shots[4]) == together[4:]
    assert prints(LocalEngine(device="cpu", batch=3), *shots[1:4]) == together[1:4]


def test_shots_that_cannot_go_together_do_not(dev: ModelSpec, passes: list[int]) -> None:
    shots = [
        a_shot(dev, seed=1),
        a_shot(dev, seed=2, width=128),
        a_shot(dev, seed=3, steps=5),
        a_shot(dev, seed=4, negative="dog", true_cfg=2.0),
        a_shot(dev, seed=5, negative="dog", true_cfg=3.0),
        a_shot(dev, seed=6, guidance=2.0, later=Later(step=2, guidance=4.0)),
    ]
    frames = {frame.shot.id: frame for frame in LocalEngine(device="cpu", batch=2).shoot(shots, silent)}
    assert [frames[shot.id].provenance.batch for shot in shots] == [2, 2, 2, 2, 2, 1]
    single = pixels(LocalEngine(device="cpu"), *shots)
    for shot, alone in zip(shots, single, strict=True):
        assert abs(np.asarray(frames[shot.id].image).astype(int) - alone).max() <= 1


def test_the_table_of_modulation_is_exact_in_batches(dev: ModelSpec) -> None:
    shots = [a_shot(dev, seed=seed, guidance=1.0 + seed) for seed in range(3)]
    plain = prints(LocalEngine(device="cpu", batch=3), *shots)
    assert prints(LocalEngine(device="cpu", batch=3, memory="table"), *shots) == plain


def test_compiled_blocks_are_not_compiled_again_for_seeds_guidances_prompts_and_sizes(dev: ModelSpec) -> None:
    import torch
    from torch._dynamo.utils import counters

    torch._dynamo.reset()
    counters.clear()
    engine = LocalEngine(device="cpu", compile="eager", memory="table")
    frames = list(engine.shoot([a_shot(dev, steps=1), a_shot(dev, steps=1, width=96)], silent))
    assert frames[0].provenance.levers == ("table", "compile eager")
    graphs = counters["stats"]["unique_graphs"]
    assert graphs >= 2
    asked = ((2, 5, 1.0, "a dog", 64), (3, 6, 4.5, "a photo of the red cat", 128), (2, 7, 2.0, "a", 160))
    shots = [
        a_shot(dev, steps=steps, seed=seed, guidance=guidance, prompt=words, height=height)
        for steps, seed, guidance, words, height in asked
    ]
    made = prints(engine, *shots)
    assert counters["stats"]["unique_graphs"] == graphs
    assert made == prints(LocalEngine(device="cpu"), *shots)


def test_an_attention_backend_is_used_named_and_given_back(dev: ModelSpec) -> None:
    from diffusers.models.attention_dispatch import _AttentionBackendRegistry

    before = _AttentionBackendRegistry._active_backend
    engine = LocalEngine(device="cpu", attention="_native_math")
    frame = next(iter(engine.shoot([a_shot(dev, steps=2)], silent)))
    assert frame.provenance.levers == ("attention _native_math",)
    assert _AttentionBackendRegistry._active_backend == before
    plain = pixels(LocalEngine(device="cpu"), a_shot(dev, steps=2))[0]
    assert abs(np.asarray(frame.image).astype(int) - plain).max() <= 1


@pytest.mark.parametrize(("name", "why"), [("flesh", "is not known"), ("sage", "cannot run here")])
def test_an_attention_backend_that_is_not_there_is_refused(dev: ModelSpec, name: str, why: str) -> None:
    from diffusers.models.attention_dispatch import _AttentionBackendRegistry

    before = _AttentionBackendRegistry._active_backend
    with pytest.raises(InputError, match=f"attention='{name}' was asked for, which {why}"):
        pixels(LocalEngine(device="cpu", attention=name), a_shot(dev))
    assert _AttentionBackendRegistry._active_backend == before


@pytest.mark.parametrize(
    ("family", "cache"),
    [("dev", "first-block 0.3"), ("dev", "taylorseer 2"), ("klein", "taylorseer 2"), ("klein-kv", "taylorseer 2")],
)
def test_a_cache_over_steps_skips_work_repeats_itself_and_forgets_a_stopped_run(
    tiny: Tiny, request: pytest.FixtureRequest, family: str, cache: str
) -> None:
    if family == "klein-kv":
        spec = models.get("flux.2-klein-9b-kv").with_(weights=str(tiny("flux2_klein")))
    else:
        spec = request.getfixturevalue(family)
    shots = [a_shot(spec, steps=8, seed=seed) for seed in (1, 2)]
    engine = LocalEngine(device="cpu", step_cache=cache)
    first = prints(engine, *shots)
    assert first != prints(LocalEngine(device="cpu"), *shots)
    assert prints(engine, *reversed(shots)) == first[::-1]

    def stop(progress: Progress) -> None:
        if progress.stage == "denoise" and progress.step == 5:
            raise Cancelled("enough")

    with pytest.raises(Cancelled):
        list(engine.shoot(shots, stop))
    assert prints(engine, *shots) == first
    frame = next(iter(engine.shoot(shots[:1], silent)))
    assert frame.provenance.levers == (cache,)


def test_a_cache_works_in_every_task_from_a_picture(tiny: Tiny) -> None:
    from fluxkit.shots.inputs import Inputs, Mask, ReferenceImage

    mask = Mask.rectangle(64, 64)
    inputs = Inputs(image=ReferenceImage.of(mask.image.convert("RGB")), mask=mask)
    spec = models.get("flux.1-fill-dev").with_(weights=str(tiny("flux1", "FluxFillPipeline")))
    shot = a_shot(spec, inputs=inputs, steps=8, guidance=30.0)
    engine = LocalEngine(device="cpu", step_cache="first-block 0.5")
    assert prints(engine, shot) == prints(engine, shot)


def test_what_a_cache_cannot_do_is_refused(dev: ModelSpec, klein: ModelSpec) -> None:
    from fluxkit.shots.inputs import Inputs, ReferenceImage

    with pytest.raises(CapabilityError, match=r"first-block.*take: taylorseer"):
        pixels(LocalEngine(device="cpu", step_cache="first-block"), a_shot(klein))
    with pytest.raises(CapabilityError, match="batch=2"):
        pixels(LocalEngine(device="cpu", step_cache="first-block", batch=2), a_shot(dev))
    with pytest.raises(InputError, match="first-block, taylorseer"):
        LocalEngine(step_cache="teacache")
    from PIL import Image

    inputs = Inputs(image=ReferenceImage.of(Image.new("RGB", (64, 64), "grey")), strength=0.8)
    shot = a_shot(dev, inputs=inputs, negative="dog", true_cfg=2.0)
    with pytest.raises(CapabilityError, match="negative prompt"):
        pixels(LocalEngine(device="cpu", step_cache="first-block"), shot)


def test_shots_that_fork_are_each_made_whole_under_a_cache(dev: ModelSpec) -> None:
    shots = [a_shot(dev, steps=8, guidance=3.0, later=later) for later in ((), Later(step=6, guidance=1.0))]
    engine = LocalEngine(device="cpu", step_cache="taylorseer 2")
    assert prints(engine, *shots) == [prints(LocalEngine(device="cpu", step_cache="taylorseer 2"), s)[0] for s in shots]


def test_pictures_are_developed_beside_the_next_exposure_to_the_same_pixels(
    dev: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    import threading

    from fluxkit.engines.local import makers, run

    shots = [a_shot(dev, seed=seed, steps=2) for seed in range(4)]
    threads: set[str] = set()
    develop = makers.develop

    def watched(*given: Any) -> Any:
        threads.add(threading.current_thread().name.partition("_")[0])
        return develop(*given)

    monkeypatch.setattr(makers, "develop", watched)
    made = {}
    for beside in (True, False):
        monkeypatch.setattr(run, "is_free", lambda *_, beside=beside: beside)
        threads.clear()
        made[beside] = prints(LocalEngine(device="cpu"), *shots)
        assert "fluxkit-darkroom" in threads if beside else threads == {"MainThread"}
    assert made[True] == made[False]


@pytest.mark.parametrize(("kind", "pixels", "helped"), [("cpu", 64 * 64, True), ("cpu", 1024 * 1024, False)])
def test_a_full_darkroom_is_helped_by_whoever_brings_more_small_pictures(kind: str, pixels: int, helped: bool) -> None:
    import threading

    from fluxkit.engines.local.darkroom import Darkroom
    from fluxkit.engines.local.device import Device

    room: Darkroom[str] = Darkroom(Device(kind, "float32"), beside=True, pixels=pixels)
    free = threading.Event()

    def work() -> str:
        if threading.current_thread().name.startswith("fluxkit-darkroom"):
            free.wait()
            return "darkroom"
        return "helper"

    room.give(work)
    room.give(work)
    bringing = threading.Thread(target=room.give, args=(work,))
    bringing.start()
    bringing.join(None if helped else 0.2)
    assert bringing.is_alive() is not helped
    free.set()
    bringing.join()
    assert [one.result() for one in room.rest()] == ["darkroom", "darkroom", "helper" if helped else "darkroom"]
    room.close()


def test_a_picture_that_fails_in_the_darkroom_holds_up_no_others(
    dev: ModelSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    from fluxkit.engines.local import makers, run

    monkeypatch.setattr(run, "is_free", lambda *_: True)
    shots = [a_shot(dev, seed=seed, steps=2) for seed in range(8)]
    develop, exposed, made = makers.develop, set(), []

    def spoilt(parts: Any, shot: Shot, latents: Any) -> Any:
        return develop(parts, shot, latents * (float("nan") if shot == shots[1] else 1))

    def seen(progress: Progress) -> None:
        exposed.update({progress.shot} if progress.stage == "decode" else ())

    monkeypatch.setattr(makers, "develop", spoilt)
    with pytest.raises(BadPictureError) as raised:
        made.extend(frame.shot for frame in LocalEngine(device="cpu").shoot(shots, seen))
    assert raised.value.shot == shots[1]
    assert len(exposed) < len(shots), "the rest is not made behind the back of an error"
    assert set(made) == exposed - {shots[1]}, "what was exposed before is not lost"


@pytest.mark.parametrize("beside", [True, False])
def test_a_finished_exposure_is_not_lost_when_the_next_is_stopped(
    dev: ModelSpec, monkeypatch: pytest.MonkeyPatch, beside: bool
) -> None:
    from fluxkit.engines.local import run

    monkeypatch.setattr(run, "is_free", lambda *_: beside)
    shots = [a_shot(dev, seed=seed, steps=2) for seed in range(3)]

    def stop(progress: Progress) -> None:
        if progress.stage == "denoise" and progress.shot == shots[1] and progress.step == 0:
            raise Cancelled("enough")

    frames = []
    with pytest.raises(Cancelled):
        for frame in LocalEngine(device="cpu").shoot(shots, stop):
            frames.append(frame)  # noqa: PERF402 (those before the stop are wanted)
    assert [frame.shot.seed for frame in frames] == [0]


@pytest.mark.parametrize("beside", [True, False])
def test_out_of_memory_while_developing_steps_down_and_goes_on(
    dev: ModelSpec, monkeypatch: pytest.MonkeyPatch, beside: bool
) -> None:
    from fluxkit.engines.local import makers, run

    monkeypatch.setattr(run, "is_free", lambda *_: beside)
    shots = [a_shot(dev, seed=seed, steps=2) for seed in range(3)]
    clean, develop, calls = prints(LocalEngine(device="cpu"), *shots), makers.develop, []

    def scarce(*given: Any) -> Any:
        calls.append(given)
        if len(calls) == 2:
            raise MemoryError
        return develop(*given)

    monkeypatch.setattr(makers, "develop", scarce)
    engine = LocalEngine(device="cpu")
    assert prints(engine, *shots) == clean
    assert engine._model.parts.lever == "offload"


def test_a_receipt_tells_time_lever_and_forecast(dev: ModelSpec, monkeypatch: pytest.MonkeyPatch) -> None:
    from fluxkit.engines.local import receipts

    frame = next(iter(LocalEngine(device="cpu", memory="offload").shoot([a_shot(dev)], silent)))
    told = frame.receipt
    assert told["memory"] == "offload"
    assert told["seconds"] == pytest.approx(told["denoise_seconds"] + told["decode_seconds"], abs=2e-4)
    assert told["forecast_bytes"] > 1e6
    assert "peak_bytes" not in told
    monkeypatch.setattr(receipts, "peak_bytes", lambda _kind: 12_345)
    assert next(iter(LocalEngine(device="cpu").shoot([a_shot(dev)], silent))).receipt["peak_bytes"] == 12_345
