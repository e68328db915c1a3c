"""The geometry of a head and shoulders as height maps, in head units: half the head's height is 1, y points up."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fluxkit.nano.render.field import Plane, bump, noise, ramp
from fluxkit.nano.render.world import Portrait

NOWHERE = -3.0
"""Height of a point that holds nothing."""


@dataclass(frozen=True)
class Head:
    """Heights (toward the camera) and signed insides (> 0 inside) of each part, and the face's own coordinates."""

    x: Plane
    y: Plane
    across: Plane
    """Longitude on the face: 0 on the nose, 0.27 at an eye."""
    face: Plane
    face_in: Plane
    neck: Plane
    neck_in: Plane
    body: Plane
    body_in: Plane
    hair: Plane
    hair_in: Plane
    """Hair seen in front of the face."""
    back_in: Plane
    """Hair seen behind the neck and the face."""
    strands: Plane
    """Light and dark along the hair, about zero mean."""


def sculpt(world: Portrait, x: Plane, y: Plane, rng: np.random.Generator) -> Head:
    """The head that `world` describes, on a grid of head units."""
    man = world.who in ("man", "marble bust", "bronze bust")
    yaw = math.radians(world.yaw_deg)
    jaw = 0.24 if man else 0.32
    half = 0.72 * (1 - jaw * ramp(0.0, -1.05, y) ** 1.2 - 0.04 * ramp(0.3, 1.0, y))
    inside = 1 - (np.abs(x) / half) ** 2.25 - (np.abs(y) / 1.0) ** 2.4
    across = 0.66 * (np.arcsin(np.clip(x / half, -1, 1)) - yaw)
    skull = 0.90 * np.sqrt(np.clip(inside, 0, 1)) ** 0.92
    turned = np.clip(np.cos(across / 0.66), 0.1, 1)
    face = skull + _relief(across, y, man) * np.clip(inside * 3, 0, 1) * turned
    neck, neck_in, body, body_in = _shoulders(x, y, man)
    hair, hair_in, back_in, strands = _hair(world, x, y, across, rng)
    return Head(x, y, across, face, inside, neck, neck_in, body, body_in, hair, hair_in, back_in, strands)


def _relief(across: Plane, y: Plane, man: bool) -> Plane:
    """Brow, eye sockets, nose, lips and chin, as heights over the smooth skull."""
    side = np.abs(across)

    def at(x: float, up: float, wide: float, tall: float) -> Plane:
        return bump(across, x, wide) * bump(y, up, tall)

    def both(x: float, up: float, wide: float, tall: float) -> Plane:
        return bump(side, x, wide) * bump(y, up, tall)

    ridge = ramp(0.30, -0.12, y) * ramp(-0.26, -0.15, y)
    out = 0.19 * np.exp(-((across / (0.065 + 0.035 * ridge)) ** 2)) * ridge
    out = out + 0.085 * at(0, -0.13, 0.085, 0.070) + 0.055 * both(0.10, -0.165, 0.050, 0.045)
    out = out - 0.030 * both(0.055, -0.215, 0.030, 0.020)
    out = out + (0.065 if man else 0.04) * bump(y, 0.30, 0.065) * np.exp(-((side / 0.42) ** 4))
    out = out - 0.105 * both(0.265, 0.150, 0.125, 0.085) + 0.055 * both(0.270, 0.145, 0.085, 0.050)
    out = out + 0.055 * both(0.42, -0.08, 0.15, 0.13) - (0.045 if man else 0.025) * both(0.40, -0.42, 0.13, 0.17)
    out = out - 0.016 * both(0.20, -0.30, 0.035, 0.11)
    out = out + 0.050 * at(0, -0.405, 0.15, 0.040) - 0.014 * at(0, -0.345, 0.03, 0.05)
    out = out + 0.060 * at(0, -0.505, 0.13, 0.042) - 0.032 * at(0, -0.450, 0.17, 0.014)
    out = out - 0.035 * at(0, -0.60, 0.16, 0.040) + (0.090 if man else 0.070) * at(0, -0.78, 0.17, 0.12)
    return np.asarray(out, np.float32)


