"""Small frames for catalogue tests."""

from __future__ import annotations

import numpy as np
from PIL import Image

from fluxkit.frames import Frame, Provenance
from fluxkit.scene import PORTRA_400, Atmosphere, Lens, Light, Lighting, Scene, Subject
from fluxkit.shots.shot import Shot

SCENE = Scene(
    subject=Subject(description="a hare in the frost"),
    lighting=Lighting(key=Light(direction="left", quality="soft")),
    lens=Lens(focal_length_mm=85, f_number=1.8),
    film=PORTRA_400,
    atmosphere=Atmosphere(textures=("fine fur", "ice crystals")),
)


def make_frame(seed=0, scene=SCENE, *, pixels=None, take=0, prompt=None, provenance=None, **request):
    """A frame whose 16 x 16 pixels follow from its seed."""
    noise = np.random.default_rng(seed if pixels is None else pixels).integers(0, 256, (16, 16, 3), np.uint8)
    asked = {"model": "nano", "prompt": prompt or "a hare in the frost, window light", "width": 16, "height": 16}
    shot = Shot(**{**asked, "seed": seed, "scene": scene, **request})
    made = provenance or Provenance(engine="function", device="cpu")
    return Frame(shot, Image.fromarray(noise), provenance=made, take=take)
