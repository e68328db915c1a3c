"""Small photographs on the disk, and a training on a tiny base that takes a second."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

import fluxkit as fk
from fluxkit.train import LoRARecipe, LoRATraining, TrainingSet
from tests.tiny import pipelines


@pytest.fixture(scope="session")
def photographs(tmp_path_factory):
    """Six pictures of different places with a red square in each, two with captions beside them."""
    folder = tmp_path_factory.mktemp("photographs")
    for number in range(6):
        noise = np.random.default_rng(number).integers(0, 256, (12, 16, 3)).astype("uint8")
        picture = Image.fromarray(noise).resize((640, 480), Image.Resampling.BICUBIC)
        picture.paste((200, 20, 20), (80 * number, 100, 80 * number + 120, 220))
        picture.save(folder / f"{number}.png")
    (folder / "0.txt").write_text("a zwirl on a blue cloth", encoding="utf-8")
    (folder / "1.txt").write_text("on grass, at noon", encoding="utf-8")
    return folder


@pytest.fixture(scope="session")
def bases(tmp_path_factory):
    """Tiny random weights of each base, by the id of the model that they stand for."""
    made = {
        "flux.1-dev": pipelines.flux1(),
        "flux.2-klein-base-4b": pipelines.flux2_klein(distilled=False),
        "flux.2-dev": pipelines.flux2_dev(),
    }
    folder = tmp_path_factory.mktemp("bases")
    return {
        name: fk.models.get(name).with_(weights=str(pipelines.saved(pipeline, folder / name)))
        for name, pipeline in made.items()
    }


@pytest.fixture
def training(photographs, bases, tmp_path):
    """Makes a training of a few steps at 256 pixels."""

    def make(model="flux.1-dev", folder=None, samples=(), found=None, prior_of=("a dog", "a tree"), **recipe):
        given = {"rank": 2, "steps": 4, "resolution": 256, "checkpoint_every": 2, "warmup": 0, **recipe}
        return LoRATraining(
            found or TrainingSet.from_folder(photographs, trigger="zwirl"),
            model=bases.get(model, model) if isinstance(model, str) else model,
            folder=folder or tmp_path / "run",
            recipe=LoRARecipe(**given),
            samples=samples,
            prior=prior_of,
            device="cpu",
        )

    return make
