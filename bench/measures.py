"""Runs the light meter on pictures whose truth is known, and writes the tables of docs/measures.md.

    python bench/measures.py                   # 500 fresh renders, composites, added grain, real photographs
    python bench/measures.py --count 60        # a quick look; writes nothing

Worlds come from a seed that neither nano's training nor `bench/fit_light.py` uses; half of the portraits are lit from
any direction rather than from the twelve named ones. Photographs are those that scikit-image and scikit-learn ship.
"""

from __future__ import annotations

import argparse
import dataclasses
import re
import time
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from fluxkit.measure import defocus, grain_curve, key_light, measure
from fluxkit.measure import haze as measure_haze
from fluxkit.measure.adherence import judged
from fluxkit.measure.head import towards
from fluxkit.measure.measurement import Measurements
from fluxkit.measure.pixels import LUMA, blurred, rank_correlation
from fluxkit.measure.subject import SubjectRegion
from fluxkit.measure.texture import texture_parts
from fluxkit.nano.render import Landscape, Portrait, World, render
from fluxkit.nano.render.film import STOCKS
from fluxkit.nano.render.landscape import WEATHER
from fluxkit.nano.render.light import DIRECTIONS
from fluxkit.nano.scenes import scene_of
from fluxkit.nano.worlds import sample

SEED = 9_000_000
DOCS = Path(__file__).parent.parent / "docs/measures.md"
Row = tuple[str, str, str]
Found = list[tuple[World, Measurements]]


def worlds(count: int) -> Iterable[World]:
    """Fresh worlds; every second portrait is lit from a direction drawn over the whole sphere of sensible lights."""
    for index in range(count):
        world = sample(SEED, index)
        if isinstance(world, Portrait) and index % 2:
            rng = np.random.default_rng((SEED, index))
            angles = float(rng.uniform(-180, 180)), float(rng.triangular(-45, 22, 75))
            name = max(DIRECTIONS, key=lambda n: float(towards(*DIRECTIONS[n]) @ towards(*angles)))
            world = dataclasses.replace(world, direction=name, azimuth_deg=angles[0], elevation_deg=angles[1])
        yield world


def light_rows(found: Found, kind: type[World], label: str) -> list[Row]:
    """How far the key light's direction is off, and how often its side is right."""
    rows = [(towards(w.azimuth_deg, w.elevation_deg), m["key_light"]) for w, m in found if isinstance(w, kind)]
    told = [(truth, m) for truth, m in rows if not m.abstained]
    off, sides = [], []
    for truth, m in told:
        shown = towards(m.value["azimuth_deg"], m.value["elevation_deg"])
        off.append(float(np.degrees(np.arccos(np.clip(truth @ shown, -1, 1)))))
        if abs(truth[0]) > 0.34:
            sides.append(truth[0] * shown[0] > 0)
    out = [(f"{label}: answered", f"{len(told) / len(rows):.0%}", f"{len(rows)} renders")]
    if kind is Portrait:
        rear = [(t, o) for (t, _), o in zip(told, off, strict=True) if t[2] < -0.4]
        out.append(
            (
                f"{label}: error of the direction",
                f"median {np.median(off):.1f}°",
                f"90 % below {np.percentile(off, 90):.0f}°",
            )
        )
        out.append(
            (f"{label}: lit from behind", f"median {np.median([o for _, o in rear]):.1f}°", f"{len(rear)} of them")
        )
    if sides:
        out.append((f"{label}: left or right", f"{np.mean(sides):.1%}", f"{len(sides)} lit from a side"))
    return out


