"""Film stocks as typed constants, each with the source of its figures.

Grain figures are the makers' own, on the scale that each is published on: Kodak gives colour negatives a Print Grain
Index only, others diffuse rms granularity; the two do not convert (Kodak E-58), nor do rms figures of negatives and
slides. Where a maker publishes none, the figure is unset and the word for the grain is an estimate. Where `source` says
"recalled", the figure was not re-read in the sheet: confirm it before it is used as a measurement. Film names are
trademarks of their owners; they are used to describe, and imply no endorsement.
"""

from __future__ import annotations

import re
from typing import Any, Literal

from fluxkit.errors import InputError, did_you_mean
from fluxkit.scene.film import FilmKind, FilmStock, Grain

_Figure = tuple[Literal["RMS", "PGI"], float]


def _stock(name: str, maker: str, iso: float, kind: FilmKind, grain: Grain, *words: str, **more: Any) -> FilmStock:
    figure: _Figure | None = more.pop("figure", None)
    scale, value = figure or (None, None)
    balance = more.pop("balance_k", None if kind == "black and white" else 5500)
    return FilmStock(
        name=name,
        maker=maker,
        iso=iso,
        kind=kind,
        grain=grain,
        words=words,
        balance_k=balance,
        grain_figure=value,
        grain_scale=scale,
        **more,
    )


PORTRA_160 = _stock(
    "Kodak Portra 160", "Kodak", 160, "colour negative", "very fine",
    "soft contrast", "true skin tones", "pastel colours",
    figure=("PGI", 28), source="Kodak E-4051",
)  # fmt: skip
PORTRA_400 = _stock(
    "Kodak Portra 400", "Kodak", 400, "colour negative", "fine",
    "warm skin tones", "gentle contrast", "long highlights",
    figure=("PGI", 37), source="Kodak E-4050",
)  # fmt: skip
PORTRA_800 = _stock(
    "Kodak Portra 800", "Kodak", 800, "colour negative", "medium",
    "warm colours", "visible grain", "rich low-light tones",
    figure=("PGI", 48), source="Kodak E-4040",
)  # fmt: skip
EKTAR_100 = _stock(
    "Kodak Ektar 100", "Kodak", 100, "colour negative", "very fine",
    "saturated colours", "strong reds", "crisp detail",
    source="Kodak E-4046: PGI below 25, the threshold of visibility",
)  # fmt: skip
GOLD_200 = _stock(
    "Kodak Gold 200", "Kodak", 200, "colour negative", "medium",
    "golden warmth", "nostalgic snapshot colours",
    figure=("PGI", 44), source="Kodak E-7022",
)  # fmt: skip
ULTRAMAX_400 = _stock(
    "Kodak UltraMax 400", "Kodak", 400, "colour negative", "medium",
    "punchy colours", "holiday-snapshot contrast",
    figure=("PGI", 46), source="Kodak E-7023",
)  # fmt: skip
COLORPLUS_200 = _stock(
    "Kodak ColorPlus 200", "Kodak", 200, "colour negative", "medium",
    "muted warm colours", "a budget retro look",
    source="no figure found; grain by eye",
)  # fmt: skip
VISION3_500T = _stock(
    "Kodak Vision3 500T", "Kodak", 500, "colour negative", "medium",
    "cinematic colour", "soft highlights", "deep latitude",
    balance_k=3200, source="Kodak H-1-5219 (motion-picture negative; published per layer, so no single figure)",
)  # fmt: skip
SUPERIA_400 = _stock(
    "Fujifilm Superia X-TRA 400", "Fujifilm", 400, "colour negative", "medium",
    "cool greens", "punchy colours",
    figure=("RMS", 4), source="Fujifilm sheet, on Fujifilm's own negative scale (recalled)",
)  # fmt: skip
PRO_400H = _stock(
    "Fujifilm Pro 400H", "Fujifilm", 400, "colour negative", "fine",
    "airy pastel colours", "mint greens", "pale skin tones",
    figure=("RMS", 4), source="Fujifilm sheet, on Fujifilm's own negative scale (recalled); discontinued 2021",
)  # fmt: skip
VELVIA_50 = _stock(
    "Fujifilm Velvia 50", "Fujifilm", 50, "colour slide", "very fine",
    "extreme colour saturation", "deep blacks",
    figure=("RMS", 9), source="Fujifilm AF3 data guide; E. Puts 1999",
)  # fmt: skip
VELVIA_100 = _stock(
    "Fujifilm Velvia 100", "Fujifilm", 100, "colour slide", "very fine",
    "saturated colours", "a lean to magenta", "deep blacks",
    figure=("RMS", 8), source="Fujifilm AF3-202E (recalled)",
)  # fmt: skip
PROVIA_100F = _stock(
    "Fujifilm Provia 100F", "Fujifilm", 100, "colour slide", "very fine",
    "neutral colours", "clean slide contrast",
    figure=("RMS", 8), source="Fujifilm AF3-036E (recalled; 9 in reports of 1999)",
)  # fmt: skip
EKTACHROME_E100 = _stock(
    "Kodak Ektachrome E100", "Kodak", 100, "colour slide", "very fine",
    "neutral to cool colours", "clean slide contrast",
    figure=("RMS", 8), source="Kodak E-4000",
)  # fmt: skip
KODACHROME_64 = _stock(
    "Kodak Kodachrome 64", "Kodak", 64, "colour slide", "fine",
    "dense reds", "rich shadows", "a mid-century palette",
    figure=("RMS", 10), source="Kodak E-88; discontinued 2009",
)  # fmt: skip
TRI_X_400 = _stock(
    "Kodak Tri-X 400", "Kodak", 400, "black and white", "medium",
    "gritty grain", "strong mid-tone contrast",
    figure=("RMS", 17), source="Kodak F-4017",
)  # fmt: skip
T_MAX_100 = _stock(
    "Kodak T-Max 100", "Kodak", 100, "black and white", "very fine",
    "clean tones", "high sharpness",
    figure=("RMS", 8), source="Kodak F-4016 (recalled)",
)  # fmt: skip
T_MAX_400 = _stock(
    "Kodak T-Max 400", "Kodak", 400, "black and white", "fine",
    "clean tones", "high sharpness",
    figure=("RMS", 10), source="Kodak F-4043 (recalled)",
)  # fmt: skip
T_MAX_P3200 = _stock(
    "Kodak T-Max P3200", "Kodak", 3200, "black and white", "coarse",
    "heavy grain", "available-darkness contrast",
    figure=("RMS", 18), source="Kodak F-4001 (recalled); true speed about ISO 1000, box speed an exposure index",
)  # fmt: skip
HP5_PLUS = _stock(
    "Ilford HP5 Plus", "Ilford", 400, "black and white", "medium",
    "classic grain", "forgiving mid-tones",
    source="Ilford publishes no figure; grain by eye",
)  # fmt: skip
FP4_PLUS = _stock(
    "Ilford FP4 Plus", "Ilford", 125, "black and white", "fine",
    "smooth tones", "traditional contrast",
    source="Ilford publishes no figure; grain by eye",
)  # fmt: skip
DELTA_100 = _stock(
    "Ilford Delta 100", "Ilford", 100, "black and white", "very fine",
    "crisp detail", "smooth tones",
    source="Ilford publishes no figure; grain by eye",
)  # fmt: skip
DELTA_3200 = _stock(
    "Ilford Delta 3200", "Ilford", 3200, "black and white", "coarse",
    "heavy grain", "moody contrast",
    source="Ilford publishes no figure; true speed about ISO 1000, box speed an exposure index",
)  # fmt: skip
PAN_F_PLUS = _stock(
    "Ilford Pan F Plus", "Ilford", 50, "black and white", "very fine",
    "luminous tones", "high contrast",
    source="Ilford publishes no figure; grain by eye",
)  # fmt: skip
ACROS_100 = _stock(
    "Fujifilm Neopan Acros 100 II", "Fujifilm", 100, "black and white", "very fine",
    "smooth tones", "deep blacks",
    figure=("RMS", 7), source="Fujifilm sheet (recalled)",
)  # fmt: skip
CINESTILL_800T = _stock(
    "CineStill 800T", "CineStill", 800, "colour negative", "medium",
    "red halation around bright lights", "teal shadows", "tungsten colours",
    balance_k=3200, source="no figure of its own; Vision3 500T without its rem-jet layer, rated at 800",
)  # fmt: skip
CINESTILL_50D = _stock(
    "CineStill 50D", "CineStill", 50, "colour negative", "very fine",
    "clean daylight colour", "a faint glow around highlights",
    source="no figure of its own; Vision3 50D without its rem-jet layer",
)  # fmt: skip
INSTAX = _stock(
    "Fujifilm Instax", "Fujifilm", 800, "instant", "none",
    "soft detail", "bright flash colours", "a white frame",
    source="Fujifilm Instax Mini film sheet: ISO 800, daylight; no granularity is published",
)  # fmt: skip
POLAROID_600 = _stock(
    "Polaroid 600", "Polaroid", 640, "instant", "none",
    "milky contrast", "drifting colours", "a white frame",
    source="Polaroid film specification: ISO 640; no granularity is published",
)  # fmt: skip
DIGITAL_CLEAN = _stock(
    "clean modern digital", "any", 100, "digital", "none",
    "clean detail", "wide dynamic range",
    source="a look, not a stock: base ISO of a current full-frame sensor",
)  # fmt: skip


