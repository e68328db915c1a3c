"""The captions of all training pictures, worded once by nano's template and kept as JSON lines.

A caption is a row of slots ("Woman, grey studio, soft light, ..."), so training can leave slots out and swap sides.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from fluxkit.nano.data import SEED
from fluxkit.nano.scenes import caption
from fluxkit.nano.worlds import mirrored, sample

SEPARATOR = ", "


def slots_of(text: str) -> list[str]:
    """The slots of a caption, lower case and without the final stop.

    >>> slots_of("Pear, oak table, f/2.")
    ['pear', 'oak table', 'f/2']
    """
    return text.lower().removesuffix(".").split(SEPARATOR)


def mirrored_slots(slots: list[str]) -> list[str]:
    """The slots of the mirrored picture."""
    return [mirrored(slot) if slot.startswith("light from") else slot for slot in slots]


def captions(work: Path, count: int) -> list[list[str]]:
    """The slots of every training picture; worded now where the file does not hold them yet."""
    path = work / "captions.jsonl"
    known: list[list[str]] = []
    if path.exists():
        known = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines() if line.endswith("]")]
    if len(known) < count:
        with path.open("w", encoding="utf-8") as file:
            file.writelines(json.dumps(slots) + "\n" for slots in known)
            for index in range(len(known), count):
                known.append(slots_of(caption(sample(SEED, index))))
                file.write(json.dumps(known[-1]) + "\n")
    return known[:count]


def main() -> None:
    """Words the captions from the command line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--work", type=Path, default=Path("nano-work"))
    parser.add_argument("--count", type=int, default=26000)
    given = parser.parse_args()
    captions(given.work, given.count)


if __name__ == "__main__":
    main()
