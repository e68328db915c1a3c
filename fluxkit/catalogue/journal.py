"""The catalogue's diary: one line for each picture kept and each word said about it, only ever appended to.

The pictures and this file are the catalogue; the index is made from them and can be made again.
"""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Entry = dict[str, Any]

NAME = "journal.jsonl"


class Journal:
    """The diary of one catalogue folder. Whoever appends holds the index's write lock."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / NAME
        self._whole_at = 0
        """A length at which the file is known to end with a whole line."""

    @property
    def size(self) -> int:
        """Length in bytes; 0 where there is none yet."""
        try:
            return self._path.stat().st_size
        except FileNotFoundError:
            return 0

    def append(self, entries: list[Entry], *, durable: bool = False) -> int:
        """Write the entries at the end, all or none; returns the new length. `durable` waits for the disk."""
        start = self.size
        lines = "".join(json.dumps(entry, ensure_ascii=False, separators=(",", ":")) + "\n" for entry in entries)
        with self._path.open("ab", buffering=0) as file:
            if start != self._whole_at and not self._ends_whole():
                # A line that a full disk or a crash cut short must not swallow the one after it.
                lines = "\n" + lines
            try:
                _write_all(file.fileno(), lines.encode())
                if durable:
                    os.fsync(file.fileno())
            except OSError:
                with contextlib.suppress(OSError):
                    file.truncate(start)
                raise
        self._whole_at = start + len(lines.encode())
        return self._whole_at

    def entries(self, start: int = 0) -> Iterator[Entry]:
        """The entries from a byte on; lines that a crash left unfinished are passed over."""
        if start >= self.size:
            return
        with self._path.open("rb") as file:
            file.seek(start)
            for line in file:
                with contextlib.suppress(ValueError):
                    entry = json.loads(line)
                    if isinstance(entry, dict) and "op" in entry:
                        yield entry

    def _ends_whole(self) -> bool:
        if not self.size:
            return True
        with self._path.open("rb") as file:
            file.seek(-1, os.SEEK_END)
            return file.read(1) == b"\n"


def _write_all(handle: int, data: bytes) -> None:
    while data:
        data = data[os.write(handle, data) :]
