from __future__ import annotations

import time

import pytest

from fluxkit import models
from fluxkit.errors import TemplateError
from fluxkit.prompt import PromptRenderer
from fluxkit.scene import Colour, Lens, Scene, Subject
from tests.prompt.scenes import FULL

SPEC = models.get("flux.1-dev")


def said(template: str, scene: Scene = FULL) -> str:
    return str(PromptRenderer(SPEC, template=template).render(scene))


@pytest.mark.parametrize(
    "template",
    [
        "{{ ''.__class__ }}",
        "{{ subject.__class__.__mro__ }}",
        "{{ subject.model_fields }}",
        "{{ subject.with_ }}",
        "{{ subject['__init__'] }}",
        "{{ self._TemplateReference__context }}",
        "{{ '{:>1000000000}'.format('x') }}",
        "{{ ''['format'] }}",
        "{{ 'a'.join }}",
        "{{ lens.focal_length_mm.hex() }}",
        "{{ range(3) }}",
        "{{ cycler }}",
        "{% include '../pyproject.toml' %}",
        "{% import 'os' as os %}",
        "{% set subject.description = 'x' %}",
    ],
)
def test_what_is_not_data_cannot_be_reached(template):
    with pytest.raises(TemplateError):
        said(template)


@pytest.mark.parametrize(
    "template",
    [
        "{{ 'a' * 1000000000 }}",
        "{{ 10 ** 10 ** 10 }}",
        "{{ '%1000000000d' % 1 }}",
        "{% set n = 99999999999 %}{{ n * n }}",
        "{% set x = 'aaaaaaaaaa' %}" + "{% set x = x ~ x %}" * 40 + "{{ x }}",
        "{% set x = ['a'] %}" + "{% set x = x + x %}" * 40 + "{{ x|series }}",
        "{% set x = 'aaaaaaaaaa' %}" + "{% set x = x|replace('a', 'aa') %}" * 40 + "{{ x }}",
        "{% set x = 'aaaaaaaaaa' %}" + "{% set x %}{{ x }}{{ x }}{% endset %}" * 40 + "{{ x }}",
        "{% for a in [1,2,3,4,5,6,7,8,9,0] %}" * 8 + "{% set y = 1 %}" + "{% endfor %}" * 8,
        "{% macro m(n) %}{{ m(n) }}{% endmacro %}{{ m(1) }}",
        "{% macro m(n) %}{% if n < 40 %}{{ m(n + 1) }}{{ m(n + 1) }}{% endif %}{% endmacro %}{{ m(1) }}",
    ],
)
def test_work_without_bound_is_refused_quickly(template):
    begun = time.process_time()
    with pytest.raises(TemplateError):
        said(template)
    assert time.process_time() - begun < 5


def test_an_error_names_the_template_and_the_line():
    with pytest.raises(TemplateError, match=r"\(given as text\), line 3 failed: .*focal_lenght"):
        said("{{ subject.description }}\n\n{{ lens.focal_lenght }}")


def test_an_error_in_a_part_names_the_part(tmp_path):
    (tmp_path / "my").mkdir()
    (tmp_path / "my" / "_part.j2").write_text("{% macro m(s) %}\n{{ s.nope }}\n{% endmacro %}")
    (tmp_path / "my" / "whole.j2").write_text("{% from 'my/_part.j2' import m %}\n\n\n{{ m(subject) }}")
    with pytest.raises(TemplateError, match=r"my/_part, line 2 failed"):
        PromptRenderer(SPEC, template="my/whole", folder=tmp_path).render(FULL)


def test_a_syntax_error_names_the_line():
    with pytest.raises(TemplateError, match=r"line 2 failed.*syntax"):
        said("a\n{% if %}")


def test_a_name_that_the_record_lacks_is_named_with_those_that_it_has():
    with pytest.raises(
        TemplateError, match=r"'change' is undefined. It was rendered for a Scene, which has: subject, "
    ):
        said("{{ change }}")


@pytest.mark.parametrize(
    "words", ["{{ 7*7 }}", "{% raw %}", "{# gone #}", "{{ ''.__class__ }}", "<script>alert(1)</script>"]
)
def test_a_users_words_are_data(words):
    scene = Scene(subject=Subject(description=words), colours=(Colour(name=words, of=words),))
    prompt = PromptRenderer(SPEC).render(scene)
    assert str(prompt).count(words) == 3
    assert prompt.words_of("subject.description") == (words,)


def test_characters_of_the_markers_own_kind_are_dropped_from_a_users_words():
    scene = Scene(subject=Subject(description="a \ufdd0\U000f0000fox\ufdd1 \ufdd2 asleep"))
    prompt = PromptRenderer(SPEC).render(scene)
    assert str(prompt) == "A photograph of a \U000f0000fox asleep."
    assert [span.path for span in prompt.spans] == ["subject.description"]


def test_a_word_printed_from_a_truth_value_is_refused():
    with pytest.raises(TemplateError, match="a yes or no has no words"):
        said("{{ lens.f_number > 2 }}")


def test_a_whole_part_printed_is_refused():
    with pytest.raises(TemplateError, match="whole Lens was printed"):
        said("{{ lens }}", Scene(lens=Lens(focal_length_mm=50)))


def test_an_unset_value_silences_its_clause_and_nothing_else():
    clause = "{% clause %}, in {{ subject.wardrobe }}{% endclause %}"
    template = "{% sentence %}{{ subject.description }}" + clause + ", here{% endsentence %}"
    assert said(template, Scene(subject="a fox")) == "A fox, here."


def test_a_missing_key_of_a_table_is_an_error_and_an_unset_key_is_not():
    table = "{% clause %}{{ {'low': 'from below'}[camera.angle] }}{% endclause %}"
    assert said(table, Scene()) == ""
    with pytest.raises(TemplateError, match="eye level"):
        said(table, FULL)
