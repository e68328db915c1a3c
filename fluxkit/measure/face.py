"""Faces: where they are and which way they are turned, found offline with a 53,000-parameter network in NumPy.

The network is YuNet (Wu, Peng, Yu: "YuNet: a tiny millisecond-level face detector", 2023; weights MIT, Shiqi Yu,
version 2023mar of the OpenCV Zoo). The weights lie in `weights/yunet.npz` with their licence beside them. Nothing is
stored or compared: a face is a box and five points, for the time of one measurement.
"""

from __future__ import annotations

import functools
import math
from importlib.resources import files
from typing import Any

import numpy as np
from numpy.typing import NDArray

from fluxkit._base import Record
from fluxkit.measure.pixels import Picture, Plane, pixels, resized

Point = tuple[float, float]


class Face(Record):
    """A face in pixels of the picture it was found in: a box, five points, and how sure the detector is."""

    x: float
    """Left edge of the box."""
    y: float
    """Upper edge of the box."""
    width: float
    height: float
    left_eye: Point
    """The eye at the left of the picture."""
    right_eye: Point
    nose: Point
    left_mouth: Point
    """The corner of the mouth at the left of the picture."""
    right_mouth: Point
    score: float = 1.0
    """0 to 1."""

    @classmethod
    def from_box(cls, x: float, y: float, width: float, height: float) -> Face:
        """A face of which only the box is known (forehead to chin, ear to ear): the points are where faces have them.

        Good enough for the light; the turn of the head is then unknown, and taken to be none.
        """
        spots = {name: (x + across * width, y + down * height) for name, (across, down) in _USUAL.items()}
        return cls(x=x, y=y, width=width, height=height, **spots)

    @property
    def box(self) -> tuple[float, float, float, float]:
        """Left, upper, right and lower edge."""
        return self.x, self.y, self.x + self.width, self.y + self.height

    @property
    def roll_deg(self) -> float:
        """Tilt of the line of the eyes; positive where the right eye lies lower."""
        (x0, y0), (x1, y1) = self.left_eye, self.right_eye
        return math.degrees(math.atan2(y1 - y0, x1 - x0))


_USUAL: dict[str, Point] = {
    "left_eye": (0.27, 0.35),
    "right_eye": (0.73, 0.35),
    "nose": (0.5, 0.55),
    "left_mouth": (0.305, 0.72),
    "right_mouth": (0.695, 0.72),
}
"""Where the points of a face lie in its box, as shares of it."""


def find_faces(picture: Picture, *, threshold: float = 0.5, side_px: int | None = None) -> tuple[Face, ...]:
    """The faces in a picture, largest first; faces below about 1/25 of the longer side are missed.

    `side_px` is the longer side that the detector works at; unset, the picture's own between 160 and 320.
    """
    code = pixels(picture)
    rows, columns = code.shape[:2]
    scale = (side_px or min(max(rows, columns, 160), 320)) / max(rows, columns)
    small = resized(code, max(round(rows * scale), 16), max(round(columns * scale), 16))
    score, boxes, points = _detect(small[..., ::-1] * np.float32(255))
    kept = _apart(score, boxes, threshold)
    grow = np.array([columns / small.shape[1], rows / small.shape[0]])
    faces = [_face(score[i], boxes[i].reshape(2, 2) * grow, points[i] * grow) for i in kept]
    return tuple(sorted(faces, key=lambda face: -face.width * face.height))


def _face(score: float, box: NDArray[Any], points: NDArray[Any]) -> Face:
    (x0, y0), (x1, y1) = box.tolist()
    names = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")
    spots = {name: (float(x), float(y)) for name, (x, y) in zip(names, points, strict=True)}
    return Face(x=x0, y=y0, width=x1 - x0, height=y1 - y0, score=min(float(score), 1.0), **spots)


@functools.cache
def _weights() -> dict[str, Plane]:
    with (files("fluxkit.measure") / "weights" / "yunet.npz").open("rb") as file:
        return {name: values.astype(np.float32) for name, values in np.load(file).items()}


def _detect(bgr: Plane) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    """Scores, boxes (left, upper, right, lower) and points of every cell of the three grids, in pixels of `bgr`."""
    rows, columns = bgr.shape[:2]
    x = np.pad(bgr, ((0, -rows % 32), (0, -columns % 32), (0, 0)))
    found = [_read(level, stride, feature) for (level, stride), feature in zip(_GRIDS, _features(x), strict=True)]
    score, boxes, points = (np.concatenate(part) for part in zip(*found, strict=True))
    return score, boxes, points


