"""Frames to lay out: plain pictures of a colour that says which frame it is."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PIL import Image

import fluxkit.scene as scenes
from fluxkit.frames import Frame, Provenance
from fluxkit.scene import Light, Lighting, Scene
from fluxkit.shots.shot import Shot


def make_frame(number: int = 0, *, scene: Scene | None = None, side: int = 32, take: int = 0, **request) -> Frame:
    colour = (40 + number * 53 % 200, 40 + number * 97 % 200, 40 + number * 31 % 200)
    prompt = "p" if scene is None else f"p {scene.fingerprint()}"
    request = {"model": "nano", "prompt": prompt, "width": 128, "height": 128, "steps": 20, "guidance": 2.5, **request}
    shot = Shot(scene=scene, **request)
    return Frame(shot, Image.new("RGB", (side, side), colour), provenance=Provenance(engine="function"), take=take)


@pytest.fixture
def frame() -> Callable[..., Frame]:
    return make_frame


@pytest.fixture
def portrait() -> Scene:
    return Scene(
        subject=scenes.Subject(description="a woman"),
        lens=scenes.Lens(focal_length_mm=85, f_number=1.8),
        film=scenes.PORTRA_400,
        lighting=Lighting(key=Light(direction="left")),
    )


@pytest.fixture
def eight(portrait: Scene) -> list[Frame]:
    """Two light directions by four seeds, in plan order."""
    return [
        make_frame(side * 4 + seed, scene=portrait.with_("lighting.key.direction", direction), seed=seed)
        for side, direction in enumerate(("left", "right"))
        for seed in range(4)
    ]
