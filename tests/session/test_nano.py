"""The embedded model in a session: the pixels of plain diffusers, and a repeated plan that makes nothing."""

from __future__ import annotations

import numpy as np
import pytest

import fluxkit as fk

SCENE = fk.Scene(
    subject=fk.Subject(description="a woman", hair="long brown hair", skin="fair skin"),
    environment=fk.Environment(place="grey studio"),
    lighting=fk.Lighting(key=fk.Light(direction="left", quality="soft")),
)


def test_nano_gives_the_pixels_of_plain_diffusers(tmp_path):
    torch = pytest.importorskip("torch")
    diffusers = pytest.importorskip("diffusers")
    spec = fk.models.get("nano")
    with fk.Session(tmp_path) as session:
        frame = session.shoot(SCENE, model="nano", seed=7, steps=6, guidance=2.5)
    pipe = diffusers.FluxPipeline.from_pretrained(spec.weights, local_files_only=True, disable_mmap=True)
    pipe.set_progress_bar_config(disable=True)
    raw = pipe(
        str(frame.shot.prompt),
        num_inference_steps=6,
        guidance_scale=2.5,
        width=128,
        height=128,
        max_sequence_length=spec.windows["t5"],
        generator=torch.Generator().manual_seed(7),
    ).images[0]
    assert np.array_equal(np.asarray(frame.image), np.asarray(raw))


def test_a_repeated_nano_plan_loads_no_model(tmp_path):
    with fk.Session(tmp_path) as session:
        first = session.shoot(SCENE, model="nano", seed=1, steps=2)
    with fk.Session(tmp_path) as session:
        again = session.shoot(SCENE, model="nano", seed=1, steps=2)
        assert session._engines == []
    assert first.fingerprint == again.fingerprint
