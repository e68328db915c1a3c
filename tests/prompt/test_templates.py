from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from fluxkit import models
from fluxkit._base import Record
from fluxkit.prompt import PromptRenderer, loader
from fluxkit.scene import Edit, Lighting, Scene, Subject, presets
from fluxkit.scene.noun import choices
from tests.prompt.reading import FAULTS
from tests.prompt.scenes import EDIT, FULL, SEED

GOLDEN = Path(__file__).parent / "golden"
ALL = [name for name in loader.names() if not name.startswith("nano")]
OF_A_SCENE = [name for name in ALL if not name.startswith("kontext/")]
PROSE = [name for name in OF_A_SCENE if name not in {"flux.2/json", "flux.3/prose"}]

SPEC = models.get("flux.1-dev")


def said(record: Record, template: str) -> str:
    return str(PromptRenderer(SPEC, template=template).render(record))


@pytest.mark.parametrize("template", ALL)
def test_each_template_says_what_its_golden_text_says(template):
    records = [EDIT] if template.startswith("kontext/") else [SEED, FULL]
    text = "\n\n".join(said(record, template) for record in records) + "\n"
    path = GOLDEN / f"{template.replace('/', '.')}.txt"
    if os.environ.get("FLUXKIT_WRITE_GOLDEN"):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")


def test_the_presets_say_what_was_read_aloud():
    """The gallery of the scene notebook: after a change of words, read every line of this file aloud."""
    names = [name for name in vars(presets) if name.isupper()]
    ids = ("flux.1-dev", "flux-pro-1.1-ultra", "flux.2-dev", "flux.3-klein", "nano")
    lines = [f"{name}, {model}: {getattr(presets, name).prompt(model)}" for name in names for model in ids]
    path = GOLDEN / "presets.txt"
    if os.environ.get("FLUXKIT_WRITE_GOLDEN"):
        path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert lines == path.read_text(encoding="utf-8").splitlines()


def test_every_golden_text_belongs_to_a_template():
    assert {path.stem for path in GOLDEN.glob("*.txt")} == {"presets", *(name.replace("/", ".") for name in ALL)}


@pytest.mark.parametrize(
    "template", ["flux.1/prose", "flux.2/prose", "flux.2/json", "flux.1-ultra/prose", "flux.3/prose"]
)
def test_every_fact_of_the_seed_example_is_said(template):
    text = said(SEED, template).lower()
    for fact in (
        "close-up", "portrait", "28-year-old woman", "natural skin texture", "looking slightly off-camera", "seated",
        "near a north-facing window", "soft, diffused", "overcast", "daylight", "from the left", "6500 k", "85mm",
        "f/1.8", "kodak portra 400", "grain", "hyper-realistic skin detail", "natural lip texture",
        "individual eyelashes", "visible pores",
    ):  # fmt: skip
        assert fact in text, f"{fact} is missing"


def test_parts_come_in_order():
    text = said(FULL, "flux.1/prose")
    order = ["fisherman", "quay in Lisbon", "Rembrandt", "80mm", "Clearly visible", "In the air"]
    places = [text.index(words) for words in order]
    assert places == sorted(places)


def test_the_region_alone_is_said_to_fill():
    text = said(FULL, "fill/prose")
    assert text.startswith("A retired fisherman")
    for absent in ("80mm", "Portra", "Lisbon", "head-and-shoulders", "rule of thirds", "boats in the background"):
        assert absent not in text


def test_geometry_that_a_control_map_holds_is_not_said_again():
    text = said(FULL, "control/prose")
    for absent in ("head-and-shoulders", "leaning", "left third", "80mm", "eye level", "rule of thirds", "turned"):
        assert absent not in text
    assert "Portra 400" in text


def test_hex_colours_stand_beside_their_object_only_where_the_family_reads_them():
    assert "the boat behind him in rust red, color #8a3b22" in said(FULL, "flux.2/prose")
    assert "#" not in said(FULL, "flux.1/prose")


def test_the_box_table_cites_exactly_the_subjects_with_a_place():
    caption, _, table = said(FULL, "flux.3/prose").rpartition(" [{")
    rows = json.loads("[{" + table)
    assert [row["id"] for row in rows] == re.findall(r"<(\w+)>", caption) == ["fisherman_1", "cat_1"]
    assert [row["bbox"] for row in rows] == [[0, 0, 1000, 333], [0, 667, 1000, 1000]]
    assert list(rows[0]) == ["id", "bbox", "desc"]
    assert "navy wool jumper" in rows[0]["desc"]
    assert "navy wool jumper" not in caption


def test_a_subject_without_a_place_gets_no_box():
    assert "[" not in said(Scene(subject=Subject(description="a fox", position="foreground")), "flux.3/prose")


def test_kontext_orders_and_says_what_stays():
    assert said(EDIT, "kontext/prose") == (
        "Turn the key light to the right while keeping her face and the composition exactly the same."
    )
    assert said(Edit(change='Replace "joy" with "BFL"'), "kontext/prose") == 'Replace "joy" with "BFL".'


@pytest.mark.parametrize("name", [name for name in vars(presets) if name.isupper()])
def test_presets_read_cleanly(name):
    for template in PROSE:
        found = FAULTS.search(said(getattr(presets, name), template))
        assert found is None, f"{template}: {found}"


@pytest.mark.parametrize("pattern", choices(Lighting.model_fields["pattern"].annotation))
def test_every_pattern_has_words(pattern):
    assert len(said(Scene(lighting=Lighting(pattern=pattern)), "flux.1/prose")) > len("A photograph. ")


def test_every_choice_of_every_field_is_worded():
    """A value that a template's own table forgets is an error, so rendering each one shows that none is forgotten."""
    for path in Scene.paths():
        owner, _, name = path.rpartition(".")
        if ".0" in path or owner in {"others", "lighting.fill", "lighting.rim"}:
            continue
        noun = type(FULL.get(owner)) if owner else Scene
        for choice in choices(noun.model_fields[name].annotation) if noun in _nouns() else ():
            changed = FULL.with_("lighting.pattern", None) if path.startswith("lighting.key") else FULL
            changed = changed.with_("lighting.key.azimuth_deg", None).with_("lighting.key.elevation_deg", None)
            for template in OF_A_SCENE:
                said(changed.with_(path, choice), template)


def _nouns() -> set[type]:
    return {type(getattr(FULL, name)) for name in Scene.model_fields} - {tuple, str}


def test_every_template_is_in_the_docs():
    page = (Path(__file__).parents[2] / "docs" / "templates.md").read_text(encoding="utf-8")
    assert [name for name in loader.names() if f"`{name}`" not in page] == []


def test_every_filter_and_test_is_in_the_docs():
    from fluxkit.prompt.filters import FILTERS, TESTS

    page = (Path(__file__).parents[2] / "docs" / "templates.md").read_text(encoding="utf-8")
    assert [name for name in (*FILTERS, *TESTS) if not re.search(rf"`{name}[(`]", page)] == []
