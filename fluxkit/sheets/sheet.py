"""`ContactSheet`: frames on one page, labelled by what tells them apart."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxkit.catalogue.filed import FiledFrame
from fluxkit.errors import EngineError, SheetError, did_you_mean
from fluxkit.frames import Frame, Frames
from fluxkit.frames.atomic import write_atomic
from fluxkit.frames.marks import Marks
from fluxkit.frames.png import encode
from fluxkit.frames.thumbnail import SIDE_PX
from fluxkit.sheets import export
from fluxkit.sheets.arguments import check_style, checked_axis, checked_frames, refuse_unknown
from fluxkit.sheets.axes import Pictured
from fluxkit.sheets.blank import Blank
from fluxkit.sheets.cards import small_picture
from fluxkit.sheets.code import code_of
from fluxkit.sheets.compose import compose
from fluxkit.sheets.layout import Layout, lay_out
from fluxkit.sheets.marks import Page
from fluxkit.sheets.measures import Content, Style
from fluxkit.sheets.picks import Pair, read_picks
from fluxkit.sheets.picture import draw_page
from fluxkit.sheets.subtitle import constants, legend, tally
from fluxkit.sheets.table import SheetTable
from fluxkit.sheets.theme import ThemeName, theme_named
from fluxkit.sheets.view import plain_marks, view_of

if TYPE_CHECKING:
    from PIL.Image import Image

    from fluxkit.measure import Badge
    from fluxkit.session import Job
    from fluxkit.session.training import TrainingJob
    from fluxkit.widgets import SheetView

_METER = "Light meter: ✓ shown, ✗ not shown, ? cannot tell"

_NOTEBOOK_BYTES = 1_900_000
"""A sheet in a notebook stays under this, so that a notebook with a hundred frames stays under 3 MB."""

_NOTEBOOK_PIXELS = 2_700_000
"""A larger picture would hardly ever be under those bytes, so it is not drawn first."""

Axis = str | Sequence[str] | None


class ContactSheet:
    """Frames on one page: rows and columns are axes of the sweep, captions print only what else differs.

    `rows`, `columns` and `pages` are paths such as `"lens.f_number"` or `"seed"`, or several, outermost first; a page
    axis makes a grid for each value. Without rows and columns the frames follow each other. `failed` are the errors of
    shots that have no picture: each is shown in its place. With `badges` every frame is measured, and carries in a
    corner how many of its scene's wishes it shows (`3✓ 1✗`).

    Nothing is drawn until the sheet is shown or saved. Raises `SheetError` for an axis that names no field.
    """

    def __init__(  # noqa: PLR0913 - each option of a sheet is a word of its own
        self,
        frames: Iterable[Frame] | Frame,
        rows: Axis = None,
        columns: Axis = None,
        title: str | None = None,
        theme: ThemeName = "dark",
        *,
        pages: Axis = None,
        style: Style = "grid",
        cell: int | None = None,
        failed: Iterable[EngineError] = (),
        badges: bool = False,
        **unknown: Any,
    ) -> None:
        refuse_unknown(unknown)
        check_style(style, cell, badges)
        self._frames = checked_frames(frames, failed)
        self._title = title
        self.theme = theme_named(theme)
        self.style: Style = style
        self.cell = cell
        self.badges = badges
        self._measured: dict[str, Badge] = {}
        asked = {"rows": rows, "columns": columns, "pages": pages}
        self._layout = lay_out(self._frames, **{name: checked_axis(name, axis) for name, axis in asked.items()})
        self._view: SheetView | None = None
        self._votes: list[Pair] = []
        self._ties: list[Pair] = []
        self._merged: set[str] = set()
        """Names of the answers that were read from files."""

    @property
    def frames(self) -> tuple[Frame, ...]:
        """The frames that have a picture, in the order given."""
        return tuple(frame for frame in self._frames if isinstance(frame, Frame))

    @property
    def layout(self) -> Layout:
        """Which frame lies in which cell."""
        return self._layout

    @property
    def title(self) -> str | None:
        """What stands above the pictures."""
        return self._title

    def picture(self, scale: float = 1.0) -> Image:
        """The sheet as a Pillow image; `scale` 2 has twice the pixels along each side."""
        return draw_page(self.page(), self.load, scale=scale)

    def page(self) -> Page:
        """The sheet as marks on one page, whatever draws them."""
        return compose(self.content, self._layout, self.theme, style=self.style, cell=self.cell)

    def table(self) -> SheetTable:
        """The frames as an accessible table: a row for each, with its axis values and a description."""
        return SheetTable.of(self._frames, self._layout, self.content.faults, self.content.badges)

    def save(self, path: str | Path, *, paper: str | None = None) -> Path:
        """Write the sheet to a file and return its path; the ending of the name chooses the format.

        `.png`: a picture at twice the notebook's resolution. `.pdf`: vector text, one page of the sheet's own size, or
        pages of `paper` ("A4", "Letter", ...). `.html`: one offline file that a client can open, zoom, rate, and send
        back. `.csv`: the table.
        """
        target = Path(path).expanduser()
        write = export.WRITERS.get(target.suffix.lower())
        if write is None:
            raise SheetError(
                f"A sheet was to be saved as {target.name!r}.{did_you_mean(target.suffix, export.WRITERS)} "
                f"Endings are: {', '.join(export.WRITERS)}."
            )
        if paper is not None and target.suffix.lower() != ".pdf":
            raise SheetError(f"paper={paper!r} was given for {target.name!r}, but only a .pdf has paper. Leave it out.")
        target.parent.mkdir(parents=True, exist_ok=True)
        write_atomic(target, write(self, paper))
        return target

    # ---- what people think of the frames

    @property
    def marks(self) -> dict[str, Marks]:
        """Rating and pick of each frame that has one, by frame id; the catalogue's where nothing was said here."""
        return {name: mark for name, mark in self._marks.items() if mark.rating or mark.pick}

    @property
    def picks(self) -> Frames:
        """The frames that were picked."""
        return Frames(frame for frame in self.frames if self._marks.get(frame.id, Marks()).pick == "pick")

    def mark(self, marks: Mapping[str, Marks]) -> None:
        """Take ratings and picks by frame id; frames that lie in a catalogue keep them there as well."""
        by_id = {frame.id: frame for frame in self._frames}
        strangers = [name for name in marks if name not in by_id]
        if strangers:
            raise SheetError(f"A mark was given for {strangers[0]!r}, which is not on this sheet. Use frame.id.")
        for name, mark in marks.items():
            self._marks[name] = mark
            _keep(by_id[name], mark)

    def merge_picks(self, source: str | Path | Mapping[str, Any]) -> Frames:
        """Take over the picks that a client sent back (`picks.json` of the HTML page); returns the picked frames.

        What the client left alone stays as it is. Answers to blind pairs count once, also where a file, or a later one
        of the same client, is merged again. Raises `SheetError` for a file that belongs to another sheet.
        """
        read = read_picks(source, (frame.id for frame in self.frames))
        self.mark(read.marks)
        for answers, tie in ((read.votes, False), (read.ties, True)):
            for name in [name for name in answers if name not in self._merged]:
                self._merged.add(name)
                self._take_answer(answers[name], tie=tie, name=name)
        if self._view is not None:
            self._view.marks = {**self._view.marks, **plain_marks(read.marks)}
        return self.picks

    @property
    def votes(self) -> tuple[Pair, ...]:
        """The answers to blind pairs, in the order of voting: (id of the better frame, id of the other)."""
        return tuple(self._votes)

    @property
    def ties(self) -> tuple[Pair, ...]:
        """Blind pairs in which neither was better, by id."""
        return tuple(self._ties)

    def prefer(self, votes: Iterable[Pair], ties: Iterable[Pair] = ()) -> None:
        """Take answers to pairs: (better, other) and ties; frames that lie in a catalogue keep them there as well.

        Raises `SheetError` for a frame that is not on this sheet.
        """
        here = {frame.id for frame in self._frames}
        answers = [*((pair, False) for pair in votes), *((pair, True) for pair in ties)]
        for name in (name for pair, _tie in answers for name in pair):
            if name not in here:
                raise SheetError(f"A vote names {name!r}, which is not on this sheet. Use frame.id.")
        for pair, tie in answers:
            self._take_answer(pair, tie=tie)

    def _take_answer(self, pair: Pair, *, tie: bool, name: str | None = None) -> None:
        first, second = pair
        (self._ties if tie else self._votes).append((first, second))
        frame = next(frame for frame in self._frames if frame.id == first)
        if isinstance(frame, FiledFrame):
            frame.catalogue.prefer(first, second, tie=tie, name=name)

    def _go_on_from(self, former: ContactSheet) -> None:
        """Take what people thought of these frames on another sheet; their catalogue knows of it already."""
        here = {frame.id for frame in self.frames}
        self._marks.update({name: mark for name, mark in former.marks.items() if name in here})
        self._votes += [pair for pair in former.votes if here.issuperset(pair)]
        self._ties += [pair for pair in former.ties if here.issuperset(pair)]

    # ---- live

    def explore(self) -> SheetView:
        """The live sheet: cull by keyboard, compare, blind pairs. Its marks are the sheet's and the catalogue's."""
        if self._view is None:
            self._view = view_of(self)
        return self._view

    @classmethod
    def live(
        cls, job: Job | TrainingJob, rows: Axis = None, columns: Axis = None, title: str | None = None, **options: Any
    ) -> Any:
        """A sheet that fills while a job or a training runs, with progress and a cancel button; see `LiveSheet`."""
        from fluxkit.sheets.live import LiveSheet

        return LiveSheet(job, rows=rows, columns=columns, title=title, **options)

    @classmethod
    def of_places(cls, places: Iterable[Frame | Blank], **options: Any) -> ContactSheet:
        """A sheet of frames and of places still empty, which `put` fills."""
        return cls(places, **options)  # type: ignore[arg-type]  # a blank has a frame's face, and no picture

    def put(self, index: int, frame: Frame | Blank) -> None:
        """Fill a place with the frame of the same shot: the layout stays, whatever was drawn is drawn anew."""
        self._frames = (*self._frames[:index], frame, *self._frames[index + 1 :])
        if frame.id in self._marks:
            _keep(frame, self._marks[frame.id])
        for drawn in ("content", "_notebook_png"):
            self.__dict__.pop(drawn, None)

    def badge(self, frame: Pictured) -> Badge | None:
        """What the light meter says of a frame, measured once; None without `badges`, a picture or any wish."""
        if not self.badges or not isinstance(frame, Frame):
            return None
        if frame.id not in self._measured:
            from fluxkit.measure import badge

            self._measured[frame.id] = badge(frame.measure())
        found = self._measured[frame.id]
        return found if found.text else None

    def code(self, chosen: Iterable[str] | None = None) -> str:
        """The Python that makes this sheet again, of the frames with the `chosen` ids or of all."""
        wanted = None if chosen is None else set(chosen)
        frames = [frame for frame in self.frames if wanted is None or frame.id in wanted]
        looks = {"theme": self.theme.name, "style": self.style, "cell": self.cell, "badges": self.badges}
        usual = {"theme": "dark", "style": "grid", "cell": None, "badges": False}
        options = {"title": self._title, **{name: value for name, value in looks.items() if value != usual[name]}}
        return code_of(frames, self._layout, options)

    @property
    def fingerprint(self) -> str:
        """Which frames the sheet shows, as 12 hexadecimal digits."""
        return hashlib.sha256("\n".join(frame.id for frame in self._frames).encode()).hexdigest()[:12]

    @property
    def alt(self) -> str:
        """What the sheet shows, in one sentence, for a reader who does not see it."""
        told = [f"{len(self.frames)} frames", *(part for part in (self.content.subtitle,) if part)]
        axes = legend(self._layout)
        return f"Contact sheet{f' “{self._title}”' if self._title else ''}: {', '.join(told)}. {axes}".strip()

    @cached_property
    def _marks(self) -> dict[str, Marks]:
        return {frame.id: frame.marks for frame in self.frames if isinstance(frame, FiledFrame)}

    @cached_property
    def content(self) -> Content:
        """What the sheet says besides its layout."""
        faults = {i: frame.reason for i, frame in enumerate(self._frames) if isinstance(frame, Blank)}
        badges = {i: found for i, frame in enumerate(self._frames) if (found := self.badge(frame))}
        return Content(
            frames=self._frames,
            faults=faults,
            title=self._title,
            subtitle=constants(self._frames),
            legend=" · ".join(part for part in (legend(self._layout), _METER if badges else "") if part),
            badges=badges,
            note=tally(self._frames, faults),
        )

    def load(self, index: int, side: int) -> Image:
        """The picture of a frame, at least `side` pixels on its longer side where it has them."""
        frame = self._frames[index]
        assert isinstance(frame, Frame)
        large = max(frame.shot.width, frame.shot.height) > SIDE_PX
        return small_picture(frame, side) if large and side <= SIDE_PX else frame.image

    @cached_property
    def _notebook_png(self) -> bytes:
        page = self.page()
        scale = min(1.0, (_NOTEBOOK_PIXELS / (page.width * page.height)) ** 0.5)
        picture = encode(draw_page(page, self.load, scale=scale))
        while len(picture) > _NOTEBOOK_BYTES:
            scale *= 0.92 * (_NOTEBOOK_BYTES / len(picture)) ** 0.5
            picture = encode(draw_page(page, self.load, scale=scale))
        return picture

    def _repr_png_(self) -> bytes:
        return self._notebook_png

    def _repr_mimebundle_(self, **_options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The picture with a description; text for everything that shows no pictures."""
        return {"image/png": self._repr_png_(), "text/plain": repr(self)}, {"image/png": {"alt": self.alt}}

    def __repr__(self) -> str:
        placed = [*self._layout.pages, *self._layout.rows, *self._layout.columns]
        shape = " x ".join(f"{path} ({self._count(path)})" for path in placed)
        captions = ", ".join(self._layout.captions)
        parts = [self.content.note, shape, f"captions: {captions}" if captions else ""]
        return f"ContactSheet({'; '.join(part for part in parts if part)})"

    def _count(self, path: str) -> int:
        from fluxkit.sheets.axes import key_of, value_of

        return len({key_of(value_of(frame, path)) for frame in self._frames})


def _keep(frame: Frame | Blank, mark: Marks) -> None:
    """Write a mark into the catalogue that the frame lies in, if it lies in one."""
    if isinstance(frame, FiledFrame):
        frame.catalogue.mark(frame, rating=mark.rating, pick=mark.pick)
