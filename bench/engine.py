"""The local engine against diffusers' pipeline, in one process, on a CPU, by processor time.

    python bench/engine.py [overhead] [sweep]

`overhead`: what one picture costs around a transformer that does nothing (28 steps, 19 + 38 blocks as in FLUX.1), so
Python alone is measured. `sweep`: 4 prompts x 4 seeds x 4 guidances on a tiny pipeline, pictures written as PNG.
Each prints a line for docs/benchmarks.md and exits with an error where its bound does not hold.
"""

from __future__ import annotations

import os
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

import torch
from diffusers import FluxTransformer2DModel

from fluxkit import models
from fluxkit.engines import silent
from fluxkit.engines.local import LocalEngine
from fluxkit.engines.local.device import Device
from fluxkit.engines.local.embeds import Embeds
from fluxkit.engines.local.makers import OwnLoop
from fluxkit.shots.shot import Shot

STEPS = 28
ROUNDS = 7
WORDS = ("red cat", "green dog", "blue car", "portrait woman")


class Held(dict[str, Any]):
    """Parts that are in memory already."""

    device = Device("cpu", "float32")
    table = None


def overhead() -> bool:
    """Milliseconds a picture, best of several rounds, the two ways taking turns."""
    from tests import tiny

    pipeline = tiny.flux1()
    pipeline.transformer = FluxTransformer2DModel(
        num_layers=19, num_single_layers=38, attention_head_dim=16, num_attention_heads=2, joint_attention_dim=32,
        pooled_projection_dim=32, guidance_embeds=True, axes_dims_rope=(4, 4, 8),
    ).eval()  # fmt: skip
    pipeline.transformer.forward = lambda hidden_states, **_: (torch.zeros_like(hidden_states),)
    embeds = Embeds(torch.zeros(1, 512, 32), torch.zeros(1, 32))
    shot = Shot(model="flux.1-dev", prompt="a cat", seed=1, steps=STEPS, guidance=3.5, width=64, height=64)
    loop = OwnLoop(Held(transformer=pipeline.transformer, scheduler=pipeline.scheduler))  # type: ignore[arg-type]

    def theirs() -> None:
        pipeline(
            prompt_embeds=embeds.tokens, pooled_prompt_embeds=embeds.pooled, num_inference_steps=STEPS, width=64,
            height=64, guidance_scale=3.5, output_type="latent", generator=torch.Generator("cpu").manual_seed(1),
        )  # fmt: skip

    def ours() -> None:
        loop.expose(shot, embeds, None, lambda *_: None)

    own, peer = _interleaved(ours, theirs)
    print(f"| engine overhead, {STEPS} steps | {own * 1e3:.2f} ms | {peer * 1e3:.1f} ms | {peer / own:.1f} times |")
    return peer / own >= 4


def sweep() -> bool:
    """The sweep at one step, as far as the words and the file count most, and at two."""
    one, two = _sweep(1), _sweep(2)
    return one and two


def _sweep(steps: int) -> bool:
    """64 pictures, each way once, after one picture to warm up."""
    from fluxkit.frames.png import encode
    from tests import tiny

    pipeline = tiny.flux1()
    with tempfile.TemporaryDirectory() as name:
        folder = tiny.saved(pipeline, Path(name) / "tiny")
        spec = models.get("flux.1-dev").with_(weights=str(folder))
        engine = LocalEngine(device="cpu")
        shots = [
            Shot(model=spec.id, spec=spec, prompt=words, seed=seed, guidance=guidance, steps=steps, width=64, height=64)
            for words in WORDS
            for seed in range(4)
            for guidance in (1.0, 2.0, 3.0, 4.0)
        ]
        next(iter(engine.shoot(shots[:1], silent)))
        engine.embeds.clear()
        engine.embeds.encoded = 0

        def ours() -> None:
            for index, frame in enumerate(engine.shoot(shots, silent)):
                (folder / f"ours{index}.png").write_bytes(encode(frame.image))

        def theirs() -> None:
            for index, shot in enumerate(shots):
                image = pipeline(
                    str(shot.prompt), num_inference_steps=steps, width=64, height=64, guidance_scale=shot.guidance,
                    generator=torch.Generator("cpu").manual_seed(shot.seed),
                ).images[0]  # fmt: skip
                image.save(folder / f"theirs{index}.png")

        own, peer = _timed(ours), _timed(theirs)
    encoded = engine.embeds.encoded
    row = f"sweep of 64, steps {steps}, {encoded} prompts encoded"
    print(f"| {row} | {own:.2f} s | {peer:.2f} s | {peer / own:.1f} times |")
    return encoded == len(WORDS) and peer / own >= 1.5


def _interleaved(ours: Callable[[], None], theirs: Callable[[], None]) -> tuple[float, float]:
    rounds = [(_timed(ours), _timed(theirs)) for _ in range(ROUNDS)]
    return min(own for own, _ in rounds), min(peer for _, peer in rounds)


def _timed(work: Callable[[], None]) -> float:
    start = time.process_time()
    work()
    return time.process_time() - start


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
    torch.set_num_threads(1)
    asked = sys.argv[1:] or ["overhead", "sweep"]
    held = [{"overhead": overhead, "sweep": sweep}[name]() for name in asked]
    sys.exit(0 if all(held) else "a bound does not hold")
