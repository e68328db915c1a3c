"""Every task through a `Session` on tiny FLUX weights: what the method asks for is what diffusers makes of it."""

from __future__ import annotations

import numpy as np
import pytest

import fluxkit as fk
from fluxkit.engines.local import LocalEngine
from tests.engines.raw import by_diffusers, equal, noise, spec_of
from tests.tiny.folders import tiny

__all__ = ["tiny"]

PICTURE, OTHER = noise(), noise(seed=1)
ASKED = {"prompt": "a photo of the red cat", "seed": 3, "steps": 2}


@pytest.fixture(scope="module")
def session(tmp_path_factory):
    with fk.Session(tmp_path_factory.mktemp("catalogue"), engine=LocalEngine(device="cpu")) as opened:
        yield opened


def _pixels(frame):
    return np.asarray(frame.image)


def test_vary(session, tiny):
    frame = session.vary(PICTURE, strength=0.5, model=spec_of("flux.1-dev", tiny("flux1")), **ASKED)
    assert equal(_pixels(frame), by_diffusers("FluxImg2ImgPipeline", frame.shot, image=PICTURE, strength=0.5))


@pytest.mark.parametrize(
    ("name", "build", "pipeline", "call"),
    [
        ("flux.1-fill-dev", ("flux1", "FluxFillPipeline"), "FluxFillPipeline", {}),
        ("flux.2-klein-4b", ("flux2_klein",), "Flux2KleinInpaintPipeline", {"strength": 0.8, "guidance_scale": 1.0}),
    ],
)
def test_fill_and_outpaint(session, tiny, name, build, pipeline, call):
    spec = spec_of(name, tiny(*build))
    mask = fk.Mask.rectangle(64, 96, right=0.5)
    frame = session.fill(PICTURE, mask=mask, model=spec, **ASKED)
    raw = by_diffusers(pipeline, frame.shot, image=PICTURE, mask_image=mask.image, **call)
    assert equal(_pixels(frame)[:, :32], raw[:, :32])
    assert equal(_pixels(frame)[:, 32:], np.asarray(PICTURE)[:, 32:])
    grown = session.outpaint(PICTURE, left=32, model=spec, **ASKED)
    assert grown.image.size == (96, 96)
    assert equal(_pixels(grown)[:, 32:], np.asarray(PICTURE))


def test_control(session, tiny):
    spec = spec_of("flux.1-depth-dev", tiny("flux1", "FluxControlPipeline"))
    settings = {name: value for name, value in ASKED.items() if name != "prompt"}
    frame = session.control(ASKED["prompt"], fk.ControlMap.given(OTHER, kind="depth"), model=spec, **settings)
    assert equal(_pixels(frame), by_diffusers("FluxControlPipeline", frame.shot, control_image=OTHER))


@pytest.mark.parametrize("references", [[], [OTHER]])
def test_edit(session, tiny, references):
    spec = spec_of("flux.2-klein-4b", tiny("flux2_klein"))
    frame = session.edit(PICTURE, ASKED["prompt"], references=references, model=spec, seed=3, steps=2)
    raw = by_diffusers("Flux2KleinPipeline", frame.shot, image=[PICTURE, *references], guidance_scale=1.0)
    assert equal(_pixels(frame), raw)


def test_blend_and_a_kept_shot_that_is_read_back(session, tiny):
    spec = spec_of("flux.1-redux-dev", tiny("redux_prior"), base_weights=str(tiny("flux1")))
    frame = session.blend([PICTURE, OTHER], weights=[0.8, 0.2], model=spec, size=(64, 96), **ASKED)
    other = session.blend([PICTURE, OTHER], weights=[0.2, 0.8], model=spec, size=(64, 96), **ASKED)
    assert not equal(_pixels(frame), _pixels(other))
    assert session.catalogue.get(frame.shot.id).fingerprint == frame.fingerprint


def test_a_lora_sweep_over_strengths_keeps_its_ids_when_read_back(session, tiny, tmp_path):
    import torch
    from safetensors.torch import save_file

    torch.manual_seed(2)
    name = "transformer.transformer_blocks.0.attn.to_q"
    file = tmp_path / "silk.safetensors"
    save_file({f"{name}.lora_A.weight": torch.randn(4, 32), f"{name}.lora_B.weight": torch.randn(32, 4)}, file)
    spec = spec_of("flux.1-dev", tiny("flux1"))
    sweep = fk.Sweep(fk.Scene(subject="a red cat"), model=spec, steps=2, size=(64, 64))
    frames = session.shoot(sweep.over(loras=[(), *fk.LoRA(weights=str(file)).at(0.5, 1.0)]))
    assert len({frame.fingerprint for frame in frames}) == 3
    assert [lora.label for frame in frames for lora in frame.shot.loras] == ["silk at 0.5", "silk at 1"]
    frames[1].save(tmp_path / "kept.png")
    file.rename(tmp_path / "other name.safetensors")
    read = fk.Frame.open(tmp_path / "kept.png")
    assert read.shot.id == frames[1].shot.id
    assert str(tmp_path) not in repr(read.shot)
