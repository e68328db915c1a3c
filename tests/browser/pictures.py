"""Frames for the browser tests: gradients lit from one side, so that a comparison has something to show."""

from __future__ import annotations

import numpy as np
from PIL import Image

import fluxkit.scene as scenes
from fluxkit.scene import Light, Lighting, Scene
from fluxkit.shots import Sweep

DIRECTIONS = ["left", "front", "right"]


def paint(shot, side: int = 256) -> Image.Image:
    """A sphere before a background, lit from where the shot's scene says."""
    y, x = np.mgrid[-1 : 1 : side * 1j, -1 : 1 : side * 1j]
    centre = ((shot.seed % 5) - 2) * 0.08
    r2 = (x - centre) ** 2 + y**2
    z = np.sqrt(np.clip(0.42 - r2, 0, None))
    toward = {"left": -0.8, "right": 0.8}.get(shot.value("lighting.key.direction"), 0.0)
    normal = np.stack([x - centre, y, z]) / np.sqrt(0.42)
    lit = np.clip(normal[0] * toward - normal[1] * 0.35 + normal[2] * 0.55, 0.04, 1)
    ground = 0.16 + 0.1 * (1 - y)[..., None] * np.array([0.8, 0.9, 1.0])
    ball = lit[..., None] * np.array([0.95, 0.55 + 0.06 * (shot.seed % 4), 0.3])
    picture = np.where((r2 < 0.42)[..., None], ball, ground)
    grain = np.random.default_rng(shot.seed).normal(0, 0.015, picture.shape)
    return Image.fromarray((np.clip(picture + grain, 0, 1) ** (1 / 2.2) * 255).astype(np.uint8))


def sweep(seeds: int) -> Sweep:
    """Three light directions by so many seeds."""
    scene = Scene(
        subject=scenes.Subject(description="an orange on a plinth"),
        lighting=Lighting(key=Light(direction="left", quality="soft")),
        lens=scenes.Lens(focal_length_mm=85, f_number=2.8),
        film=scenes.PORTRA_400,
    )
    axes = {"lighting.key.direction": DIRECTIONS, "seed": range(seeds)}
    return Sweep(scene, model="flux.1-schnell").over(**axes)
