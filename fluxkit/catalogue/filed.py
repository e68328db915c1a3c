"""`FiledFrame`: a frame whose picture and record lie in a catalogue and are read when asked for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any, Self

from fluxkit.errors import FrameError
from fluxkit.frames import metadata, thumbnail
from fluxkit.frames.frame import Frame
from fluxkit.frames.ingredients import Ingredient
from fluxkit.frames.marks import Marks
from fluxkit.frames.provenance import Provenance
from fluxkit.frames.record import FrameRecord
from fluxkit.shots.shot import Shot

if TYPE_CHECKING:
    from PIL.Image import Image

    from fluxkit.catalogue.catalogue import Catalogue
    from fluxkit.shots.inputs import Picture


@dataclass(frozen=True, slots=True)
class Row:
    """What the index knows of a frame without opening its file."""

    seq: int
    shot_id: str
    take: int
    file: str
    fingerprint: str
    made: float


class FiledFrame(Frame):
    """A frame in a catalogue. Making one costs microseconds: its file is opened for the record or the pixels."""

    def __init__(self, catalogue: Catalogue, row: Row, shot: Shot | None = None) -> None:
        self._catalogue = catalogue
        self._row = row
        self._asked = shot
        self._record: FrameRecord | None = None
        self._source = metadata.loader(catalogue.store.path(row.file))
        self._image: Image | None = None

    @property
    def shot(self) -> Shot:
        """What was asked for."""
        return self._asked if self._asked is not None else self._read().shot

    @property
    def take(self) -> int:
        """Which picture of its shot this is, from 0."""
        return self._row.take

    @property
    def provenance(self) -> Provenance:
        """How it was made."""
        return self._read().provenance

    @property
    def catalogue(self) -> Catalogue:
        """Where it lies."""
        return self._catalogue

    @property
    def made(self) -> datetime:
        """When it entered the catalogue, in UTC."""
        return datetime.fromtimestamp(self._row.made, UTC)

    @property
    def id(self) -> str:
        """The shot's content hash and the take: `frame1-<16 digits>-<take>`."""
        return f"frame1-{self._row.shot_id.partition('-')[2]}-{self._row.take}"

    @property
    def fingerprint(self) -> str:
        """A hash of the pixels alone (12 hexadecimal digits), from the index."""
        return self._row.fingerprint

    @property
    def receipt(self) -> dict[str, Any]:
        """What it cost to make; see `Catalogue.receipt`."""
        return self._catalogue.receipt(self)

    @property
    def marks(self) -> Marks:
        """What was said about it: rating, pick, tags, note, project."""
        return self._catalogue.marks(self)

    def thumbnail(self) -> Image:
        """The picture at most 256 pixels wide and high, from the catalogue's store of thumbnails."""
        from PIL import Image

        path = self._catalogue.store.thumbnail_path(self._row.file)
        try:
            with Image.open(path) as picture:
                return picture.convert("RGB")
        except OSError:
            return thumbnail.shrunk(self.image)

    def with_shot(self, shot: Shot) -> Self:
        """The same picture filed under an equal request."""
        return type(self)(self._catalogue, self._row, shot)

    def is_of(self, catalogue: Catalogue) -> bool:
        """Whether this frame lies in that catalogue."""
        return self._catalogue is catalogue

    @property
    def file(self) -> str:
        """The name of its file in the catalogue's store."""
        return self._row.file

    def _said(self) -> Marks:
        return self.marks

    def _made_of(self) -> list[Ingredient]:
        sources = [self._catalogue.find(of) for role, of in self._catalogue.sources(self) if role == "develop"]
        developed = [Ingredient(self._catalogue.store.path(found.file).read_bytes()) for found in sources if found]
        return developed or super()._made_of()

    def _ingredient(self, picture: Picture) -> bytes:
        """A frame of the catalogue goes in as its file, with all that it says of itself."""
        found = self._catalogue.find(picture.content)
        return super()._ingredient(picture) if found is None else self._catalogue.store.path(found.file).read_bytes()

    def _read(self) -> FrameRecord:
        if self._record is None:
            path = self._catalogue.store.path(self._row.file)
            try:
                self._record = metadata.read(path)
            except FileNotFoundError:
                raise FrameError(
                    f"{self.id} is in the catalogue, but its file is gone. `catalogue.verify()` lists what is missing; "
                    "shooting it again replaces it."
                ) from None
        return self._record
