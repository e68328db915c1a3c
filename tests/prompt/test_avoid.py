from __future__ import annotations

import re

import pytest

from fluxkit import models
from fluxkit.prompt import PromptRenderer, avoid
from fluxkit.scene import Scene, Subject

SCHNELL = models.get("flux.1-schnell")


def rendered(*terms):
    return PromptRenderer(SCHNELL).render(Scene(subject=Subject(description="a fox"), avoid=terms))


@pytest.mark.parametrize(
    "term", ["plastic skin", "Plastic Skin", "no plastic skin", "without plastic-skin", "avoid plastic skins"]
)
def test_a_term_is_answered_however_it_is_denied(term):
    assert avoid.positive(term) == "skin with visible pores and fine texture"


def test_what_is_said_instead_is_shown():
    prompt = rendered("plastic skin")
    assert str(prompt) == "A photograph of a fox. Skin with visible pores and fine texture."
    [note] = prompt.diagnostics
    assert (note.severity, note.path, note.rule) == ("note", "avoid.0", "avoid-rewritten")
    assert "skin with visible pores" in note.message


def test_a_term_without_an_answer_is_reported_and_never_appended():
    prompt = rendered("unicorns")
    assert "unicorn" not in str(prompt)
    [warning] = prompt.diagnostics
    assert (warning.severity, warning.path, warning.rule) == ("warning", "avoid.0", "avoid-unsaid")


def test_two_terms_with_one_answer_say_it_once():
    assert str(rendered("watermark", "logos", "text")).count("unmarked surfaces") == 1


def test_no_answer_denies_anything():
    for said in set(avoid.table().values()):
        assert not re.search(r"\b(no|not|without|never|free|less|un(?!marked|posed|cluttered|covered)\w+)\b", said), (
            said
        )


def test_no_answer_names_what_it_answers():
    for term, said in avoid.table().items():
        assert not re.search(rf"\b{re.escape(term)}s?\b", said), f"{term!r} is said as {said!r}"


def test_the_cure_tells_a_model_with_true_cfg_how_to_get_a_negative_prompt():
    scene = Scene(subject=Subject(description="a fox"), avoid=("plastic skin",))
    assert "true_cfg above 1" in scene.prompt("flux.1-dev").diagnostics[0].message
    assert "takes no negative prompt" in scene.prompt("flux.1-schnell").diagnostics[0].message
