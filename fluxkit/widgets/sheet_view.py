"""`SheetView`: the live contact sheet, one widget however many frames."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import dropwhile, zip_longest
from typing import Any

import traitlets

from fluxkit.errors import FluxkitError
from fluxkit.widgets import bundle
from fluxkit.widgets.base import View

_REPEATS = 3
"""Until a browser has answered, a frame is sent again with the next reports: the first may come before the page
listens, and a kernel that is busy with a cell cannot be asked."""

_BATCH = 50
"""Thumbnails in one message: about a megabyte, so that the first rows are seen while the rest travels."""

Mark = Mapping[str, Any]
Pair = tuple[str, str]


@dataclass(frozen=True)
class Card:
    """One frame as the browser knows it: plain data, and a way to its thumbnail."""

    data: dict[str, Any]
    """`id`, `number`, `values`, `caption`, `alt`, `prompt`, `aspect`, `fault`."""
    thumbnail: Callable[[], bytes] | None = None
    """Gives JPEG bytes; None for a frame that has no picture (yet)."""


class SheetView(View):
    """Cull, compare and choose among frames; `marks`, `chosen` and `ranking` are live.

    Thumbnails travel once, in binary messages; originals are fetched when looked at.
    """

    _esm = bundle.module("sheet.js")
    _css = bundle.text("sheet.css")
    _options = ("title", "subtitle", "sheet", "grid", "marks", "places")

    title = traitlets.Unicode("").tag(sync=True)
    subtitle = traitlets.Unicode("").tag(sync=True)
    sheet = traitlets.Unicode("").tag(sync=True)
    """The fingerprint of the sheet, which goes into `picks.json`."""
    grid = traitlets.Dict(None, allow_none=True).tag(sync=True)
    """Rows, columns and cells as the browser lays them out; None for one flow."""
    places: Any = traitlets.List().tag(sync=True)
    """The cards of a sheet that is still to be filled, so that it shows its places before the kernel can answer."""
    marks = traitlets.Dict().tag(sync=True)
    """Frame id -> `{"rating": 0 to 5, "pick": "pick", "reject" or ""}`."""
    chosen = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """The ids that are chosen for comparing, in the order of choosing."""
    votes: Any = traitlets.List().tag(sync=True)
    """The answers to blind pairs: `[winner, loser]` by id, in the order of voting."""
    ties: Any = traitlets.List().tag(sync=True)
    """Pairs in which neither was better: `[first, second]` by id."""
    ranking = traitlets.List(traitlets.Unicode()).tag(sync=True)
    """After blind pairs: the ids, strongest first."""

    def __init__(
        self,
        cards: Iterable[Card],
        *,
        original: Callable[[str], bytes],
        code: Callable[[Sequence[str]], str] = lambda _chosen: "",
        on_marks: Callable[[dict[str, Mark]], None] | None = None,
        on_votes: Callable[[list[Pair], list[Pair]], None] | None = None,
        on_cancel: Callable[[], None] | None = None,
        still: Callable[[], bytes] | None = None,
        **options: Any,
    ) -> None:
        super().__init__(**options)
        self._cards = list(cards)
        self._original = original
        self._code = code
        self._on_marks = on_marks
        self._on_votes = on_votes
        self._on_cancel = on_cancel
        self._still = still
        self._last: tuple[dict[str, Any], bytes | None] | None = None
        self._shown = False
        self._unheard: dict[int, int] = {}
        self.on_msg(self._answer)
        self.observe(self._marked, "marks")
        self.observe(self._voted, ["votes", "ties"])

    def append(self, index: int, card: Card) -> None:
        """Show a frame that has just been made, in its place; cheap enough for every frame of a long job."""
        with self._lock:
            self._cards[index] = card
            self._send_cards(index, [card])
            if not self._shown:
                self._unheard[index] = _REPEATS

    def report(self, text: str, *, share: float = 0.0, preview: bytes | None = None, running: bool = True) -> None:
        """Show where a job stands, in words and as a bar; a preview is a small JPEG of the frame in the making."""
        with self._lock:
            self._last = ({"kind": "progress", "text": text, "share": share, "running": running}, preview)
            self._repeat()
            self._tell(*self._last)

    def describe(self) -> str:
        """One line: how many frames, and how many are picked."""
        picked = sum(mark.get("pick") == "pick" for mark in self.marks.values())
        return f"SheetView({len(self._cards)} frames, {picked} picked)"

    def still(self) -> bytes | None:
        """The sheet as a picture."""
        return self._still() if self._still else None

    def _answer(self, _widget: Any, message: dict[str, Any], _buffers: Any) -> None:
        try:
            self._do(message)
        except (FluxkitError, OSError) as error:
            # Raised here it would be seen nowhere but in the server's log.
            self.send({"kind": "trouble", "text": str(error)})

    def _do(self, message: dict[str, Any]) -> None:
        kind = message.get("kind")
        if kind == "ready":
            self._send_all()
        elif kind == "original":
            picture = self._original(message["id"])
            self.send({"kind": "original", "id": message["id"]}, buffers=[picture])
        elif kind == "code":
            self.send({"kind": "code", "code": self._code(message.get("chosen", self.chosen))})
        elif kind == "cancel" and self._on_cancel:
            self._on_cancel()
            self.send({"kind": "cancelling"})

    def _send_all(self) -> None:
        with self._lock:
            self._shown = True
            self._unheard.clear()
            if len(self._cards) <= _BATCH:
                self._send_cards(0, self._cards)
            else:
                self._send_in_parts()
            if self._last:
                self._tell(*self._last)

    def _send_cards(self, start: int, cards: Sequence[Card]) -> None:
        data = [{**card.data, "picture": card.thumbnail is not None} for card in cards]
        buffers = [card.thumbnail() for card in cards if card.thumbnail is not None]
        self.send({"kind": "cards", "start": start, "cards": data}, buffers=buffers)

    def _send_in_parts(self) -> None:
        """First every place, so that a long sheet is laid out once; then the pictures, the first rows first."""
        places = [{**card.data, "picture": False} for card in self._cards]
        self.send({"kind": "cards", "start": 0, "cards": places}, buffers=[])
        made = [(i, card.thumbnail) for i, card in enumerate(self._cards) if card.thumbnail is not None]
        for batch in (made[start : start + _BATCH] for start in range(0, len(made), _BATCH)):
            self.send({"kind": "pictures", "at": [i for i, _ in batch]}, buffers=[make() for _, make in batch])

    def _repeat(self) -> None:
        for index in list(self._unheard):
            self._unheard[index] -= 1
            if self._unheard[index] <= 0:
                del self._unheard[index]
            self._send_cards(index, [self._cards[index]])

    def _tell(self, message: dict[str, Any], preview: bytes | None) -> None:
        self.send(message, buffers=[preview] if preview else None)

    def _voted(self, change: Any) -> None:
        # A page that was opened again may begin a list of its own; what it adds counts all the same.
        pairs = zip_longest(change["old"] or (), change["new"])
        new = [(now[0], now[1]) for was, now in dropwhile(lambda pair: pair[0] == pair[1], pairs) if now is not None]
        if self._on_votes and new:
            self._on_votes(*((new, []) if change["name"] == "votes" else ([], new)))

    def _marked(self, change: Any) -> None:
        old, new = change["old"] or {}, change["new"]
        changed = {frame: mark for frame, mark in new.items() if old.get(frame) != mark}
        removed = {frame: {"rating": 0, "pick": ""} for frame in old if frame not in new}
        if self._on_marks and (changed or removed):
            self._on_marks({**changed, **removed})
