"""Captions come from typed scenes by nano's own template; what it was never taught is reported."""

import pytest

from fluxkit import models
from fluxkit.nano.captions import mirrored_slots, slots_of
from fluxkit.nano.render.light import DIRECTIONS
from fluxkit.nano.scenes import caption, scene_of
from fluxkit.nano.text import END, PAD, START, T5_WINDOW, numbers, tokenizer, vocabulary, windows
from fluxkit.nano.worlds import sample
from fluxkit.prompt import PromptRenderer
from fluxkit.prompt.taught import taught
from fluxkit.scene import Environment, Lens, Light, Lighting, Scene, Subject


@pytest.fixture(scope="module")
def nano():
    return PromptRenderer(models.get("nano"))


def test_the_first_worlds_keep_their_captions():
    """The weights were trained on these words: a template change that moves them unsettles nano."""
    assert [caption(sample(1, index)) for index in (2, 9, 12)] == [
        "Woman, tied black hair, tan skin, beige clothes, dark studio, soft light, light from the right, "
        "tungsten light, 135mm, f/1.4, velvia 50.",
        "Orange, green apple behind, linen table, night city, soft light, light from the upper left, cool light, 85mm, "
        "f/16, digital.",
        "Desert, lake, morning, clear, light from behind left, black and white, tri-x 400.",
    ]


def test_free_words_become_taught_words_and_the_rest_is_named(nano):
    prompt = nano.render(
        Scene(
            subject=Subject(description="a 28-year-old woman", pose="seated", skin="natural skin texture"),
            environment=Environment(place="near a north-facing window"),
            lighting=Lighting(key=Light(direction="left", quality="semi-soft", temperature_k=6500)),
            lens=Lens(focal_length_mm=90, f_number=1.8),
            film="Ilford HP5 Plus",
        )
    )
    assert prompt.text == "Woman, window room, soft light, light from the left, daylight, 85mm, f/2, black and white."
    left_out = {d.path for d in prompt.diagnostics if d.rule == "never-taught"}
    assert {"subject.pose", "subject.skin", "film.name"} <= left_out
    assert "lighting.key.direction" not in left_out
    assert {d.path for d in prompt.diagnostics if d.rule == "taught-in-part"} >= {"subject.description"}


@pytest.mark.parametrize("name", DIRECTIONS)
def test_a_direction_and_its_angles_read_the_same(nano, name):
    azimuth, elevation = Light(direction=name).angles
    by_name = nano.render(Scene(lighting=Lighting(key=Light(direction=name))))
    by_angle = nano.render(Scene(lighting=Lighting(key=Light(azimuth_deg=azimuth, elevation_deg=elevation))))
    assert by_name.text == by_angle.text
    assert name in by_name.text


def test_a_pattern_says_where_its_key_stands(nano):
    lighting = Lighting(pattern="rembrandt", key=Light(direction="right"))
    assert nano.render(Scene(lighting=lighting)).text == "Light from the upper right."


def test_an_empty_scene_has_no_words(nano):
    assert nano.render(Scene()).text == ""


def test_every_slot_of_a_world_comes_back_from_its_scene():
    world = sample(1, 2)
    slots = slots_of(caption(world))
    assert f"{world.place}" in slots
    assert f"f/{world.f_number:g}" in slots
    assert scene_of(world).get("lighting.key.direction") == world.direction


def test_mirrored_slots_swap_only_the_light():
    slots = ["woman", "light from the upper left", "f/2"]
    assert mirrored_slots(slots) == ["woman", "light from the upper right", "f/2"]


def test_the_longest_phrase_wins_and_parts_of_words_do_not_count():
    table = {"apple": "red apple", "green apple": "green apple"}
    assert taught("two green apples" + " and a green apple", table) == "green apple"
    assert taught("pineapple", table) is None


def test_both_tokenizers_give_what_training_was_given():
    slots = slots_of("Woman, grey studio, f/1.4.")
    words = vocabulary([slots])
    row = [number for slot in numbers(slots, words) for number in slot]
    clip, t5 = windows([row])
    text = "Woman, grey studio, f/1.4."
    read = tokenizer(words, clip=False)(text, padding="max_length", max_length=T5_WINDOW, truncation=True)
    assert read.input_ids == t5[0].tolist()
    assert tokenizer(words, clip=True)(text).input_ids == [i for i in clip[0].tolist() if i != PAD]
    assert clip[0, 0] == START
    assert END in t5[0]
