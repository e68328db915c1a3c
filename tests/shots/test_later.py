"""What changes on the way is planned, rendered, checked, and part of the request."""

from __future__ import annotations

import pytest

import fluxkit as fk
from fluxkit.errors import CapabilityError, InputError, PlanError
from fluxkit.shots import Shot, make_plan

SCENE = fk.Scene(subject=fk.Subject(description="a woman"), film=fk.PORTRA_400)


def sweep(*later, **settings):
    return fk.Sweep(SCENE, **{"model": "flux.1-dev", "steps": 20, **settings}).over(later=later)


def test_a_change_of_the_scene_becomes_words_and_the_first_words_stay():
    plain, changed = make_plan(sweep(None, fk.Later(step=9, change={"film": fk.TRI_X_400})))
    assert plain.later == ()
    assert changed.prompt.text == plain.prompt.text
    assert "Tri-X" in changed.later[0].words
    assert changed.later[0].words == SCENE.with_(film=fk.TRI_X_400).prompt("flux.1-dev").text


def test_a_shot_without_changes_keeps_the_id_it_always_had():
    request = {"model": "flux.1-schnell", "prompt": "A cat.", "width": 256, "height": 256}
    assert "later" not in Shot(**request).request()
    assert Shot(**request, later=fk.Later(step=2, words="A dog.")).id != Shot(**request).id


def test_what_is_asked_of_the_model_decides_the_id_and_not_how_it_was_said():
    said = make_plan(sweep(fk.Later(step=9, change={"film": fk.TRI_X_400})))[0]
    given = make_plan(sweep(fk.Later(step=9, words=said.later[0].words)))[0]
    assert said.id == given.id
    assert Shot.model_validate(said.model_dump(mode="json")).id == said.id


def test_changes_come_in_the_order_of_their_steps():
    shot = make_plan(sweep((fk.Later(step=9, guidance=2.0), fk.Later(step=4, guidance=5.0))))[0]
    assert [change.step for change in shot.later] == [4, 9]


@pytest.mark.parametrize(
    ("later", "settings", "told"),
    [
        (fk.Later(step=20, guidance=2.0), {}, "numbered 0 to 19"),
        (fk.Later(step=5), {}, "step 5: no change"),
        (fk.Later(step=5, guidance=900.0), {}, "guidance=900"),
        (fk.Later(step=2, guidance=2.0), {"model": "flux.1-schnell", "steps": 4}, "takes no guidance"),
        (fk.Later(step=2, words="a"), {"model": "flux-2-pro", "steps": None}, "in one go"),
        (fk.Later(step=2, words="a"), {"model": "flux.3-klein", "steps": 16}, "in one go"),
    ],
)
def test_what_cannot_be_is_refused_or_taken_out_and_told(later, settings, told):
    with pytest.raises((CapabilityError, PlanError), match=told):
        make_plan(sweep(later, **settings))
    plan = make_plan(sweep(later, **settings), strict=False)
    assert plan[0].later == ()
    assert any(told in diagnostic.message for diagnostic in plan.diagnostics)


def test_a_change_without_a_scene_is_refused():
    with pytest.raises(InputError, match="has no scene"):
        fk.Later(step=3, change={"film": fk.TRI_X_400}).worded(None, lambda scene: None)


def test_a_caption_says_from_when_and_what():
    changes = {"film": fk.TRI_X_400, "lighting.key.direction": "right"}
    assert fk.Later(step=9, change=changes).label == "from step 9: film Kodak Tri-X 400, direction right"
    assert fk.Later(step=3, words="a dog", guidance=2.5).label == "from step 3: guidance 2.5, “a dog”"
