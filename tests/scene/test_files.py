"""JSON and YAML: what is no scene is refused (`tests/prompt/test_any_scene.py` tries that any scene comes back)."""

from datetime import UTC, datetime

import pytest

from fluxkit.errors import InputError
from fluxkit.scene import Camera, Environment, Lens, Scene, presets, stocks


@pytest.mark.parametrize("name", [name for name in vars(presets) if name.isupper()])
def test_every_preset_comes_back(name):
    scene = getattr(presets, name)
    assert Scene.from_yaml(scene.to_yaml()) == Scene.from_json(scene.to_json()) == scene


def test_the_text_names_its_schema_and_version():
    text = Scene(subject="a vase").to_json(indent=None)
    assert text.startswith('{"schema": "fluxkit.scene", "version": 1, "subject"')


def test_a_hand_written_yaml_is_read_as_a_person_means_it():
    scene = Scene.from_yaml(
        """
        subject: a lighthouse keeper
        environment: {place: on a jetty, time_of_day: golden hour, season: autumn}
        lens: {focal_length_mm: 35, f_number: 8}
        film: Portra 400
        aspect_ratio: 3:2
        avoid: [no, on, 12:30:00]
        """
    )
    assert scene.aspect_ratio == "3:2"
    assert scene.film == stocks.PORTRA_400
    assert scene.avoid == ("no", "on", "12:30:00")


def test_dates_and_awkward_numbers_come_back_exactly():
    when = datetime(2026, 6, 21, 18, 30, 0, 123456, tzinfo=UTC)
    scene = Scene(
        environment=Environment(clock=when, latitude_deg=0.1 + 0.2, longitude_deg=-9.1),
        lens=Lens(focal_length_mm=1 / 3 + 80),
        camera=Camera(),
    )
    assert Scene.from_yaml(scene.to_yaml()) == scene
    assert Scene.from_json(scene.to_json()).camera == Camera()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "no JSON"),
        ("[]", "list was given"),
        ('{"schema": "other.thing"}', "schema is 'other.thing'"),
        ('{"schema": "fluxkit.scene", "version": 99}', "version 99.*Update fluxkit"),
        ('{"subject": {"descriptoin": "x"}}', "Did you mean 'description'"),
    ],
)
def test_a_text_that_is_no_scene_is_refused(text, message):
    with pytest.raises(InputError, match=f"(?s){message}"):
        Scene.from_json(text)


@pytest.mark.parametrize("text", ["subject: [", "- 1", "!!python/object/apply:os.system ['echo']", "just words"])
def test_a_yaml_that_is_no_scene_is_refused_and_runs_nothing(text):
    with pytest.raises(InputError):
        Scene.from_yaml(text)
