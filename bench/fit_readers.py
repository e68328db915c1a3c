"""Fits the committees of `fluxkit.measure` (haze, cast, focus) on pictures whose truth is known.

    python bench/fit_readers.py haze          # renders, fits, writes fluxkit/measure/weights/haze.npz
    python bench/fit_readers.py cast
    python bench/fit_readers.py focus

Haze and cast are fitted on what fluxkit's own renderer draws; focus on that, and on photographs of scikit-image cut out
before others that are blurred by a known disc (not those that `bench/measures.py` tries it on).

Air and temperature are drawn over their whole range, not from the words that nano is taught. Every picture is seen
through other exposures, curves, blur and noise; for the cast also through tinted glass of known strength, because
pictures by other models differ from the renderer's in just these.
"""

from __future__ import annotations

import argparse
import importlib
from collections.abc import Callable, Iterator
from pathlib import Path

import known
import numpy as np

from fluxkit.measure import bands
from fluxkit.measure.committee import NAMES, read
from fluxkit.measure.pixels import blurred, pixels, rank_correlation, resized
from fluxkit.measure.subject import SubjectRegion, find_subject
from fluxkit.nano.render import render
from fluxkit.nano.render.places import blur_radius
from fluxkit.nano.worlds import sample

measured = {name: importlib.import_module(f"fluxkit.measure.{name}") for name in ("haze", "cast")}
weather = importlib.import_module("fluxkit.nano.render.landscape").WEATHER
WEIGHTS = Path(__file__).parent.parent / "fluxkit/measure/weights"
VIEWS = 4
SURE = {"haze": 0.25, "cast": 0.15, "focus": 0.35}
MEMBERS = 5
HOW: dict[str, tuple[int, int, float]] = {"haze": (32, 80, 3e-3), "cast": (96, 250, 1e-3), "focus": (32, 80, 3e-3)}
"""Hidden numbers, rounds and weight decay of each committee, chosen on the tenth of the examples that is held back."""
Example = tuple[np.ndarray, np.ndarray]
"""Features (views, n) and truths (views,)."""


def haze_examples(seed: int, count: int) -> Iterator[Example]:
    """Landscapes by day, each seen in several ways."""
    for index in range(count):
        world, picture, truth = known.airy(seed, index, (128, 192)[index % 2])
        if world.hour == "night":
            continue
        rng = np.random.default_rng((seed, index, 1))
        seen = [haze_view(pixels(picture), rng, plain=k == 0) for k in range(VIEWS)]
        yield np.array(seen), np.full(VIEWS, measured["haze"].logit(float(np.clip(truth, 0.01, 0.99))), np.float32)


def haze_view(code: np.ndarray, rng: np.random.Generator, *, plain: bool) -> np.ndarray:
    """The features of one way of seeing a landscape."""
    return measured["haze"].features(measured["haze"]._small(code if plain else _otherwise(code, rng)))


def cast_examples(seed: int, count: int) -> Iterator[Example]:
    """Heads and things, each seen in several ways and through tinted glass."""
    for index in range(count):
        drawn = known.tinted(seed, index)
        if drawn is None:
            continue
        _, picture, truth = drawn
        region = find_subject(picture)
        rng = np.random.default_rng((seed, index, 1))
        code, rows, truths = pixels(picture), [], []
        for k in range(VIEWS):
            stops = 0.0 if k < 2 else float(rng.normal(0, 0.3))
            seen = code if k == 0 else _otherwise(glass(code, stops), rng)
            rows.append(measured["cast"].features(seen, region))
            truths.append(truth + stops)
        yield np.array(rows), np.array(truths, np.float32)


