"""`agreement`: how often a set of pictures shows what their scenes ask for, field by field; the guard of a model.

Light, and black and white, are judged picture by picture. Aperture, temperature and grain are judged in pairs, because
the order of two pictures that differ in one field is far more reliable than a reading of either.
"""

from __future__ import annotations

import html
from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from itertools import combinations

import numpy as np

from fluxkit._base import Record
from fluxkit.errors import InputError, did_you_mean
from fluxkit.measure.cast import cast
from fluxkit.measure.defocus import background_detail
from fluxkit.measure.grain import grain
from fluxkit.measure.head import towards
from fluxkit.measure.key_light import key_light
from fluxkit.measure.measurement import Measurement
from fluxkit.measure.monochrome import monochrome
from fluxkit.measure.pixels import Picture
from fluxkit.measure.subject import SubjectRegion, find_subject
from fluxkit.scene import Scene
from fluxkit.scene.light import DIRECTIONS, Direction

SIX: tuple[Direction, ...] = ("left", "right", "upper left", "upper right", "front", "behind")
"""The directions that are told apart by name."""

FIELDS = ("light side", "six directions", "aperture", "black and white", "warm or cool", "grain")
"""What is judged."""

_SIDED = 0.34  # sine of the angle off the camera's axis from which a light counts as from a side
_STOPS = 3.0  # between two apertures of a pair
_MIREDS = 60.0  # between two temperatures of a pair
_SHARPER, _WARMER, _SMOOTH = 1.1, 0.05, 0.004
_GRAINS = ("none", "very fine", "fine", "medium", "coarse")

Answer = tuple[str, bool | None]


class Share(Record):
    """How often one field was shown."""

    name: str
    asked: int
    """Pictures, or pairs of pictures, that asked for it."""
    answered: int
    """Those that the meter could judge."""
    right: int
    """Those that show it."""

    @property
    def share(self) -> float | None:
        """Right of the answered; None where none was answered."""
        return self.right / self.answered if self.answered else None


class Agreement:
    """The shares of `agreement`, as a table."""

    def __init__(self, rows: Sequence[Share]) -> None:
        self.rows = tuple(rows)

    def row(self, name: str) -> Share:
        """The counts of one field; `InputError` for a field that is not judged."""
        known = {row.name: row for row in self.rows}
        if name not in known:
            raise InputError(
                f"The agreement on {name!r} was asked for.{did_you_mean(name, known)} It judges: {', '.join(known)}."
            )
        return known[name]

    def share(self, name: str) -> float | None:
        """The share of the answered that are right; None where none was answered."""
        return self.row(name).share

    def short(self, floors: Mapping[str, float]) -> tuple[str, ...]:
        """One sentence for each field below its floor, or without any answer; empty where all floors hold."""
        found = []
        for name, floor in floors.items():
            row = self.row(name)
            if row.share is None:
                found.append(f"{name}: none of {row.asked} could be judged; {floor:.0%} were to be right.")
            elif row.share < floor:
                found.append(f"{name}: {row.right} of {row.answered} are right ({row.share:.1%}), under {floor:.0%}.")
        return tuple(found)

    def _table(self) -> list[tuple[str, str, str, str]]:
        return [("field", "right", "answered", "asked"), *(_cells(row) for row in self.rows)]

    def __repr__(self) -> str:
        table = self._table()
        widths = [max(len(row[k]) for row in table) for k in range(4)]
        return "\n".join("  ".join(t.ljust(w) for t, w in zip(row, widths, strict=True)).rstrip() for row in table)

    def _repr_html_(self) -> str:
        head, *body = (
            "".join(f"<{tag}>{html.escape(text)}</{tag}>" for text in row)
            for row, tag in zip(self._table(), ["th", *["td"] * len(self.rows)], strict=True)
        )
        return (
            f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(f'<tr>{row}</tr>' for row in body)}</tbody></table>"
        )


def agreement(scenes: Sequence[Scene], pictures: Sequence[Picture]) -> Agreement:
    """How often each picture shows what the scene of the same place asks for.

    Two pictures whose scenes differ in nothing but the f-number (3 stops or more), the key's temperature (60 mired or
    more) or the film's grain are judged as a pair: shoot both with one seed. Raises `InputError` where the counts of
    scenes and pictures differ.
    """
    if len(scenes) != len(pictures):
        raise InputError(
            f"{len(scenes)} scenes and {len(pictures)} pictures were to be compared. Give one picture a scene."
        )
    regions = [find_subject(picture) for picture in pictures]
    answers: list[Answer] = []
    for scene, picture, region in zip(scenes, pictures, regions, strict=True):
        answers += _single(scene, picture, region)
    for path, compare in _PAIRS.items():
        for one, other in _pairs(scenes, path):
            answers += compare(*((scenes[i], pictures[i], regions[i]) for i in (one, other)))
    return Agreement([_share(name, [right for field, right in answers if field == name]) for name in FIELDS])


