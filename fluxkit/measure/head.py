"""A generic head: where light from each direction would fall on it, so that a picture of a head can be read backwards.

Coordinates are head units (half the head's height is 1), x to the right of the picture, y up, z to the camera, with the
eyes at y = 0.15 and the mouth at y = -0.455. The proportions are those of the renderer in `fluxkit.nano`.
"""

from __future__ import annotations

import functools
import math

import numpy as np
from numpy.typing import NDArray

from fluxkit.measure.face import Face
from fluxkit.measure.pixels import Plane, blurred, sampled

CELLS = 24
"""Side of the grid that a head is read on."""
REACH = 1.3
"""Half side of that grid in head units."""
EYES, MOUTH = 0.15, -0.455

_NOWHERE = -3.0
_AZIMUTHS = np.arange(-180, 180, 10)
_ELEVATIONS = np.arange(-45, 81, 12.5)


@functools.cache
def directions() -> NDArray[np.float64]:
    """The unit vectors (n, 3) of the directions that are tried: every 10 degrees round, every 12.5 up."""
    elevation, azimuth = (angle.ravel() for angle in np.meshgrid(_ELEVATIONS, _AZIMUTHS, indexing="ij"))
    return towards(azimuth, elevation)


def towards(
    azimuth_deg: NDArray[np.float64] | float, elevation_deg: NDArray[np.float64] | float
) -> NDArray[np.float64]:
    """The unit vector from the subject to a light: azimuth 0 is the camera's side, positive is camera right."""
    a, e = np.radians(azimuth_deg), np.radians(elevation_deg)
    return np.stack([np.sin(a) * np.cos(e), np.sin(e) * np.ones_like(a), np.cos(a) * np.cos(e)], -1)


def angles(vector: NDArray[np.float64]) -> tuple[float, float]:
    """Azimuth and elevation in degrees of a direction."""
    x, y, z = (vector / np.linalg.norm(vector)).tolist()
    return math.degrees(math.atan2(x, z)), math.degrees(math.asin(max(-1.0, min(1.0, y))))


def head_grid(plane: Plane, face: Face, cells: int = CELLS) -> Plane:
    """The part of a plane around a face, upright and scaled to head units, as a square of `cells`."""
    centre, right, down, unit = pose(face)
    across, below = grid(cells)
    spot = centre + (across[..., None] * right - below[..., None] * down) * unit
    return sampled(
        blurred(plane, max(unit / 14, 0.6)), spot[..., 1].astype(np.float32), spot[..., 0].astype(np.float32)
    )


def grid(cells: int) -> tuple[Plane, Plane]:
    """The x and y of every cell, in head units."""
    axis = ((np.arange(cells, dtype=np.float32) + 0.5) / cells * 2 - 1) * np.float32(REACH)
    across, down = np.meshgrid(axis, axis)
    return np.asarray(across, np.float32), np.asarray(-down, np.float32)


def pose(face: Face) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64], float]:
    """The head's centre, its right and down directions in the picture, and the length of a head unit, in pixels."""
    eyes, mouth = _between(face.left_eye, face.right_eye), _between(face.left_mouth, face.right_mouth)
    roll = math.radians(face.roll_deg)
    drop = float(np.hypot(*(mouth - eyes)))
    down = (mouth - eyes) / max(drop, 1e-6) + np.array([-math.sin(roll), math.cos(roll)])
    down = down / max(float(np.hypot(*down)), 1e-6)
    right, unit = np.array([down[1], -down[0]]), max(drop / (EYES - MOUTH), 1.0)
    brow = eyes + down * (EYES * unit)
    middle = np.array([face.x + face.width / 2, face.y + face.height / 2])
    return brow + right * float((middle - brow) @ right), right, down, unit


def turn(face: Face) -> tuple[float, float]:
    """How far nose and eyes stand off the middle, in head units: both grow with the turn of the head."""
    _, right, _, unit = pose(face)
    eyes = _between(face.left_eye, face.right_eye)
    middle = np.array([face.x + face.width / 2, face.y + face.height / 2])
    return float((np.array(face.nose) - eyes) @ right / unit), float((eyes - middle) @ right / unit)


def yaw_deg(face: Face) -> float:
    """The turn of the head in degrees, positive to camera right; within about 7 degrees (fitted on renders)."""
    nose, eyes = turn(face)
    return float(np.clip(47 * nose + 123 * eyes, -40, 40))


@functools.lru_cache(maxsize=9)
def shading(yaw_tens: int) -> tuple[Plane, Plane]:
    """How a head turned by ten times `yaw_tens` degrees looks in light from each of `directions()`.

    Returns (directions, cells) light levels and (cells,) weights: 1 on skin, less on eyes, brows and lips, 0 elsewhere.
    """
    x, y = grid(CELLS)
    relief, inside, along = _sculpt(x, y, math.radians(10 * yaw_tens))
    px = 2 * REACH / CELLS
    down, right = np.gradient(np.where(inside > -0.4, relief, 0), px)
    normal = np.stack([-right, down, np.ones_like(relief)], -1)
    normal = (normal / np.linalg.norm(normal, axis=-1, keepdims=True)).reshape(-1, 3)
    light = directions()
    facing = np.clip((light @ normal.T + 0.15) / 1.15, 0, 1)
    behind = np.clip(-light[:, 2:], 0, 1) * 2
    rim = np.clip(1 - normal[:, 2], 0, 1) ** 1.5 * np.clip(light[:, :2] @ normal[:, :2].T, 0, 1) * behind
    seen = _visible(np.where(inside > 0, relief, _NOWHERE).astype(np.float32), light, px)
    return (facing * seen + rim).astype(np.float32), _weights(inside, along, y).ravel()


