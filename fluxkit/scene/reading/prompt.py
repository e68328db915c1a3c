"""A prompt read into a scene."""

from __future__ import annotations

import re
from typing import Any

from fluxkit.errors import InputError
from fluxkit.scene.reading.flags import strip
from fluxkit.scene.reading.imported import Imported, Reading
from fluxkit.scene.reading.phrases import phrases
from fluxkit.scene.scene import Scene

_FILLERS = re.compile(
    r"\b(?:shot|taken|photographed|captured|made|filmed|on|with|using|at|in|by|of|from|through|a|an|the|and|lens|lenses|prime"
    r"|aperture|film|grain|camera|photo|photograph|stock|lighting|light|focal|length|wide|open|analog|analogue|35mm)\b"
    r"|[\s,.;:/()\-–—]",
    re.IGNORECASE,
)
_DANGLING = re.compile(
    r"(?:\s*\b(?:shot|taken|photographed|captured)?\s*\b(?:on|with|using|at|in|by|of|from|through|and|a|an|the)\b)+\s*$",
    re.IGNORECASE,
)
_ARTICLE = re.compile(r"^(?:A|An|The)(?= )")
_LEADING = re.compile(r"^(?:\s*\b(?:of|and|with|on|at|in)\b)+\s+", re.IGNORECASE)


def read_prompt(text: str) -> Imported:
    """The scene that a prompt states, with the report of what was read; see `Scene.from_prompt`."""
    if not isinstance(text, str) or not text.strip():
        raise InputError(f"A prompt was to be read, but {text!r} holds no words. Give the prompt as a text.")
    stripped = strip(text)
    clauses, fields, readings = _read(stripped.text)
    scene = Scene(avoid=stripped.avoid, aspect_ratio=fields.pop("aspect_ratio", None) or stripped.aspect_ratio)
    scene = _with_lens(scene, fields).with_(**fields)
    if clauses:
        # A description stands inside a sentence: a capital article at its start is the old sentence's.
        words = _ARTICLE.sub(lambda article: article[0].lower(), ", ".join(clauses))
        scene = scene.with_(subject=words)
    return Imported(scene=scene, request=stripped.request, readings=readings, unmapped=stripped.unmapped)


def _read(text: str) -> tuple[list[str], dict[str, Any], tuple[Reading, ...]]:
    """The clauses that are left, the fields that were read, and where each was said; the first mention counts."""
    lens_named = any(phrase.says == "lens" and phrase.pattern.search(text) for phrase in phrases())
    clauses: list[str] = []
    values: dict[str, Any] = {}
    readings: list[Reading] = []
    for clause in re.split(r"(?<=[^\d]),\s*|[,.;]\s+|\n+|\.$", text):
        rest = clause
        for phrase in phrases():
            # An aperture belongs to a lens: without a focal length its words stay in the description.
            if phrase.says == "aperture" and not lens_named:
                continue
            for match in phrase.pattern.finditer(rest):
                found = {
                    path: value for path, value in phrase.values(match).items() if values.get(path, value) == value
                }
                if not found:
                    continue
                readings += [Reading(path=path, words=match[0].strip()) for path in found if path not in values]
                values |= found
                rest = rest.replace(match[0], " ", 1)
        rest = _tidy(rest) if rest != clause else clause.strip()
        if rest and (rest == clause.strip() or _FILLERS.sub("", rest)):
            clauses.append(rest)
    return clauses, values, tuple(readings)


def _tidy(rest: str) -> str:
    """What is left of a clause, without the words that led to what was taken out."""
    return " ".join(_LEADING.sub("", _DANGLING.sub("", " ".join(rest.split()))).split()).strip(" ,.;-–—")


def _with_lens(scene: Scene, fields: dict[str, Any]) -> Scene:
    """The scene with its lens, which cannot be made without its focal length."""
    focal = fields.pop("lens.focal_length_mm", None)
    return scene if focal is None else scene.with_(lens={"focal_length_mm": focal})