Item = tuple[Scene, Picture, SubjectRegion | None]


def _single(scene: Scene, picture: Picture, region: SubjectRegion | None) -> list[Answer]:
    answers: list[Answer] = []
    if scene.film is not None and scene.film.kind is not None:
        grey = monochrome(picture).words == "black and white"
        answers.append(("black and white", grey == (scene.film.kind == "black and white")))
    angles = scene.key_angles
    if angles is None:
        return answers
    found = key_light(picture, region=region)
    shown = _vector(found)
    wanted = towards(*angles)
    if abs(wanted[0]) > _SIDED:
        answers.append(("light side", None if shown is None else bool(wanted[0] * shown[0] > 0)))
    key = scene.lighting.key if scene.lighting else None
    if key is not None and key.direction in SIX:
        near = shown is not None and max(SIX, key=lambda n: float(towards(*DIRECTIONS[n]) @ shown)) == key.direction
        head = found.region == "head" or found.abstained
        answers += [("six directions", None if shown is None else near)] if head else []
    return answers


def _vector(found: Measurement) -> np.ndarray | None:
    if found.abstained or not isinstance(found.value, dict):
        return None
    return towards(found.value["azimuth_deg"], found.value["elevation_deg"])


def _pairs(scenes: Sequence[Scene], path: str) -> list[tuple[int, int]]:
    """The pairs of scenes that differ in nothing but what stands at `path`."""
    alike: dict[str, list[int]] = defaultdict(list)
    for i, scene in enumerate(scenes):
        if scene.get(path) is not None:
            alike[scene.with_(path, _PLAIN[path]).canonical_json()].append(i)
    return [pair for group in alike.values() for pair in combinations(group, 2)]


_PLAIN = {"lens.f_number": None, "lighting.key.temperature_k": None, "film": None}


def _aperture(one: Item, other: Item) -> list[Answer]:
    wide, shut = sorted((one, other), key=lambda item: float(item[0].get("lens.f_number")))
    stops = 2 * np.log2(shut[0].get("lens.f_number") / wide[0].get("lens.f_number"))
    if stops < _STOPS:
        return []
    soft, sharp = (background_detail(picture, region) for _, picture, region in (wide, shut))
    if soft is None or sharp is None or max(soft, sharp) < _SMOOTH:
        return [("aperture", None)]
    return [("aperture", bool(sharp > _SHARPER * soft))]


def _temperature(one: Item, other: Item) -> list[Answer]:
    warm, cool = sorted((one, other), key=lambda item: float(item[0].get("lighting.key.temperature_k")))
    apart = 1e6 / warm[0].get("lighting.key.temperature_k") - 1e6 / cool[0].get("lighting.key.temperature_k")
    if apart < _MIREDS or (warm[0].film is not None and warm[0].film.kind == "black and white"):
        return []
    a, b = (cast(picture, region=region) for _, picture, region in (warm, cool))
    told = isinstance(a.value, float) and isinstance(b.value, float)
    return [("warm or cool", bool(a.value > b.value + _WARMER) if told else None)]  # type: ignore[operator]


def _grain(one: Item, other: Item) -> list[Answer]:
    ranks = [_GRAINS.index(item[0].film.apparent_grain or "none") for item in (one, other) if item[0].film]
    if len(ranks) < 2 or abs(ranks[0] - ranks[1]) < 2:
        return []
    found = [grain(item[1]) for item in (one, other)]
    sigma = [item.value["sigma"] for item in found if isinstance(item.value, dict)]
    told = len(sigma) == 2 and not any(item.abstained for item in found)
    return [("grain", bool((sigma[0] > sigma[1]) == (ranks[0] > ranks[1])) if told else None)]


_PAIRS: dict[str, Callable[[Item, Item], list[Answer]]] = {
    "lens.f_number": _aperture,
    "lighting.key.temperature_k": _temperature,
    "film": _grain,
}


def _share(name: str, found: Sequence[bool | None]) -> Share:
    told = [right for right in found if right is not None]
    return Share(name=name, asked=len(found), answered=len(told), right=sum(told))


def _cells(row: Share) -> tuple[str, str, str, str]:
    return row.name, "" if row.share is None else f"{row.share:.1%}", str(row.answered), str(row.asked)
