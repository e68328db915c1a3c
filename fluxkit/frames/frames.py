"""`Frames`: pictures in an order, with the questions one asks of a set."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, overload

from fluxkit._base import Record
from fluxkit.errors import InputError
from fluxkit.frames.frame import DEVELOPED, Frame
from fluxkit.frames.table import FrameTable
from fluxkit.shots.labels import label
from fluxkit.shots.shot import REQUEST_FIELDS

if TYPE_CHECKING:
    from fluxkit.measure import AdherenceTable

_REQUEST = (*REQUEST_FIELDS, "negative", "loras", "later")


class Frames(Sequence[Frame]):
    """Frames in a fixed order, such as plan order or newest first. Slices and selections are `Frames` again."""

    def __init__(self, frames: Iterable[Frame] = ()) -> None:
        self._frames = tuple(frames)

    @overload
    def __getitem__(self, index: int) -> Frame: ...
    @overload
    def __getitem__(self, index: slice) -> Frames: ...
    def __getitem__(self, index: int | slice) -> Frame | Frames:
        return Frames(self._frames[index]) if isinstance(index, slice) else self._frames[index]

    def __len__(self) -> int:
        return len(self._frames)

    def __iter__(self) -> Iterator[Frame]:
        return iter(self._frames)

    def __add__(self, other: Iterable[Frame]) -> Frames:
        return Frames((*self._frames, *other))

    def select(
        self,
        where: Callable[[Frame], Any] | Mapping[str, Any] | None = None,
        /,
        **axes: Any,
    ) -> Frames:
        """The frames that a test lets through, or whose values match.

        `where` is a function of a frame, or a mapping from dotted paths to values; request fields go by keyword. A
        list, set, range or tuple of values means any of them.

            frames.select({"lighting.key.direction": "left"}, seed=range(4))

        Raises `InputError` for a path that names no field.
        """
        wanted = {**(where if isinstance(where, Mapping) else {}), **axes}
        frames = filter(where, self._frames) if callable(where) else iter(self._frames)
        return Frames(
            frame for frame in frames if all(_matches(value_of(frame, path), v) for path, v in wanted.items())
        )

    def axes(self) -> dict[str, tuple[Any, ...]]:
        """Every request field and scene path that differs among the frames, with its values in order of appearance.

        A preset that is changed whole, such as a film, is one axis (`film`) rather than one for each of its figures.
        """
        rows = [_values(frame) for frame in self._frames]
        paths = dict.fromkeys(path for row in rows for path in row)
        found = {path: _distinct(row.get(path) for row in rows) for path in paths}
        differing = {path: values for path, values in found.items() if len(values) > 1}
        prompts = _distinct(frame.shot.prompt.text for frame in self._frames)
        if not differing and len(prompts) > 1:
            return {"prompt": prompts}
        return _without_developing(_whole_presets(differing, self._frames), self._frames)

    def table(self) -> FrameTable:
        """One row a frame with what differs between them: text in a terminal, a table in a notebook."""
        axes = self.axes() or {"seed": ()}
        return FrameTable(tuple(axes), [(frame.id, [value_of(frame, path) for path in axes]) for frame in self._frames])

    def adherence(self) -> AdherenceTable:
        """Which of the things that each frame's scene asked for are shown: a table, and a heat map in a notebook.

        Every picture is measured anew, at about a twentieth of a second for 128 pixels a side.
        """
        from fluxkit.measure import adherence_table

        axes = [path for path in self.axes() if path != "prompt"]
        labels = [", ".join(label(value_of(frame, path)) for path in axes) or frame.id for frame in self._frames]
        return adherence_table([frame.measure() for frame in self._frames], labels)

    def __repr__(self) -> str:
        many = "1 frame" if len(self) == 1 else f"{len(self)} frames"
        models = ", ".join(_distinct(frame.shot.model for frame in self._frames))
        axes = ", ".join(f"{path} ({len(values)})" for path, values in self.axes().items())
        return f"Frames({many}{f' on {models}' if models else ''}{f', differing in {axes}' if axes else ''})"

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> dict[str, str]:
        """The table, as text and HTML: nothing in it changes between two runs."""
        return {"text/plain": repr(self), "text/html": self.table()._repr_html_()}


def value_of(frame: Frame, path: str) -> Any:
    """The value of an axis for a frame: a request field, a dotted scene path, or `take`."""
    if path == "take":
        return frame.take
    value = frame.value(path)
    return str(value) if path == "prompt" else value


def _matches(value: Any, wanted: Any) -> bool:
    if isinstance(wanted, list | set | frozenset | range) or (
        isinstance(wanted, tuple) and not isinstance(value, tuple)
    ):
        return any(_matches(value, one) for one in wanted)
    if isinstance(value, tuple) and not isinstance(wanted, tuple):
        return wanted in value
    return bool(value == wanted)


def _values(frame: Frame) -> dict[str, Any]:
    shot = frame.shot
    row = {name: shot.value(name) for name in (*_REQUEST, *(f"options.{option}" for option in shot.options))}
    row["take"] = frame.take
    if shot.scene is None:
        row["prompt"] = shot.prompt.text
    else:
        _flatten(shot.scene, "", row)
    return row


def _flatten(record: Record, prefix: str, row: dict[str, Any]) -> None:
    for name in type(record).model_fields:
        value = getattr(record, name)
        if isinstance(value, Record):
            _flatten(value, f"{prefix}{name}.", row)
        elif value is not None:
            row[f"{prefix}{name}"] = value


def _distinct(values: Iterable[Any]) -> tuple[Any, ...]:
    found: list[Any] = []
    seen: set[Any] = set()
    for value in values:
        key = value if value.__hash__ is not None else repr(value)
        try:
            new = key not in seen
        except TypeError:
            key = repr(value)
            new = key not in seen
        if new:
            seen.add(key)
            found.append(value)
    return tuple(found)


def _whole_presets(axes: dict[str, tuple[Any, ...]], frames: Sequence[Frame]) -> dict[str, tuple[Any, ...]]:
    presets = [path.removesuffix(".name") for path in axes if path.endswith(".name")]
    whole: dict[str, tuple[Any, ...]] = {}
    for path, values in axes.items():
        preset = next((name for name in presets if path.startswith(f"{name}.")), None)
        if preset is None:
            whole[path] = values
        elif preset not in whole:
            whole[preset] = _distinct(_at(frame, preset) for frame in frames)
    return whole


def _without_developing(axes: dict[str, tuple[Any, ...]], frames: Sequence[Frame]) -> dict[str, tuple[Any, ...]]:
    """The axes without the note of how frames were developed, where film and seed tell it already."""
    others = {path: values for path, values in axes.items() if path != DEVELOPED}
    if DEVELOPED not in axes or not others:
        return axes
    told = {repr([_at(frame, path) for path in others]) for frame in frames}
    both = {repr([_at(frame, path) for path in axes]) for frame in frames}
    return others if len(told) == len(both) else axes


def _at(frame: Frame, path: str) -> Any:
    try:
        return frame.value(path)
    except InputError:
        return None
