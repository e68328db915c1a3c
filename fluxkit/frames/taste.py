"""`Taste`: what you like of a set of frames, from blind pairs: scores with intervals, when to stop, what decided."""

from __future__ import annotations

import html
from collections.abc import Iterable, Sequence
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING, Any, Self

import numpy as np

from fluxkit._base import Record
from fluxkit.errors import InputError, did_you_mean
from fluxkit.frames.frame import Frame
from fluxkit.frames.frames import Frames, value_of
from fluxkit.measure.bradley_terry import SPREAD, Worths, fitted, worths
from fluxkit.shots.labels import label

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Named = Frame | str
SURE, SMALL = 0.95, 0.10
"""The stopping rule: chance of the best frame to be the best, or worth (logits) that is still at stake."""

_WIDE = 1.96  # deviations in an interval of 95 %
_OWN = 0.5  # logits that a frame may be liked for more than its fields say


class Standing(Record):
    """How much one frame is liked."""

    frame: str
    """The frame's id."""
    score: float
    """Worth in logits; the mean of all frames is 0, and 1.1 more is chosen three times in four."""
    low: float
    high: float
    """The interval that holds the score with 95 %."""
    won: float
    """Pairs won; a tie is half."""
    seen: int
    """Pairs shown."""


class Liking(Record):
    """What one value of a scene's field does to the preference."""

    path: str
    value: str
    effect: float
    """Worth in logits beside the mean of the field's values."""
    low: float
    high: float

    @property
    def sure(self) -> bool:
        """Whether the interval leaves out zero."""
        return self.low > 0 or self.high < 0


