"""What other tools add to a prompt: Midjourney's flags and AUTOMATIC1111's parameter lines.

Flags: Midjourney's parameter list (version 7). Parameter text: the PNG field `parameters` of AUTOMATIC1111, Forge and
their kin: the prompt, a line "Negative prompt: ...", a last line "Steps: 20, Sampler: ..., Seed: 1, Size: 832x1216".
"""

from __future__ import annotations

import re
from typing import Any, NamedTuple

_FLAG = re.compile(r"(?:^|\s)(?:--|—)([a-z]+)\b((?:\s+(?!--|—)\S+)*)", re.IGNORECASE)
_WITHOUT_VALUE = {"raw", "tile", "draft", "fast", "turbo", "relax", "hd", "video"}
_NEGATIVE = re.compile(r"^Negative prompt:\s*", re.MULTILINE)
_SETTINGS = re.compile(r"^Steps:\s*\d+.*$", re.MULTILINE)
_SETTING = re.compile(r'\s*([\w \-/]+?):\s*("(?:[^"\\]|\\.)*"|[^,]*)(?:,|$)')
_LORA = re.compile(r"<(?:lora|lyco|hypernet):[^>]*>", re.IGNORECASE)
_WEIGHT = re.compile(r"\(([^()]*?):\s*(-?\d+(?:\.\d+)?)\s*\)")
_NESTED = re.compile(r"\({2,}([^()]+)\){2,}|\[{2,}([^\[\]]+)\]{2,}|(?<!\w)\(([^():]{1,60})\)(?=[,.\s]|$)")
_PART_WEIGHT = re.compile(r"::\s*-?\d*(?:\.\d+)?")


class Stripped(NamedTuple):
    """A prompt without its tool's marks, and what they said."""

    text: str
    avoid: tuple[str, ...]
    aspect_ratio: str | None
    request: dict[str, Any]
    unmapped: tuple[str, ...]


def strip(text: str) -> Stripped:
    """Take flags, parameter lines, weights and LoRA tags out of a prompt."""
    unmapped: list[str] = []
    body, avoid, request = _parameters(text, unmapped)
    body, more, aspect, flags = _flags(body, unmapped)
    unmapped += [f"LoRA tag {tag}: give the file to the shot's loras" for tag in _LORA.findall(body)]
    body = _LORA.sub(" ", body)
    unmapped += [f"weight {match[0]}: FLUX reads weights as text" for match in _WEIGHT.finditer(body)]
    body = _WEIGHT.sub(r"\1", body)
    body = _NESTED.sub(lambda match: next(part for part in match.groups() if part), body)
    if _PART_WEIGHT.search(body):
        unmapped.append("weighted parts (::): FLUX reads weights as text")
        body = _PART_WEIGHT.sub(", ", body)
    if aspect is None and {"width", "height"} <= request.keys():
        aspect = _ratio(request["width"], request["height"])
    return Stripped(" ".join(body.split()), (*avoid, *more), aspect, request | flags, tuple(unmapped))


def _parameters(text: str, unmapped: list[str]) -> tuple[str, tuple[str, ...], dict[str, Any]]:
    settings = _SETTINGS.search(text)
    if settings is None and not _NEGATIVE.search(text):
        return text, (), {}
    line = settings[0] if settings else ""
    body = text[: settings.start()] if settings else text
    body, _, negative = _split(body)
    request: dict[str, Any] = {}
    for name, value in _SETTING.findall(line):
        _setting(name.strip(), value.strip().strip('"'), request, unmapped)
    return body, _listed(negative), request


def _split(body: str) -> tuple[str, str, str]:
    found = _NEGATIVE.search(body)
    return (body[: found.start()], found[0], body[found.end() :]) if found else (body, "", "")


def _setting(name: str, value: str, request: dict[str, Any], unmapped: list[str]) -> None:
    size = re.fullmatch(r"(\d+)x(\d+)", value)
    if name in {"Steps", "Seed"} and value.isdigit():
        request[name.lower()] = int(value)
    elif name == "Distilled CFG Scale" and _is_number(value):
        request["guidance"] = float(value)
    elif name == "Size" and size:
        request["width"], request["height"] = int(size[1]), int(size[2])
    else:
        unmapped.append(f"{name}: {value}")


def _flags(text: str, unmapped: list[str]) -> tuple[str, tuple[str, ...], str | None, dict[str, Any]]:
    avoid: tuple[str, ...] = ()
    aspect: str | None = None
    request: dict[str, Any] = {}
    kept: list[str] = []
    for match in _FLAG.finditer(text):
        name, value = match[1].lower(), " ".join(match[2].split())
        if name in {"ar", "aspect"} and re.fullmatch(r"\d+(\.\d+)?:\d+(\.\d+)?", value):
            aspect = value
        elif name == "seed" and value.isdigit():
            request["seed"] = int(value)
        elif name == "no":
            avoid = _listed(value)
        elif name == "raw" or (name == "style" and value == "raw"):
            request["raw"] = True
        else:
            unmapped.append(f"--{name} {value}".strip())
        if name in _WITHOUT_VALUE and value:
            kept.append(value)
            if unmapped and unmapped[-1].startswith(f"--{name} "):
                unmapped[-1] = f"--{name}"
    return f"{_FLAG.sub(' ', text)} {' '.join(kept)}", avoid, aspect, request


def _listed(text: str) -> tuple[str, ...]:
    plain = _WEIGHT.sub(r"\1", _LORA.sub(" ", text))
    parts = (re.sub(r"[()\[\]]", "", part).strip(" .\n") for part in re.split(r"[,\n]", plain))
    return tuple(dict.fromkeys(part for part in parts if part))


def _is_number(value: str) -> bool:
    return re.fullmatch(r"\d+(\.\d+)?", value) is not None


def _ratio(width: int, height: int) -> str | None:
    """The common name of a size's shape, where it has one within 3 %."""
    names = ("1:1", "5:4", "4:5", "4:3", "3:4", "3:2", "2:3", "16:9", "9:16", "2:1", "1:2", "21:9", "9:21")
    shapes = {name: int(name.split(":")[0]) / int(name.split(":")[1]) for name in names}
    near = min(shapes, key=lambda name: abs(shapes[name] - width / height))
    return near if abs(shapes[near] / (width / height) - 1) < 0.03 else None
