"""Pictures by content: a file's name is the hash of what is in it, so it never changes and never collides."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from pathlib import Path

from fluxkit.frames.atomic import write_atomic

SUFFIXES = (".png", ".jpg", ".webp")


def name_of(data: bytes, suffix: str = ".png") -> str:
    """The name under which a picture is kept: the hash of its bytes."""
    return f"{hashlib.sha256(data).hexdigest()}{suffix}"


class Store:
    """The folders of one catalogue: `files/ab/<sha256>.png`, `thumbs/ab/<sha256>.jpg`, `incoming/` for unfinished ones.

    Whoever writes holds the index's write lock, so whatever lies in `incoming/` then was left by a crash.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def path(self, file: str) -> Path:
        """Where a picture lies."""
        return self._folder / "files" / file[:2] / file

    def thumbnail_path(self, file: str) -> Path:
        """Where its thumbnail lies."""
        return self._folder / "thumbs" / file[:2] / f"{file.partition('.')[0]}.jpg"

    def put(self, file: str, data: bytes) -> None:
        """Keep a picture under its name (see `name_of`), on the disk when this returns."""
        self._keep(self.path(file), data, durable=True)

    def put_thumbnail(self, file: str, data: bytes) -> None:
        """Keep a thumbnail. It can be made again, so a crash may take it."""
        self._keep(self.thumbnail_path(file), data, durable=False)

    def files(self) -> Iterator[str]:
        """The names of all pictures that lie here, in the order of their names."""
        for path in sorted((self._folder / "files").glob("??/*")):
            if path.suffix in SUFFIXES and not path.name.startswith("."):
                yield path.name

    def is_whole(self, file: str) -> bool:
        """Whether a picture is there and still is what its name says."""
        try:
            with self.path(file).open("rb") as stream:
                return hashlib.file_digest(stream, "sha256").hexdigest() == file.partition(".")[0]
        except FileNotFoundError:
            return False

    def sweep_incoming(self) -> int:
        """Remove what a crash left unfinished; how many files that were."""
        left = list((self._folder / "incoming").glob(".*"))
        for path in left:
            with contextlib.suppress(OSError):
                path.unlink()
        return len(left)

    def _keep(self, target: Path, data: bytes, *, durable: bool) -> None:
        if target.is_file():
            return
        incoming = self._folder / "incoming"
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_atomic(target, data, folder=incoming, durable=durable)
        except FileNotFoundError:
            incoming.mkdir(parents=True, exist_ok=True)
            write_atomic(target, data, folder=incoming, durable=durable)
