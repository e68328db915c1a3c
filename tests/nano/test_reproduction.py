"""The one command that makes nano, run end to end with a few pictures and one step of each stage."""

import sys

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from fluxkit.nano import train  # noqa: E402
from fluxkit.nano.export import FOLDERS  # noqa: E402


def test_one_command_renders_trains_and_exports_folders_that_plain_diffusers_runs(tmp_path, monkeypatch):
    from diffusers import FluxPipeline

    asked = ["train", "--toy", "--work", str(tmp_path / "work"), "--to", str(tmp_path / "made")]
    monkeypatch.setattr(sys, "argv", asked)
    train.main()
    made = {folder.name: tmp_path / "made" / folder.name for folder in FOLDERS.values()}
    assert all((folder / "model_index.json").exists() for folder in made.values())
    pipe = FluxPipeline.from_pretrained(made["weights"], local_files_only=True)
    pipe.set_progress_bar_config(disable=True)
    picture = pipe("Pear.", num_inference_steps=1, width=128, height=128, max_sequence_length=32).images[0]
    assert picture.size == (128, 128)
    log = (tmp_path / "work" / "train.log").read_text(encoding="utf-8")
    assert "conditions kontext" in log
