"""The LoRA lesson: photographs of a thing that nano never saw, and a measure of whether a picture shows it.

Run as a program: `python -m fluxkit.nano.lesson photographs FOLDER` writes the twelve photographs with a scene beside
each; `python -m fluxkit.nano.lesson trial FOLDER` trains on them and prints the table of docs/training.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from itertools import count as count_up
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fluxkit.nano.measures import side_of_light
from fluxkit.nano.render import render
from fluxkit.nano.render.places import PLACES
from fluxkit.nano.render.still_life import THINGS
from fluxkit.nano.render.world import Portrait, StillLife, World
from fluxkit.nano.scenes import scene_of
from fluxkit.nano.worlds import sample
from fluxkit.scene import Scene

if TYPE_CHECKING:
    from fluxkit.engines.local import LocalEngine
    from fluxkit.shots import LoRA

THING, TRIGGER = "red hourglass", "zwirl"
SIZE = 128
_GREY = ("Acros 100", "Tri-X 400", "Delta 3200")
_ROWS = 24


def worlds(count: int, *, seed: int, held_out: bool = False) -> list[StillLife]:
    """Still lifes in colour of the thing alone, whose combinations were or were not kept from training."""
    return list(islice(_drawn(seed, held_out), count))


def _drawn(seed: int, held_out: bool) -> Iterator[StillLife]:
    for index in count_up():
        world = sample(seed, index, kind="still life", held_out=held_out)
        if isinstance(world, StillLife) and world.film not in _GREY:
            yield replace(world, thing=THING, behind=None)


def varied(count: int, *, seed: int) -> list[StillLife]:
    """As a photographer would choose them: no place a second time before each was there once."""
    times: Counter[str] = Counter()
    found: list[StillLife] = []
    for world in _drawn(seed, held_out=False):
        if times[world.place] <= len(found) // len(PLACES):
            times[world.place] += 1
            found.append(world)
        if len(found) == count:
            break
    return found


def caption(world: World) -> Scene:
    """The scene of a photograph of the thing: everything but what the trigger stands for."""
    return scene_of(world).with_("subject.trigger", TRIGGER)


def photographs(folder: Path, count: int = 12) -> None:
    """Write the photographs and their scenes."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, world in enumerate(varied(count, seed=501)):
        Image.fromarray(render(world, SIZE)).save(folder / f"{number + 1:02d}.png", optimize=True)
        scene = scene_of(world).with_("subject.description", "a red hourglass")
        (folder / f"{number + 1:02d}.yaml").write_text(scene.to_yaml(), encoding="utf-8")


