"""`ContactSheet`: frames on one page, labelled by what tells them apart."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from fluxkit.errors import EngineError, SheetError, did_you_mean
from fluxkit.frames import Frame
from fluxkit.sheets.blank import Blank
from fluxkit.sheets.compose import compose
from fluxkit.sheets.layout import Layout, lay_out
from fluxkit.sheets.measures import Content, Style
from fluxkit.sheets.picture import draw_page
from fluxkit.sheets.subtitle import constants, legend, tally
from fluxkit.sheets.table import SheetTable
from fluxkit.sheets.theme import ThemeName, theme_named

if TYPE_CHECKING:
    from PIL.Image import Image

_NOTEBOOK_BYTES = 1_900_000
"""A sheet in a notebook stays under this, so that a notebook with a hundred frames stays under 3 MB."""

_SAVE_SCALE = 2.0
"""Files are drawn at twice the notebook's resolution, for print and for dense screens."""

_PIXEL_LIMIT = 120_000_000
"""A file larger than this is drawn at a smaller scale: viewers refuse it."""

Axis = str | Sequence[str] | None


class ContactSheet:
    """Frames on one page: rows and columns are axes of the sweep, captions print only what else differs.

    `rows`, `columns` and `pages` are paths such as `"lens.f_number"` or `"seed"`, or several, outermost first; a page
    axis makes a grid for each value. Without rows and columns the frames follow each other. `failed` are the errors of
    shots that have no picture: each is shown in its place.

    Nothing is drawn until the sheet is shown or saved. Raises `SheetError` for an axis that names no field.
    """

    def __init__(  # noqa: PLR0913 - each option of a sheet is a word of its own
        self,
        frames: Iterable[Frame],
        rows: Axis = None,
        columns: Axis = None,
        title: str | None = None,
        theme: ThemeName = "dark",
        *,
        pages: Axis = None,
        style: Style = "grid",
        cell: int | None = None,
        failed: Iterable[EngineError] = (),
    ) -> None:
        self._frames: tuple[Frame | Blank, ...] = (*frames, *(Blank.of(error) for error in failed))
        _check(self._frames, style, cell)
        self._title = title
        self._theme = theme_named(theme)
        self._style: Style = style
        self._cell = cell
        self._layout = lay_out(self._frames, rows=rows, columns=columns, pages=pages)

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
        page = compose(self._content, self._layout, self._theme, style=self._style, cell=self._cell)
        return draw_page(page, self._load, scale=scale)

    def table(self) -> SheetTable:
        """The frames as an accessible table: a row for each, with its axis values and a description."""
        return SheetTable.of(self._frames, self._layout, self._content.faults)

    def save(self, path: str | Path) -> Path:
        """Write the sheet to a file and return its path; the ending of the name chooses the format."""
        target = Path(path).expanduser()
        if target.suffix.lower() not in _WRITERS:
            known = ", ".join(_WRITERS)
            raise SheetError(
                f"A sheet was to be saved as {target.name!r}.{did_you_mean(target.suffix, _WRITERS)} "
                f"Endings are: {known}."
            )
        target.parent.mkdir(parents=True, exist_ok=True)
        _WRITERS[target.suffix.lower()](self, target)
        return target

    @property
    def alt(self) -> str:
        """What the sheet shows, in one sentence, for a reader who does not see it."""
        told = [f"{len(self.frames)} frames", *(part for part in (self._content.subtitle,) if part)]
        axes = legend(self._layout)
        return f"Contact sheet{f' “{self._title}”' if self._title else ''}: {', '.join(told)}. {axes}".strip()

    @cached_property
    def _content(self) -> Content:
        faults = {i: frame.reason for i, frame in enumerate(self._frames) if isinstance(frame, Blank)}
        return Content(
            frames=self._frames,
            faults=faults,
            title=self._title,
            subtitle=constants(self._frames),
            legend=legend(self._layout),
            note=tally(self._frames, faults),
        )

    def _load(self, index: int) -> Image:
        frame = self._frames[index]
        assert isinstance(frame, Frame)
        return frame.image

    @cached_property
    def _notebook_png(self) -> bytes:
        png = _png(self.picture())
        while len(png) > _NOTEBOOK_BYTES:
            png = _png(self.picture(scale=0.92 * (_NOTEBOOK_BYTES / len(png)) ** 0.5))
        return png

    def _repr_png_(self) -> bytes:
        return self._notebook_png

    def _repr_mimebundle_(self, **_options: Any) -> tuple[dict[str, Any], dict[str, Any]]:
        """The picture with a description; text for everything that shows no pictures."""
        return {"image/png": self._repr_png_(), "text/plain": repr(self)}, {"image/png": {"alt": self.alt}}

    def __repr__(self) -> str:
        placed = [*self._layout.pages, *self._layout.rows, *self._layout.columns]
        shape = " x ".join(f"{path} ({self._count(path)})" for path in placed)
        captions = ", ".join(self._layout.captions)
        parts = [self._content.note, shape, f"captions: {captions}" if captions else ""]
        return f"ContactSheet({'; '.join(part for part in parts if part)})"

    def _count(self, path: str) -> int:
        from fluxkit.sheets.axes import key_of, value_of

        return len({key_of(value_of(frame, path)) for frame in self._frames})

    def _save_png(self, target: Path) -> None:
        page = compose(self._content, self._layout, self._theme, style=self._style, cell=self._cell)
        scale = min(_SAVE_SCALE, (_PIXEL_LIMIT / (page.width * page.height)) ** 0.5)
        draw_page(page, self._load, scale=scale).save(target, "PNG", compress_level=4)


_WRITERS = {".png": ContactSheet._save_png}
"""How each format is written, by the ending of its name."""


def _png(picture: Image) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, "PNG", compress_level=6)
    return buffer.getvalue()


def _check(frames: Sequence[Frame | Blank], style: str, cell: int | None) -> None:
    if not frames:
        raise SheetError("A contact sheet was asked for, but there are no frames. Give it at least one.")
    if style not in ("grid", "strip"):
        raise SheetError(f"style={style!r} was asked for.{did_you_mean(style, ('grid', 'strip'))} Styles: grid, strip.")
    if cell is not None and not 32 <= cell <= 2048:
        raise SheetError(f"cell={cell} was asked for; a picture is 32 to 2048 pixels on a sheet. Leave it out to fit.")
