"""Defocus: how much softer the background is than the subject, and how the sharpness falls off over the picture."""

from __future__ import annotations

import numpy as np

from fluxkit.measure.edges import FEWEST, edge_blur, region_blur
from fluxkit.measure.grain import grain_curve
from fluxkit.measure.measurement import Measurement, abstain
from fluxkit.measure.pixels import LUMA, Mask, Picture, Plane, blurred, pixels, resized
from fluxkit.measure.subject import SubjectRegion, background, find_subject

SHALLOW, DEEP = 2.6, 2.0
"""Background blur over subject blur from which the focus is called shallow, and up to which it is called deep."""

SMALLEST_PX = 192
"""Shorter side below which a picture is too small for its softness to be told from how it was drawn."""

_METHOD = "blur of edges at the finest scale above the grain; median of the background over that of the subject"
_LONGEST = 640
_CELLS = 8
_GRAINY = 0.05
_SMOOTH = 0.012
_SHARPEST = 0.4  # px; below it pixels hide the difference


def defocus(picture: Picture, *, region: SubjectRegion | None = None) -> Measurement:
    """How shallow the focus is: `ratio` of background to subject blur, both blurs, and `falloff` over the picture.

    Blurs are Gaussian sigmas as a share of the shorter side, so that pictures of different sizes compare. Abstains
    without a subject (then only `falloff` is given), and where background or subject has fewer than 15 edges: a smooth
    wall is unknown, not blurred.
    """
    code = pixels(picture)
    region = region or find_subject(picture)
    scale = min(_LONGEST / max(code.shape[:2]), 1.0)
    small = code if scale == 1 else resized(code, round(code.shape[0] * scale), round(code.shape[1] * scale))
    short = min(small.shape[:2])
    blur = edge_blur(small)
    spread = _falloff(blur)
    told = {} if spread is None else {"falloff": spread}
    if region is None:
        return _none("no face, and nothing that stands out from the border", told)
    if _detail(small, region) < _SMOOTH:
        return _none("the background is smooth, and shows no blur of any size", told)
    subject, n_subject, far, n_far = _regions(blur, region, small.shape[:2])
    if subject is None or far is None:
        where = "subject" if subject is None else "background"
        return _none(f"the {where} has {n_subject if subject is None else n_far} edges; {FEWEST} are needed", told)
    curve = grain_curve(picture)
    if curve is not None and max(curve.sigma) > _GRAINY:
        return _none("the grain is too coarse to see how soft the edges are", told)
    ratio = far / max(subject, _SHARPEST)
    told = {"ratio": ratio, "subject": subject / short, "background": far / short, **told}
    large = min(code.shape[:2]) >= SMALLEST_PX
    sure = min(0.9, 0.4 + 0.1 * abs(np.log2(ratio / 2.3)) + min(n_far, 200) / 500) * region.confidence
    return Measurement(
        name="defocus",
        value=told,
        reason=None if large else f"under {SMALLEST_PX} px only frames of one scene compare",
        unit="ratio",
        words=f"{_band(ratio)} (background {ratio:.1f} times as soft as the subject)",
        confidence=round(sure if large else min(sure, 0.3), 2),
        region="subject",
        method=_METHOD,
    )


def _band(ratio: float) -> str:
    return "shallow" if ratio >= SHALLOW else "deep" if ratio <= DEEP else "between deep and shallow"


def _none(reason: str, told: dict[str, float]) -> Measurement:
    return abstain("defocus", reason, method=_METHOD, value=told or None, unit="ratio")


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


def _regions(blur: Plane, region: SubjectRegion, shape: tuple[int, ...]) -> tuple[float | None, int, float | None, int]:
    mask = _fitted(region.mask, shape)
    near = SubjectRegion(mask, region.confidence)
    inner = blurred(mask.astype(np.float32), max(min(shape) * 0.015, 1.0)) > 0.9
    subject, n_subject = region_blur(blur, inner)
    far, n_far = region_blur(blur, background(near), share=0.5)
    return subject, n_subject, far, n_far


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