def _weights(inside: Plane, along: Plane, y: Plane) -> Plane:
    side = np.abs(along)
    eyes = (y > 0.05) & (y < 0.40) & (side > 0.1) & (side < 0.45)
    lips = (y < -0.38) & (y > -0.54) & (side < 0.22)
    return np.where((inside > 0.10) & (y < 0.5), np.where(eyes | lips, 0.2, 1.0), 0.0).astype(np.float32)


def _sculpt(x: Plane, y: Plane, yaw: float) -> tuple[Plane, Plane, Plane]:
    """Height toward the camera, signed inside (> 0 within the head), and longitude on the face (0.27 at an eye)."""
    half = 0.72 * (1 - 0.28 * _step(0.0, -1.05, y) ** 1.2)
    inside = 1 - (np.abs(x) / half) ** 2.25 - np.abs(y) ** 2.4
    along = 0.66 * (np.arcsin(np.clip(x / half, -1, 1)) - yaw)
    skull = 0.90 * np.sqrt(np.clip(inside, 0, 1))
    features = _features(np.abs(along), along, y) * np.clip(inside * 3, 0, 1) * np.clip(np.cos(along / 0.66), 0.1, 1)
    neck = np.where(
        (y < -0.45) & (np.abs(x) < 0.45), -0.06 + 0.3 * np.sqrt(np.clip(1 - (x / 0.45) ** 2, 0, 1)), _NOWHERE
    )
    height = np.where(inside > 0, skull + features, np.maximum(neck, 0) * (neck > _NOWHERE))
    return height.astype(np.float32), inside.astype(np.float32), along.astype(np.float32)


def _features(side: Plane, along: Plane, y: Plane) -> Plane:
    """Nose, eye sockets, cheeks, lips and chin, as heights over the skull."""
    ridge = _step(0.30, -0.12, y) * _step(-0.26, -0.15, y)
    nose = 0.19 * np.exp(-((along / (0.065 + 0.035 * ridge)) ** 2)) * ridge + 0.1 * _bell(side, 0, 0.1) * _bell(
        y, -0.14, 0.07
    )
    brow = 0.05 * _bell(y, 0.30, 0.065) * np.exp(-((side / 0.42) ** 4))
    socket = -0.105 * _bell(side, 0.265, 0.125) * _bell(y, 0.15, 0.085)
    eyeball = 0.055 * _bell(side, 0.27, 0.085) * _bell(y, 0.145, 0.05)
    cheek = 0.055 * _bell(side, 0.42, 0.15) * _bell(y, -0.08, 0.13) - 0.035 * _bell(side, 0.40, 0.13) * _bell(
        y, -0.42, 0.17
    )
    lips = 0.055 * _bell(side, 0, 0.14) * (_bell(y, -0.405, 0.04) + _bell(y, -0.505, 0.042))
    chin = 0.08 * _bell(side, 0, 0.17) * _bell(y, -0.78, 0.12) - 0.035 * _bell(side, 0, 0.16) * _bell(y, -0.60, 0.04)
    return np.asarray(nose + brow + socket + eyeball + cheek + lips + chin, np.float32)


def _visible(height: Plane, light: NDArray[np.float64], px: float, steps: int = 10, spread: float = 0.27) -> Plane:
    """Which cells (columns) see the light from each direction (rows): soft shadows by marching over the heights."""
    n = height.shape[0]
    across = np.maximum(np.hypot(light[:, 0], light[:, 1]), 0.05)
    climb = (light[:, 2] / across)[:, None, None]
    widen = np.float32(2 * spread) * np.hypot(1, climb)
    rows, columns = np.arange(n)[None, :, None], np.arange(n)[None, None]
    wide = np.pad(height, n, constant_values=_NOWHERE)
    seen = np.ones((len(light), n, n), np.float32)
    for step in range(1, steps + 1):
        far = (step / steps) ** 1.5
        dx = np.round(light[:, 0] / across * far / px).astype(int)[:, None, None]
        dy = np.round(-light[:, 1] / across * far / px).astype(int)[:, None, None]
        moved = np.hypot(dx, dy) * px
        gap = height + climb * moved - wide[n + rows + dy, n + columns + dx]
        seen = np.where(moved > 0, np.minimum(seen, gap / np.maximum(widen * moved, 1e-6) + 0.5), seen)
    t = np.clip(seen, 0, 1).reshape(len(light), -1)
    return (t * t * (3 - 2 * t)).astype(np.float32)


def _between(a: tuple[float, float], b: tuple[float, float]) -> NDArray[np.float64]:
    return np.asarray((np.array(a) + np.array(b)) / 2, np.float64)


def _bell(x: Plane, centre: float, width: float) -> Plane:
    return np.asarray(np.exp(-(((x - centre) / width) ** 2)), np.float32)


def _step(low: float, high: float, x: Plane) -> Plane:
    t = np.clip((x - low) / (high - low), 0, 1)
    return np.asarray(t * t * (3 - 2 * t), np.float32)
