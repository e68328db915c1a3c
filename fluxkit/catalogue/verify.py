"""Looking at every file of a catalogue: is each picture there, and still what it was?"""

from __future__ import annotations

from fluxkit._base import Record
from fluxkit.catalogue.index import Index
from fluxkit.catalogue.ledger import Ledger
from fluxkit.errors import FrameError
from fluxkit.frames import metadata


class Verification(Record):
    """What `Catalogue.verify` found. True in an `if` where everything is as it should be."""

    frames: int = 0
    """Frames in the index."""

    missing: tuple[str, ...] = ()
    """Ids of frames whose file is gone; shooting them again puts them back."""

    damaged: tuple[str, ...] = ()
    """Ids of frames whose file is no longer what it was when it was kept."""

    strays: tuple[str, ...] = ()
    """Picture files that the index does not know; `Catalogue.rebuild` takes them in where they are frames."""

    foreign: tuple[str, ...] = ()
    """Picture files that hold no frame of ours."""

    def __bool__(self) -> bool:
        return not (self.missing or self.damaged or self.strays or self.foreign)

    def __repr__(self) -> str:
        lines = [f"{self.frames:,} frames: {'every file is whole' if self else 'not every file is whole'}"]
        for title, names in (
            ("file gone", self.missing),
            ("file changed", self.damaged),
            ("frame not in the index", self.strays),
            ("not a frame", self.foreign),
        ):
            lines += [f"  {title}: {name}" for name in names]
        return "\n".join(lines)


def verify(ledger: Ledger) -> Verification:
    """Hash every file again and compare it with its name."""

    def run(index: Index) -> list[tuple[str, int, str]]:
        return index.rows("SELECT shot_id, take, file FROM frames ORDER BY seq")

    rows = ledger.ask(run)
    missing, damaged = [], []
    for shot_id, take, file in rows:
        if not ledger.store.path(file).is_file():
            missing.append(f"frame1-{shot_id.partition('-')[2]}-{take}")
        elif not ledger.store.is_whole(file):
            damaged.append(f"frame1-{shot_id.partition('-')[2]}-{take}")
    known = {file for _shot, _take, file in rows}
    unknown = [file for file in ledger.store.files() if file not in known]
    strays = [file for file in unknown if _is_frame(ledger, file)]
    return Verification(
        frames=len(rows),
        missing=tuple(missing),
        damaged=tuple(damaged),
        strays=tuple(strays),
        foreign=tuple(file for file in unknown if file not in strays),
    )


def _is_frame(ledger: Ledger, file: str) -> bool:
    try:
        metadata.read(ledger.store.path(file))
    except (FrameError, OSError):
        return False
    return ledger.store.is_whole(file)
