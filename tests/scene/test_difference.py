"""What differs between two scenes, in words."""

from hypothesis import HealthCheck, given, settings

from fluxkit.scene import Lens, Light, Lighting, Scene, Subject, stocks
from tests.scene.strategies import FEW_DRAWS, scenes

LEFT = Scene(
    subject=Subject(description="a woman", pose="seated"),
    lighting=Lighting(key=Light(direction="left")),
    film=stocks.PORTRA_400,
)


def test_a_change_is_told_by_field():
    assert repr(LEFT.diff(LEFT.with_("lighting.key.direction", "right"))) == "lighting key direction: left → right"


def test_what_is_added_and_what_is_taken_away_is_told():
    changed = LEFT.with_(**{"lens": Lens(focal_length_mm=85, f_number=1.8), "subject.pose": None})
    assert repr(LEFT.diff(changed)) == (
        "subject pose: now unset (was seated)\nlens: focal length mm 85, f number 1.8 (was unset)"
    )


def test_another_film_is_another_film_and_a_pushed_film_is_the_same_film():
    assert repr(LEFT.diff(LEFT.with_(film=stocks.TRI_X_400))) == "film: Kodak Portra 400 → Kodak Tri-X 400"
    assert repr(LEFT.diff(LEFT.with_(film=stocks.PORTRA_400.push(1)))) == "film push stops: 0 → 1"


def test_equal_scenes_have_no_difference():
    assert LEFT.diff(LEFT) == ()
    assert repr(LEFT.diff(LEFT)) == "No difference."


def test_the_html_twin_escapes():
    assert "&lt;b&gt;" in LEFT.diff(LEFT.with_("subject.pose", "<b>standing</b>"))._repr_html_()


@given(scenes, scenes)
@settings(max_examples=FEW_DRAWS // 2, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_there_is_a_difference_exactly_when_scenes_differ(one, other):
    changes = one.diff(other)
    assert bool(changes) == (one != other)
    for change in changes:
        assert str(change)
        one.get(change.path)
