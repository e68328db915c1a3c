"""The input pictures of shots, kept as files beside the catalogue, so that a shot from a file can be made again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from fluxkit.errors import CatalogueError
from fluxkit.frames.atomic import write_atomic
from fluxkit.frames.png import encode
from fluxkit.shots.shot import Shot

if TYPE_CHECKING:
    from PIL.Image import Image


class KeptInputs:
    """A folder of PNG files named by their content; it is a source of pictures for records that lost their pixels."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def keep(self, shot: Shot) -> None:
        """Write the shot's pictures that are not there yet; raises `CatalogueError` where they cannot be written."""
        for picture in (shot.inputs.pictures() if shot.inputs else {}).values():
            path = self._folder / f"{picture.content}.png"
            if path.is_file():
                continue
            try:
                path.parent.mkdir(parents=True, exist_ok=True)
                write_atomic(path, encode(picture.image))
            except OSError as error:
                raise CatalogueError(
                    f"An input picture was to be kept in the catalogue, but it cannot be written ({error.strerror}). A "
                    f"writable folder with space is needed. Free space, or open the session with another catalogue."
                ) from error

    def __call__(self, content: str) -> Image | None:
        """The picture of a content hash; None where it is not kept here."""
        from PIL import Image

        path = self._folder / f"{content}.png"
        if not path.is_file():
            return None
        with Image.open(path) as opened:
            opened.load()
            return opened