def colour_rows(found: Found) -> list[Row]:
    """Black and white, grain and haze against what was drawn."""
    mono = [STOCKS[w.film].mono == (m["monochrome"].words == "black and white") for w, m in found]
    sigma = [(STOCKS[w.film].grain, m["grain"].value["sigma"]) for w, m in found if not m["grain"].abstained]
    land = [(w, m["haze"]) for w, m in found if isinstance(w, Landscape)]
    told = [(WEATHER[w.weather][0] + 0.3 * WEATHER[w.weather][1], m.value, w) for w, m in land if not m.abstained]
    thick = [value for truth, value, _ in told if truth > 0.2]
    thin = [value for truth, value, _ in told if truth < 0.1]
    return [
        ("black and white or colour", f"{np.mean(mono):.1%}", f"{len(mono)} renders"),
        (
            "grain: rank against the stock's",
            f"{rank_correlation(*map(np.array, zip(*sigma, strict=True))):.2f}",
            f"{len(sigma)} answered",
        ),
        (
            "haze: rank against the air drawn",
            f"{rank_correlation(np.array([t[0] for t in told]), np.array([t[1] for t in told])):.2f}",
            f"answered {len(told)} of {len(land)}",
        ),
        (
            "haze: haze or mist above clear air, unlike lands",
            f"AUC {_auc(thick, thin):.2f}",
            f"{len(thick)} against {len(thin)}",
        ),
    ]


def paired_rows(count: int) -> list[Row]:
    """The same world with one field moved: does the measure move the right way?"""
    warmer, wider, both, told = [], [], 0, 0
    index = 0
    while len(warmer) < count and index < 40 * count:
        index += 1
        world = sample(SEED + 1, index)
        if isinstance(world, Landscape) or STOCKS[world.film].mono or STOCKS[world.film].grain > 0.03:
            continue
        pair = [measure(render(dataclasses.replace(world, temperature=t)))["cast"] for t in ("tungsten", "cool")]
        if not any(m.abstained for m in pair):
            warmer.append(pair[0].value > pair[1].value)
        open_, shut = (defocus(render(dataclasses.replace(world, f_number=n, focal_length_mm=85))) for n in (1.4, 16.0))
        both += 1
        if not open_.abstained and not shut.abstained:
            told += 1
            wider.append(open_.value["ratio"] > shut.value["ratio"])
    return [
        ("haze: more air, same landscape", f"{np.mean(_hazier(count)):.1%}", "pairs of clear and misty or hazy"),
        ("cast: tungsten above cool, same world", f"{np.mean(warmer):.1%}", f"{len(warmer)} pairs"),
        ("defocus: f/1.4 above f/16, same world", f"{np.mean(wider):.1%}", f"answered {told} of {both} pairs"),
    ]


def _hazier(count: int) -> list[bool]:
    """Whether the hazier of two weathers reads hazier, for landscapes that are answered both times."""
    found: list[bool] = []
    for index in range(4 * count):
        world = sample(SEED + 2, index, kind="landscape")
        pair = [
            measure_haze(render(dataclasses.replace(world, weather=w))) for w in ("clear", ("mist", "haze")[index % 2])
        ]
        if not any(m.abstained for m in pair):
            found.append(pair[1].value > pair[0].value)
        if len(found) == count:
            break
    return found


def verdict_rows(found: Found) -> list[Row]:
    """How the verdicts fall on renders, which show what their scene asks for by construction."""
    rows = []
    told = [judged(scene_of(w), m) for w, m in found]
    for name in ("key_light", "defocus", "monochrome", "cast", "grain", "haze"):
        counts = Counter(m[name].verdict for m in told if m[name].verdict)
        said = counts["shown"] + counts["not shown"]
        share = f"{counts['shown'] / said:.0%}" if said else "none"
        rows.append((f"verdict on {name}: shown, of those answered", share, f"answered {said} of {counts.total()}"))
    return rows


def composite_rows(count: int) -> list[Row]:
    """Sharp subjects cut out of one photograph before another, blurred by a disc of known radius, with grain."""
    photos = [_square(photo) for photo in photographs().values()]
    rng = np.random.default_rng(SEED)
    truth, ratio = [], []
    for _ in range(count):
        front, back = (photos[int(rng.integers(len(photos)))] for _ in range(2))
        radius, grain = float(rng.choice([0, 0.7, 1.5, 2.5, 4, 6, 9, 13])), float(rng.choice([0, 0.02, 0.035]))
        picture, mask = _composite(front, back, radius, grain, rng)
        found = defocus(picture, region=SubjectRegion(mask, 1.0))
        if not found.abstained:
            truth.append(radius)
            ratio.append(found.value["ratio"])
    t, r = np.array(truth), np.array(ratio)
    return [
        (
            "defocus: rank against the true blur",
            f"{rank_correlation(t, r):.2f}",
            f"answered {len(t)} of {count} composites",
        ),
        ("defocus: shallow (2.5 px or more) above deep", f"AUC {_auc(r[t >= 2.5], r[t <= 0.7]):.2f}", "256 px, PNG"),
    ]


