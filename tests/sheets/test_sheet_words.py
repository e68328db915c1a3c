"""Labels read as a photographer would say them."""

from __future__ import annotations

import pytest

from fluxkit.scene import PORTRA_400, Lens, Light
from fluxkit.sheets.words import axis_title, inline_label, value_label
from fluxkit.shots.shot import LoRA


@pytest.mark.parametrize(
    ("path", "value", "said"),
    [
        ("lighting.key.direction", "left", "Light from the left"),
        ("lighting.key.direction", "upper right", "Light from the upper right"),
        ("lighting.key.direction", "above", "Light from above"),
        ("lighting.fill.direction", "front left", "Fill from the front left"),
        ("lighting.rim.direction", "behind left", "Rim light from behind, left"),
        ("lighting.key.azimuth_deg", -45.0, "Light at 45° left"),
        ("lighting.key.azimuth_deg", 0.0, "Light at 0°"),
        ("lighting.key.elevation_deg", -20.0, "Light 20° down"),
        ("lighting.key.temperature_k", 5600.0, "5600 K"),
        ("lighting.key.quality", "soft", "Soft light"),
        ("lighting.ratio", 4.0, "4:1 light"),
        ("lens.f_number", 1.4, "f/1.4"),
        ("lens.focal_length_mm", 85.0, "85 mm"),
        ("lens", Lens(focal_length_mm=85, f_number=1.8), "85 mm f/1.8"),
        ("camera.shutter_s", 0.004, "1/250 s"),
        ("camera.shutter_s", 2.0, "2 s"),
        ("camera.iso", 400.0, "ISO 400"),
        ("film", PORTRA_400, "Kodak Portra 400"),
        ("film.push_stops", 1.0, "Pushed 1 stop"),
        ("seed", 3, "Seed 3"),
        ("guidance", 3.50, "Guidance 3.5"),
        ("steps", 4, "4 steps"),
        ("size", (1024, 768), "1024 × 768"),
        ("model", "flux.1-dev", "flux.1-dev"),
        ("take", 1, "Take 2"),
        ("environment.time_of_day", "golden hour", "Golden hour"),
        ("loras", (), "No LoRA"),
        ("loras", (LoRA(weights="styles/ink.safetensors", strength=0.8),), "ink.safetensors at 0.8"),
        ("lighting.fill", None, "No fill light"),
        ("lighting.key", Light(direction="left", quality="soft"), "Soft light, from the left"),
    ],
)
def test_a_value_is_said_as_a_photographer_says_it(path, value, said):
    assert value_label(path, value) == said


def test_inside_a_caption_only_names_keep_their_capitals():
    assert inline_label("lighting.key.direction", "left") == "light from the left"
    assert inline_label("film", PORTRA_400) == "Kodak Portra 400"
    assert inline_label("camera.iso", 400.0) == "ISO 400"


def test_an_axis_is_named_in_plain_words():
    assert axis_title("lighting.fill.temperature_k") == "temperature of the fill light"
    assert axis_title("lens.f_number") == "aperture"
    assert axis_title("environment.weather") == "weather"
