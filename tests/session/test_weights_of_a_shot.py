"""A shot is made with the weights that it names, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

import fluxkit as fk
from fluxkit import models
from fluxkit.engines.function import FunctionEngine
from fluxkit.errors import WeightsError
from fluxkit.models.weights import weights_tag
from fluxkit.shots import shot as shots


def fine_tune(folder: Path) -> models.ModelSpec:
    (folder / "transformer").mkdir(parents=True)
    (folder / "transformer" / "model.safetensors").write_bytes(b"tuned" * 900)
    return models.get("flux.1-dev").with_(weights=str(folder))


@pytest.fixture
def made(tmp_path):
    used = []

    def picture(shot):
        used.append(weights_tag(shot.spec))
        return Image.new("RGB", (shot.width, shot.height), (len(used), 60, 90))

    with fk.Session(tmp_path / "catalogue", engine=FunctionEngine(picture)) as session:
        spec = fine_tune(tmp_path / "mine")
        frame = session.shoot(fk.Scene(subject="a vase"), model=spec, size=(256, 256))
        yield session, spec, fk.Frame.open(frame.save(tmp_path / "frame.png")), used


def test_a_shot_from_a_file_finds_the_weights_that_this_process_knows(made):
    session, spec, frame, used = made
    session.shoot(frame.shot.with_(seed=1))
    assert frame.shot.spec == spec
    assert used[0] == used[1] == frame.shot.weights


def test_a_shot_from_a_file_is_never_made_with_other_weights(made, monkeypatch):
    session, spec, frame, used = made
    monkeypatch.setattr(shots, "_specs", {})  # as in a new process
    stranger = type(frame).open(frame.save(session.catalogue.folder / "again.png")).shot.with_(seed=2)
    with pytest.raises(WeightsError, match="mine:"):
        session.shoot(stranger)
    assert len(used) == 1
    assert session.shoot(stranger.with_(spec=spec)).shot.weights == frame.shot.weights


def test_a_kept_frame_comes_back_whatever_weights_are_here(made, monkeypatch):
    session, _spec, frame, used = made
    monkeypatch.setattr(shots, "_specs", {})
    again = type(frame).open(frame.save(session.catalogue.folder / "again.png")).shot
    assert session.shoot(again).fingerprint == frame.fingerprint and len(used) == 1
