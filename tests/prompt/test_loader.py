from __future__ import annotations

import os
import sys
from importlib.metadata import EntryPoint

import pytest

from fluxkit import models
from fluxkit.errors import TemplateError
from fluxkit.prompt import PromptRenderer, loader
from fluxkit.scene import Scene, Subject

SPEC = models.get("flux.1-dev")
FOX = Scene(subject=Subject(description="a fox"))


def folder_with(path, words, name="flux.1/prose"):
    file = path / f"{name}.j2"
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text("{% sentence %}" + words + " {{ subject.description }}{% endsentence %}")
    return path


def said(template=None, **options):
    return str(PromptRenderer(SPEC, template=template, **options).render(FOX))


@pytest.fixture
def no_installed_templates(monkeypatch):
    monkeypatch.setattr(loader, "_installed", lambda: ())


@pytest.mark.parametrize("name", ["flux.2/json", "flux2/json", "Flux.2/JSON", "flux.2/json.j2"])
def test_a_name_is_found_however_it_is_spelt(name):
    assert PromptRenderer(SPEC, template=name).template == "flux.2/json"


def test_a_short_name_is_looked_for_in_the_models_own_folder():
    assert PromptRenderer(models.get("flux.1-dev"), template="prose").template == "flux.1/prose"


def test_a_folder_alone_means_its_own_template():
    assert loader.resolve("flux.3", "flux.1") == "flux.3/prose"


def test_an_unknown_name_gets_the_closest_one():
    with pytest.raises(
        TemplateError, match=r"'flux.1/pose' was asked for, and there is none. Did you mean 'flux.1/prose'\?"
    ):
        PromptRenderer(SPEC, template="flux.1/pose")


def test_a_template_can_be_given_as_text():
    prompt = PromptRenderer(SPEC, template="{{ subject.description }} alone").render(FOX)
    assert (str(prompt), prompt.template) == ("a fox alone", "(given as text)")


def test_later_places_override_earlier_ones_in_the_documented_order(tmp_path, monkeypatch, no_installed_templates):
    assert said() == "A photograph of a fox."
    installed = folder_with(tmp_path / "installed", "installed")
    monkeypatch.setattr(loader, "_installed", lambda: (installed,))
    assert said() == "Installed a fox."
    added = loader.add_folder(folder_with(tmp_path / "added", "added"))
    try:
        assert said() == "Added a fox."
        given = folder_with(tmp_path / "given", "given")
        assert said(folder=given) == "Given a fox."
        assert said("text {{ subject.description }}", folder=given) == "text a fox"
        assert said() == "Added a fox."
    finally:
        loader.remove_folder(added)
    assert said() == "Installed a fox."


def test_an_added_folder_may_use_the_built_in_phrases(tmp_path):
    file = tmp_path / "mine" / "short.j2"
    file.parent.mkdir()
    file.write_text("{% from '_words/scene.j2' import who %}{% sentence %}{{ who(subject) }}{% endsentence %}")
    assert said("mine/short", folder=tmp_path) == "A fox."


def test_an_entry_point_names_a_folder_a_function_or_a_package(tmp_path, monkeypatch):
    folder_with(tmp_path / "pack" / "templates", "packed", "mine/one")
    (tmp_path / "pack" / "__init__.py").write_text(
        f"FOLDER = {str(tmp_path / 'pack' / 'templates')!r}\ndef folder():\n    return FOLDER\n"
    )
    monkeypatch.syspath_prepend(tmp_path)
    sys.modules.pop("pack", None)
    for value in ("pack", "pack:FOLDER", "pack:folder"):
        found = [EntryPoint("pack", value, loader.ENTRY_POINTS)]
        monkeypatch.setattr(loader, "entry_points", lambda group, found=found: found)
        loader._installed.cache_clear()
        assert said("mine/one") == "Packed a fox."
    loader._installed.cache_clear()


def test_a_changed_file_and_a_changed_part_are_read_again(tmp_path):
    part = tmp_path / "mine" / "_part.j2"
    part.parent.mkdir()
    part.write_text("{% macro m(s) %}one {{ s.description }}{% endmacro %}")
    whole = tmp_path / "mine" / "whole.j2"
    whole.write_text("{% from 'mine/_part.j2' import m %}{% sentence %}{{ m(subject) }}{% endsentence %}")
    assert said("mine/whole", folder=tmp_path) == "One a fox."
    part.write_text("{% macro m(s) %}two {{ s.description }}{% endmacro %}")
    os.utime(part, (1, 1))
    assert said("mine/whole", folder=tmp_path) == "Two a fox."
    whole.write_text("{{ subject.description }}")
    os.utime(whole, (1, 1))
    assert said("mine/whole", folder=tmp_path) == "a fox"


def test_a_folder_that_is_none_is_refused(tmp_path):
    with pytest.raises(TemplateError, match="it is no folder"):
        loader.add_folder(tmp_path / "absent")


def test_parts_are_not_templates():
    assert not [name for name in loader.names() if "/_" in name or name.startswith("_")]


@pytest.mark.parametrize(
    "line", ['{% include "_words/scene.j2" %}', '{% from "_words/scene.j2" import who with context %}']
)
def test_a_part_that_reads_names_unseen_is_refused_since_its_words_could_not_be_remembered(line):
    with pytest.raises(TemplateError, match=r"line 2 failed: (include|import with context) is not supported.*macro"):
        PromptRenderer(
            models.get("flux.1-dev"), template="{% sentence %}{{ subject.description }}{% endsentence %}\n" + line
        )