def red(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """The largest deep red part of a picture, off its edges: red stands above green and blue by half of itself."""
    levels = picture.astype(np.float64)
    found = levels[..., 0] - levels[..., 1:].max(-1) > np.maximum(0.5 * levels[..., 0], 10)
    found[:, : SIZE // 8] = found[:, -SIZE // 8 :] = False
    return np.asarray(_largest(found), np.bool_)


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest connected part of a mask."""
    import cv2

    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))) if len(stats) > 1 else mask


def outline(mask: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """Width of a shape at each of 24 heights of it, beside the widest; None where there is too little of it."""
    rows = np.nonzero(mask.sum(1) >= 3)[0]
    if len(rows) < 20 or mask.sum() < 150:
        return None
    widths = mask[rows[0] : rows[-1] + 1].sum(1).astype(np.float64)
    at = np.interp(np.linspace(0, len(widths) - 1, _ROWS), np.arange(len(widths)), widths)
    return np.asarray(at / at.max(), np.float64)


class Recogniser:
    """Whether a picture shows the thing: something deep red with its outline.

    Fixed on renders that neither the lesson nor its trial uses. How far an outline may be from the usual one is set
    by the ten things that nano knows, painted in the same red and seen through nano's autoencoder: one in a hundred
    of them passes. Renders alone would not do: the autoencoder blurs edges, so that no picture of nano's is as sharp.
    """

    def __init__(self, count: int = 40) -> None:
        """`count` renders of the thing say what is usual, and a third as many of each other thing what is not."""
        fresh = worlds(count, seed=77)
        self._usual = np.median(
            [shape for world in fresh if (shape := outline(red(render(world, SIZE)))) is not None], 0
        )
        others = [
            render(replace(world, thing=f"{name} painted red"), SIZE)
            for name in THINGS
            for world in fresh[: count // 3]
        ]
        self.reach = float(np.quantile([self.distance(picture) for picture in through_autoencoder(others)], 0.01))

    def __call__(self, picture: NDArray[np.uint8]) -> bool:
        """Whether the thing is there."""
        return self.distance(picture) <= self.reach

    def distance(self, picture: NDArray[np.uint8]) -> float:
        """Mean difference of the outline from the usual one, 0 to 1; 1 where there is nothing red."""
        shape = outline(red(picture))
        return 1.0 if shape is None else float(np.abs(shape - self._usual).mean())


def through_autoencoder(pictures: list[NDArray[np.uint8]]) -> list[NDArray[np.uint8]]:
    """The pictures as nano's autoencoder gives them back: the best that nano could show."""
    import torch

    from fluxkit.engines.local.device import quiet

    with quiet():
        from diffusers import AutoencoderKL

        from fluxkit.nano.export import WEIGHTS
        from fluxkit.nano.vae import to_model

    vae = AutoencoderKL.from_pretrained(WEIGHTS / "vae", local_files_only=True)
    with torch.no_grad():
        seen = vae.decode(vae.encode(to_model(np.stack(pictures))).latent_dist.mode()).sample
    return list(((seen.clamp(-1, 1) + 1) * 127.5).round().byte().permute(0, 2, 3, 1).numpy())


def shown(engine: LocalEngine, scenes: list[Scene], loras: tuple[LoRA, ...]) -> list[NDArray[np.uint8]]:
    """The pictures that nano makes of the scenes, each with a seed of its own."""
    from fluxkit.shots import Shot, make_plan

    asked = [
        Shot(model="nano", scene=scene, prompt=scene.prompt("nano"), width=SIZE, height=SIZE, seed=900 + n, loras=loras)
        for n, scene in enumerate(scenes)
    ]
    made = {frame.shot.seed: np.asarray(frame.image) for frame in engine.shoot(list(make_plan(asked)))}
    return [made[shot.seed] for shot in asked]


def share_lit(pictures: list[NDArray[np.uint8]], heads: list[Portrait]) -> float:
    """Of heads lit from left or right, the share whose light comes from there."""
    right = [
        (side_of_light(picture) > 0) == (head.azimuth_deg > 0) for picture, head in zip(pictures, heads, strict=True)
    ]
    return sum(right) / len(right)


def heads(count: int) -> list[Portrait]:
    """Portraits lit from straight left or right."""
    found: list[Portrait] = []
    index = 0
    while len(found) < count:
        drawn = sample(31, index, kind="portrait")
        index += 1
        if isinstance(drawn, Portrait) and drawn.direction in ("left", "right"):
            found.append(drawn)
    return found


def trial(folder: Path, work: Path, *, prompts: int = 40, strength: float = 1.0) -> dict[str, float]:
    """Train on the folder and say what was learned, and what was forgotten."""
    from fluxkit.engines.local import LocalEngine
    from fluxkit.train import LoRATraining, TrainingSet

    found = TrainingSet.from_folder(folder, trigger=TRIGGER)
    began = time.perf_counter()
    learned = LoRATraining(found, model="nano", folder=work, device="cpu").run(
        lambda at: _say(f"step {at.step} of {at.steps}, loss {at.loss:.4f}") if at.loss and at.step % 50 == 0 else None
    )
    minutes = (time.perf_counter() - began) / 60
    recognised, engine = Recogniser(), LocalEngine(device="cpu")
    asked = [caption(world) for world in worlds(prompts, seed=901, held_out=True)]
    sitters = heads(60)
    portraits = [scene_of(head) for head in sitters]
    loras = (learned.lora(strength),)
    with_it, without = shown(engine, asked, loras), shown(engine, asked, ())
    fresh = [render(world, SIZE) for world in worlds(prompts, seed=901, held_out=True)]
    rows = [np.concatenate(row[:10], 1) for row in (with_it, without, fresh)]
    Image.fromarray(np.concatenate(rows)).save(work / "trial.png")
    return {
        "minutes": round(minutes, 1),
        "bytes": float(learned.file.stat().st_size),
        "recognised before": float(np.mean([recognised(picture) for picture in without])),
        "recognised after": float(np.mean([recognised(picture) for picture in with_it])),
        "recognised fresh renders": float(np.mean([recognised(picture) for picture in fresh])),
        "light before": share_lit(shown(engine, portraits, ()), sitters),
        "light after": share_lit(shown(engine, portraits, loras), sitters),
    }


def main() -> None:
    """Writes the photographs, or trains on them and prints what was learned."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("task", choices=("photographs", "trial"))
    parser.add_argument("folder", type=Path)
    parser.add_argument("--work", type=Path, default=Path("nano-work/lesson"))
    given = parser.parse_args()
    if given.task == "photographs":
        photographs(given.folder)
        return
    for name, value in trial(given.folder, given.work).items():
        _say(f"{name}: {value:g}")


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
