"""The Python that makes a sheet or a selection of its frames again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from fluxkit.frames import Frame
from fluxkit.sheets.layout import Layout, Paths

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
    """Whether the scene and the usual settings are all that was asked for."""
    shot = frame.shot
    return shot.scene is not None and not (shot.loras or shot.options or shot.negative or shot.true_cfg or frame.take)


def _settings(frame: Frame) -> str:
    shot = frame.shot
    given: dict[str, Any] = {"model": shot.model, "seed": shot.seed, "steps": shot.steps, "guidance": shot.guidance}
    given["size"] = (shot.width, shot.height)
    return ", ".join(f"{name}={value!r}" for name, value in given.items() if value is not None)


def _axis(paths: Paths) -> str:
    return repr(paths[0]) if len(paths) == 1 else repr(list(paths))
