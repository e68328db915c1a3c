"""Variations of a scene: lists that are crossed, lists that go side by side, and draws that can be repeated.

A draw depends on the seed, the field's path and the number of the variation alone, so adding an axis leaves the other
draws as they were, and every machine draws the same.
"""

from __future__ import annotations

import hashlib
import html
import itertools
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from fluxkit._base import Record
from fluxkit.errors import InputError

if TYPE_CHECKING:
    from fluxkit.scene.scene import Scene

MAX_VARIATIONS = 100_000
"""More than this in one call is taken for a mistake."""


class OneOf:
    """A choice to draw from, evenly or by weight.

    >>> place = OneOf(["a kitchen", "a rooftop", "a library"], weights=[1, 1, 2])
    >>> place.draw(seed=7, path="environment.place", number=0) in place.values
    True
    """

    def __init__(self, values: Iterable[Any], weights: Iterable[float] | None = None) -> None:
        """`weights` are shares, one for each value; they need not add up to 1. Raises `InputError` otherwise."""
        self.values = tuple(values)
        self.weights = tuple(1.0 for _ in self.values) if weights is None else tuple(float(w) for w in weights)
        if not self.values:
            raise InputError("OneOf was given no values. Give at least one to draw from.")
        if len(self.weights) != len(self.values) or min(self.weights) < 0 or sum(self.weights) <= 0:
            raise InputError(
                f"OneOf was given {len(self.values)} values and the weights {self.weights}. Give one weight for "
                "each value, 0 or more, not all of them 0."
            )

    @classmethod
    def from_file(cls, path: str | Path) -> OneOf:
        """The lines of a wildcard file: one value a line, `#` for comments, `2::value` for a weight of 2."""
        try:
            lines = Path(path).read_text(encoding="utf-8").splitlines()
        except OSError as error:
            raise InputError(
                f"The wildcard file {str(path)!r} cannot be read ({error.strerror}). Check the path."
            ) from None
        kept = [line.strip() for line in lines if line.strip() and not line.lstrip().startswith("#")]
        pairs = [_weighted(line) for line in kept]
        return cls([value for _, value in pairs], [weight for weight, _ in pairs])

    def draw(self, *, seed: int, path: str, number: int) -> Any:
        """The value for one variation: a function of seed, path and number, and of nothing else."""
        digest = hashlib.sha256(f"{seed}|{path}|{number}".encode()).digest()
        point = int.from_bytes(digest[:8], "big") / 2**64 * sum(self.weights)
        for value, weight in zip(self.values, self.weights, strict=True):
            point -= weight
            if point < 0:
                return value
        return next(v for v, w in zip(reversed(self.values), reversed(self.weights), strict=True) if w > 0)

    def take(self, count: int, *, seed: int = 0) -> tuple[Any, ...]:
        """So many different values, drawn by weight without putting back: an axis for `Sweep.over`.

        Raises `InputError` where there are fewer values than that.
        """
        choice, taken = OneOf(self.values, self.weights), []
        drawable = sum(weight > 0 for weight in self.weights)
        if not 1 <= count <= drawable:
            raise InputError(
                f"{count} different values were asked for, and there are {drawable}. Ask for 1 to {drawable}."
            )
        for number in range(count):
            value = choice.draw(seed=seed, path="", number=number)
            taken.append(value)
            at = choice.values.index(value)
            choice.values = choice.values[:at] + choice.values[at + 1 :]
            choice.weights = choice.weights[:at] + choice.weights[at + 1 :]
        return tuple(taken)

    def __repr__(self) -> str:
        even = len(set(self.weights)) == 1
        return (
            f"OneOf({list(self.values)!r})" if even else f"OneOf({list(self.values)!r}, weights={list(self.weights)!r})"
        )


