"""What holds for any valid scene: each is drawn once and put through everything that is promised of all."""

from __future__ import annotations

import json

from hypothesis import HealthCheck, given, settings

from fluxkit import models
from fluxkit.prompt import PromptRenderer, loader
from fluxkit.scene import Scene
from tests.prompt.reading import FAULTS, plain, sentences
from tests.scene.strategies import DRAWS, scenes

TEMPLATES = [name for name in loader.names() if not name.startswith(("nano", "kontext/"))]
_OF_MODEL = {"flux.1/prose": "flux.1-schnell", "flux.2/json": "flux.2-dev", "flux.3/prose": "flux.3-klein"}
"""A model that reads each of the texts rendered as they are; schnell has the shortest window."""

_RENDERERS = {name: PromptRenderer(models.get("flux.1-dev"), template=name) for name in TEMPLATES}


@settings(max_examples=DRAWS, deadline=None, suppress_health_check=list(HealthCheck))
@given(scene=scenes)
def test_any_scene_is_worded_cleanly_for_every_family_and_comes_back_from_a_file(scene):
    _comes_back(scene)
    _is_worded_cleanly(plain(scene))
    prompts = {
        name: PromptRenderer(models.get(model), template=name).render(scene) for name, model in _OF_MODEL.items()
    }
    _says_what_was_written(scene, prompts)
    _holds_only_the_documented_keys(scene, str(prompts["flux.2/json"]))
    _fits_its_window_or_says_so(prompts)


def _comes_back(scene: Scene) -> None:
    for again in (Scene.from_json(scene.to_json()), Scene.from_yaml(scene.to_yaml())):
        assert again == scene
        assert again.fingerprint() == scene.fingerprint()
        assert again.canonical_json() == scene.canonical_json()


def _is_worded_cleanly(scene: Scene) -> None:
    for template, renderer in _RENDERERS.items():
        for words in sentences(str(renderer.render(scene)), template):
            found = FAULTS.search(words)
            assert found is None, f"{template}: {words[max(0, found.start() - 60) : found.end() + 30]!r}"


def _says_what_was_written(scene: Scene, prompts: dict) -> None:
    if scene.subject is not None:
        words = " ".join(scene.subject.description.split())
        assert all(words.casefold() in str(prompts[name]).casefold() for name in ("flux.1/prose", "flux.3/prose"))


def _holds_only_the_documented_keys(scene: Scene, text: str) -> None:
    found = json.loads(text)
    assert set(found) <= {
        "scene", "subjects", "style", "color_palette", "lighting", "mood", "background", "composition", "camera"
    }  # fmt: skip
    assert all(set(subject) <= {"description", "position", "action"} for subject in found.get("subjects", ()))
    assert set(found.get("camera", {})) <= {"angle", "lens", "depth_of_field"}
    people = [person for person in (scene.subject, *scene.others) if person]
    assert [
        subject["description"].startswith(person.description)
        for person, subject in zip(people, found.get("subjects", ()), strict=True)
    ] == [True] * len(people)
    assert found.get("color_palette", []) == [colour.hex for colour in scene.colours if colour.hex]


def _fits_its_window_or_says_so(prompts: dict) -> None:
    for prompt in prompts.values():
        cut = {name for name, count in prompt.token_counts.items() if count.cut is not None}
        told = [finding for finding in prompt.diagnostics if finding.rule in {"past-window", "past-clip-window"}]
        assert len(told) == len(cut)
        assert all(prompt.token_counts[name].cut < len(prompt.text) for name in cut)
