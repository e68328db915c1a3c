"""Fits the light reader of `fluxkit.measure.key_light` on heads that fluxkit's own renderer draws.

    python bench/fit_light.py --count 2500        # renders, fits, writes fluxkit/measure/weights/light.npz

Directions are drawn over the whole sphere of sensible lights, not from the twelve names, so that the reader does not
snap to them. Every head is seen through other tone curves, blur, noise and, half of the time, before another
background, because pictures by other models differ from the renderer's in just these. Rendered heads are kept in
`--work`.
"""

from __future__ import annotations

import argparse
import dataclasses
from itertools import pairwise
from pathlib import Path

import numpy as np

from fluxkit.measure.face import Face, find_faces
from fluxkit.measure.head import REACH, grid, head_grid, towards
from fluxkit.measure.light_reader import CELLS, features
from fluxkit.measure.pixels import blurred, linear, luma, pixels
from fluxkit.nano.render import render
from fluxkit.nano.render.light import DIRECTIONS
from fluxkit.nano.worlds import sample

SEED = 8_000_000
WEIGHTS = Path(__file__).parent.parent / "fluxkit/measure/weights/light.npz"
VIEWS = 6
"""Ways in which one rendered head is seen; the first is as it was drawn."""


def head(index: int) -> tuple[np.ndarray, Face, np.ndarray] | None:
    """A rendered head, its face and the direction of its light; None where no face is found."""
    rng = np.random.default_rng((SEED, index))
    azimuth = float(rng.uniform(-180, 180))
    elevation = float(rng.triangular(-50, 22, 78))
    light = towards(azimuth, elevation)
    name = max(DIRECTIONS, key=lambda n: float(towards(*DIRECTIONS[n]) @ light))
    world = dataclasses.replace(
        sample(SEED, index, kind="portrait"),
        direction=name,
        azimuth_deg=azimuth,
        elevation_deg=elevation,
        yaw_deg=float(np.clip(rng.normal(0, 14), -32, 32)),
    )
    picture = render(world, size=128)
    faces = find_faces(picture, side_px=128)
    return (picture, faces[0], light) if faces else None


def views(count: int, work: Path) -> tuple[np.ndarray, np.ndarray]:
    """Features and light directions of `count` heads, `VIEWS` views of each; (heads, views, n) and (heads, 3)."""
    work.mkdir(parents=True, exist_ok=True)
    parts = []
    for start in range(0, count, 500):
        path = work / f"light-{SEED}-{start}.npz"
        if not path.exists():
            rows = [(_views(*found, index), found[2]) for index in range(start, start + 500) if (found := head(index))]
            np.savez(path, x=np.array([r[0] for r in rows], np.float16), y=np.array([r[1] for r in rows], np.float32))
            print(f"{start + 500} heads drawn", flush=True)
        parts.append(np.load(path))
    return np.concatenate([p["x"][:, :VIEWS] for p in parts]), np.concatenate([p["y"] for p in parts])


def _views(picture: np.ndarray, face: Face, light: np.ndarray, index: int) -> np.ndarray:
    rng = np.random.default_rng((SEED, index, 1))
    code = pixels(picture)
    return np.array([_view(code, face, rng, plain=k == 0) for k in range(VIEWS)])


def _view(code: np.ndarray, face: Face, rng: np.random.Generator, *, plain: bool) -> np.ndarray:
    if plain:
        return features(head_grid(luma(linear(code)), face, CELLS), face)
    seen = blurred(code, float(rng.choice([0, 0, 0.6, 1.0])))
    seen = seen + rng.normal(0, rng.choice([0, 0.01, 0.03]), seen.shape[:2]).astype(np.float32)[..., None]
    seen = np.clip(seen * rng.uniform(0.75, 1.25), 0, 1) ** rng.uniform(0.7, 1.4)
    face = _nudged(face, rng)
    cells = head_grid(luma(linear(seen.astype(np.float32))), face, CELLS)
    if rng.random() < 0.5:
        cells = _elsewhere(cells, rng)
    return features(cells, face)


def _nudged(face: Face, rng: np.random.Generator) -> Face:
    """The face as a less exact detector would give it."""
    off = 0.025 * face.width
    names = ("left_eye", "right_eye", "nose", "left_mouth", "right_mouth")
    return face.with_(**{n: tuple(np.array(getattr(face, n)) + rng.normal(0, off, 2)) for n in names})


