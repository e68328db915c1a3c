"""The Python that makes a sheet or a selection of its frames again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fluxkit.errors import FluxkitError
from fluxkit.frames import Frame
from fluxkit.sheets.layout import Layout, Paths
from fluxkit.shots import make_plan

_SPELLED_OUT = 4
"""So many frames are written as their requests; more are fetched from the catalogue by id."""


def code_of(frames: Sequence[Frame], layout: Layout, looks: Mapping[str, Any]) -> str:
    """Code that gives the same frames and the same sheet: a frame that the catalogue holds is not made again.

    `looks` are the other options of the sheet; those that are None are left out.
    """
    from fluxkit.widgets.source import source_of

    lines = ["import fluxkit as fk", "", "with fk.Session() as session:"]
    if len(frames) <= _SPELLED_OUT and all(_is_plain(frame) for frame in frames):
        lines.append("    frames = [")
        lines += [f"        session.shoot({source_of(frame.shot.scene, 8)}, {_settings(frame)})," for frame in frames]
        lines.append("    ]")
    elif any(frame.take for frame in frames):
        lines.append("    frames = [session.catalogue.find(name) for name in (")
        lines += [f'        "{frame.id}",' for frame in frames]
        lines.append("    )]")
    else:
        lines.append("    frames = session.catalogue.frames([")
        lines += [f'        "{frame.shot.id}",' for frame in frames]
        lines.append("    ])")
    options = [
        f"{name}={_axis(paths)}"
        for name, paths in (("rows", layout.rows), ("columns", layout.columns), ("pages", layout.pages))
        if paths
    ]
    options += [f"{name}={value!r}" for name, value in looks.items() if value is not None]
    lines.append(f"sheet = fk.ContactSheet({', '.join(['frames', *options])})")
    return "\n".join(lines) + "\n"


def _is_plain(frame: Frame) -> bool:
    """Whether the scene and the usual settings ask for this very shot: no input, adapter, change or template beside."""
    if frame.shot.scene is None or frame.take:
        return False
    try:
        (again,) = make_plan(frame.shot.scene, **_asked(frame))
    except FluxkitError:
        return False
    return again.id == frame.shot.id


def _asked(frame: Frame) -> dict[str, Any]:
    shot = frame.shot
    given: dict[str, Any] = {"model": shot.model, "seed": shot.seed, "steps": shot.steps, "guidance": shot.guidance}
    given["size"] = (shot.width, shot.height)
    return {name: value for name, value in given.items() if value is not None}


def _settings(frame: Frame) -> str:
    return ", ".join(f"{name}={value!r}" for name, value in _asked(frame).items())


def _axis(paths: Paths) -> str:
    return repr(paths[0]) if len(paths) == 1 else repr(list(paths))
