"""A LoRA is known by its content: what a shot says of it stays true when files of that name come and go."""

from __future__ import annotations

import os
import time
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import fluxkit as fk
from fluxkit.errors import CapabilityError
from fluxkit.shots import Shot, make_plan
from fluxkit.shots.shot import LoRA


def written(path: Path, value: float) -> Path:
    save_file({"transformer.x.lora_A.weight": np.full((2, 2), value, np.float32)}, str(path))
    os.utime(path, ns=(time.time_ns(), time.time_ns() + int(value * 1e9)))
    return path


def shot_with(lora: LoRA) -> Shot:
    return make_plan(fk.Scene(subject="a vase"), model="flux.1-dev", loras=(lora,))[0]


def test_a_shot_read_back_beside_another_file_of_that_name_keeps_its_id(tmp_path, monkeypatch):
    first, other = tmp_path / "first", tmp_path / "other"
    first.mkdir()
    other.mkdir()
    shot = shot_with(LoRA(weights=str(written(first / "style.safetensors", 1))))
    written(other / "style.safetensors", 2)
    monkeypatch.chdir(other)
    back = Shot(**shot.model_dump(mode="json"))
    assert back.id == shot.id
    assert back.loras[0].file == first / "style.safetensors"


def test_a_lora_whose_file_has_changed_is_refused_when_it_is_planned(tmp_path):
    lora = LoRA(weights=str(written(tmp_path / "style.safetensors", 1)))
    shot = shot_with(lora)
    written(tmp_path / "style.safetensors", 2)
    with pytest.raises(CapabilityError, match="holds another one now"):
        make_plan(shot)


def test_other_weights_have_another_content(tmp_path):
    lora = LoRA(weights=str(written(tmp_path / "one.safetensors", 1)), strength=0.5)
    other = lora.with_(weights=str(written(tmp_path / "two.safetensors", 2)))
    assert other.content not in (None, lora.content) and other.strength == 0.5
    assert lora.with_(strength=1.0).content == lora.content
