"""What a contact sheet takes, checked before anything is drawn."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from fluxkit.errors import EngineError, SheetError, did_you_mean
from fluxkit.frames import Frame
from fluxkit.sheets.blank import Blank

OPTIONS = ("rows", "columns", "title", "theme", "pages", "style", "cell", "failed", "badges")


def refuse_unknown(options: Mapping[str, Any]) -> None:
    """Raise `TypeError` for a keyword that a sheet does not take, with a close match."""
    for name, value in options.items():
        raise TypeError(
            f"ContactSheet was given {name}={value!r}, which it does not take.{did_you_mean(name, OPTIONS)} "
            f"It takes: {', '.join(OPTIONS)}."
        )


def checked_frames(frames: Any, failed: Iterable[EngineError]) -> tuple[Frame | Blank, ...]:
    """The frames and the places of failed shots; one frame alone is a sheet of one."""
    given = [frames] if isinstance(frames, Frame) else frames
    if isinstance(given, str) or not isinstance(given, Iterable):
        raise SheetError(
            f"A contact sheet was asked for of {frames!r}, which holds no frames. Give it frames: what session.shoot() "
            "or session.catalogue.search() returned, or a list of Frame."
        )
    found = (*given, *(Blank.of(error) for error in failed))
    for item in found:
        if not isinstance(item, Frame | Blank):
            raise SheetError(
                f"A contact sheet was given {item!r} as a frame, but that is a {type(item).__name__}. "
                "Give it frames; a picture of your own becomes one with Frame.open(path)."
            )
    if not found:
        raise SheetError("A contact sheet was asked for, but there are no frames. Give it at least one.")
    return found


def checked_axis(name: str, axis: Any) -> str | Sequence[str] | None:
    """A path, several, or none; anything else is refused."""
    if axis is None or isinstance(axis, str):
        return axis
    if isinstance(axis, Sequence) and all(isinstance(path, str) for path in axis):
        return axis
    raise SheetError(
        f'{name}={axis!r} was asked for. An axis is a path such as "seed" or "lens.f_number", or a list of paths, '
        "outermost first."
    )


def check_style(style: Any, cell: Any, badges: Any) -> None:
    """Refuse a style, a size or a switch that no sheet has."""
    if style not in ("grid", "strip"):
        raise SheetError(f"style={style!r} was asked for.{did_you_mean(style, ('grid', 'strip'))} Styles: grid, strip.")
    if cell is not None and (not isinstance(cell, int) or not 32 <= cell <= 2048):
        raise SheetError(
            f"cell={cell!r} was asked for; a picture is 32 to 2048 pixels on a sheet. Leave it out to fit."
        )
    if not isinstance(badges, bool):
        raise SheetError(f"badges={badges!r} was asked for. Give True or False.")
