"""What people thought of the frames of a sheet: ratings and picks, from the widget, a client's file or Python."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from fluxkit.errors import InputError, SheetError
from fluxkit.frames.marks import Marks

FORMAT = "fluxkit-picks-1"

_MOST_BYTES = 20_000_000
_LONGEST_NAME = 100_000


Pair = tuple[str, str]


@dataclass(frozen=True)
class Picks:
    """What a client sent back."""

    marks: dict[str, Marks]
    votes: dict[str, Pair]
    """Answers to blind pairs, (better, other) by frame id, each under a name that it has however often it is read."""
    ties: dict[str, Pair]


def read_picks(source: str | Path | Mapping[str, Any], known: Iterable[str]) -> Picks:
    """The marks and votes in a `picks.json`, checked: it came from somebody else's machine.

    Raises `SheetError` for a file that is no picks file, and for marks of frames that are not on this sheet.
    """
    data = source if isinstance(source, Mapping) else _loaded(Path(source).expanduser())
    if data.get("format") != FORMAT or not isinstance(data.get("marks"), Mapping):
        raise SheetError(
            f"Picks were to be read, but the format is {data.get('format')!r}; {FORMAT!r} is what a sheet's HTML page "
            "saves. Ask for the file that its 'Save picks' button writes."
        )
    frames = set(known)
    strangers = [name for name in data["marks"] if name not in frames]
    if strangers:
        raise SheetError(
            f"{len(strangers)} of {len(data['marks'])} picks are of frames that are not on this sheet, such as "
            f"{strangers[0]!r}. Merge them into the sheet that was sent out."
        )
    marks = {name: _marks(name, mark) for name, mark in data["marks"].items()}
    votes, ties = (_pairs(data.get(kind, []), frames) for kind in ("votes", "ties"))
    # A page numbers its answers and says who it is; of an older file, the answers themselves tell it from others.
    by = str(data.get("by") or [votes, ties])[:_LONGEST_NAME]
    return Picks(marks, _named(f"{by} vote", votes), _named(f"{by} tie", ties))


def _named(by: str, pairs: list[Pair]) -> dict[str, Pair]:
    return {
        hashlib.sha256(f"{by} {number} {pair}".encode()).hexdigest()[:16]: pair for number, pair in enumerate(pairs)
    }


def _pairs(given: Any, frames: set[str]) -> list[Pair]:
    if isinstance(given, list) and all(
        isinstance(pair, list) and len(pair) == 2 and pair[0] != pair[1] and {*map(str, pair)} <= frames
        for pair in given
    ):
        return [(str(first), str(second)) for first, second in given]
    raise SheetError(
        f"The picks hold votes that are no pairs of frames on this sheet ({str(given)[:80]}). "
        "Ask for the file that the page's 'Save picks' button writes."
    )


def _loaded(path: Path) -> dict[str, Any]:
    if not path.is_file():
        raise SheetError(f"Picks were to be read from {path.name!r}, but there is no such file. Check the name.")
    if path.stat().st_size > _MOST_BYTES:
        raise SheetError(f"{path.name!r} is larger than any picks file ({_MOST_BYTES // 1_000_000} MB). Is it the one?")
    try:
        data = json.loads(path.read_text(encoding="utf-8"))
    except (UnicodeDecodeError, json.JSONDecodeError) as error:
        raise SheetError(f"{path.name!r} is not a picks file: it holds no JSON ({error}).") from None
    if not isinstance(data, dict):
        raise SheetError(f"{path.name!r} is not a picks file: it holds a {type(data).__name__}, not an object.")
    return data


def _marks(name: str, mark: Any) -> Marks:
    try:
        return Marks.model_validate(mark)
    except (InputError, ValidationError) as error:
        raise SheetError(f"The picks hold {mark!r} for {name}, which is no rating or pick: {error}") from None
