"""Frames that wait to be written, put down in a hurry: a killed process loses none of them.

Packing and syncing a picture takes longer than making some. So a frame is first put down unpacked and unsynced, which
a killed process cannot take back; whoever opens the catalogue next takes it in. (A power cut can still cost the few
frames that wait.)
"""

from __future__ import annotations

import contextlib
import itertools
import os
import threading
import time
from pathlib import Path

from fluxkit.catalogue import Catalogue
from fluxkit.errors import CatalogueError, FrameError
from fluxkit.frames import Frame, metadata

_live: set[Path] = set()
"""What this process put down and has not kept yet."""
_numbers = itertools.count()
_lock = threading.Lock()
_A_DAY_S = 86_400.0


class Spool:
    """The folder `spool` of one catalogue."""

    def __init__(self, catalogue: Catalogue) -> None:
        self._catalogue = catalogue
        self._folder = catalogue.folder / "spool"

    def put(self, frame: Frame) -> Path | None:
        """Put a frame down; None where that fails, as on a full disk: it then has to be kept at once."""
        path = self._folder / f"{os.getpid()}-{next(_numbers)}.png"
        part = path.with_suffix(".part")
        with _lock:
            _live.add(path)
        try:
            self._write(part, metadata.unpacked(frame))
            part.replace(path)
        except OSError:
            with contextlib.suppress(OSError):
                part.unlink()
            self.clear(path)
            return None
        return path

    def clear(self, path: Path) -> None:
        """Forget a frame that is kept."""
        with contextlib.suppress(OSError):
            path.unlink()
        with _lock:
            _live.discard(path)

    def close(self) -> None:
        """Take the folder away where nothing lies in it."""
        with contextlib.suppress(OSError):
            self._folder.rmdir()

    def leave(self, path: Path) -> None:
        """Let a frame that could not be kept lie: whoever recovers next takes it in."""
        with _lock:
            _live.discard(path)

    def recover(self) -> int:
        """Take in what killed processes put down, and what could not be kept before; how many frames that were."""
        found = 0
        for path in sorted(self._folder.glob("*-*.*")) if self._folder.is_dir() else ():
            if self._is_left(path):
                with contextlib.suppress(FrameError, CatalogueError):
                    self._catalogue.add(Frame.open(path))
                    found += 1
                    self.clear(path)
                if path.suffix == ".part":
                    self.clear(path)
        self.close()
        return found

    def _write(self, path: Path, data: bytes) -> None:
        try:
            path.write_bytes(data)
        except FileNotFoundError:
            # Only then: on some disks, to ask for a folder that is there costs more than the file.
            self._folder.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)

    @staticmethod
    def _is_left(path: Path) -> bool:
        """Whether the process that put it down is gone."""
        if path.with_suffix(".png") in _live:
            return False
        pid = int(path.name.partition("-")[0]) if path.name.partition("-")[0].isdigit() else 0
        if pid in (0, os.getpid()):
            return True
        if os.name == "nt":  # asking after a process would end it there
            return time.time() - path.stat().st_mtime > _A_DAY_S
        try:
            os.kill(pid, 0)
        except ProcessLookupError:
            return True
        except OSError:
            return False
        return False
