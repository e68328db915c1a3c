"""The subject's place in a picture: head and shoulders where there is a face, else what stands out from the border."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from fluxkit.measure.face import Face, find_faces
from fluxkit.measure.head import pose
from fluxkit.measure.pixels import Mask, Picture, Plane, blurred, grown, pixels, resized

_SIDE = 64
_BORDER_COLOURS = 6
_LEAST = 1 / 255  # of full scale: nothing stands out by less than a code value


@dataclass(frozen=True)
class SubjectRegion:
    """Where the subject is, in pixels of the picture."""

    mask: Mask
    confidence: float
    """0 to 1."""
    face: Face | None = None
    """The largest face, where there is one."""


def find_subject(picture: Picture, *, faces: tuple[Face, ...] | None = None) -> SubjectRegion | None:
    """The subject of a picture; None where nothing stands out (a landscape, a pattern, an even wall).

    `faces` saves the search where they are known. Without a face this is a guess from colour and place: what differs
    from the colours along the border and lies toward the middle.
    """
    code = pixels(picture)
    found = find_faces(picture) if faces is None else faces
    if found:
        return SubjectRegion(_head_and_shoulders(found[0], code.shape[:2]), min(found[0].score, 0.95), found[0])
    return _stands_out(code)


def background(region: SubjectRegion) -> Mask:
    """What surely lies outside the subject."""
    return ~grown(region.mask, max(round(min(region.mask.shape) * 0.03), 2))


def _head_and_shoulders(face: Face, shape: tuple[int, ...]) -> Mask:
    centre, right, down, unit = pose(face)
    rows, columns = np.mgrid[0 : shape[0], 0 : shape[1]]
    away = np.stack([columns, rows], -1) - centre
    x, y = away @ right / unit, -(away @ down) / unit
    head = (x / 0.98) ** 2 + ((y - 0.03) / 1.22) ** 2 < 1
    body = (y < -0.8) & (np.abs(x) < 0.5 + 1.3 * np.clip(-0.95 - y, 0, 1))
    return np.asarray(head | body)


def _stands_out(code: Plane) -> SubjectRegion | None:
    rows, columns = code.shape[:2]
    scale = _SIDE / min(rows, columns)
    small = resized(code, round(rows * scale), round(columns * scale))
    strange = blurred(_strangeness(small), 1.0)
    weighted = strange * _middle(strange.shape)
    if weighted.max() < _LEAST:  # one colour all over: there are no two classes to part
        return None
    level = _otsu(weighted)
    found = _piece(weighted > level)
    area, edge = float(found.mean()), float(np.mean(_frame(found)))
    if not 0.02 < area < 0.6 or edge > 0.3:
        return None
    apart = _apart(strange, found)
    big = resized(found.astype(np.float32), rows, columns) > 0.5
    return SubjectRegion(np.asarray(big), round(float(np.clip(0.35 * apart, 0.1, 0.8)), 2)) if apart > 1.2 else None


def _apart(strange: Plane, found: Mask) -> float:
    """How far the piece stands out from what lies beside it in the same rows, in deviations; land hardly does."""
    rows = found.any(1)
    beside = strange[rows][~found[rows]]
    return float(strange[found].mean() - beside.mean()) / (float(strange.std()) + 1e-6) if beside.size else 0.0


def _strangeness(small: Plane) -> Plane:
    """The distance of each pixel from the nearest of the colours along the border."""
    border = np.concatenate([small[:3].reshape(-1, 3), small[:, :3].reshape(-1, 3), small[:, -3:].reshape(-1, 3)])
    border = np.concatenate([border, small[-3:].reshape(-1, 3)])
    centres = border[np.linspace(0, len(border) - 1, _BORDER_COLOURS).astype(int)]
    for _ in range(6):
        nearest = ((border[:, None] - centres) ** 2).sum(-1).argmin(1)
        centres = np.stack(
            [border[nearest == k].mean(0) if (nearest == k).any() else centres[k] for k in range(len(centres))]
        )
    return np.asarray(np.sqrt(((small[:, :, None] - centres) ** 2).sum(-1).min(-1)), np.float32)


def _middle(shape: tuple[int, ...]) -> Plane:
    y, x = (np.linspace(-1, 1, n, dtype=np.float32) for n in shape)
    return np.asarray(np.exp(-((x[None] / 0.75) ** 2) - (y[:, None] / 0.85) ** 2), np.float32)


def _otsu(plane: Plane) -> float:
    """The level that parts a plane into two classes as far from each other as can be."""
    levels = np.quantile(plane, np.linspace(0.3, 0.98, 35))
    low = [plane < level for level in levels]
    parts = [
        part.mean() * (1 - part.mean()) * (plane[~part].mean() - plane[part].mean()) ** 2 for part in low if part.any()
    ]
    return float(levels[-len(parts) :][int(np.argmax(parts))])


def _piece(mask: Mask) -> Mask:
    """The connected piece that weighs most toward the middle, with its holes filled."""
    left, best, weight = mask.copy(), np.zeros_like(mask), 0.0
    middle = _middle(mask.shape)
    while left.any():
        seed = np.zeros_like(mask)
        seed.flat[int(np.argmax(np.where(left, middle, -1)))] = True
        piece = _flood(seed, left)
        left &= ~piece
        if float(middle[piece].sum()) > weight:
            best, weight = piece, float(middle[piece].sum())
        if float(middle[left].sum()) < weight:
            break
    edge = np.zeros_like(mask)
    edge[0], edge[-1], edge[:, 0], edge[:, -1] = True, True, True, True
    return ~_flood(edge & ~best, ~best)


def _flood(seed: Mask, within: Mask) -> Mask:
    while True:
        wider = seed.copy()
        wider[1:] |= seed[:-1]
        wider[:-1] |= seed[1:]
        wider[:, 1:] |= seed[:, :-1]
        wider[:, :-1] |= seed[:, 1:]
        wider &= within
        if int(wider.sum()) == int(seed.sum()):
            return wider
        seed = wider


def _frame(mask: Mask) -> NDArray[np.bool_]:
    return np.concatenate([mask[0], mask[-1], mask[:, 0], mask[:, -1]])