class Taste:
    """Scores of frames from pairs in which one was chosen; `Taste.of(sheet)` takes a contact sheet's blind pairs.

    `votes` are (chosen, other) and `ties` (one, other), as frames or their ids. With `frames` the fields that differ
    between them are asked for their effect, and frames that no pair has shown yet are ranked too.
    """

    def __init__(
        self,
        votes: Iterable[tuple[Named, Named]],
        ties: Iterable[tuple[Named, Named]] = (),
        *,
        frames: Iterable[Frame] = (),
    ) -> None:
        self.frames = Frames(frames)
        self.votes = tuple((_id(one), _id(other)) for one, other in votes)
        self.ties = tuple((_id(one), _id(other)) for one, other in ties)
        named = dict.fromkeys(
            [*(f.id for f in self.frames), *(name for pair in self.votes + self.ties for name in pair)]
        )
        self._ids = tuple(named)
        if len(self._ids) < 2:
            raise InputError("A taste was to be told from fewer than two frames. Give votes, or frames to vote about.")
        if own := next((one for one, other in self.votes + self.ties if one == other), None):
            raise InputError(f"A pair of {own} with itself was given. A pair takes two different frames.")

    @classmethod
    def of(cls, sheet: Any) -> Self:
        """The taste in a sheet's blind pairs (anything with `votes`, `ties` and `frames`)."""
        return cls(sheet.votes, getattr(sheet, "ties", ()), frames=getattr(sheet, "frames", ()))

    def with_vote(self, chosen: Named, other: Named, *, tie: bool = False) -> Self:
        """The same taste with one more pair."""
        pair = (chosen, other)
        votes, ties = (self.votes, (*self.ties, pair)) if tie else ((*self.votes, pair), self.ties)
        return type(self)(votes, ties, frames=self.frames)

    @property
    def ranking(self) -> tuple[Standing, ...]:
        """All frames, the most liked first."""
        mean, wide = self._worths.mean, _WIDE * self._worths.deviation
        won, seen = self._counts()
        rows = [
            Standing(frame=name, score=m, low=m - w, high=m + w, won=won[name], seen=seen[name])
            for name, m, w in zip(self._ids, mean.tolist(), wide.tolist(), strict=True)
        ]
        return tuple(sorted(rows, key=lambda row: -row.score))

    @property
    def settled(self) -> bool:
        """Whether more pairs would hardly change which frame is the best: the stopping rule."""
        return self._best_chance >= SURE or self._at_stake <= SMALL

    @property
    def verdict(self) -> str:
        """In a sentence, whether to stop, and why."""
        best, pairs = self.ranking[0].frame, len(self.votes) + len(self.ties)
        if self._best_chance >= SURE:
            return f"After {pairs} pairs {best} is the best with a chance of {self._best_chance:.0%}: stop here."
        if self._at_stake <= SMALL:
            return f"After {pairs} pairs {best} and the next are liked alike: either will do, stop here."
        return (
            f"After {pairs} pairs {best} leads with a chance of {self._best_chance:.0%}: {SURE:.0%} is the mark, go on."
        )

    def next_pair(self) -> tuple[str, str]:
        """The two frames whose comparison would tell most about which is the best."""
        mean, spread, chance = self._worths.mean, self._worths.covariance, self._worths.best()
        told = {}
        for i, j in combinations(range(len(self._ids)), 2):
            unsure = spread[i, i] + spread[j, j] - 2 * spread[i, j]
            odds = 1 / (1 + np.exp(mean[j] - mean[i]))
            told[i, j] = float(odds * (1 - odds) * unsure * (chance[i] + chance[j] + 0.02))
        i, j = max(told, key=lambda pair: told[pair])
        return self._ids[i], self._ids[j]

    def effects(self) -> Likings:
        """What each value of each field that differs between the frames does to the preference.

        Raises `InputError` without frames, or where nothing differs between them but the seed.
        """
        axes = {
            p: v for p, v in self.frames.axes().items() if p not in ("seed", "prompt") and 1 < len(v) < len(self.frames)
        }
        known = {frame.id for frame in self.frames}
        if not axes or not set(self._ids) <= known:
            raise InputError(
                "Effects of fields were asked for, but the frames differ in no field that several share, or votes name "
                "frames that were not given. Give Taste(votes, frames=frames) a sweep over scene fields."
            )
        names = [(path, value) for path, values in axes.items() for value in values]
        columns = [
            [float(value_of(f, path) == value) - 1 / len(axes[path]) for path, value in names] for f in self.frames
        ]
        design = np.concatenate([np.array(columns), np.eye(len(self.frames))], 1)
        precision = np.array([SPREAD**-2] * len(names) + [_OWN**-2] * len(self.frames))
        found = fitted(design, self._pairs(), precision)
        rows = []
        for path, values in axes.items():
            at = [k for k, (p, _) in enumerate(names) if p == path]
            centre = np.zeros((len(at), design.shape[1]))
            centre[:, at] = np.eye(len(at)) - 1 / len(at)
            mean, wide = centre @ found.mean, _WIDE * np.sqrt(np.diag(centre @ found.covariance @ centre.T))
            rows += [
                Liking(path=path, value=label(value), effect=float(m), low=float(m - w), high=float(m + w))
                for value, m, w in zip(values, mean, wide, strict=True)
            ]
        return Likings(rows)

    def figure(self) -> Figure:
        """The scores with their intervals, the most liked on top."""
        rows = self.ranking
        names = [self._name(row.frame) for row in rows]
        return _dots("How much each frame is liked", names, [(r.score, r.low, r.high) for r in rows])

    @cached_property
    def _worths(self) -> Worths:
        return worths(len(self._ids), self._pairs())

    @property
    def _best_chance(self) -> float:
        return float(self._worths.best()[int(self._worths.mean.argmax())])

    @property
    def _at_stake(self) -> float:
        return float(self._worths.regret()[int(self._worths.mean.argmax())])

    def _pairs(self) -> list[tuple[int, int, float]]:
        place = {name: k for k, name in enumerate(self._ids)}
        return [(place[a], place[b], 1.0) for a, b in self.votes] + [(place[a], place[b], 0.5) for a, b in self.ties]

    def _counts(self) -> tuple[dict[str, float], dict[str, int]]:
        won, seen = dict.fromkeys(self._ids, 0.0), dict.fromkeys(self._ids, 0)
        for k, pairs in enumerate((self.votes, self.ties)):
            for one, other in pairs:
                won[one] += (1.0, 0.5)[k]
                won[other] += (0.0, 0.5)[k]
                seen[one] += 1
                seen[other] += 1
        return won, seen

    @cached_property
    def _names(self) -> dict[str, str]:
        """What each frame that was given is called: the values that tell it apart."""
        axes = [path for path in self.frames.axes() if path != "prompt"] if self.frames else []
        said = {frame.id: ", ".join(label(value_of(frame, path)) for path in axes) for frame in self.frames}
        return {name: words for name, words in said.items() if words}

    def _name(self, frame_id: str) -> str:
        return self._names.get(frame_id, frame_id)

    def _rows(self) -> list[tuple[str, str, str, str]]:
        body = [
            (self._name(r.frame), f"{r.score:+.2f}", f"{r.low:+.2f} to {r.high:+.2f}", f"{r.won:g} of {r.seen}")
            for r in self.ranking
        ]
        return [("frame", "score", "95 % interval", "won of"), *body]

    def __repr__(self) -> str:
        return f"{_text(self._rows())}\n{self.verdict}"

    def _repr_html_(self) -> str:
        return f"{_table(self._rows())}<p>{html.escape(self.verdict)}</p>"


