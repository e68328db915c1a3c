"""Rules about film, colour, shape of the picture, and the chosen model."""

from __future__ import annotations

import re
from collections.abc import Iterator

from fluxkit import optics
from fluxkit.scene import subjects
from fluxkit.scene.rules.registry import Case, Found, rule
from fluxkit.scene.sources import GELS

_WHITE = re.compile(r"\b(white|yellow)\b[^.;]*\b(background|backdrop|seamless|cyclorama|paper)\b", re.IGNORECASE)
_SOFT = re.compile(r"\b(soft[- ]focus|dreamy|ethereal|hazy)\b", re.IGNORECASE)
_SKIN = re.compile(r"\b(skin|pores?|freckle\w*|complexion|wrinkles?)\b", re.IGNORECASE)
_HALATION = re.compile(r"\bhalation\b", re.IGNORECASE)


@rule("monochrome-colour", "warning", reason="Black-and-white film records brightness alone.")
def monochrome_colour(case: Case) -> Iterator[Found]:
    """Colours are asked for on black-and-white film."""
    film, lighting = case.scene.film, case.scene.lighting
    if film is None or film.kind != "black and white":
        return
    for i, colour in enumerate(case.scene.colours):
        yield Found(
            f"colours.{i}",
            f"The colour {colour.name!r} is asked for, but {film.name} is black and white.",
            "Choose a colour film, or say the tone (light, dark) in the subject.",
        )
    key = lighting.key if lighting else None
    if key is not None and key.gel is not None and GELS[key.gel] is None:
        yield Found(
            "lighting.key.gel",
            f"A {key.gel} gel is asked for, but {film.name} shows no colour.",
            "Drop the gel, or choose a colour film.",
        )


@rule("film-balance", "note", reason="Cast in mired is 10⁶/source − 10⁶/balance; beyond 120 it dominates the picture.")
def film_balance(case: Case) -> Iterator[Found]:
    """The light is far from what the film is balanced for."""
    film, lighting = case.scene.film, case.scene.lighting
    key = lighting.key if lighting else None
    if film is None or film.balance_k is None or key is None or key.kelvin is None:
        return
    shift = optics.cast_mired(key.kelvin, balance_k=film.balance_k)
    if abs(shift) > 120:
        yield Found(
            "film",
            f"{film.name} is balanced for {film.balance_k:g} K, and light of {key.kelvin:.0f} K gives it a strong "
            f"{'orange' if shift > 0 else 'blue'} cast ({shift:+.0f} mired).",
            "Keep it if that is the picture; else gel the light or take "
            f"{'a tungsten' if shift > 0 else 'a daylight'} film.",
        )


@rule("halation", "note", reason="Halation is CineStill's missing rem-jet layer; other stocks hold it back.")
def halation(case: Case) -> Iterator[Found]:
    """Halation is asked for on a film that has none."""
    film = case.scene.film
    if film is None or film.maker == "CineStill":
        return
    for path, text in case.texts():
        if _HALATION.search(text):
            yield Found(
                path,
                f"Halation is asked for on {film.name}, whose backing absorbs it.",
                "Use film=CINESTILL_800T, or drop it.",
            )


@rule(
    "white-background-blur",
    "warning",
    reason="github.com/black-forest-labs/flux issues 65 and 107, with many confirmations.",
)
def white_background_blur(case: Case) -> Iterator[Found]:
    """A white background with soft focus makes FLUX.1 blur the whole picture."""
    if case.model is not None and case.model.family != "flux.1":
        return
    white = next((path for path, text in case.texts() if _WHITE.search(text)), None)
    lens, blur = case.scene.lens, case.seen.background_blur
    soft = lens is not None and lens.character == "soft focus"
    open_wide = blur is not None and blur > 0.06
    said = next((path for path, text in case.texts() if _SOFT.search(text)), None)
    if white and (soft or open_wide or said):
        why = "a soft-focus lens" if soft else "a wide-open aperture" if open_wide else "soft-focus words"
        yield Found(
            white,
            f"FLUX.1 tends to blur the whole picture when a white or yellow background meets {why}.",
            "Say 'a pale grey studio backdrop', or stop down to f/8.",
        )


@rule("hex-colour", "note", reason="Hex colours are a FLUX.2 feature in Black Forest Labs' documentation.")
def hex_colour(case: Case) -> Iterator[Found]:
    """A hex colour is given to a family that does not read it."""
    if case.model is None or case.model.family != "flux.1":
        return
    for i, colour in enumerate(case.scene.colours):
        if colour.hex:
            yield Found(
                f"colours.{i}.hex",
                f"{case.model.id} does not read {colour.hex}; it is told {colour.name!r} only.",
                "Use a FLUX.2 model where the exact colour matters.",
            )


@rule(
    "skin-guidance", "warning", reason="github.com/bytedance/DreamO issue 9: skin loses its gloss from 3.5 down to 2.5."
)
def skin_guidance(case: Case) -> Iterator[Found]:
    """High guidance makes skin look like plastic."""
    model, guidance = case.model, case.guidance
    if guidance is None or guidance <= 3.5 or (model is not None and model.family != "flux.1"):
        return
    skin = any(_SKIN.search(text) for _, text in case.texts()) or subjects.is_person(case.scene.subject)
    if skin:
        yield Found(
            "guidance",
            f"Guidance {guidance:g} gives skin a plastic gloss on FLUX.1.",
            "Try 2.5 to 3.5; a sweep over guidance shows it.",
        )


@rule("aspect-genre", "note", reason="The shapes that each genre is usually printed in (Composition.aspect_advice).")
def aspect_genre(case: Case) -> Iterator[Found]:
    """The picture's shape is unusual for its genre."""
    composition, ratio = case.scene.composition, case.scene.aspect
    if composition is None or composition.genre is None or ratio is None:
        return
    usual = composition.aspect_advice
    shapes = [float(width) / float(height) for width, height in (shape.split(":") for shape in usual)]
    if not min(shapes) / 1.25 <= ratio <= max(shapes) * 1.25:
        yield Found(
            "aspect_ratio",
            f"{case.scene.aspect_ratio} is unusual for {composition.genre}.",
            f"Usual shapes are {', '.join(usual)}.",
        )


@rule("aspect-size", "warning", reason="The model's own size rule.")
def aspect_size(case: Case) -> Iterator[Found]:
    """The model cannot make a picture of this shape."""
    if case.model is None or case.scene.aspect is None:
        return
    width, height = case.scene.size(case.model)
    if abs(width / height / case.scene.aspect - 1) > 0.06:
        yield Found(
            "aspect_ratio",
            f"{case.scene.aspect_ratio} is asked for, but {case.model.id} makes {width} x {height} at best.",
            "Take a less extreme shape, or crop.",
        )