def _elsewhere(cells: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """The head before another background: even, graded or mottled."""
    x, y = grid(CELLS)
    outside = (x / 0.98) ** 2 + (y / 1.2) ** 2 > 1
    level = float(np.exp(rng.uniform(np.log(0.004), np.log(0.8))))
    slope = rng.normal(0, 0.5, 2)
    other = level * np.exp(slope[0] * x / REACH + slope[1] * y / REACH + rng.normal(0, 0.3) * rng.normal(0, 1, x.shape))
    return np.where(outside, other, cells).astype(np.float32)


def fit(x: np.ndarray, y: np.ndarray, *, hidden: int = 72, epochs: int = 60, seed: int = 0) -> list[np.ndarray]:
    """A two-layer network from features to the light's direction, by Adam on squared error; mirrored views included."""
    rng = np.random.default_rng(seed)
    mean, spread = x[:, 0].astype(np.float32).mean(0), x[:, 0].astype(np.float32).std(0) + 0.3
    mean = (mean + _mirrored(mean)) / 2
    mean[-2:] = 0
    shape = (x.shape[2], hidden, hidden, 3)
    w = [rng.normal(0, (1 / a) ** 0.5, (a, b)).astype(np.float32) for a, b in pairwise(shape)]
    p = [v for matrix in w for v in (matrix, np.zeros(matrix.shape[1], np.float32))]
    moments = [(np.zeros_like(v), np.zeros_like(v)) for v in p]
    step, total = 0, epochs * (len(x) // 128)
    for _ in range(epochs):
        order = rng.permutation(len(x))
        for start in range(0, len(order) - 127, 128):
            rows = order[start : start + 128]
            a = x[rows, rng.integers(0, x.shape[1], 128)].astype(np.float32)
            t = y[rows].copy()
            flip = rng.random(128) < 0.5
            a[flip], t[flip, 0] = _mirrored(a[flip]), -t[flip, 0]
            gradient = _gradient(p, (a - mean) / spread, t, rng)
            step += 1
            rate = 2e-3 * 0.5 * (1 + np.cos(np.pi * step / total))
            for values, g, (first, second) in zip(p, gradient, moments, strict=True):
                np.add(0.9 * first, 0.1 * g, out=first)
                np.add(0.999 * second, 0.001 * g * g, out=second)
                way = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
                np.subtract(values, rate * (way + 1e-4 * values), out=values)
    return [mean, spread, *p]


def _mirrored(x: np.ndarray) -> np.ndarray:
    cells = x[..., :-2].reshape(*x.shape[:-1], CELLS, CELLS)[..., ::-1].reshape(*x.shape[:-1], -1)
    return np.concatenate([cells, -x[..., -2:]], -1)


def _gradient(p: list[np.ndarray], a: np.ndarray, t: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    a = a * (rng.random(a.shape) < 0.9) / 0.9
    b = np.tanh(a @ p[0] + p[1])
    c = np.tanh(b @ p[2] + p[3])
    d3 = (c @ p[4] + p[5] - t) / len(a)
    d2 = (d3 @ p[4].T) * (1 - c * c)
    d1 = (d2 @ p[2].T) * (1 - b * b)
    return [a.T @ d1, d1.sum(0), b.T @ d2, d2.sum(0), c.T @ d3, d3.sum(0)]


def main() -> None:
    """Renders what is missing, fits, says how well it reads heads that it has not seen, writes the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=2500)
    parser.add_argument("--work", type=Path, default=Path("nano-work/light"))
    options = parser.parse_args()
    x, y = views(options.count, options.work)
    cut = len(x) * 9 // 10
    parts = fit(x[:cut], y[:cut])
    names = ("mean", "spread", "w1", "b1", "w2", "b2", "w3", "b3")
    from fluxkit.measure.light_reader import read

    weights = dict(zip(names, parts, strict=True))
    for name, view in (("plain", 0), ("another curve, background and detector", 5)):
        guess = read(x[cut:, view].astype(np.float32), weights)
        error = np.degrees(np.arccos(np.clip((guess * y[cut:]).sum(1) / np.linalg.norm(guess, axis=1), -1, 1)))
        side = np.abs(y[cut:, 0]) > 0.34
        right = np.mean(np.sign(guess[side, 0]) == np.sign(y[cut:][side, 0]))
        far = f"median {np.median(error):.1f} degrees, 90 % below {np.percentile(error, 90):.1f}"
        print(f"{name}: {far}, side {right:.3f}")
    np.savez_compressed(WEIGHTS, **{name: value.astype(np.float16) for name, value in weights.items()})


if __name__ == "__main__":
    main()
