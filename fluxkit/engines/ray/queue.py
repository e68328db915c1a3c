"""`ShotQueue`: which actor shoots what next. Pure bookkeeping; it knows no Ray.

Actors pull. One that is free goes on with the weights that it holds, and with the texts that it has encoded; only then
does it help another. Other weights are loaded where nobody works on them yet, or where so much is left that loading
pays.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from fluxkit.shots.shot import Shot

TEXTS_AT_ONCE = 16
"""Texts that an actor encodes in one go: 64 MB of FLUX.1 embeddings, and a minute of denoising between two goes."""


@dataclass(eq=False)
class Bundle:
    """Shots that go to one actor in one call: those that share their first steps, else one alone."""

    shots: tuple[Shot, ...]
    group: Hashable
    """The weights that they need."""
    text: Hashable
    """The words that they need encoded."""
    deaths: int = 0
    """How many actors died while they shot it."""
    failed_on: set[str] = field(default_factory=set)
    """Actors on which a shot of it failed."""


@dataclass(eq=False)
class _Group:
    """Bundles that need the same weights, in rows by the text that they need; a row that is empty is not kept."""

    rows: dict[Hashable, deque[Bundle]] = field(default_factory=dict)
    free: dict[Hashable, None] = field(default_factory=dict)
    """Texts that nobody encodes, in plan order; only those with a row."""
    owner: dict[Hashable, str] = field(default_factory=dict)
    """Which actor encodes a text, with or without a row."""
    own: dict[str, dict[Hashable, None]] = field(default_factory=dict)
    """The texts of each actor; only those with a row."""
    actors: set[str] = field(default_factory=set)
    """Who holds the weights."""
    left: int = 0
    failed: int = 0
    """Waiting bundles that failed on some actor already."""
    shot_s: float | None = None
    setup_s: float = 0.0

    def is_worth_joining(self) -> bool:
        """Whether one actor more would finish sooner, loading counted; unmeasured, whether there is one for each."""
        if not self.actors or self.failed:
            return True
        if self.shot_s is None:
            return self.left > len(self.actors)
        return self.left * self.shot_s / len(self.actors) > self.setup_s + self.shot_s

    def add(self, bundle: Bundle, *, first: bool = False) -> None:
        """Put a bundle at the end, or the beginning, of the row of its text."""
        if bundle.text not in self.rows:
            self.rows[bundle.text] = deque()
            owner = self.owner.get(bundle.text)
            (self.free if owner is None else self.own.setdefault(owner, {}))[bundle.text] = None
        row = self.rows[bundle.text]
        row.appendleft(bundle) if first else row.append(bundle)
        self.left += 1
        self.failed += bool(bundle.failed_on)

    def pop(self, actor: str) -> Bundle | None:
        """A bundle whose text is the actor's own, else one of nobody's, else one of another's."""
        for text in self._texts(actor):
            row = self.rows[text]
            bundle = next((bundle for bundle in row if actor not in bundle.failed_on), None)
            if bundle is not None:
                row.remove(bundle)
                self.left -= 1
                self.failed -= bool(bundle.failed_on)
                if not row:
                    self._drop(text)
                return bundle
        return None

    def claim(self, actor: str, texts: Iterable[Hashable]) -> None:
        """From now on these texts are this actor's."""
        for text in texts:
            self.owner[text] = actor
            if self.free.pop(text, 0) is None:
                self.own.setdefault(actor, {})[text] = None

    def disown(self, actor: str) -> None:
        """The actor is gone: its texts are nobody's again."""
        self.actors.discard(actor)
        self.free.update(self.own.pop(actor, {}))
        self.owner = {text: owner for text, owner in self.owner.items() if owner != actor}

    def _texts(self, actor: str) -> Iterator[Hashable]:
        yield from self.own.get(actor, ())
        yield from self.free
        # Of others' texts the longest row comes first, so that owners keep their own as long as they can.
        others = [text for text, owner in self.owner.items() if owner != actor and text in self.rows]
        yield from sorted(others, key=lambda text: -len(self.rows[text]))

    def _drop(self, text: Hashable) -> None:
        del self.rows[text]
        self.free.pop(text, None)
        if text in self.owner:
            self.own.get(self.owner[text], {}).pop(text, None)


class ShotQueue:
    """The shots that are left, in groups that need the same weights."""

    def __init__(self, bundles: Iterable[Sequence[Shot]]) -> None:
        self._groups: dict[Hashable, _Group] = {}
        self._at: dict[str, Hashable] = {}
        for shots in bundles:
            bundle = Bundle(tuple(shots), group=_weights(shots[0]), text=_text(shots[0]))
            self._groups.setdefault(bundle.group, _Group()).add(bundle)

    def __len__(self) -> int:
        return sum(group.left for group in self._groups.values())

    def take(self, actor: str) -> Bundle | None:
        """The next bundle for an actor, or None where nothing is left that is worth its while."""
        for key in self._preferred(actor):
            bundle = self._groups[key].pop(actor)
            if bundle is not None:
                self._move(actor, key)
                return bundle
        return None

    def texts_for(self, actor: str, bundle: Bundle, *, actors: int) -> list[Shot]:
        """A shot for each text that this actor is to encode before the bundle: its share of those nobody encodes.

        Empty where the bundle's text is encoded, or being encoded, by any actor.
        """
        group = self._groups[bundle.group]
        if bundle.text in group.owner:
            return []
        others = [text for text in group.free if text != bundle.text]
        share = others[: min(TEXTS_AT_ONCE, math.ceil((len(others) + 1) / actors)) - 1]
        group.claim(actor, [bundle.text, *share])
        return [bundle.shots[0], *(group.rows[text][0].shots[0] for text in share)]

    def put_back(self, bundle: Bundle) -> None:
        """Shoot it again, next."""
        self._groups[bundle.group].add(bundle, first=True)

    def note_pace(self, bundle: Bundle, *, setup_s: float, shot_s: float) -> None:
        """Learn how long loading and shooting take with these weights."""
        group = self._groups[bundle.group]
        group.shot_s = shot_s if group.shot_s is None else 0.8 * group.shot_s + 0.2 * shot_s
        group.setup_s = max(group.setup_s, setup_s)

    def leave(self, actor: str) -> None:
        """Forget an actor that is gone: what it was to encode is free again."""
        for group in self._groups.values():
            group.disown(actor)
        self._at.pop(actor, None)

    def _preferred(self, actor: str) -> list[Hashable]:
        """Where an actor looks for work: what it holds, what nobody holds, then where most is left."""
        held = self._at.get(actor)
        others = [key for key, group in self._groups.items() if key != held and group.left and group.is_worth_joining()]
        others.sort(key=lambda key: (len(self._groups[key].actors) > 0, -self._groups[key].left))
        return ([] if held is None else [held]) + others

    def _move(self, actor: str, key: Hashable) -> None:
        former = self._at.get(actor)
        if former is not None and former != key:
            self._groups[former].actors.discard(actor)
        self._at[actor] = key
        self._groups[key].actors.add(actor)


def _weights(shot: Shot) -> Hashable:
    return (shot.model, shot.spec.weights, tuple((lora.weights, lora.strength) for lora in shot.loras))


def _text(shot: Shot) -> Hashable:
    return (str(shot.prompt), shot.negative)
