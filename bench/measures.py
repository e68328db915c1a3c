"""Runs the light meter on pictures whose truth is known, and writes the tables of docs/measures.md.

    python bench/measures.py                   # 500 fresh renders of each kind, composites, grain, real photographs
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

import numpy as np
from known import SEED, airy, composite, film_law, photographs, resized_picture, square, tinted, with_grain, worlds

from fluxkit.frames.develop import GRAIN_SIGMA, developed
from fluxkit.measure import (
    Face,
    catchlight,
    defocus,
    grain,
    grain_curve,
    key_light,
    measure,
    saturation,
    shadow,
    tone,
)
from fluxkit.measure import cast as measure_cast
from fluxkit.measure import haze as measure_haze
from fluxkit.measure.adherence import judged
from fluxkit.measure.catchlight import clock_hour, hours_apart
from fluxkit.measure.head import towards
from fluxkit.measure.measurement import Measurements
from fluxkit.measure.pixels import LUMA, blurred, rank_correlation
from fluxkit.measure.subject import SubjectRegion, find_subject
from fluxkit.measure.texture import texture_parts
from fluxkit.nano.render import Landscape, Portrait, StillLife, World, render
from fluxkit.nano.render.film import STOCKS
from fluxkit.nano.render.places import blur_radius
from fluxkit.nano.scenes import scene_of
from fluxkit.nano.worlds import sample

DOCS = Path(__file__).parent.parent / "docs/measures.md"
Row = tuple[str, str, str]
Found = list[tuple[World, Measurements]]


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
    """Black and white, and grain, against what was drawn."""
    mono = [STOCKS[w.film].mono == (m["monochrome"].words == "black and white") for w, m in found]
    sigma = [(STOCKS[w.film].grain, m["grain"].value["sigma"]) for w, m in found if not m["grain"].abstained]
    return [
        ("black and white or colour", f"{np.mean(mono):.1%}", f"{len(mono)} renders"),
        (
            "grain: rank against the stock's",
            f"{rank_correlation(*map(np.array, zip(*sigma, strict=True))):.2f}",
            f"{len(sigma)} answered",
        ),
    ]


def box_rows(found: Found) -> list[Row]:
    """The same heads with nothing known but the box of the face."""
    off, sides, heads = [], [], 0
    for world, measured in found:
        region = measured["key_light"].region
        if not isinstance(world, Portrait) or region != "head":
            continue
        picture = render(world)
        subject = find_subject(picture)
        if subject is None or subject.face is None:
            continue
        heads += 1
        f = subject.face
        box = dataclasses.replace(subject, face=Face.from_box(f.x, f.y, f.width, f.height))
        told, truth = key_light(picture, region=box), towards(world.azimuth_deg, world.elevation_deg)
        if told.abstained:
            continue
        shown = towards(told.value["azimuth_deg"], told.value["elevation_deg"])
        off.append(float(np.degrees(np.arccos(np.clip(truth @ shown, -1, 1)))))
        if abs(truth[0]) > 0.34:
            sides.append(truth[0] * shown[0] > 0)
    return [
        ("key light, box of the face alone: answered", f"{len(off) / heads:.0%}", f"{heads} heads"),
        (
            "key light, box alone: error of the direction",
            f"median {np.median(off):.1f}°",
            f"90 % below {np.percentile(off, 90):.0f}°",
        ),
        ("key light, box alone: left or right", f"{np.mean(sides):.1%}", f"{len(sides)} lit from a side"),
    ]


def air_rows(count: int) -> list[Row]:
    """Haze against the air that was drawn."""
    rows = [
        (world, measure_haze(picture), truth) for world, picture, truth in (airy(SEED + 3, i) for i in range(count))
    ]
    told = [(world, m, truth) for world, m, truth in rows if not m.abstained]
    free = [(m.value, truth) for i, (_, m, truth) in enumerate(rows) if i % 3 and not m.abstained]
    thick, thin = (
        [m.value for i, (w, m, _) in enumerate(rows) if i % 3 == 0 and w.weather in words and not m.abstained]
        for words in (("mist", "haze"), ("clear",))
    )
    return [
        ("haze: answered", f"{len(told) / len(rows):.0%}", f"{len(rows)} landscapes"),
        ("haze: rank against the air drawn", f"{_rank(free):.2f}", f"{len(free)} in air of any thickness"),
        ("haze: error of the veil", f"median {np.median([abs(v - t) for v, t in free]):.2f}", "of 0 to 1"),
        ("haze: mist or haze above clear air", f"AUC {_auc(thick, thin):.2f}", f"{len(thick)} against {len(thin)}"),
    ]


def warm_rows(count: int) -> list[Row]:
    """The cast against the light that was drawn."""
    told, heads, asked = [], [], 0
    for index in range(count):
        drawn = tinted(SEED + 4, index)
        if drawn is None:
            continue
        world, picture, truth = drawn
        asked += 1
        found = measure_cast(picture)
        if not found.abstained:
            told.append((found.value, truth))
            heads += [(found.value, truth)] if isinstance(world, Portrait) else []
    return [
        ("cast: answered", f"{len(told) / asked:.0%}", f"{asked} heads and things on colour film"),
        ("cast: rank against the light drawn", f"{_rank(told):.2f}", f"{len(told)}, from 2500 to 10000 K"),
        ("cast: heads alone", f"{_rank(heads):.2f}", f"{len(heads)}"),
        ("cast: error", f"median {np.median([abs(v - t) for v, t in told]):.2f}", "stops of red over blue"),
    ]


def focus_rows(found: Found) -> list[Row]:
    """Defocus against the disc that the lens drew, at 128 px."""
    rows = [(w, m["defocus"]) for w, m in found if not isinstance(w, Landscape)]
    told = [(m.value["disc"], 2 * blur_radius(w, 128) / 128) for w, m in rows if not m.abstained]
    wide, shut = [v for v, t in told if t > 0.02], [v for v, t in told if t < 0.008]
    return [
        ("defocus: answered", f"{len(told) / len(rows):.0%}", f"{len(rows)} heads and things of 128 px"),
        ("defocus: rank against the disc drawn", f"{_rank(told):.2f}", f"{len(told)}"),
        (
            "defocus: wide (disc over 2 %) above stopped down",
            f"AUC {_auc(wide, shut):.2f}",
            f"{len(wide)}, {len(shut)}",
        ),
    ]


def spot_rows(count: int) -> list[Row]:
    """Catchlights in larger heads, and cast shadows of things."""
    off, heads = [], 0
    for index in range(count):
        world = sample(SEED + 5, index, kind="portrait")
        rng = np.random.default_rng((SEED, index, 5))
        azimuth, elevation = float(rng.uniform(-100, 100)), float(rng.uniform(-20, 70))
        hour = clock_hour(azimuth, elevation)
        if hour is None or world.who.endswith("bust"):
            continue
        side = "left" if azimuth < 0 else "right"
        world = dataclasses.replace(world, azimuth_deg=azimuth, elevation_deg=elevation, direction=side)
        heads, found = heads + 1, catchlight(render(world, 384))
        off += [] if found.abstained else [hours_apart(found.value["hour"], hour)]
    sides, things = [], 0
    for index in range(3 * count):
        world = sample(SEED + 6, index, kind="still life")
        across = float(towards(world.azimuth_deg, max(world.elevation_deg, 20))[0])
        if abs(across) > 0.34:
            things, found = things + 1, shadow(render(world))
            sides += [] if found.abstained else [found.value["side"] * across < 0]
    return [
        ("catchlight: answered", f"{len(off) / heads:.0%}", f"{heads} heads of 384 px"),
        ("catchlight: error", f"median {np.median(off):.1f} h", f"{np.mean(np.array(off) < 1.5):.0%} within 1.5 hours"),
        ("cast shadow: answered", f"{len(sides) / things:.0%}", f"{things} things lit from a side"),
        ("cast shadow: left or right", f"{np.mean(sides):.1%}", f"{len(sides)}"),
    ]


def _rank(pairs: list[tuple[float, float]]) -> float:
    return rank_correlation(*(np.array(side) for side in zip(*pairs, strict=True)))


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
            wider.append(open_.value["disc"] > shut.value["disc"])
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
    for name in ("key_light", "shadow", "defocus", "monochrome", "cast", "grain", "haze"):
        counts = Counter(m[name].verdict for m in told if m[name].verdict)
        said = counts["shown"] + counts["not shown"]
        share = f"{counts['shown'] / said:.0%}" if said else "none"
        rows.append((f"verdict on {name}: shown, of those answered", share, f"answered {said} of {counts.total()}"))
    return rows


def composite_rows(count: int, side: int) -> list[Row]:
    """Sharp subjects cut out of one photograph before another, blurred by a disc of known radius, with grain."""
    photos = [square(photo) for name, photo in photographs().items() if name not in ("coffee", "chelsea")]
    rng = np.random.default_rng(SEED)
    told = []
    for _ in range(count):
        front, back = (photos[int(rng.integers(len(photos)))] for _ in range(2))
        radius, grain_sigma = float(rng.choice([0, 0.7, 1.5, 2.5, 4, 6, 9, 13])), float(rng.choice([0, 0.02, 0.035]))
        picture, mask = composite(front, back, radius, 0.0, rng)
        if side != 256:
            picture = np.asarray(resized_picture(picture, side))
            mask = np.asarray(resized_picture((255 * mask).astype(np.uint8), side)) > 127
        picture = with_grain(picture.astype(np.float32) / 255, grain_sigma, 0.5 * side / 256, rng)
        found = defocus(picture, region=SubjectRegion(mask, 1.0))
        if not found.abstained:
            told.append((found.value["disc"], radius))
    r, t = (np.array(column) for column in zip(*told, strict=True))
    return [
        (f"defocus, {side} px: rank against the true blur", f"{rank_correlation(t, r):.2f}", f"{len(t)} of {count}"),
        (
            f"defocus, {side} px: shallow above deep",
            f"AUC {_auc(r[t >= 2.5], r[t <= 0.7]):.2f}",
            "2.5 px, 0.7 px of 256",
        ),
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
                curve = grain_curve(with_grain(base, sigma, size, rng))
                if curve is not None:
                    true = np.average(film_law(np.array(curve.tone), sigma), weights=curve.weight)
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


def developed_rows() -> list[Row]:
    """What the meter reads of the photographs after `frame.develop`: grain; contrast and colour beside before."""
    from fluxkit.scene import stocks

    rows = []
    for name in (
        "PORTRA_160",
        "PORTRA_400",
        "GOLD_200",
        "EKTAR_100",
        "VELVIA_50",
        "ACROS_100",
        "TRI_X_400",
        "DELTA_3200",
    ):
        film = getattr(stocks, name)
        read = {"grain": [], "contrast": [], "colour": []}
        for photo in photographs().values():
            base = resized_picture(np.ascontiguousarray(photo[: min(photo.shape[:2]), : min(photo.shape[:2])]), 320)
            after = developed(base, film, seed=1)
            found = grain(after)
            read["grain"] += [] if found.abstained else [found.value["sigma"]]
            read["contrast"].append(tone(after).value["rms_contrast"] / tone(base).value["rms_contrast"])
            read["colour"].append(saturation(after).value["mean"] / saturation(base).value["mean"])
        word = film.apparent_grain or "none"
        grainy = f"{np.median(read['grain']):.3f} (laid on: {GRAIN_SIGMA[word]:.3f} in the mid-shadows, {word})"
        drawn = f"contrast x {np.median(read['contrast']):.2f}, colour x {np.median(read['colour']):.2f}"
        rows.append((film.name, grainy, drawn))
    return rows


def photograph_rows() -> list[Row]:
    """What the meter says of each real photograph; nothing of it is known to be true."""
    rows = []
    for name, photo in photographs().items():
        found = measure(photo)
        rows.append(
            (
                name,
                found["key_light"].shown,
                "; ".join(
                    f"{n}: {found[n].shown}" for n in ("catchlight", "defocus", "grain", "cast", "haze", "texture")
                ),
            )
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
    rows = [*light_rows(found, Portrait, "key light, heads"), *box_rows(found)]
    rows += [*light_rows(found, StillLife, "key light, things"), *spot_rows(max(count // 6, 12))]
    rows += [*focus_rows(found), *air_rows(count), *warm_rows(count), *colour_rows(found)]
    rows += [*paired_rows(min(max(count // 8, 8), 40)), *verdict_rows(found)]
    rows += [("a sheet of 100 frames of 128 px, measured", f"{spent / count * 100:.0f} s", "of one core's time")]
    tables = {
        "renders": _table(("on renders", "figure", "of"), rows),
        "composites": _table(
            ("on real photographs, blurred or grained by a known amount", "figure", "of"),
            [*composite_rows(min(count, 150), 256), *composite_rows(min(count, 150), 128), *grain_rows()],
        ),
        "developed": _table(("film", "grain read, of full scale", "beside before"), developed_rows()),
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
