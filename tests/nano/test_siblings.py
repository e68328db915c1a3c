"""The siblings' shipped weights: plain diffusers loads them, and each does what it is for."""

import json

import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("diffusers")

from fluxkit import models  # noqa: E402
from fluxkit.nano import sibling_scores  # noqa: E402
from fluxkit.nano.export import FOLDERS, WEIGHTS, taught_words  # noqa: E402
from fluxkit.prompt import PromptRenderer  # noqa: E402
from fluxkit.scene import Edit  # noqa: E402

SIBLINGS = [name for name in FOLDERS if name.startswith("nano-")]


def asker(name):
    return sibling_scores.asker(FOLDERS[name])


@pytest.mark.parametrize("name", SIBLINGS)
@pytest.mark.parametrize("dtype", [None, "bfloat16"])
def test_plain_diffusers_loads_every_part_in_the_precision_it_is_asked_for(name, dtype):
    from diffusers import DiffusionPipeline

    asked = {} if dtype is None else {"dtype": getattr(torch, dtype)}
    pipe = DiffusionPipeline.from_pretrained(FOLDERS[name], local_files_only=True, **asked)
    parts = (pipe.vae, pipe.text_encoder, pipe.text_encoder_2, pipe.transformer)
    assert {weight.dtype for part in parts for weight in part.parameters()} == {asked.get("dtype", torch.float32)}
    assert pipe.transformer.config.in_channels == {"nano-fill": 384, "nano-control": 128, "nano-kontext": 64}[name]


def test_all_folders_together_are_small_and_list_their_words():
    folders = {WEIGHTS, *FOLDERS.values()}
    size = sum(file.stat().st_size for folder in folders for file in folder.rglob("*") if file.is_file())
    assert size < 44_000_000
    for folder in folders:
        assert json.loads((folder / "vocabulary.json").read_text(encoding="utf-8"))["words"] == taught_words()


def test_every_sibling_has_a_model_whose_weights_are_here():
    for name in ("nano-fill", "nano-depth", "nano-canny", "nano-kontext"):
        spec = models.get(name)
        assert (FOLDERS["nano-control" if spec.task in ("depth", "canny") else name]).samefile(spec.weights)


@pytest.mark.parametrize(
    ("order", "words"),
    [
        ("turn the key light to the right", "Light from the right."),
        ("light from the upper left and f/16", "Light from the upper left, f/16."),
        ("make it black and white", "Black and white."),
        ("make her hair red", "Red hair."),
        ("put him in a library", "Library."),
        ("on Tri-X 400", "Black and white, tri-x 400."),
        ("remove the hat on the left", ""),
    ],
)
def test_an_order_is_worded_as_nano_was_taught(order, words):
    prompt = PromptRenderer(models.get("nano-kontext")).render(Edit(change=order))
    assert prompt.text == words


def test_what_cannot_be_changed_is_named():
    prompt = PromptRenderer(models.get("nano-kontext")).render(Edit(change="remove the hat"))
    assert "never-taught" in {d.rule for d in prompt.diagnostics}


def test_nano_fill_paints_a_head_in_the_light_of_the_picture_round_it():
    """No word says where the light comes from: only the picture does."""
    score = sibling_scores.fill_score(asker("nano-fill"), 12)
    assert score.shown >= 10


def test_pictures_follow_the_map_that_they_were_given():
    """Each picture is nearest to the scene that its map was made of, of eight."""
    for score in sibling_scores.follow_scores(asker("nano-control"), 8):
        assert score.shown >= 7, score


def test_nano_kontext_does_as_it_is_told_and_keeps_the_rest():
    turned, same, blurred, grey = sibling_scores.edit_scores(asker("nano-kontext"), 6)
    assert turned.shown >= 5
    assert same.shown >= 5
    assert blurred.shown >= 4
    assert grey.shown >= 5
