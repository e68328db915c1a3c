"""The key light: from where it falls on the subject, and how strong it is beside the fill."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fluxkit.measure.face import Face
from fluxkit.measure.head import angles, directions, head_grid, shading, yaw_deg
from fluxkit.measure.lambert import LightFit, fit_light
from fluxkit.measure.light_reader import read_light
from fluxkit.measure.measurement import Measurement, abstain
from fluxkit.measure.pixels import Mask, Picture, Plane, blurred, linear, luma, pixels, resized
from fluxkit.measure.subject import SubjectRegion, find_subject

SMALLEST_FACE_PX = 24
"""Faces narrower than this are not read."""

_HEAD = "generic head relit from 396 directions, checked by a network fitted on rendered heads"
_SHAPE = "silhouette inflated to a rounded body, relit from 396 directions"
_APART_DEG = 50.0
_EXPLAINED = 0.45
_SURE = 0.55
_SHAPE_EXPLAINED = 0.35


@dataclass(frozen=True)
class KeyLight:
    """A light direction with what speaks for it."""

    vector: NDArray[np.float64]
    spread_deg: float
    """About how far it may be off."""
    confidence: float
    ambient: float
    key: float
    doubt: str | None
    """Why it should not be trusted; None where it may be."""


def key_light(picture: Picture, *, region: SubjectRegion | None = None) -> Measurement:
    """Where the key light is: `azimuth_deg` (0 the camera's side, + camera right), `elevation_deg`, `spread_deg`.

    With a face the head is read; without one, the silhouette of what stands out, which tells little more than the side.
    Abstains without a subject, on faces narrower than 24 pixels, and where two ways of reading disagree.
    """
    region = region or find_subject(picture)
    if region is None:
        return abstain("key_light", "no face, and nothing that stands out from the border", method=_SHAPE)
    if region.face is not None:
        if region.face.width < SMALLEST_FACE_PX:
            reason = f"the face is only {region.face.width:.0f} px wide; {SMALLEST_FACE_PX} are needed"
            return abstain("key_light", reason, method=_HEAD, region="face")
        return _told(on_head(pixels(picture), region.face), "head", _HEAD)
    return _told(on_shape(pixels(picture), region.mask, region.confidence), "subject", _SHAPE)


def on_head(code: Plane, face: Face) -> KeyLight:
    """The light on a head: the generic head's answer and the network's, joined where they agree."""
    light = luma(linear(code))
    levels, weights = shading(int(np.clip(round(yaw_deg(face) / 10), -3, 3)))
    fit = fit_light(head_grid(light, face).ravel(), levels, weights, directions())
    guess, unlike = read_light(light, face)
    length = float(np.linalg.norm(guess))
    joined, apart = _joined(fit, guess / max(length, 1e-6), length)
    doubt = _doubt(fit, length, apart, unlike)
    confidence = float(np.clip(length, 0, 1) * np.clip(1.15 - apart / 90, 0, 1))
    spread = float(np.clip(8 + 0.25 * apart + 20 * (1 - min(length, 1.0)), 8, 60))
    return KeyLight(joined, spread, round(min(confidence, 0.95), 2), fit.ambient, fit.key, doubt)


def on_shape(code: Plane, mask: Mask, confidence: float) -> KeyLight:
    """The light on a body of which only the outline is known, taken to be rounded like a cushion."""
    rows, columns = code.shape[:2]
    scale = 96 / max(rows, columns)
    size = max(round(rows * scale), 16), max(round(columns * scale), 16)
    inside = resized(mask.astype(np.float32), *size) > 0.5
    light = blurred(luma(linear(resized(code, *size))), 1.0)
    depth = _depth(inside)
    thick = max(float(depth.max()), 2.0)
    height = blurred(np.sqrt(np.clip(depth * (2 * thick - depth), 0, None)).astype(np.float32), 1.0)
    down, right = np.gradient(height)
    normal = np.stack([-right, down, np.ones_like(height)], -1)[inside]
    normal = normal / np.linalg.norm(normal, axis=-1, keepdims=True)
    front = directions()[:, 2] > -0.35
    vectors = directions()[front]
    levels = np.clip((vectors @ normal.T + 0.15) / 1.15, 0, 1).astype(np.float32)
    fit = fit_light(light[inside], levels, np.ones(int(inside.sum()), np.float32), vectors)
    doubt = _shape_doubt(inside, fit, confidence)
    trust = float(np.clip(fit.explained, 0, 1)) * confidence
    return KeyLight(fit.vector, 40.0, round(min(trust, 0.7), 2), fit.ambient, fit.key, doubt)


def side_words(azimuth_deg: float, elevation_deg: float = 0.0) -> str:
    """The direction as a photographer says it.

    >>> side_words(-62), side_words(170), side_words(5, 70)
    ('from the left', 'from behind', 'from above')
    """
    if elevation_deg > 60:
        return "from above"
    if elevation_deg < -25 and abs(azimuth_deg) < 60:
        return "from below"
    side, away = "left" if azimuth_deg < 0 else "right", abs(azimuth_deg)
    if away < 20:
        return "from the front"
    if elevation_deg >= 40 and away <= 112:
        return f"from the upper {side}"
    if away < 55:
        return f"from the front {side}"
    if away <= 112:
        return f"from the {side}"
    return "from behind" if away > 160 else f"from behind, {side}"


def _told(light: KeyLight, region: str, method: str) -> Measurement:
    azimuth, elevation = angles(light.vector)
    value = {"azimuth_deg": azimuth, "elevation_deg": elevation, "spread_deg": light.spread_deg}
    if light.doubt is not None:
        return abstain("key_light", light.doubt, method=method, region=region, value=value, unit="degrees")
    figures = f"azimuth {azimuth:+.0f}°, elevation {elevation:+.0f}°, ±{light.spread_deg:.0f}°"
    return Measurement(
        name="key_light",
        value=value,
        unit="degrees",
        words=f"{side_words(azimuth, elevation)} ({figures})",
        confidence=light.confidence,
        region=region,
        method=method,
    )


def _joined(fit: LightFit, guess: NDArray[np.float64], length: float) -> tuple[NDArray[np.float64], float]:
    """The mean of both answers, and the degrees between them; a light from behind is the network's to see."""
    apart = math.degrees(math.acos(float(np.clip(fit.vector @ guess, -1, 1))))
    if guess[2] < -0.25 and length > _SURE:
        return guess, min(apart, _APART_DEG)
    both = guess * (0.5 + length) + fit.vector * 0.6 * max(fit.explained, 0.0)
    return both / max(float(np.linalg.norm(both)), 1e-6), apart


def _doubt(fit: LightFit, length: float, apart: float, unlike: float) -> str | None:
    if apart > _APART_DEG:
        return f"two ways of reading the head disagree by {apart:.0f}°"
    if length < 0.35 or unlike > 0.9:
        return "the head shows no single direction"
    if fit.explained < _EXPLAINED and length < 0.8:
        return f"one light explains only {max(fit.explained, 0):.0%} of the head's light and dark"
    return None


def _shape_doubt(inside: Mask, fit: LightFit, confidence: float) -> str | None:
    rows, columns = int(inside.any(1).sum()), int(inside.any(0).sum())
    if columns > 1.7 * rows or inside.sum() < 0.55 * rows * columns or confidence < 0.5:
        return "what stands out is no compact thing"
    if fit.vector[1] < -0.5:
        return "a light from so far below is more likely the thing's own light and dark"
    if fit.explained < _SHAPE_EXPLAINED:
        return f"rounded shading explains only {max(fit.explained, 0):.0%} of its light and dark"
    return None


def _depth(inside: Mask) -> Plane:
    """The distance of each pixel inside from the outline, in pixels (by peeling)."""
    depth, left = np.zeros(inside.shape, np.float32), inside.copy()
    diagonal = False
    while left.any():
        depth += left
        wide = np.pad(left, 1)
        inner = wide[1:-1, 1:-1] & wide[:-2, 1:-1] & wide[2:, 1:-1] & wide[1:-1, :-2] & wide[1:-1, 2:]
        if diagonal:
            inner = inner & wide[:-2, :-2] & wide[2:, 2:] & wide[:-2, 2:] & wide[2:, :-2]
        left, diagonal = inner, not diagonal
    return depth
