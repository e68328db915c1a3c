from __future__ import annotations

import re
from pathlib import Path

import pytest

from fluxkit import models
from fluxkit.errors import InputError, UnknownModelError
from fluxkit.models import ModelSpec
from fluxkit.models.page import page
from fluxkit.models.spec import check_id

ROOT = Path(__file__).parents[2]
OPEN = (
    "nano", "flux.1-schnell", "flux.1-dev", "flux.1-krea-dev", "flux.1-fill-dev", "flux.1-depth-dev",
    "flux.1-canny-dev", "flux.1-redux-dev", "flux.1-kontext-dev", "flux.2-dev", "flux.2-klein-4b", "flux.2-klein-9b",
    "flux.2-klein-base-4b", "flux.2-klein-base-9b", "flux.3-klein",
)  # fmt: skip
HOSTED = (
    "flux-pro", "flux-pro-1.1", "flux-pro-1.1-ultra", "flux-2-pro", "flux-2-max", "flux-2-flex", "flux-pro-1.0-fill",
    "flux-pro-1.0-depth", "flux-pro-1.0-canny", "flux-kontext-pro", "flux-kontext-max",
)  # fmt: skip
EVERY = [models.get(name) for name in models.ids()]


@pytest.mark.parametrize("name", [*OPEN, *HOSTED])
def test_the_ids_of_the_design_are_there(name: str) -> None:
    assert models.get(name).where == ("local" if name in OPEN else "hosted")


@pytest.mark.parametrize("spec", EVERY, ids=lambda spec: spec.id)
def test_every_row_is_whole(spec: ModelSpec) -> None:
    assert check_id(spec.id) == spec.id
    assert spec.title
    assert spec.licence
    assert spec.source
    assert spec.methods
    assert spec.size.allows(spec.size.default_width, spec.size.default_height)
    if spec.steps is not None:
        assert spec.steps.low <= spec.steps.default <= spec.steps.high
    if spec.guidance.default is not None:
        assert spec.guidance.kind != "none"
        assert spec.guidance.low <= spec.guidance.default <= spec.guidance.high
    if spec.where == "local":
        assert spec.weights
        assert spec.windows
        assert spec.steps is not None
        assert (spec.strength is not None) == bool({"vary", "fill"} & set(spec.methods))
        assert bool(spec.follows) == ("control" in spec.methods)
    if spec.base:
        assert models.get(spec.base).family == spec.family


@pytest.mark.parametrize("spec", EVERY, ids=lambda spec: spec.id)
def test_every_size_a_model_makes_of_a_ratio_is_one_it_takes(spec: ModelSpec) -> None:
    for ratio in (9 / 21, 2 / 3, 1.0, 3 / 2, 16 / 9):
        assert spec.size.allows(*spec.size.for_aspect(ratio))


def test_distilled_models_take_no_guidance() -> None:
    for spec in EVERY:
        if spec.distilled and spec.where == "local":
            assert spec.guidance.kind == "none", spec.id
            assert spec.negative == "none", spec.id


def test_an_unknown_id_names_the_close_one() -> None:
    with pytest.raises(UnknownModelError, match=r"flux\.2-klein-4b"):
        models.get("flux.2-klein-4")


def test_a_built_in_id_cannot_be_registered() -> None:
    with pytest.raises(InputError, match="built in"):
        models.register(models.get("flux.1-dev"))


def test_the_page_is_current() -> None:
    written = (ROOT / "docs" / "models.md").read_text(encoding="utf-8")
    assert written == page(), "run: python -m fluxkit.models.page docs/models.md"


def test_the_page_has_a_section_for_every_model_and_links_that_lead_there() -> None:
    sections = re.findall(r"^### (.+)$", page(), re.MULTILINE)
    assert sections == [s for s in models.ids() if s in sections]
    assert set(OPEN + HOSTED) <= set(sections)
    anchors = {name.replace(".", "") for name in sections}
    assert set(re.findall(r"\(#([^)]+)\)", page())) == anchors


def test_every_section_shows_how_each_thing_is_asked_for() -> None:
    """The calls are lines of Python that name the model, one for each method."""
    import ast

    sections = re.split(r"^### ", page(), flags=re.MULTILINE)[1:]
    for section in sections:
        spec = models.get(section.partition("\n")[0])
        code = section.partition("```text\n")[2].partition("```")[0]
        called = [node.func for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
        methods = [
            func.attr
            for func in called
            if isinstance(func, ast.Attribute) and isinstance(func.value, ast.Name) and func.value.id == "session"
        ]
        assert tuple(methods) == spec.methods
        assert code.count(f'model="{spec.id}"') == len(spec.methods)
        for fact in ("Licence: ", "Steps: ", "Guidance: ", "Negative prompt: ", "Sizes: ", "Source: "):
            assert f"- {fact}" in section, (spec.id, fact)
