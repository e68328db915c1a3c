"""`FrameRecord`: what a picture file says about its picture, and the versioned JSON that says it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from fluxkit import models
from fluxkit._base import __version__
from fluxkit.errors import FluxkitError, FrameError, UnknownModelError
from fluxkit.frames.privacy import scrubbed
from fluxkit.frames.provenance import Provenance
from fluxkit.models import ModelSpec
from fluxkit.scene import Scene
from fluxkit.shots.shot import Shot

FORMAT = 1
"""Version of the JSON. A reader takes every version up to its own."""


@dataclass(frozen=True, slots=True)
class FrameRecord:
    """A frame without its pixels."""

    shot: Shot
    provenance: Provenance
    take: int = 0
    made: datetime | None = None
    """When the picture was made, in UTC; None where nobody wrote it down."""

    fingerprint: str = ""
    """The hash of the pixels (`Frame.fingerprint`); empty where they were not kept exactly."""

    content: str = ""
    """The id that the picture has as an input of another shot (`Picture.content`)."""


def to_json(record: FrameRecord) -> str:
    """The record as JSON, without folders, user names and keys; the same text for the same record."""
    shot = record.shot
    content: dict[str, Any] = {
        "fluxkit": FORMAT,
        "writer": __version__,
        "id": shot.id,
        "take": record.take,
        "request": scrubbed(shot.request()),
        "scene": None if shot.scene is None else shot.scene.canonical(),
        "provenance": scrubbed(record.provenance.canonical()),
    }
    if record.fingerprint:
        content["pixels"] = record.fingerprint
    if record.content:
        content["content"] = record.content
    if record.made is not None:
        content["made"] = record.made.astimezone(UTC).isoformat(timespec="milliseconds")
    if not _is_known(shot.model):
        content["spec"] = scrubbed(shot.spec.canonical())
    return json.dumps(content, ensure_ascii=False, separators=(",", ":"))


def minimal_json(record: FrameRecord) -> str:
    """The record with `privacy="minimal"`: which model, which frame, and nothing of what was asked for."""
    content = {
        "fluxkit": FORMAT,
        "writer": __version__,
        "privacy": "minimal",
        "model": record.shot.model,
        "id": record.shot.id,
        "take": record.take,
    }
    return json.dumps(content, separators=(",", ":"))


def from_json(text: str, name: str) -> FrameRecord:
    """The record that a picture file named `name` holds; raises `FrameError` where the text is none of ours."""
    content = _parsed(text, name)
    try:
        scene = content.get("scene")
        request = {**content["request"], "scene": None if scene is None else Scene.model_validate(scene)}
        if not _is_known(request["model"]) and "spec" in content:
            request["spec"] = ModelSpec.model_validate(content["spec"])
        return FrameRecord(
            shot=Shot(**request),
            provenance=Provenance.model_validate(content["provenance"]),
            take=int(content.get("take", 0)),
            made=_time(content.get("made")),
            fingerprint=str(content.get("pixels", "")),
            content=str(content.get("content", "")),
        )
    except (FluxkitError, KeyError, TypeError, ValueError) as error:
        raise FrameError(
            f"The record inside {name!r}, written by fluxkit {content.get('writer', '?')}, does not fit this version "
            f"({__version__}): {error}. Install the version that wrote it, or a newer one."
        ) from error


def _parsed(text: str, name: str) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except ValueError:
        content = None
    if not isinstance(content, dict) or not isinstance(content.get("fluxkit"), int):
        raise FrameError(f"The record inside {name!r} is damaged: it is no JSON of fluxkit's. Use another copy.")
    if content["fluxkit"] > FORMAT:
        raise FrameError(
            f"{name!r} was written by a newer fluxkit ({content.get('writer', '?')}, record format "
            f"{content['fluxkit']}); this one reads up to format {FORMAT}. Update fluxkit to open it."
        )
    if "request" not in content:
        raise FrameError(
            f"{name!r} was saved with privacy={content.get('privacy', 'minimal')!r}: it says that it is synthetic, and "
            "leaves out what was asked for. Open the copy in your catalogue instead."
        )
    return content


def _is_known(model: str) -> bool:
    try:
        models.get(model)
    except UnknownModelError:
        return False
    return True


def _time(text: Any) -> datetime | None:
    return datetime.fromisoformat(text) if isinstance(text, str) else None
