"""Rules about what is sharp, what is blurred, and what the lens can reach."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator

from fluxkit import optics
from fluxkit.scene import subjects
from fluxkit.scene.rules.registry import Case, Found, rule

_SHARP = re.compile(
    r"\b(sharp(ly)? (focused )?background|background (is |in )?(tack[- ])?(sharp|focus)|deep focus"
    r"|everything (is )?(in focus|sharp)"
    r"|front[- ]to[- ]back (sharp|focus)\w*|(pin|tack)[- ]sharp throughout)\b",
    re.IGNORECASE,
)
_BLURRED = re.compile(
    r"\b(bokeh|(creamy|blurred|blurry|soft|out[- ]of[- ]focus|dissolved) background|shallow (depth of field|focus)"
    r"|background (blur|melts|dissolves)\w*)\b",
    re.IGNORECASE,
)


def _wanted(case: Case, words: re.Pattern[str], avoided: re.Pattern[str]) -> str | None:
    """The path whose words ask for something, or whose avoided words ask for its opposite."""
    said = next((path for path, text in case.texts() if words.search(text)), None)
    shunned = (f"avoid.{i}" for i, text in enumerate(case.scene.avoid) if avoided.search(text))
    return said or next(shunned, None)


@rule(
    "sharp-background",
    "warning",
    reason="Blur disc f²/(N(s−f)) of a thin lens (S. F. Ray, Applied Photographic Optics).",
)
def sharp_background(case: Case) -> Iterator[Found]:
    """A sharp background is wanted at an aperture that blurs it."""
    path, blur, lens = _wanted(case, _SHARP, _BLURRED), case.seen.background_blur, case.scene.lens
    if path and blur and blur > 0.02 and lens and lens.f_number:
        needed = lens.f_number * blur / 0.005
        reach = (
            f"Stop down to about {_stop_for(needed)}"
            if needed < 27
            else "No aperture of this lens reaches that: step back"
        )
        yield Found(
            "lens.f_number",
            f"{path} asks for a sharp background, but {lens.focal_length_mm:g} mm at f/{lens.f_number:g} focused at "
            f"{case.seen.focus_distance_m:.2g} m blurs it over {100 * blur:.0f} % of the picture's short side.",
            f"{reach}, take a wider lens, or drop the wish.",
        )


@rule("blur-out-of-reach", "warning", reason="Blur disc f²/(N(s−f)) of a thin lens; small sensors have short lenses.")
def blur_out_of_reach(case: Case) -> Iterator[Found]:
    """A blurred background is wanted from a lens and format that cannot give it."""
    path, blur, lens = _wanted(case, _BLURRED, _SHARP), case.seen.background_blur, case.scene.lens
    if path and blur is not None and blur < 0.005 and lens and lens.f_number:
        yield Found(
            path,
            f"A blurred background is asked for, but {lens.focal_length_mm:g} mm at f/{lens.f_number:g} on "
            f"{case.seen.format} blurs infinity over only {100 * blur:.1f} % of the short side: it looks sharp.",
            "Open the aperture, go closer, take a longer lens or a larger format.",
        )


@rule("framing-distance", "warning", reason="Magnification f/(s−f): distance and framing are two names for one thing.")
def framing_distance(case: Case) -> Iterator[Found]:
    """The focus distance shows much more or less of a person than the framing says."""
    scene, lens = case.scene, case.scene.lens
    if lens is None or lens.focus_distance_m is None or scene.composition is None:
        return
    wanted = subjects.framed_height_m(scene.composition, scene.subject)
    if wanted is None or scene.composition.framing in {"environmental", "wide"}:
        return
    side = subjects.picture_height_mm(optics.FORMATS[case.seen.format], scene.aspect_ratio)
    shown = optics.field_size_m(side, lens.focal_length_mm, focus_m=lens.focus_distance_m)
    if not 0.5 < shown / wanted < 2:
        magnified = side / 1000 / wanted
        distance = optics.focus_for_magnification_m(lens.focal_length_mm, magnification=magnified)
        yield Found(
            "lens.focus_distance_m",
            f"{lens.focal_length_mm:g} mm from {lens.focus_distance_m:g} m shows {shown:.2g} m of the subject, but "
            f"{scene.composition.framing!r} is about {wanted:g} m.",
            f"Focus at about {distance:.2g} m, or leave focus_distance_m unset and let the framing give it.",
        )


@rule("too-close", "warning", reason="Ordinary lenses stop at about a quarter of life size; macro lenses at life size.")
def too_close(case: Case) -> Iterator[Found]:
    """The lens is focused nearer than lenses of its kind can."""
    lens, size = case.scene.lens, case.seen.magnification
    if lens is None or size is None or lens.character == "macro" or size <= 0.35:
        return
    yield Found(
        "lens.focus_distance_m",
        f"{lens.focal_length_mm:g} mm at {case.seen.focus_distance_m:.2g} m means {size:.2g} times life size, and few "
        "lenses but macro lenses focus beyond 0.35.",
        f"Focus beyond {optics.focus_for_magnification_m(lens.focal_length_mm, magnification=0.3):.2g} m, or set "
        "lens.character='macro'.",
    )


@rule("diffraction", "note", reason="Airy disc 2.44·λ·N (G. B. Airy, 1835) against the circle of confusion.")
def diffraction(case: Case) -> Iterator[Found]:
    """The aperture is so small that diffraction softens everything."""
    disc, circle, lens = case.seen.diffraction_disc_mm, case.seen.circle_of_confusion_mm, case.scene.lens
    if lens is None or disc is None or disc <= 1.3 * circle:
        return
    yield Found(
        "lens.f_number",
        f"At f/{lens.f_number:g} diffraction spreads every point over {1000 * disc:.0f} µm, more than the "
        f"{1000 * circle:.0f} µm that look sharp on {case.seen.format}.",
        f"Open to {_stop_for(circle / 2.44 / 550e-6)} for the sharpest picture, or keep it for the softness.",
    )


@rule("group-depth", "note", reason="Depth of field of a thin lens; people rarely stand in one plane.")
def group_depth(case: Case) -> Iterator[Found]:
    """Several subjects share a depth of field that holds one."""
    depth = case.seen.depth_of_field_m
    if case.scene.others and depth is not None and depth < 0.12:
        yield Found(
            "lens.f_number",
            f"{1 + len(case.scene.others)} subjects share a depth of field of {100 * depth:.0f} cm: only one is sharp.",
            "Stop down, step back, or say who is in focus.",
        )


@rule(
    "fast-lens", "note", reason="The fastest photographic lenses on sale are f/0.95; wider ones are laboratory pieces."
)
def fast_lens(case: Case) -> Iterator[Found]:
    """The aperture is wider than any lens that one can buy."""
    lens = case.scene.lens
    if lens and lens.f_number and lens.f_number < 0.9:
        yield Found("lens.f_number", f"No lens on sale opens to f/{lens.f_number:g}.", "Use f/0.95 or smaller.")


@rule("character-stopped-down", "note", reason="Swirl, soap-bubble rims and ovals are shapes of the blur disc.")
def character_stopped_down(case: Case) -> Iterator[Found]:
    """A lens character that lives in the blur is wanted where there is none."""
    lens, blur = case.scene.lens, case.seen.background_blur
    if lens and lens.character in {"swirly", "vintage", "anamorphic"} and blur is not None and blur < 0.005:
        yield Found(
            "lens.character",
            f"A {lens.character} lens shows its character in out-of-focus discs, but here infinity blurs over only "
            f"{100 * blur:.1f} % of the short side.",
            "Open the aperture or go closer.",
        )


def _stop_for(f_number: float) -> str:
    """The nearest full stop that photographers dial, as they write it."""
    stops = (1.4, 2, 2.8, 4, 5.6, 8, 11, 16, 22, 32)
    return f"f/{min(stops, key=lambda stop: abs(math.log(stop / f_number))):g}"