class Together:
    """Several fields that change side by side: one axis.

    >>> len(Together(**{"environment.time_of_day": ["morning", "night"], "environment.place": ["a pier", "a bar"]}))
    2
    """

    def __init__(self, **columns: Iterable[Any]) -> None:
        """Each keyword is a path with its list; the lists are equally long. Raises `InputError` where they are not."""
        self.columns = {path: tuple(values) for path, values in columns.items()}
        lengths = {path: len(values) for path, values in self.columns.items()}
        if not lengths or len(set(lengths.values())) != 1 or 0 in lengths.values():
            raise InputError(
                f"Together was given lists of these lengths: {lengths}. Give lists of one length, not empty."
            )

    def __len__(self) -> int:
        return len(next(iter(self.columns.values())))

    def rows(self) -> Iterator[dict[str, Any]]:
        """The values that belong together, by path."""
        for row in zip(*self.columns.values(), strict=True):
            yield dict(zip(self.columns, row, strict=True))


class Variations(Sequence["Scene"]):
    """Scenes made from one by `Scene.vary`, each with the values that made it."""

    def __init__(self, scenes: Iterable[Scene], cells: Iterable[Mapping[str, Any]], seed: int) -> None:
        self._scenes, self.cells, self.seed = tuple(scenes), tuple(dict(cell) for cell in cells), seed

    def __len__(self) -> int:
        return len(self._scenes)

    @overload
    def __getitem__(self, index: int) -> Scene: ...
    @overload
    def __getitem__(self, index: slice) -> Variations: ...
    def __getitem__(self, index: int | slice) -> Scene | Variations:
        if isinstance(index, slice):
            return Variations(self._scenes[index], self.cells[index], self.seed)
        return self._scenes[index]

    @property
    def paths(self) -> tuple[str, ...]:
        """The fields that vary."""
        return tuple(self.cells[0]) if self.cells else ()

    def __repr__(self) -> str:
        lines = [", ".join(f"{path} {_short(value)}" for path, value in cell.items()) for cell in self.cells[:20]]
        more = [f"... and {len(self) - 20} more"] if len(self) > 20 else []
        return "\n".join([f"{len(self)} variations (seed {self.seed})", *lines, *more])

    def _repr_html_(self) -> str:
        head = "".join(f'<th scope="col">{html.escape(path)}</th>' for path in self.paths)
        rows = ("".join(f"<td>{html.escape(_short(value))}</td>" for value in cell.values()) for cell in self.cells)
        return (
            f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(f'<tr>{row}</tr>' for row in rows)}</tbody></table>"
        )


def vary(scene: Scene, axes: Sequence[Together], choices: Mapping[str, Any], *, count: int, seed: int) -> Variations:
    """Every combination of the lists, `count` times over, with the draws of each; see `Scene.vary`."""
    lists = [axis.rows() for axis in axes]
    lists += [
        iter([{path: value} for value in _listed(path, values)])
        for path, values in choices.items()
        if not _drawn(values)
    ]
    draws = {path: values for path, values in choices.items() if _drawn(values)}
    crossed = list(itertools.product(*(list(axis) for axis in lists)))
    if count < 1 or len(crossed) * count > MAX_VARIATIONS:
        raise InputError(
            f"{len(crossed) * count:,} variations were asked for; 1 to {MAX_VARIATIONS:,} can be made at once. "
            "Give fewer values, or a smaller count."
        )
    order = [*(path for axis in axes for path in axis.columns), *choices]
    cells = []
    for number, parts in enumerate(part for part in crossed for _ in range(count)):
        cell = {path: value for part in parts for path, value in part.items()}
        cell |= {path: choice.draw(seed=seed, path=path, number=number) for path, choice in draws.items()}
        cells.append({path: cell[path] for path in order})
    return Variations([scene.with_(**cell) for cell in cells], cells, seed)


def _drawn(values: Any) -> bool:
    return isinstance(values, OneOf)


def _listed(path: str, values: Any) -> list[Any]:
    if isinstance(values, str | Record) or not isinstance(values, Iterable):
        raise InputError(
            f"{path} was given {values!r}; a variation takes a list of values or a OneOf. Write {path}=[{values!r}]."
        )
    return list(values)


def _weighted(line: str) -> tuple[float, str]:
    weight, mark, value = line.partition("::")
    try:
        return (float(weight), value.strip()) if mark and value.strip() else (1.0, line)
    except ValueError:
        return 1.0, line


def _short(value: Any) -> str:
    name = getattr(value, "name", None)
    return str(name) if isinstance(name, str) else str(value)