_GRIDS = ((0, 8), (1, 16), (2, 32))


def _features(x: Plane) -> tuple[Plane, Plane, Plane]:
    w = _weights()
    x = _relu(_stem(x, w["stem.full"], w["stem.full_bias"]))
    x = _halved(_relu(_block("trunk0.0", x)))
    for name in ("trunk1.0", "trunk1.1", "trunk2.0", "trunk2.1"):
        x = _relu(_block(name, x))
    levels = []
    for stage in (3, 4, 5):
        x = _relu(_block(f"trunk{stage}.1", _relu(_block(f"trunk{stage}.0", _halved(x)))))
        levels.append(x)
    coarse = _relu(_block("neck2", levels[2]))
    middle = _relu(_block("neck1", levels[1] + _doubled(coarse)))
    fine = _relu(_block("neck0", levels[0] + _doubled(middle)))
    return fine, middle, coarse


def _read(level: int, stride: int, feature: Plane) -> tuple[NDArray[Any], NDArray[Any], NDArray[Any]]:
    down, right = (axis.ravel() for axis in np.mgrid[0 : feature.shape[0], 0 : feature.shape[1]])
    cell = np.stack([right, down], -1)
    score = np.sqrt(_sigmoid(_flat(f"cls{level}", feature)) * _sigmoid(_flat(f"object{level}", feature)))[:, 0]
    box = _flat(f"box{level}", feature)
    centre, size = (cell + box[:, :2]) * stride, np.exp(np.clip(box[:, 2:], -6, 6)) * stride
    points = (_flat(f"points{level}", feature).reshape(-1, 5, 2) + cell[:, None]) * stride
    return score, np.concatenate([centre - size / 2, centre + size / 2], 1), points


def _flat(name: str, feature: Plane) -> Plane:
    out = _block(name, feature)
    return out.reshape(-1, out.shape[-1])


def _block(name: str, x: Plane) -> Plane:
    """A 1 x 1 convolution that mixes channels, then a 3 x 3 one that spreads each."""
    w = _weights()
    x = x @ w[f"{name}.mix"].T + w[f"{name}.mix_bias"]
    kernel, (rows, columns) = w[f"{name}.spread"], x.shape[:2]
    wide = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    out = np.broadcast_to(w[f"{name}.spread_bias"], x.shape).copy()
    for i in range(3):
        for j in range(3):
            out += wide[i : i + rows, j : j + columns] * kernel[:, i, j]
    return out


def _stem(x: Plane, kernel: Plane, bias: Plane) -> Plane:
    """The first convolution: 3 x 3 over all channels, every second pixel."""
    wide = np.pad(x, ((1, 1), (1, 1), (0, 0)))
    rows, columns = x.shape[0] // 2, x.shape[1] // 2
    parts = [
        wide[i : i + 2 * rows : 2, j : j + 2 * columns : 2] @ kernel[:, :, i, j].T for i in range(3) for j in range(3)
    ]
    return np.asarray(sum(parts) + bias, np.float32)


def _halved(x: Plane) -> Plane:
    rows, columns, depth = x.shape
    return np.asarray(x.reshape(rows // 2, 2, columns // 2, 2, depth).max((1, 3)), np.float32)


def _doubled(x: Plane) -> Plane:
    return x.repeat(2, 0).repeat(2, 1)


def _relu(x: Plane) -> Plane:
    return np.maximum(x, 0)


def _sigmoid(x: Plane) -> Plane:
    return np.asarray(1 / (1 + np.exp(-np.clip(x, -30, 30))), np.float32)


def _apart(score: NDArray[Any], boxes: NDArray[Any], threshold: float, overlap: float = 0.3) -> list[int]:
    """The cells that found a face, the best of each group that shares more than `overlap` of its area."""
    order = [int(i) for i in np.argsort(-score)[:200] if score[i] >= threshold]
    kept: list[int] = []
    for i in order:
        if all(_shared(boxes[i], boxes[j]) <= overlap for j in kept):
            kept.append(i)
    return kept


def _shared(a: NDArray[Any], b: NDArray[Any]) -> float:
    inner = np.clip(np.minimum(a[2:], b[2:]) - np.maximum(a[:2], b[:2]), 0, None).prod()
    total = (a[2:] - a[:2]).prod() + (b[2:] - b[:2]).prod() - inner
    return float(inner / max(total, 1e-6))
