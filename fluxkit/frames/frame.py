"""`Frame`: one picture that came back, with the shot that asked for it and how it was made."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from fluxkit.errors import FrameError
from fluxkit.frames import metadata, png
from fluxkit.frames.ingredients import Ingredient, files_as_ingredients
from fluxkit.frames.marks import Marks
from fluxkit.frames.privacy import Privacy
from fluxkit.frames.provenance import Provenance, Source
from fluxkit.frames.thumbnail import shrunk
from fluxkit.shots.shot import Shot

if TYPE_CHECKING:
    from PIL.Image import Image

    from fluxkit.frames.signing import SigningKey
    from fluxkit.measure import Measurements
    from fluxkit.scene import FilmStock
    from fluxkit.shots.inputs import Picture

_DEVELOPED = "developed"
DEVELOPED = f"options.{_DEVELOPED}"
"""Where a developed frame's shot says how; its film and its seed are axes of their own."""


class Frame:
    """A picture, its shot, its take and its provenance.

    Frames are made by engines and catalogues. `image` is loaded when first asked for, as 8-bit RGB.
    """

    def __init__(
        self,
        shot: Shot,
        image: Image | Callable[[], Image],
        *,
        provenance: Provenance,
        take: int = 0,
        made: datetime | None = None,
        receipt: Mapping[str, Any] | None = None,
    ) -> None:
        self._receipt = dict(receipt or {})
        self._shot = shot
        self._source = image
        self._image: Image | None = None if callable(image) else image.convert("RGB")
        self._provenance = provenance
        self._take = take
        self._made = made

    @property
    def shot(self) -> Shot:
        """What was asked for."""
        return self._shot

    @property
    def take(self) -> int:
        """0 for the first picture of a shot; counts up when the same shot is taken again on purpose."""
        return self._take

    @property
    def provenance(self) -> Provenance:
        """How it was made."""
        return self._provenance

    @property
    def receipt(self) -> dict[str, Any]:
        """What it cost to make, as its engine counted: `seconds`, `peak_bytes`, `usd`, ...; never part of a file."""
        return dict(self._receipt)

    @property
    def made(self) -> datetime | None:
        """When the picture entered a catalogue, in UTC; None where nobody wrote it down."""
        return self._made

    @property
    def id(self) -> str:
        """The shot's content hash and the take: `frame1-<16 digits>-<take>`."""
        return f"frame1-{self.shot.id.partition('-')[2]}-{self.take}"

    @property
    def image(self) -> Image:
        """The picture as an 8-bit RGB Pillow image."""
        if self._image is None:
            self._image = self._source().convert("RGB") if callable(self._source) else self._source.convert("RGB")
        return self._image

    @property
    def fingerprint(self) -> str:
        """A hash of the pixels alone (12 hexadecimal digits): equal for identical pictures in any file format."""
        size = f"{self.image.width}x{self.image.height}:".encode()
        return hashlib.sha256(size + self.image.tobytes()).hexdigest()[:12]

    def thumbnail(self) -> Image:
        """The picture at most 256 pixels wide and high; a catalogue keeps it ready."""
        return shrunk(self.image)

    def value(self, path: str) -> Any:
        """The value of an axis for this frame; see `Shot.value`."""
        return self.shot.value(path)

    def with_shot(self, shot: Shot) -> Self:
        """The same picture filed under an equal request, for instance with the scene that asks for it now."""
        source = self._image or self._source
        return type(self)(
            shot, source, provenance=self._provenance, take=self._take, made=self._made, receipt=self._receipt
        )

    def save(
        self,
        path: str | Path,
        *,
        privacy: Privacy = "full",
        quality: int = 95,
        key: SigningKey | None = None,
        ingredients: Sequence[str | Path] | None = None,
    ) -> Path:
        """Write the picture with its scene, request and provenance inside; returns the path.

        The name's ending chooses the format: `.png` (exact pixels), `.jpg` or `.webp` (both at `quality`).
        `privacy="minimal"` says that the picture is synthetic, which model made it and its id, and leaves out prompt
        and scene; "none" writes nothing, not even that it is synthetic, which the law may ask for where you publish.
        With a `key` the file is signed with a C2PA content credential (extra `provenance`), which names what the
        picture was made from: the picture that was filled or edited, control pictures, references. `ingredients` are
        files to name instead, the edited one first: an original with a credential of its own, say. `[]` names none.
        """
        target = Path(path).expanduser()
        parts = [] if key is None else self._made_of() if ingredients is None else files_as_ingredients(ingredients)
        metadata.write(self, target, privacy=privacy, marks=self._said(), quality=quality, key=key, ingredients=parts)
        return target

    @classmethod
    def open(cls, path: str | Path) -> Self:
        """The frame inside a picture file that fluxkit wrote: its scene, shot and provenance come back.

        Raises `FrameError` for a file that is missing, no picture, or holds no frame.
        """
        source = Path(path).expanduser()
        if not source.is_file():
            raise FrameError(f"A frame was to be opened from {source.name!r}, but there is no such file.")
        record = metadata.read(source)
        return cls(
            record.shot,
            metadata.loader(source),
            provenance=record.provenance,
            take=record.take,
            made=record.made,
        )

    def _said(self) -> Marks:
        """Rating, caption and keywords for photo software: only frames of a catalogue have any."""
        return Marks()

    def _made_of(self) -> list[Ingredient]:
        """The pictures that its shot was given, for a content credential; the first base is its parent."""
        inputs = self.shot.inputs
        if inputs is None:
            return []
        method, parts = inputs.method(self.shot.spec), []
        for role, picture in inputs.pictures().items():
            if role != "mask":
                is_base = role == "image" or (method == "edit" and role == "reference.0")
                parts.append(Ingredient(self._ingredient(picture), "parent" if is_base else role.partition(".")[0]))
        return parts

    def _ingredient(self, picture: Picture) -> bytes:
        """The file of a picture that this one was made from."""
        return png.encode(picture.image)

    def measure(self) -> Measurements:
        """What the picture shows (light, focus, grain, tone, colour), beside what its scene asked for.

        A mapping by name: `frame.measure()["key_light"].value["azimuth_deg"]`. Frames without a scene get no verdicts.
        """
        from fluxkit.measure import against

        return against(self.shot.scene, self.image)

    def develop(self, film: FilmStock, *, seed: int | None = None) -> Frame:
        """A new frame of this picture on `film`: tone curve, colour and grain, for models that draw no film.

        The step is written down: the new frame's shot carries it (so its id is its own), its scene asks for the film,
        and its provenance names this frame as its source. `seed` fixes the grain; unset, it is the shot's. Raises
        `FrameError` for a frame that was developed already: its record holds one development.
        """
        from fluxkit.frames.develop import describe, developed

        before = self.shot.options.get(_DEVELOPED)
        if before is not None:
            raise FrameError(
                f"{self.id} was to be developed on {film.name}, but it was developed already ({before}). A picture is "
                f"developed once. Develop the frame that it was developed from: its provenance.sources names it."
            )
        chance = self.shot.seed if seed is None else seed
        image, step = developed(self.image, film, seed=chance), describe(film, chance)
        scene = None if self.shot.scene is None else self.shot.scene.with_(film=film)
        shot = self.shot.with_(scene=scene, options={**self.shot.options, _DEVELOPED: step})
        sources = (*self.provenance.sources, Source(role="develop", of=self.id))
        provenance = self.provenance.with_(sources=sources, levers=(*self.provenance.levers, _DEVELOPED))
        return Frame(shot, image, provenance=provenance, take=self.take)

    def png(self) -> bytes:
        """The picture as PNG bytes, without metadata."""
        return png.encode(self.image)

    def _repr_png_(self) -> bytes:
        return self.png()

    def __repr__(self) -> str:
        shot = self.shot
        return f"Frame({shot.model}, seed {shot.seed}, {shot.width} x {shot.height}, {self.id})"
