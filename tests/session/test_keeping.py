import numpy as np
import pytest

from fluxkit import FunctionEngine, Session, Sweep
from fluxkit.errors import InputError, PlanError
from fluxkit.measure.head import towards
from fluxkit.scene import Light, Lighting, Scene, Subject
from fluxkit.session.keeping import keep_of, takes_of
from tests.measure.pictures import ball

SCENE = Scene(subject=Subject(description="a ball"), lighting=Lighting(key=Light(direction="left")))


def lit_by_seed(shot):
    """Seed 5 is lit from the left, all others from the right."""
    from PIL import Image

    return Image.fromarray(ball(towards(-75.0 if shot.seed % 8 == 5 else 75.0, 25.0), size=96, radius=27))


def session(folder):
    return Session(folder, engine=FunctionEngine(lit_by_seed))


def test_the_take_with_the_light_that_was_asked_for_is_kept_and_all_are_recorded(tmp_path):
    with session(tmp_path) as running:
        frame = running.shoot(SCENE, model="nano", seed=0, keep="best of 8", by="light")
        assert frame.shot.seed == 5
        assert len(running.catalogue) == 8
        assert running.catalogue.marks(frame).tags == ("best of 8 by light",)
        assert [f.shot.seed for f in running.catalogue.search(tag="best of 8 by light")] == [5]


def test_a_sweep_keeps_one_take_of_each_cell(tmp_path):
    with session(tmp_path) as running:
        sweep = Sweep(SCENE, model="nano").over(**{"lighting.key.direction": ["left", "right"]})
        frames = running.shoot(sweep, keep=6, by="light")
    assert [frame.shot.seed for frame in frames] == [5, 0]


@pytest.mark.parametrize(("keep", "by"), [("best of one", "light"), ("best of 1", None), (None, "light"), (100, None)])
def test_what_cannot_be_kept_is_refused(tmp_path, keep, by):
    with session(tmp_path) as running, pytest.raises(InputError, match="best of N"):
        running.shoot(SCENE, model="nano", keep=keep, by=by)


def test_keeping_by_what_the_scene_does_not_ask_is_refused(tmp_path):
    with session(tmp_path) as running, pytest.raises(InputError, match="asks nothing of 'grain'"):
        running.shoot(SCENE, model="nano", keep="best of 4", by="grain")


def test_keeping_from_a_sweep_over_seeds_is_refused(tmp_path):
    with session(tmp_path) as running, pytest.raises(InputError, match="draws seeds itself"):
        running.shoot(Sweep(SCENE, model="nano").over(seed=range(3)), keep="best of 4", by="light")


def test_shots_with_nearby_seeds_are_refused_as_a_sweep_over_them_is(tmp_path):
    with session(tmp_path) as running, pytest.raises(InputError, match="draws seeds itself"):
        shots = [running.plan(SCENE, model="nano", seed=seed)[0] for seed in (0, 2)]
        running.shoot(shots, keep="best of 4", by="light")


def test_more_takes_than_are_shot_unasked_can_be_confirmed(tmp_path):
    sweep = Sweep(SCENE, model="nano").over(guidance=[1 + step / 100 for step in range(26)])
    with session(tmp_path) as running:
        with pytest.raises(PlanError, match="confirm=True"):
            running.shoot(sweep, keep=40, by="light")
        takes = takes_of(running.plan(sweep), keep_of(40, "light"), confirm=True)
        assert len(takes) == 26 * 40


def test_what_strict_false_leaves_as_it_is_is_shot_take_by_take(tmp_path):
    unread = SCENE.with_("subject.description", "a ball " + "of very fine old grey wool " * 40)
    with session(tmp_path) as running:
        assert running.shoot(unread, model="nano", strict=False, keep=6, by="light").shot.seed == 5


def test_the_ball_is_drawn_as_the_tests_say():
    assert np.asarray(lit_by_seed(type("Shot", (), {"seed": 5})))[48, 30:40].mean() > 60
