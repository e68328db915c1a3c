"""Defocus: how large the discs are that blur the background, and how the sharpness falls off over the picture."""

from __future__ import annotations

import math

import numpy as np

from fluxkit.measure import bands
from fluxkit.measure.committee import opinion
from fluxkit.measure.edges import FEWEST, edge_blur, region_blur
from fluxkit.measure.grain import grain_curve
from fluxkit.measure.measurement import Measurement, abstain
from fluxkit.measure.pixels import LUMA, Mask, Picture, Plane, blurred, pixels, resized
from fluxkit.measure.subject import SubjectRegion, background, find_subject

SHALLOW, DEEP = 0.030, 0.0125
"""Diameter of the background's blur disc, as a share of the shorter side: shallow from one, deep up to the other."""

_METHOD = "detail by size and softness of edges in subject and background, read by networks fitted on known blur"
_LONGEST = 640
_CELLS = 8
_GRAINY = 0.05
_SMOOTH = 0.012
_APART = 0.35
_SHARPEST = 0.4  # px; below it pixels hide the difference


def defocus(picture: Picture, *, region: SubjectRegion | None = None) -> Measurement:
    """How shallow the focus is: `disc`, the diameter of the background's blur as a share of the shorter side.

    Where both have edges enough, also `ratio` of background to subject blur, both blurs as Gaussian sigmas in the same
    share, and `falloff` over the picture. Abstains without a subject (then only `falloff` is given), and where the
    background is too smooth to show blur: a wall is unknown, not blurred.
    """
    code = pixels(picture)
    region = region or find_subject(picture)
    scale = min(_LONGEST / max(code.shape[:2]), 1.0)
    small = code if scale == 1 else resized(code, round(code.shape[0] * scale), round(code.shape[1] * scale))
    blur = edge_blur(small)
    told = _edges(blur, region, small.shape[:2])
    if region is None:
        return _none("no face, and nothing that stands out from the border", told)
    if _detail(small, region) < _SMOOTH:
        return _none("the background is smooth, and shows no blur of any size", told)
    curve = grain_curve(picture)
    if curve is not None and np.average(curve.sigma, weights=curve.weight) > _GRAINY:
        return _none("the grain is too coarse to see how soft the edges are", told)
    found = opinion("focus", bands.features(code, region))
    disc = 2 * bands.radius(found.value)
    told = {"disc": disc, **told}
    if found.apart > _APART:
        return _none("detail and edges of the background say different things about its blur", told)
    far = min(abs(math.log2(max(disc, 0.002) / edge)) for edge in (SHALLOW, DEEP))
    sure = float(np.clip(0.45 + 0.3 * far - 0.5 * found.apart, 0.1, 0.9)) * min(region.confidence + 0.15, 1.0)
    return Measurement(
        name="defocus",
        value=told,
        unit="share of the shorter side",
        words=f"{_band(disc)} (the background is blurred over {disc:.1%} of the short side)",
        confidence=round(sure, 2),
        region="subject",
        method=_METHOD,
    )


def _band(disc: float) -> str:
    return "shallow" if disc >= SHALLOW else "deep" if disc <= DEEP else "between deep and shallow"


def _edges(blur: Plane, region: SubjectRegion | None, shape: tuple[int, ...]) -> dict[str, float]:
    """What the edges tell by themselves; only what there are edges enough for."""
    spread = _falloff(blur)
    told = {} if spread is None else {"falloff": spread}
    subject, far = (None, None) if region is None else _regions(blur, region, shape)
    if subject is None or far is None:
        return told
    short = min(shape)
    ratio = far / max(subject, _SHARPEST)
    return {"ratio": ratio, "subject": subject / short, "background": far / short, **told}


def _none(reason: str, told: dict[str, float]) -> Measurement:
    return abstain("defocus", reason, method=_METHOD, value=told or None, unit="share of the shorter side")


def background_detail(picture: Picture, region: SubjectRegion | None = None) -> float | None:
    """The mean size of the background's fine detail, of full scale; None without a subject.

    It ranks pictures of one scene by aperture at any size, and says nothing about a single picture: a wall has none.
    """
    code = pixels(picture)
    region = region or find_subject(picture)
    if region is None:
        return None
    unit = min(code.shape[:2]) / 128
    y = blurred((code @ LUMA).astype(np.float32), 0.5 * unit)
    fine = np.abs(y - blurred(y, 2 * unit))
    far = background(region)
    return float(fine[far].mean()) if far.any() else None


def _detail(small: Plane, region: SubjectRegion) -> float:
    """The deviation of the background's detail, of 2 to 5 px in pictures of 128 px, in proportion in others."""
    unit = min(small.shape[:2]) / 128
    y = (small @ LUMA).astype(np.float32)
    detail = blurred(y, 2 * unit) - blurred(y, 5 * unit)
    return float(detail[background(SubjectRegion(_fitted(region.mask, small.shape[:2]), region.confidence))].std())


def _fitted(mask: Mask, shape: tuple[int, ...]) -> Mask:
    return mask if mask.shape == shape else resized(mask.astype(np.float32), *shape) > 0.5


def _regions(blur: Plane, region: SubjectRegion, shape: tuple[int, ...]) -> tuple[float | None, float | None]:
    mask = _fitted(region.mask, shape)
    inner = blurred(mask.astype(np.float32), max(min(shape) * 0.015, 1.0)) > 0.9
    far = background(SubjectRegion(mask, region.confidence))
    return region_blur(blur, inner)[0], region_blur(blur, far, share=0.5)[0]


def _falloff(blur: Plane) -> float | None:
    """How unevenly sharp the picture is: the octaves between the sharpest and the softest fifth of its cells."""
    rows, columns = blur.shape
    cells = []
    for i in range(_CELLS):
        for j in range(_CELLS):
            part = blur[
                i * rows // _CELLS : (i + 1) * rows // _CELLS, j * columns // _CELLS : (j + 1) * columns // _CELLS
            ]
            known = part[np.isfinite(part)]
            if len(known) >= FEWEST - 3:
                cells.append(float(np.quantile(known, 0.35)))
    if len(cells) < 6:
        return None
    low, high = np.quantile(np.maximum(cells, _SHARPEST), [0.1, 0.9])
    return float(np.log2(high / low))