def stocks() -> dict[str, FilmStock]:
    """Every film stock of this module by the name of its constant."""
    return {name: value for name, value in globals().items() if isinstance(value, FilmStock)}


def find(name: str) -> FilmStock:
    """The stock of a name as people write it: "Portra 400", "kodak tri-x", "CINESTILL_800T".

    Raises `InputError` with the closest name where none fits, or where several do.
    """
    known = stocks()
    wanted = _letters(name)
    exact = [stock for key, stock in known.items() if wanted in (_letters(key), _letters(stock.name))]
    found = exact or [stock for stock in known.values() if wanted and _is_part(wanted, stock.name)]
    if len(found) == 1:
        return found[0]
    names = [stock.name for stock in known.values()]
    what = f"is {len(found)} stocks ({', '.join(s.name for s in found)})" if found else "is none that fluxkit knows"
    raise InputError(
        f"A film {name!r} was asked for, which {what}.{'' if found else did_you_mean(name, [*known, *names])} "
        f"Known stocks are: {', '.join(names)}. Name one of them, or state your own with FilmStock(name=...)."
    )


def _is_part(wanted: str, name: str) -> bool:
    """Whether letters are those of some words in a row of a name: "portra400" and "trix" are, "portra40" is not."""
    words = re.split(r"[\s-]+", name)
    ends = range(1, len(words) + 1)
    return any(_letters("".join(words[start:end])) == wanted for end in ends for start in range(end))


def _letters(name: str) -> str:
    return "".join(character for character in name.lower() if character.isalnum())