def focus_examples(seed: int, count: int) -> Iterator[Example]:
    """Heads and things before places that their lens blurs; as many photographs before photographs."""
    for index in range(count):
        world = sample(seed, index, kind=("portrait", "still life")[index % 2])
        size = (128, 192)[index // 2 % 2]
        picture = render(world, size)
        region = find_subject(picture)
        if region is not None:
            yield (
                bands.features(pixels(picture), region)[None],
                np.array([bands.level(blur_radius(world, size) / size)]),
            )
    rng, photos = np.random.default_rng(seed), photographs()
    for _ in range(count):
        picture, mask, radius = composite(photos, rng)
        yield bands.features(pixels(picture), SubjectRegion(mask, 1.0))[None], np.array([bands.level(radius)])


def photographs() -> list[np.ndarray]:
    """Photographs inside the scikit-image wheel that the meter is not tried on."""
    from skimage import data

    names = ("coffee", "chelsea", "camera", "grass", "gravel", "brick", "immunohistochemistry", "coins")
    found = [np.asarray(getattr(data, name)()) for name in names]
    found.append(data.stereo_motorcycle()[0])
    return [photo if photo.ndim == 3 else np.repeat(photo[..., None], 3, -1) for photo in found]


def composite(photos: list[np.ndarray], rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray, float]:
    """A photograph cut out before another that a disc blurs, at 128 to 256 px; its mask; the radius of the disc."""
    from PIL import Image

    front, back = (_crop(photos[int(rng.integers(len(photos)))], rng) for _ in range(2))
    radius = float(np.exp(rng.uniform(np.log(0.5), np.log(16)))) * (rng.random() > 0.15)
    picture, mask = known.composite(front, back, radius, 0.0, rng)
    side, grain = int(rng.choice([128, 192, 256])), float(rng.choice([0, 0, 0.02, 0.035]))
    small = np.asarray(Image.fromarray(picture).resize((side, side), Image.Resampling.BOX))
    if grain:
        small = known.with_grain(small.astype(np.float32) / 255, grain, 0.5 * side / 256, rng)
    return small, resized(mask.astype(np.float32), side, side) > 0.5, radius / 256


def _crop(photo: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    from PIL import Image

    side = int(min(photo.shape[:2]) * rng.uniform(0.6, 1))
    top, left = (int(rng.integers(0, length - side + 1)) for length in photo.shape[:2])
    part = Image.fromarray(photo[top : top + side, left : left + side, :3])
    return np.asarray(part.resize((256, 256), Image.Resampling.LANCZOS), np.float32) / 255


def glass(code: np.ndarray, stops: float) -> np.ndarray:
    """The picture through glass that adds `stops` of red over blue to every colour."""
    tints = np.array([2 ** (stops / 2), 1, 2 ** (-stops / 2)], np.float32)
    light = np.clip(np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4) * tints, 0, 1)
    return np.where(light <= 0.0031308, 12.92 * light, 1.055 * light ** (1 / 2.4) - 0.055).astype(np.float32)


def _otherwise(code: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    seen = blurred(code, float(rng.choice([0, 0, 0.6, 1.0])))
    seen = seen + rng.normal(0, rng.choice([0, 0.01, 0.03]), seen.shape[:2]).astype(np.float32)[..., None]
    return (np.clip(seen * rng.uniform(0.8, 1.2), 0, 1) ** rng.uniform(0.8, 1.25)).astype(np.float32)


EXAMPLES: dict[str, Callable[[int, int], Iterator[Example]]] = {
    "haze": haze_examples,
    "cast": cast_examples,
    "focus": focus_examples,
}


def gathered(name: str, seed: int, count: int, work: Path) -> tuple[np.ndarray, np.ndarray]:
    """The examples of a committee, drawn once and kept in `work`."""
    work.mkdir(parents=True, exist_ok=True)
    path = work / f"{name}-{seed}-{count}.npz"
    if not path.exists():
        rows = list(EXAMPLES[name](seed, count))
        np.savez(path, x=np.array([r[0] for r in rows], np.float16), y=np.array([r[1] for r in rows], np.float32))
    kept = np.load(path)
    return kept["x"].astype(np.float32), kept["y"]


def fit(x: np.ndarray, y: np.ndarray, how: tuple[int, int, float]) -> dict[str, np.ndarray]:
    """A committee of two-layer networks, each by Adam on its own draw of the examples."""
    mean, spread = x.reshape(-1, x.shape[2]).mean(0), x.reshape(-1, x.shape[2]).std(0) + 0.05
    z = np.clip((x - mean) / spread, -5, 5)
    members = [_member(z, y, np.random.default_rng(k), how) for k in range(MEMBERS)]
    return {
        "mean": mean,
        "spread": spread,
        **{n: np.stack(p) for n, p in zip(NAMES[2:], zip(*members, strict=True), strict=True)},
    }


def _member(x: np.ndarray, y: np.ndarray, rng: np.random.Generator, how: tuple[int, int, float]) -> list[np.ndarray]:
    hidden, epochs, decay = how
    own = rng.integers(0, len(x), len(x))
    p = [rng.normal(0, x.shape[2] ** -0.5, (x.shape[2], hidden)), np.zeros(hidden), rng.normal(0, hidden**-0.5, hidden)]
    p = [v.astype(np.float32) for v in (*p, np.array([y.mean()]))]
    moments = [(np.zeros_like(v), np.zeros_like(v)) for v in p]
    step, total = 0, epochs * (len(own) // 128)
    for _ in range(epochs):
        order = rng.permutation(own)
        for start in range(0, len(order) - 127, 128):
            rows, view = order[start : start + 128], rng.integers(0, x.shape[1], 128)
            step += 1
            rate = 3e-3 * 0.5 * (1 + np.cos(np.pi * step / total))
            for values, g, (first, second) in zip(
                p, _gradient(p, x[rows, view], y[rows, view], rng), moments, strict=True
            ):
                np.add(0.9 * first, 0.1 * g, out=first)
                np.add(0.999 * second, 0.001 * g * g, out=second)
                way = first / (1 - 0.9**step) / (np.sqrt(second / (1 - 0.999**step)) + 1e-8)
                np.subtract(values, rate * (way + decay * values * (values.ndim > 1)), out=values)
    p[3] = p[3][0]
    return p


def _gradient(p: list[np.ndarray], x: np.ndarray, y: np.ndarray, rng: np.random.Generator) -> list[np.ndarray]:
    x = x * (rng.random(x.shape) < 0.9) / 0.9
    hidden = np.tanh(x @ p[0] + p[1])
    kept = hidden * (rng.random(hidden.shape) < 0.8) / 0.8
    error = np.clip(kept @ p[2] + p[3] - y, -1.5, 1.5) / len(x)
    back = error[:, None] * p[2] * (kept != 0) / 0.8 * (1 - hidden**2)
    return [x.T @ back, back.sum(0), kept.T @ error, error.sum(keepdims=True)]


def main() -> None:
    """Renders what is missing, fits, says how well the committee reads what it has not seen, writes the weights."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("name", choices=tuple(EXAMPLES))
    parser.add_argument("--count", type=int, default=4000)
    parser.add_argument("--work", type=Path, default=Path("nano-work/readers"))
    options = parser.parse_args()
    x, y = gathered(options.name, 8_300_000, options.count, options.work)
    order = np.random.default_rng(0).permutation(len(x))
    x, y, cut = x[order], y[order], len(x) * 9 // 10
    weights = fit(x[:cut], y[:cut], HOW[options.name])
    kept = {name: value.astype(np.float16) for name, value in weights.items()}
    read_back = {name: value.astype(np.float32) for name, value in kept.items()}
    for label, view in (("plain", 0), ("another curve, blur and noise", x.shape[1] - 1)):
        said = read(x[cut:, view], read_back)
        guess, apart = said.mean(0), said.std(0)
        sure = apart <= SURE[options.name]
        off = float(np.median(np.abs(guess - y[cut:, view])))
        ranks = [rank_correlation(guess[w], y[cut:, view][w]) for w in (np.ones_like(sure), sure)]
        print(f"{label}: median error {off:.2f}, rank {ranks[0]:.3f}; of the sure ({sure.mean():.0%}) {ranks[1]:.3f}")
    np.savez_compressed(WEIGHTS / f"{options.name}.npz", **kept)


if __name__ == "__main__":
    main()