class Likings(Sequence[Liking]):
    """The effects of fields on a preference, as a table and a figure."""

    def __init__(self, rows: Iterable[Liking]) -> None:
        self._found = tuple(rows)

    def __getitem__(self, index: Any) -> Any:
        return self._found[index]

    def __len__(self) -> int:
        return len(self._found)

    def of(self, path: str) -> dict[str, Liking]:
        """The effects of one field by value; `InputError` for a field that does not differ."""
        found = {row.value: row for row in self._found if row.path == path}
        if not found:
            known = dict.fromkeys(row.path for row in self._found)
            raise InputError(
                f"The effect of {path!r} was asked for.{did_you_mean(path, known)} These differ: {', '.join(known)}."
            )
        return found

    def figure(self) -> Figure:
        """The effects with their intervals, in logits."""
        names = [f"{row.path.rpartition('.')[2].replace('_', ' ')}: {row.value}" for row in self._found]
        return _dots("What the preference goes by", names, [(r.effect, r.low, r.high) for r in self._found])

    def _rows(self) -> list[tuple[str, str, str, str]]:
        rows = [("field", "value", "effect", "95 % interval")]
        for r in self._found:
            mark = "" if r.sure else " (not told from none)"
            rows.append((r.path, r.value, f"{r.effect:+.2f}", f"{r.low:+.2f} to {r.high:+.2f}{mark}"))
        return rows

    def __repr__(self) -> str:
        return _text(self._rows())

    def _repr_html_(self) -> str:
        return _table(self._rows())


def _id(frame: Named) -> str:
    return frame.id if isinstance(frame, Frame) else frame


def _dots(title: str, names: Sequence[str], rows: Sequence[tuple[float, float, float]]) -> Figure:
    from fluxkit.scene.drawing import paper

    with paper.sheet(6.8, 1.1 + 0.3 * len(rows)) as (figure, axes):
        for k, (middle, low, high) in enumerate(rows):
            sure = low > 0 or high < 0
            axes.plot([low, high], [k, k], color=paper.FAINT, lw=2, zorder=1)
            axes.plot(middle, k, "o", color=paper.ACCENTS[0] if sure else paper.FAINT, ms=7, zorder=2)
        axes.axvline(0, color=paper.FAINT, lw=1, ls=":")
        axes.set(title=title, xlabel="liked less   ←   score in logits (0 is the mean)   →   liked more")
        axes.set_yticks(range(len(rows)), names)
        axes.invert_yaxis()
        axes.spines["left"].set_visible(False)
    found: Figure = figure
    return found


def _text(rows: Sequence[tuple[str, ...]]) -> str:
    widths = [max(len(row[k]) for row in rows) for k in range(len(rows[0]))]
    return "\n".join("  ".join(t.ljust(w) for t, w in zip(row, widths, strict=True)).rstrip() for row in rows)


def _table(rows: Sequence[tuple[str, ...]]) -> str:
    head, *body = rows
    top = "".join(f'<th scope="col">{html.escape(text)}</th>' for text in head)
    below = "".join("<tr>" + "".join(f"<td>{html.escape(t)}</td>" for t in row) + "</tr>" for row in body)
    return f"<table><thead><tr>{top}</tr></thead><tbody>{below}</tbody></table>"