def _shoulders(x: Plane, y: Plane, man: bool) -> tuple[Plane, Plane, Plane, Plane]:
    wide = (0.47 if man else 0.37) + 0.18 * ramp(-1.02, -1.45, y)
    neck = -0.06 + 0.38 * np.sqrt(np.clip(1 - (x / wide) ** 2, 0, 1)) - 0.10 * ramp(-0.7, -1.2, y)
    neck_in = np.where(y < -0.45, 1 - np.abs(x) / wide, -1)
    slope = 1.27 + 0.04 * np.abs(x) + (0.34 if man else 0.46) * np.clip(np.abs(x) - 0.34, 0, None) ** 1.5
    body_in = np.minimum((-y - slope) / 0.6, (2.15 if man else 1.75) - np.abs(x))
    body = -0.25 + 0.55 * np.sqrt(np.clip(body_in, 0, 1)) - 0.16 * (x / 1.5) ** 2
    return tuple(np.asarray(part, np.float32) for part in (neck, neck_in, body, body_in))  # type: ignore[return-value]


def _hair(
    world: Portrait, x: Plane, y: Plane, across: Plane, rng: np.random.Generator
) -> tuple[Plane, Plane, Plane, Plane]:
    shape, side = x.shape, np.abs(across)
    part = rng.uniform(-0.22, 0.22)
    ragged = 0.035 * noise(rng, shape, 3, 24)
    wave = 0.03 * noise(rng, shape, 9, 3)
    long = world.hair_length == "long"
    top = {"long": 1.15, "up": 1.12, "short": 1.13, "cropped": 1.05}[world.hair_length]
    wide = {"long": 0.86, "up": 0.76, "short": 0.77, "cropped": 0.735}[world.hair_length]
    cap = 1 - (np.abs(x) / (wide + wave)) ** 2.3 - (np.clip(y - 0.1, 0, 9) / (top - 0.1)) ** 2.2
    height = 1.0 * np.sqrt(np.clip(cap, 0, 1)) ** 0.8
    if long:  # the face shows through an opening below the parting; locks fall in front of the shoulders
        opening = (np.abs(across - part * ramp(0.0, 0.6, y)) / 0.56) ** 2.4 + (np.clip(y + 0.05, 0, 9) / 0.74) ** 2.2
        lock = ramp(-1.75, -1.45, y + 0.6 * wave)
        front = np.minimum(np.minimum(cap, (opening - 1 + ragged) * 0.45), lock - 0.4)
        below = np.minimum(front, (np.abs(x) - 0.49 - wave) * 2.0)
        front = front + (below - front) * ramp(-0.22, -0.55, y)
        back = np.minimum(cap, lock - 0.5)
    else:
        line = {"up": 0.70, "short": 0.66, "cropped": 0.74}[world.hair_length]
        temple = {"up": 0.68, "short": 0.66, "cropped": 0.69}[world.hair_length]
        opening = (side / temple) ** 5 * ramp(-0.18, 0.25, y) + (np.clip(y - part * across, 0, 9) / line) ** 3
        front = np.minimum(cap, (opening - 1 + ragged) * 0.35)
        back = np.minimum(cap, (y + 0.15) * 1.5)
        if world.hair_length == "up":
            bun = 1 - ((x - 0.2 * part) / 0.36) ** 2 - ((y - 1.17) / 0.30) ** 2
            back = np.maximum(back, bun)
    fall = (x - part * ramp(0.0, 1.1, y)) / (0.42 + np.sqrt(np.clip(1.16 - y, 0, 0.9)))
    columns = np.clip((fall * 0.5 + 0.5 + 0.3 * wave) * 255, 0, 255).astype(np.int32)
    strands = (noise(rng, (1, 256), 1, 60)[0] * 0.6 + noise(rng, (1, 256), 1, 26)[0] * 0.6)[columns]
    strands = strands + 0.25 * noise(rng, shape, 6, 30)
    if world.who in ("marble bust", "bronze bust"):  # carved curls rather than strands
        strands = 1.1 * noise(rng, shape, 22, 20)
    return tuple(np.asarray(part_, np.float32) for part_ in (height, front, back, strands))  # type: ignore[return-value]
