"""Writing a file so that it is there whole, or not at all."""

from __future__ import annotations

import contextlib
import os
import secrets
from pathlib import Path

PART = ".part"
"""How the name of an unfinished file ends; no reader takes such a file for a picture."""


def write_atomic(path: Path, data: bytes, *, folder: Path | None = None, durable: bool = True) -> None:
    """Write `data` to `path` through a temporary file, so that a reader or a crash never meets half a file.

    `folder` holds the temporary file (the target's own folder unless told; it must be on the same disk). `durable`
    waits until the disk has it. Raises `OSError`; the old file, if there was one, is then still whole.
    """
    part = (folder or path.parent) / f".{path.name}.{secrets.token_hex(4)}{PART}"
    try:
        with part.open("xb") as file:
            file.write(data)
            file.flush()
            if durable:
                os.fsync(file.fileno())
        part.replace(path)
    except BaseException:
        with contextlib.suppress(OSError):
            part.unlink()
        raise
    if durable:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Make the names in a folder survive a power cut, where the system can."""
    with contextlib.suppress(OSError, AttributeError):
        handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
