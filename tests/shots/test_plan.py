"""A plan holds every shot, checked; what a model cannot do is refused before anything is loaded."""

from __future__ import annotations

import pytest

import fluxkit as fk
from fluxkit.errors import CapabilityError, InputError, PlanError, UnknownModelError, WeightsError
from fluxkit.shots import make_plan

PORTRAIT = fk.Scene(
    subject=fk.Subject(description="a woman"),
    lighting=fk.Lighting(key=fk.Light(direction="left")),
    lens=fk.Lens(focal_length_mm=85, f_number=1.8),
    film=fk.PORTRA_400,
)


def test_shots_carry_their_models_defaults():
    (shot,) = make_plan(PORTRAIT, model="flux.1-dev")
    assert (shot.steps, shot.guidance, shot.width, shot.height) == (28, 3.5, 1024, 1024)
    assert shot.weights == "black-forest-labs/FLUX.1-dev"


def test_the_aspect_ratio_of_the_scene_sets_the_size():
    (shot,) = make_plan(PORTRAIT.with_(aspect_ratio="3:2"), model="flux.1-dev")
    assert (shot.width, shot.height) == (1248, 832)


def test_equal_requests_have_equal_ids_and_any_other_setting_changes_them():
    first = make_plan(PORTRAIT, model="flux.1-dev", seed=1)[0]
    assert make_plan(PORTRAIT, model="flux.1-dev", seed=1)[0].id == first.id
    others = [
        make_plan(PORTRAIT, model="flux.1-dev", seed=2)[0],
        make_plan(PORTRAIT, model="flux.1-dev", seed=1, steps=20)[0],
        make_plan(PORTRAIT, model="flux.1-dev", seed=1, guidance=2.0)[0],
        make_plan(PORTRAIT, model="flux.1-dev", seed=1, size=(512, 512))[0],
        make_plan(PORTRAIT.with_("lighting.key.direction", "right"), model="flux.1-dev", seed=1)[0],
        make_plan(PORTRAIT, model=fk.models.get("flux.1-dev").with_(weights="me/my-dev"), seed=1)[0],
    ]
    assert len({first.id, *(shot.id for shot in others)}) == 7


def test_the_id_of_a_request_does_not_change_between_releases():
    shot = fk.Shot(model="flux.1-schnell", prompt="a pear", seed=7, steps=4, width=512, height=512)
    assert shot.id == "shot1-b8c0887b34d8de2b"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"model": "flux.1-schnell", "guidance": 3.5}, "takes no guidance.*flux.1-dev"),
        ({"model": "flux.1-dev", "guidance": 50.0}, "1 to 10"),
        ({"model": "flux.1-dev", "steps": 1000}, "1 to 100"),
        ({"model": "flux.1-dev", "size": (100, 70)}, "100 x 70.*multiples of 16.*368 x 256"),
        ({"model": "flux.1-schnell", "true_cfg": 4.0}, "no second, negative pass"),
        ({"model": "flux.1-dev", "options": {"raw": True}}, "takes none"),
    ],
)
def test_what_a_model_would_drop_is_refused(settings, said):
    with pytest.raises(CapabilityError, match=said):
        make_plan(PORTRAIT, **settings)


def test_strict_false_changes_what_a_model_cannot_do_and_says_so():
    plan = make_plan(PORTRAIT, model="flux.1-schnell", guidance=3.5, size=(100, 70), strict=False)
    assert plan[0].guidance is None
    assert (plan[0].width, plan[0].height) == (368, 256)
    assert {found.rule for found in plan.diagnostics} >= {"guidance-ignored", "size"}


def test_a_swept_axis_the_model_ignores_is_refused():
    sweep = fk.Sweep(PORTRAIT, model="flux.1-schnell").over(guidance=[2.0, 3.0])
    with pytest.raises(CapabilityError, match="no guidance"):
        make_plan(sweep)


def test_an_axis_that_leaves_the_request_unchanged_is_refused():
    sweep = fk.Sweep(PORTRAIT, model="nano").over(**{"camera.iso": [100, 200]})
    with pytest.raises(PlanError, match=r"same picture.*camera\.iso"):
        make_plan(sweep)


def test_an_unknown_model_gets_a_close_match():
    with pytest.raises(UnknownModelError, match=r"flux\.1-dev"):
        make_plan(PORTRAIT, model="flux1-dev")


def test_missing_weights_are_refused_before_anything_is_loaded():
    with pytest.raises(WeightsError, match="no folder"):
        make_plan(PORTRAIT, model=fk.models.get("flux.1-dev").with_(weights="nowhere"))


def test_ten_thousand_shots_ask_for_confirmation():
    sweep = fk.Sweep(PORTRAIT, model="flux.1-dev").over(seed=range(10_000))
    with pytest.raises(PlanError, match=r"10,000.*confirm=True"):
        make_plan(sweep)
    assert len(make_plan(sweep, confirm=True)) == 10_000


def test_a_setting_that_does_not_exist_is_refused():
    with pytest.raises(PlanError, match="stpes"):
        make_plan(PORTRAIT, model="nano", stpes=4)


def test_settings_beside_a_sweep_are_refused():
    with pytest.raises(PlanError, match="carries its own"):
        make_plan(fk.Sweep(PORTRAIT, model="nano"), seed=3)


def test_a_plan_tells_its_shots_and_axes():
    plan = make_plan(fk.Sweep(PORTRAIT, model="flux.1-dev").over(seed=[1, 2], film=[fk.PORTRA_400, fk.TRI_X_400]))
    assert repr(plan).splitlines()[:3] == [
        "4 shots on flux.1-dev",
        "  seed: 1, 2",
        "  film: Kodak Portra 400, Kodak Tri-X 400",
    ]
    assert "0x" not in repr(plan)
    assert len(plan[1:3]) == 2


def test_a_true_cfg_shot_carries_the_scenes_avoid_as_its_negative_prompt():
    scene = PORTRAIT.with_(avoid=("plastic skin",))
    (shot,) = make_plan(scene, model="flux.1-dev", true_cfg=4.0)
    assert "plastic skin" in shot.negative
    (plain,) = make_plan(scene, model="flux.1-dev")
    assert plain.negative is None
    assert "plastic skin" not in plain.prompt.text


def test_a_negative_prompt_is_read_or_refused_by_each_kind_of_model():
    def asked(model, **settings):
        return make_plan(fk.Shot(model=model, prompt="a pear", negative="a plum", width=1024, height=1024, **settings))

    assert asked("flux.1-dev", true_cfg=4.0)[0].negative == "a plum"
    assert asked("flux.2-klein-base-4b", guidance=4.0)[0].negative == "a plum"
    for model, said in (("flux.1-dev", "true_cfg"), ("flux.2-klein-base-4b", "guidance"), ("flux.1-schnell", "none")):
        with pytest.raises(CapabilityError, match=said):
            asked(model)


def test_no_steps_at_all_are_refused_rather_than_taken_for_the_default():
    with pytest.raises(InputError, match="steps"):
        make_plan(PORTRAIT, model="flux.1-dev", steps=0)
    with pytest.raises(InputError, match="steps"):
        make_plan(fk.Sweep(PORTRAIT, model="flux.1-dev").over(steps=[0, 4]))