def grain_rows() -> list[Row]:
    """Grain of known strength and size, added to real photographs of half size."""
    rng = np.random.default_rng(SEED)
    out = []
    for size in (0.0, 0.6, 1.0):
        off, sizes = [], []
        for photo in photographs().values():
            base = photo[: photo.shape[0] // 2 * 2, : photo.shape[1] // 2 * 2].astype(np.float32) / 255
            base = base.reshape(base.shape[0] // 2, 2, base.shape[1] // 2, 2, 3).mean((1, 3))
            for sigma in (0.01, 0.03, 0.05, 0.08):
                curve = grain_curve(_with_grain(base, sigma, size, rng))
                if curve is not None:
                    true = np.average(_film_law(np.array(curve.tone), sigma), weights=curve.weight)
                    off.append(abs(np.average(curve.sigma, weights=curve.weight) / true - 1))
                    sizes.append(curve.size_px)
        out.append(
            (
                f"grain of {size:g} px: error of sigma",
                f"median {np.median(off):.0%}",
                f"90 % below {np.percentile(off, 90):.0%}; size read {np.median(sizes):.2f} px",
            )
        )
    return out


def photograph_rows() -> list[Row]:
    """What the meter says of each real photograph; nothing of it is known to be true."""
    rows = []
    for name, photo in photographs().items():
        found = measure(photo)
        rows.append(
            (name, found["key_light"].shown, "; ".join(f"{n}: {found[n].shown}" for n in ("defocus", "grain", "haze")))
        )
    face = photographs()["astronaut"]
    one, other = (key_light(picture).value["azimuth_deg"] for picture in (face, np.ascontiguousarray(face[:, ::-1])))
    return [*rows, ("astronaut, mirrored", f"azimuth {one:+.0f}° becomes {other:+.0f}°", "a mirror must turn the sign")]


def texture_table() -> str:
    """The parts of the micro-texture index on crops of real photographs, and its AUC against the same, softened."""
    rng, real, soft = np.random.default_rng(0), [], []
    for photo in photographs().values():
        y = (photo.astype(np.float32) / 255 @ LUMA).astype(np.float32)
        for _ in range(6):
            top, left = (int(rng.integers(0, side - 191)) for side in y.shape)
            crop = y[top : top + 192, left : left + 192]
            real.append(texture_parts(crop, np.ones(crop.shape, bool)))
            soft.append(texture_parts(blurred(crop, 0.8), np.ones(crop.shape, bool)))
    spread = {name: (np.mean([r[name] for r in real]), np.std([r[name] for r in real])) for name in real[0]}
    sign = {"quiet": 1, "slope": 1, "dead": -1}
    index = [[sum(sign[n] * (r[n] - m) / s for n, (m, s) in spread.items()) / 3 for r in rows] for rows in (real, soft)]
    parts = "; ".join(f"{name} {mean:.3f} ± {deviation:.3f}" for name, (mean, deviation) in spread.items())
    return f"{parts}; AUC against the same crops softened by 0.8 px: {_auc(*index):.2f}"


def photographs() -> dict[str, Any]:
    """The colour photographs inside the scikit-image and scikit-learn wheels."""
    from skimage import data
    from sklearn.datasets import load_sample_images

    found = {name: getattr(data, name)() for name in ("astronaut", "coffee", "chelsea", "rocket")}
    return {**found, **dict(zip(("china", "flower"), load_sample_images().images, strict=True))}


def _square(photo: np.ndarray, side: int = 256) -> np.ndarray:
    from PIL import Image

    short = min(photo.shape[:2])
    return (
        np.asarray(Image.fromarray(photo[:short, :short]).resize((side, side), Image.Resampling.LANCZOS), np.float32)
        / 255
    )


def _composite(
    front: np.ndarray, back: np.ndarray, radius: float, grain: float, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    side = front.shape[0]
    rows, columns = np.mgrid[0:side, 0:side]
    away = np.hypot((columns - side / 2) / rng.uniform(50, 80), (rows - 140) / rng.uniform(70, 100))
    matte = (1 / (1 + np.exp(-(1 - away) * 60)))[..., None]
    joined = _disc(back, radius) * (1 - matte) + front * matte
    return _with_grain(joined.astype(np.float32), grain, 0.5, rng), matte[..., 0] > 0.5


def _disc(picture: np.ndarray, radius: float) -> np.ndarray:
    if radius < 0.3:
        return picture
    half, fine = int(radius) + 2, 8
    axis = (np.arange((2 * half + 1) * fine) + 0.5) / fine - half - 0.5
    disc = (np.hypot(axis[:, None], axis[None]) <= radius).reshape(2 * half + 1, fine, 2 * half + 1, fine).mean((1, 3))
    wide = np.pad(picture, ((half, half), (half, half), (0, 0)), mode="reflect")
    spectrum = np.fft.rfft2(disc / disc.sum(), wide.shape[:2])[..., None]
    out = np.fft.irfft2(np.fft.rfft2(wide, axes=(0, 1)) * spectrum, wide.shape[:2], axes=(0, 1))
    return out[2 * half :, 2 * half :]


def _film_law(tone: np.ndarray, sigma: float) -> np.ndarray:
    """Grain against tone as film has it: strongest in the mid-shadows, none at the ends."""
    tone = np.clip(tone, 0, 1)
    return sigma * tone**0.6 * (1 - tone) ** 1.4 / (0.3**0.6 * 0.7**1.4)


def _with_grain(picture: np.ndarray, sigma: float, size: float, rng: np.random.Generator) -> np.ndarray:
    fields = [blurred(rng.standard_normal(picture.shape[:2]).astype(np.float32), size) for _ in range(4)]
    grey, *colours = (field / field.std() for field in fields)
    colour = np.stack(colours, -1)
    colour -= (colour @ LUMA)[..., None]
    strength = _film_law(picture @ LUMA, sigma)[..., None]
    return (np.clip(picture + strength * (grey[..., None] + 0.35 * colour), 0, 1) * 255 + 0.5).astype(np.uint8)


def _auc(high: Iterable[float], low: Iterable[float]) -> float:
    a, b = np.array(list(high)), np.array(list(low))
    return float(np.mean(a[:, None] > b[None]) + 0.5 * np.mean(a[:, None] == b[None]))


def _table(head: Row, rows: Iterable[Row]) -> str:
    return "\n".join("| " + " | ".join(row) + " |" for row in (head, ("---", "---", "---"), *rows))


def main() -> None:
    """Measures, prints the tables, and writes them into the docs page when the count is 500."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=500)
    parser.add_argument("--texture", action="store_true", help="only the figures behind the micro-texture index")
    options = parser.parse_args()
    count = options.count
    if options.texture:
        print(texture_table())
        return
    found, spent = [], 0.0
    for world in worlds(count):
        picture = render(world)
        start = time.process_time()
        found.append((world, measure(picture)))
        spent += time.process_time() - start
    rows = [*light_rows(found, Portrait, "key light, heads"), *light_rows(found, World, "key light, all scenes")]
    rows += [*colour_rows(found), *paired_rows(min(max(count // 8, 8), 40)), *verdict_rows(found)]
    rows += [("all measures of a 128 px picture", f"{spent / count * 1000:.0f} ms", "of one core's time")]
    tables = {
        "renders": _table(("on renders", "figure", "of"), rows),
        "composites": _table(
            ("on real photographs, blurred or grained by a known amount", "figure", "of"),
            [*composite_rows(min(count, 150)), *grain_rows()],
        ),
        "photographs": _table(("photograph", "key light", "other measures"), photograph_rows()),
    }
    for name, text in tables.items():
        print(f"{name}\n{text}\n", flush=True)
    if count == 500:
        page = DOCS.read_text()
        for name, text in tables.items():
            page = re.sub(
                rf"(<!-- {name} -->\n).*?(<!-- end -->)", lambda m, t=text: f"{m[1]}{t}\n{m[2]}", page, flags=re.S
            )
        DOCS.write_text(page)


if __name__ == "__main__":
    main()
