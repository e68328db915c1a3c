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


def darker_half(picture, box):
    """ "left" or "right", whichever half of the box is darker."""
    grey = np.asarray(picture.convert("L")).astype(float)
    left, top, right, bottom = box
    middle = (left + right) // 2
    halves = grey[top:bottom, left:middle].mean(), grey[top:bottom, middle:right].mean()
    return "left" if halves[0] < halves[1] else "right"


def test_siblings_fill_follow_and_edit_through_a_session(tmp_path):
    """The calls of the tutorial: a hole filled, shapes followed under another light, the light turned."""
    with fk.Session(tmp_path) as session:
        frame = session.shoot(SCENE, model="nano", seed=7)
        hole = fk.Mask.from_box(frame, (24, 8, 104, 112))
        filled = session.fill(frame, mask=hole, prompt=SCENE, model="nano-fill", seed=3)
        lit = SCENE.with_("lighting.key.direction", "right")
        followed = session.control(lit, fk.ControlMap.canny(frame), model="nano-canny", seed=3)
        turned = session.edit(frame, fk.Edit(change="turn the key light to the right"), model="nano-kontext", seed=3)
    before, after = (np.asarray(one.image).astype(int) for one in (frame, filled))
    outside = np.asarray(hole.image) == 0
    assert np.array_equal(before[outside], after[outside])
    assert np.abs(before - after)[~outside].mean() > 1
    face = (40, 40, 88, 88)
    assert darker_half(frame.image, face) == "right"
    assert darker_half(turned.image, face) == "left"
    assert darker_half(followed.image, face) == "left"
    assert [one.shot.model for one in (filled, followed, turned)] == ["nano-fill", "nano-canny", "nano-kontext"]
