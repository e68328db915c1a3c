"""How fast a contact sheet is composed: 100 frames in memory, against matplotlib's subplots, in one run.

PYTHONPATH=. python bench/sheets.py [frames] [side]
"""

from __future__ import annotations

import io
import sys
import time
from collections.abc import Callable

import numpy as np
from PIL import Image

from fluxkit.frames import Frame, Provenance
from fluxkit.sheets import ContactSheet
from fluxkit.shots.shot import Shot


def main(count: int = 100, side: int = 1024) -> None:
    """Write seconds for each way of making one sheet, best of its rounds."""
    frames = [_frame(seed, side) for seed in range(count)]
    ours = _best(lambda: ContactSheet(frames, title="Sheet", cell=256).picture(), rounds=7)
    encoded = _best(lambda: ContactSheet(frames, title="Sheet")._repr_png_(), rounds=3)
    theirs = _best(lambda: _matplotlib(frames), rounds=2)
    drawn = _best(lambda: _matplotlib(frames, encode=False), rounds=2)
    lines = [
        f"{count} frames of {side} x {side} in memory, best of the rounds, seconds",
        f"  fluxkit, 256 px cells, composed       {ours:7.3f}",
        f"  fluxkit, the notebook's PNG, encoded  {encoded:7.3f}",
        f"  matplotlib subplots, drawn            {drawn:7.3f}  ({drawn / ours:.0f} x composing)",
        f"  matplotlib subplots, saved as PNG     {theirs:7.3f}  ({theirs / encoded:.0f} x the notebook's PNG)",
    ]
    sys.stdout.write("\n".join(lines) + "\n")


def _frame(seed: int, side: int) -> Frame:
    rng = np.random.default_rng(seed)
    small = rng.integers(0, 255, (side // 32, side // 32, 3), dtype=np.uint8)
    picture = Image.fromarray(small).resize((side, side), Image.Resampling.BICUBIC)
    shot = Shot(model="flux.1-schnell", prompt="a pear", seed=seed, width=side, height=side)
    return Frame(shot, picture, provenance=Provenance(engine="function"))


def _matplotlib(frames: list[Frame], *, encode: bool = True) -> None:
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot

    across = 10
    figure, axes = pyplot.subplots(-(-len(frames) // across), across, figsize=(26, 26), squeeze=False)
    for axis, frame in zip(axes.flat, frames, strict=False):
        axis.imshow(frame.image)
        axis.set_title(f"seed {frame.shot.seed}")
        axis.axis("off")
    if encode:
        figure.savefig(io.BytesIO(), format="png", dpi=100)
    else:
        figure.canvas.draw()
    pyplot.close(figure)


def _best(work: Callable[[], object], *, rounds: int) -> float:
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:]))
