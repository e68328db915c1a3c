"""What Ray costs: the time of a shot that does nothing, the gain of two actors, and the driver's part of a frame.

    python bench/ray_engine.py

Two logical GPUs on this machine. `overhead`: shots of a function that returns a ready picture, through two actors, less
the same function called directly. `gain`: 40 sleeping shots on two actors against one after another. `driver`: filing
one 1024 x 1024 frame that came as PNG bytes, the figure that docs/ray.md's simulation uses.
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from functools import partial

os.environ["RAY_USAGE_STATS_ENABLED"] = "0"

import numpy as np
import ray
from PIL import Image

import fluxkit as fk
from fluxkit.engines.ray.wire import EncodedFrame, Made
from fluxkit.frames import png
from fluxkit.shots import Shot


def shots(count: int) -> list[Shot]:
    """Plain requests."""
    return [
        Shot(model="flux.1-schnell", prompt="A cat.", width=256, height=256, steps=1, seed=seed)
        for seed in range(count)
    ]


def picture(seconds: float, shot: Shot) -> Image.Image:
    """A ready picture after a while."""
    time.sleep(seconds)
    return Image.new("RGB", (64, 64))


def best_of(rounds: int, work: Callable[[], object]) -> float:
    """The shortest of several tries, in seconds."""
    times = []
    for _ in range(rounds):
        start = time.perf_counter()
        work()
        times.append(time.perf_counter() - start)
    return min(times)


def crew(seconds: float) -> fk.RayEngine:
    """Two actors that are up."""
    engine = fk.RayEngine(engine=partial(fk.FunctionEngine, partial(picture, seconds)))
    while len(engine.ready) < 2:
        list(engine.shoot(shots(4)))
    return engine


def overhead() -> None:
    """What a shot costs on its way."""
    engine, asked = crew(0), shots(400)
    through = best_of(5, lambda: list(engine.shoot(asked)))
    direct = best_of(5, lambda: list(fk.FunctionEngine(partial(picture, 0)).shoot(asked)))
    engine.close()
    print(f"overhead: {(through - direct) / 400 * 1000:.2f} ms a shot (bound 3 ms)")


def gain() -> None:
    """Two actors against one process."""
    engine, asked = crew(0.1), shots(40)
    together = best_of(3, lambda: list(engine.shoot(asked)))
    alone = best_of(1, lambda: list(fk.FunctionEngine(partial(picture, 0.1)).shoot(asked)))
    engine.close()
    print(f"gain: {alone / together:.2f} times faster on two actors (bound 1.7)")


def driver() -> None:
    """Filing one frame."""
    noise = np.random.default_rng(1).normal(128, 20, (64, 64, 3)).clip(0, 255).astype("uint8")
    image = Image.fromarray(noise).resize((1024, 1024), Image.Resampling.BICUBIC)
    data = png.encode(image)
    made = fk.Provenance(engine="local")
    with tempfile.TemporaryDirectory() as folder, fk.Catalogue(folder) as kept:
        times = []
        for number, shot in enumerate(shots(30)):
            frame = EncodedFrame(shot, Made(shot.id, data, made, {}))
            start = time.perf_counter()
            kept.add(frame)
            times.append(time.perf_counter() - start)
            assert number or kept.frames()
    print(f"driver: {statistics.median(times) * 1000:.0f} ms to file a frame of {len(data) / 1e6:.1f} MB")


if __name__ == "__main__":
    ray.init(
        num_cpus=2,
        num_gpus=2,
        include_dashboard=False,
        log_to_driver=False,
        logging_level="ERROR",
        _node_ip_address="127.0.0.1",
    )
    overhead()
    gain()
    driver()
    ray.shutdown()
