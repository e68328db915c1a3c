"""Which frame lies in which cell: pure arithmetic over axis values, without pictures."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from fluxkit.errors import SheetError
from fluxkit.sheets.axes import Pictured, check_axis, differing, follows, in_order, key_of, value_of
from fluxkit.sheets.blank import Blank

Paths = tuple[str, ...]
Values = tuple[Any, ...]


@dataclass(frozen=True)
class Section:
    """One grid of a sheet: its place on the page axes, its rows and columns, and what lies in each cell."""

    values: Values
    rows: tuple[Values, ...]
    columns: tuple[Values, ...]
    cells: dict[tuple[int, int], tuple[int, ...]]
    """(row, column) -> indices of frames; a cell that is absent was never shot."""
    span: int = 1
    """How many pictures stand side by side within one cell."""

    def depth(self, row: int) -> int:
        """How many pictures stand above each other in the tallest cell of a row."""
        counts = [len(indices) for (r, _), indices in self.cells.items() if r == row]
        return max((math.ceil(count / self.span) for count in counts), default=1)


@dataclass(frozen=True)
class Layout:
    """A whole sheet: the axes of its rows, columns and pages, what captions say, and the grids."""

    rows: Paths
    columns: Paths
    pages: Paths
    captions: Paths
    sections: tuple[Section, ...]

    @property
    def flows(self) -> bool:
        """Whether frames simply follow each other, with neither row nor column axes."""
        return not self.rows and not self.columns


def lay_out(
    frames: Sequence[Pictured],
    *,
    rows: str | Sequence[str] | None = None,
    columns: str | Sequence[str] | None = None,
    pages: str | Sequence[str] | None = None,
) -> Layout:
    """Place frames in cells.

    With neither rows nor columns the frames follow each other. With one of the two, a single axis that is left
    becomes the other, unless it moves in step with those placed: that would be a grid with one picture in each row and
    column. Axes that are not placed become captions. Raises `SheetError` for an axis that names no field.
    """
    placed = {"rows": paths_of(rows), "columns": paths_of(columns), "pages": paths_of(pages)}
    _check_paths(frames, placed)
    left = _left_over(frames, [path for paths in placed.values() for path in paths])
    free = tuple(path for path in left if not follows(frames, path, [*placed["rows"], *placed["columns"]]))
    if len(free) == 1 and bool(placed["rows"]) != bool(placed["columns"]):
        other = "columns" if placed["rows"] else "rows"
        if _fills_cells_once(frames, [*placed["rows"], *placed["columns"], *placed["pages"], *free]):
            placed[other], left = free, tuple(path for path in left if path not in free)
    groups = _grouped(range(len(frames)), _keys(frames, placed["pages"]))
    sections = tuple(
        _section(frames, indices, values, placed["rows"], placed["columns"]) for values, indices in groups.items()
    )
    return Layout(placed["rows"], placed["columns"], placed["pages"], left, sections)


def paths_of(axis: str | Sequence[str] | None) -> Paths:
    """One path, several or none, as a tuple."""
    if axis is None:
        return ()
    return (axis,) if isinstance(axis, str) else tuple(axis)


def flow_columns(count: int, aspect: float = 1.0) -> int:
    """How many columns show `count` frames of width : height `aspect` in a pleasant landscape block.

    >>> [flow_columns(n) for n in (1, 3, 4, 8, 24, 60, 100)]
    [1, 3, 4, 4, 6, 10, 10]
    """
    if count <= 4:
        return count
    wanted = math.sqrt(count * 1.6 / aspect)
    candidates = range(max(2, math.floor(wanted * 0.75)), math.ceil(wanted * 1.15) + 1)

    def cost(columns: int) -> tuple[float, int]:
        empty = -count % columns
        return abs(columns - wanted) / wanted + empty / columns * 0.6, -columns

    return min(candidates, key=cost)


def _check_paths(frames: Sequence[Pictured], placed: dict[str, Paths]) -> None:
    seen: dict[str, str] = {}
    for where, paths in placed.items():
        for path in paths:
            if path in seen:
                raise SheetError(
                    f"The axis {path!r} was asked for as {seen[path]} and as {where}. An axis has one place: "
                    f"name it once, or leave {where} out."
                )
            seen[path] = where
            check_axis(frames, path)


def _left_over(frames: Sequence[Pictured], placed: Sequence[str]) -> Paths:
    """The axes that captions must tell: those that differ, less those placed and their parts and wholes."""
    positions = [tuple(key_of(value_of(frame, path)) for path in placed) for frame in frames]

    def told(path: str) -> bool:
        if path in placed:
            return True
        kin = any(path.startswith(f"{other}.") or other.startswith(f"{path}.") for other in placed)
        pairs = {(at, key_of(value_of(frame, path))) for at, frame in zip(positions, frames, strict=True)}
        return kin and len(pairs) == len(set(positions))

    return tuple(path for path in differing(frames) if not told(path))


def _keys(frames: Sequence[Pictured], paths: Paths) -> list[Values]:
    return [tuple(value_of(frame, path) for path in paths) for frame in frames]


def _fills_cells_once(frames: Sequence[Pictured], paths: Sequence[str]) -> bool:
    keys = [tuple(key_of(value) for value in values) for values in _keys(frames, tuple(paths))]
    return len(set(keys)) == len(keys)


def _grouped(indices: Sequence[int], keys: Sequence[Values]) -> dict[Any, list[int]]:
    found: dict[Any, list[int]] = {}
    shown: dict[Any, Values] = {}
    for index in indices:
        key = tuple(key_of(value) for value in keys[index])
        shown.setdefault(key, keys[index])
        found.setdefault(key, []).append(index)
    return {_Shown(shown[key]): items for key, items in found.items()}


class _Shown(tuple[Any, ...]):
    """The values themselves, hashed by their stand-ins."""

    __slots__ = ()

    def __hash__(self) -> int:
        return hash(tuple(key_of(value) for value in self))


def _section(frames: Sequence[Pictured], indices: list[int], values: Values, rows: Paths, columns: Paths) -> Section:
    if not rows and not columns:
        return _flowing(frames, indices, values)
    row_of = {index: _Shown(value_of(frames[index], path) for path in rows) for index in indices}
    column_of = {index: _Shown(value_of(frames[index], path) for path in columns) for index in indices}
    failed = {index for index in indices if isinstance(lost := frames[index], Blank) and lost.reason}
    row_values = _ordered(indices, row_of, column_of, failed)
    column_values = _ordered(indices, column_of, row_of, failed)
    row_at = {value: i for i, value in enumerate(row_values)}
    column_at = {value: i for i, value in enumerate(column_values)}
    cells: dict[tuple[int, int], list[int]] = defaultdict(list)
    for index in indices:
        cells[row_at[row_of[index]], column_at[column_of[index]]].append(index)
    most = max(len(items) for items in cells.values())
    return Section(
        values=tuple(values),
        rows=tuple(row_values),
        columns=tuple(column_values),
        cells={at: tuple(items) for at, items in cells.items()},
        span=_span(most, bool(rows), bool(columns)),
    )


def _ordered(indices: list[int], own: dict[int, _Shown], other: dict[int, _Shown], failed: set[int]) -> list[_Shown]:
    """The values of one axis. Failed shots are given after the frames: their places tell nothing about the order."""
    lines: dict[_Shown, list[_Shown]] = defaultdict(list)
    lost: list[_Shown] = []
    for index in indices:
        (lost if index in failed else lines[other[index]]).append(own[index])
    numbers = all(isinstance(item, int | float) for value in own.values() for item in value)
    if numbers and all(line == sorted(line) for line in lines.values()):
        return sorted(set(own.values()))
    return in_order([*lines.values(), *([value] for value in lost)])


def _span(most: int, has_rows: bool, has_columns: bool) -> int:
    """Pictures side by side in a cell: one long row where there are only rows, a stack where there are only columns."""
    if has_rows and has_columns:
        return math.ceil(math.sqrt(most))
    return 1 if has_columns else most if most <= 10 else flow_columns(most, 0.4)


def _flowing(frames: Sequence[Pictured], indices: list[int], values: Values) -> Section:
    shot = frames[indices[0]].shot
    across = flow_columns(len(indices), shot.width / shot.height)
    down = math.ceil(len(indices) / across)
    cells: dict[tuple[int, int], tuple[int, ...]] = {
        (i // across, i % across): (index,) for i, index in enumerate(indices)
    }
    return Section(tuple(values), rows=((),) * down, columns=((),) * across, cells=cells)
