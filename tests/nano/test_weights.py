"""The shipped weights: plain diffusers loads them, they are small, and they answer the prompt."""

import json

import numpy as np
import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from fluxkit.nano import evaluate, trial  # noqa: E402
from fluxkit.nano.export import WEIGHTS, taught_words  # noqa: E402
from fluxkit.nano.measures import background_detail, colourfulness, side_of_light  # noqa: E402

HEAD = (
    "{}, short brown hair, {} skin, white clothes, grey studio, soft light, light from the {}, daylight, 85mm, f/2.8."
)


@pytest.fixture(scope="module")
def shoot():
    return evaluate.camera(WEIGHTS)


def test_plain_diffusers_loads_every_part_in_full_precision():
    from diffusers import FluxPipeline

    pipe = FluxPipeline.from_pretrained(WEIGHTS, local_files_only=True)
    parts = (pipe.vae, pipe.text_encoder, pipe.text_encoder_2, pipe.transformer)
    assert {part.dtype for part in parts} == {torch.float32}
    assert pipe.transformer.config.guidance_embeds


def test_the_folder_is_small_and_lists_its_words():
    size = sum(file.stat().st_size for file in WEIGHTS.rglob("*") if file.is_file())
    assert size < 20_000_000
    listed = json.loads((WEIGHTS / "vocabulary.json").read_text(encoding="utf-8"))
    assert listed["words"] == taught_words()
    assert not list(WEIGHTS.rglob("*.bin"))


def test_the_same_seed_gives_the_same_picture_and_another_does_not(shoot):
    prompt = HEAD.format("Woman", "fair", "left")
    first, again, other = (shoot([prompt], [seed])[0] for seed in (1, 1, 2))
    assert first.shape == (evaluate.SIZE, evaluate.SIZE, 3)
    assert np.array_equal(first, again)
    assert np.abs(first.astype(int) - other).mean() > 2


def test_heads_are_lit_from_the_asked_side(shoot):
    asked = [
        (who, tone, side) for who in ("Woman", "Man") for tone in ("fair", "tan", "brown") for side in ("left", "right")
    ]
    made = shoot([HEAD.format(*words) for words in asked], range(len(asked)))
    right = [
        (side_of_light(picture) > 0) == (side == "right") for picture, (_, _, side) in zip(made, asked, strict=True)
    ]
    assert sum(right) >= 11


def test_aperture_film_and_guidance_are_seen(shoot):
    text = (
        "Man, short black hair, fair skin, white clothes, library, soft light, light from the left, 85mm, {}, digital."
    )
    wide, closed = shoot([text.format("f/1.4"), text.format("f/16")], [3, 3])
    assert background_detail(closed) > 1.3 * background_detail(wide)
    grey, colour = shoot(["Pear, oak table, black and white.", "Pear, oak table, digital."], [4, 4])
    assert colourfulness(grey) < 0.04 < colourfulness(colour)
    low, high = (shoot([text.format("f/4")], [5], guidance)[0].astype(int) for guidance in (1.0, 5.0))
    assert np.abs(low - high).mean() > 1


@pytest.fixture(scope="module")
def held_out():
    """A hundred worlds of the trial with nano's pictures of them: a third of what docs/nano.md reports."""
    return trial.held_out(100)


def test_pictures_of_held_out_scenes_show_what_they_ask_for(shoot, held_out):
    """The guard of weights and of the template alike: what lowers agreement fails here.

    Of a hundred scenes some fields are asked a dozen times, so that one miss more than the floor bears is let pass.
    Grain is not among them: the autoencoder cannot carry it (see the next test).
    """
    made = shoot([trial.caption(world) for world, _ in held_out], [seed for _, seed in held_out])
    found = trial.agreement([trial.scene_of(world) for world, _ in held_out], made)
    for field, floor in trial.FLOORS.items():
        row = found.row(field)
        assert row.answered >= 0.8 * row.asked, f"{field}: {row.answered} of {row.asked} could be judged"
        if field != "grain":
            assert row.right + 1 >= floor * row.answered, f"{field}: {row.right} of {row.answered} are right"


def test_the_guard_sees_prompts_that_lost_their_light(shoot, held_out):
    heads = [(world, seed) for world, seed in held_out if world.direction in ("left", "right")][:12]
    mute = [trial.caption(world).replace(f"light from the {world.direction}, ", "") for world, _ in heads]
    assert all(words != trial.caption(world) for words, (world, _) in zip(mute, heads, strict=True))
    found = trial.agreement([trial.scene_of(world) for world, _ in heads], shoot(mute, [seed for _, seed in heads]))
    assert found.short({"light side": trial.FLOORS["light side"]})


def test_grain_does_not_pass_the_autoencoder():
    before, after, left = trial.grain_through_vae(WEIGHTS, 12)
    assert before.share("grain") >= 0.9
    assert after.share("grain") is None or after.share("grain") < before.share("grain")
    assert left < 0.5
