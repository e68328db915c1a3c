from __future__ import annotations

import re

import pytest

from fluxkit import models
from fluxkit.errors import CapabilityError, InputError
from fluxkit.prompt import Diagnostic, Prompt, PromptRenderer
from fluxkit.prompt.show import COLOURS
from fluxkit.scene import Atmosphere, Edit, Scene, Subject
from tests.prompt.scenes import FULL, SEED

SPEC = models.get("flux.1-dev")


def rendered(scene=FULL, **options) -> Prompt:
    return PromptRenderer(SPEC, **options).render(scene)


def words(text):
    """A tokenizer of our own: one token a word, with two markers, so that cuts can be counted by eye."""
    return {"input_ids": [0, *text.split(), 0]}


def test_a_prompt_is_its_text():
    prompt = rendered()
    assert str(prompt) == repr(prompt) == prompt.text
    assert prompt == rendered()
    assert hash(prompt) == hash(rendered())
    assert prompt != rendered(SEED)


def test_words_given_as_text_know_no_fields_and_no_tokens():
    prompt = Prompt(text="a fox")
    assert (prompt.spans, prompt.token_counts, prompt.diagnostics, prompt.template) == ((), {}, (), "")
    assert Prompt.model_validate_json(rendered().model_dump_json()).text == rendered().text


def test_spans_are_in_order_and_apart_and_hold_no_edge_spaces():
    prompt = rendered()
    end = 0
    for span in prompt.spans:
        assert end <= span.start < span.end <= len(prompt.text)
        piece = prompt.text[span.start : span.end]
        assert piece == piece.strip(" ,;.")
        end = span.end


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("subject.description", "a retired fisherman"),
        ("subject.wardrobe", "wearing a navy wool jumper"),
        ("subject.position", "The subject is in the left third of the frame"),
        ("lighting.key.modifier", "from a softbox"),
        ("lighting.pattern", "Rembrandt lighting with a lit triangle under the far eye"),
        ("lighting.ratio", "deep, classic shadows at a lighting ratio of 4:1"),
        ("lens.focal_length_mm", "and an 80mm lens"),
        ("camera.iso", "and ISO 200"),
        ("film.push_stops", "pushed one stop"),
        ("atmosphere.textures.1", "and grey stubble"),
        ("others.0.description", "Also in the frame: a grey cat"),
        ("text.0.style", "in hand-painted capitals"),
        ("colours.0.name", "rust red"),
        ("environment.weather", "on a misty"),
        ("avoid.0", "Skin with visible pores and fine texture"),
    ],
)
def test_each_field_knows_its_words(path, said):
    assert said in rendered().words_of(path)


def test_every_field_that_made_words_exists():
    for span in rendered().spans:
        FULL.get(span.path)


def test_tokens_are_counted_exactly_with_a_tokenizer_and_bounded_without():
    exact = rendered(tokenizers={"t5": words}).token_counts
    assert (exact["t5"].count, exact["t5"].exact) == (len(rendered().text.split()) + 2, True)
    assert not exact["clip"].exact
    assert exact["clip"].count > 77
    assert str(exact["clip"]).startswith("at most ")


def test_the_cut_falls_before_the_first_word_that_does_not_fit():
    prompt = rendered(tokenizers={"clip": words})
    cut = prompt.token_counts["clip"].cut
    assert len(prompt.text[:cut].split()) == 75
    assert prompt.text[cut - 1] == " "


def test_words_past_clips_window_are_a_note_and_past_t5s_a_warning_named_by_field():
    long = FULL.with_("subject.wardrobe", "a coat of " + "many colours and " * 150 + "silk")
    found = {item.rule: item for item in rendered(long, tokenizers={"clip": words, "t5": words}).diagnostics}
    assert found["past-window"].severity == "warning"
    assert "film.name" in found["past-window"].message
    assert found["past-window"].path == found["past-window"].message.split(",")[0]
    assert "subject.hair" not in found["past-window"].message
    short = {item.rule: item for item in rendered().diagnostics}
    assert short["past-clip-window"].severity == "note"
    assert "past-window" not in short


def test_a_scene_without_words_is_said_to_be_empty():
    rules = [item.rule for item in PromptRenderer(SPEC, template="fill").render(Scene()).diagnostics]
    assert rules == ["empty-prompt"]


def test_a_model_that_advises_short_prompts_gets_a_note():
    klein = SPEC.with_(id="flux.2-klein-4b", template="flux.2", windows={"qwen3": 512}, negative="none")
    prompt = PromptRenderer(klein).render(FULL)
    assert [item.rule for item in prompt.diagnostics if item.rule == "longer-than-advised"]
    short = PromptRenderer(klein, template="brief").render(SEED)
    assert not [item for item in short.diagnostics if item.rule == "longer-than-advised"]


def test_a_negative_prompt_is_real_only_where_it_was_asked_for_and_the_model_has_one():
    prompt = rendered(negative=True)
    assert prompt.negative == "plastic skin, watermarks, unicorns"
    assert "pores" not in prompt.text
    assert rendered().negative is None
    with pytest.raises(CapabilityError, match=r"flux\.1-schnell takes none"):
        PromptRenderer(models.get("flux.1-schnell"), negative=True)


def test_the_plain_twin_numbers_the_fields_and_marks_the_cut():
    text = rendered(tokenizers={"clip": words}).explain()
    assert "[1] composition.framing" in text
    assert "<clip reads to here>" in text
    assert "flux.1/prose for flux.1-dev." in text
    assert "note avoid.0 [avoid-rewritten]" in text


def test_the_notebook_view_says_what_the_twin_says_and_escapes():
    prompt = rendered(Scene(subject=Subject(description="<b>fox</b>"), atmosphere=Atmosphere(mood='calm & "still"')))
    page = prompt._repr_html_()
    assert "<b>fox" not in page
    assert "&lt;b&gt;fox&lt;/b&gt;" in page
    assert "calm &amp; &quot;still&quot;" in page
    bare = re.sub(r"<sup>\d+</sup>|<[^>]+>", "", page)
    assert "subject.description" in bare
    assert "flux.1/prose for flux.1-dev" in bare


def test_no_state_is_told_by_colour_alone():
    page = rendered(tokenizers={"clip": words, "t5": lambda text: [0] * 600})._repr_html_()
    assert "clip reads to here" in page
    assert "t5 reads to here" in page
    assert page.count("<sup>") >= 2 * len({span.path for span in rendered().spans})


def test_the_colours_can_be_told_from_white_and_from_black():
    for colour in COLOURS:
        bright = _luminance(colour)
        assert 1.05 / (bright + 0.05) >= 3
        assert (bright + 0.05) / (_luminance("#111111") + 0.05) >= 3


def _luminance(colour: str) -> float:
    """WCAG 2 relative luminance."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def test_a_diagnostic_reads_as_a_sentence():
    finding = Diagnostic(severity="warning", path="lens", rule="r", message="Odd.", cure="Mend it.")
    assert str(finding) == "warning lens [r]: Odd. Mend it."


def test_an_order_to_edit_has_words_and_a_scene_for_an_editing_model_is_refused_with_the_way():
    edit = Edit(change="turn the key light to the right", keep=["her face"])
    assert str(edit.prompt()) == "Turn the key light to the right while keeping her face exactly the same."
    assert str(edit.prompt("flux-kontext-max")) == str(edit.prompt("flux.2-dev")) == str(edit.prompt())
    with pytest.raises(InputError, match=r"flux\.1-kontext-dev, which changes a picture by an order.*fk\.Edit"):
        Scene(subject="a fox").prompt("flux.1-kontext-dev")
