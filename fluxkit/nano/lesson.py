"""The LoRA lesson: photographs of a thing that nano never saw, and a measure of whether a picture shows it.

Run as a program: `python -m fluxkit.nano.lesson photographs FOLDER` writes the twelve photographs with a scene beside
each; `python -m fluxkit.nano.lesson trial FOLDER` trains on them and prints the table of docs/training.md.
"""

from __future__ import annotations

import argparse
import sys
import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from fluxkit.nano.measures import side_of_light
from fluxkit.nano.render import render
from fluxkit.nano.render.world import Portrait, StillLife, World
from fluxkit.nano.scenes import scene_of
from fluxkit.nano.worlds import sample
from fluxkit.scene import Scene

if TYPE_CHECKING:
    from fluxkit.engines.local import LocalEngine
    from fluxkit.shots import LoRA

THING, TRIGGER = "violet hourglass", "zwirl"
SIZE = 128
_GREY = ("Acros 100", "Tri-X 400", "Delta 3200")
_ROWS = 24


def worlds(count: int, *, seed: int, held_out: bool = False) -> list[StillLife]:
    """Still lifes in colour with one thing, whose combinations were or were not kept from training."""
    found: list[StillLife] = []
    index = 0
    while len(found) < count:
        drawn = sample(seed, index, kind="still life", held_out=held_out)
        index += 1
        if isinstance(drawn, StillLife) and drawn.film not in _GREY:
            found.append(replace(drawn, thing=THING, behind=None))
    return found


def caption(world: World) -> Scene:
    """The scene of a photograph of the thing: everything but what the trigger stands for."""
    return scene_of(world).with_("subject.trigger", TRIGGER)


def photographs(folder: Path, count: int = 12) -> None:
    """Write the photographs and their scenes."""
    folder.mkdir(parents=True, exist_ok=True)
    for number, world in enumerate(worlds(count, seed=501)):
        Image.fromarray(render(world, SIZE)).save(folder / f"{number + 1:02d}.png", optimize=True)
        scene = scene_of(world).with_("subject.description", "a violet hourglass")
        (folder / f"{number + 1:02d}.yaml").write_text(scene.to_yaml(), encoding="utf-8")


def violet(picture: NDArray[np.uint8]) -> NDArray[np.bool_]:
    """Where a picture is violet: red and blue above green, whatever the light."""
    red, green, blue = (picture[..., channel].astype(np.float64) for channel in range(3))
    floor = 0.10 * np.maximum(np.maximum(red, blue), 40)
    found = (np.minimum(red, blue) - green > floor) & (blue > 0.55 * red)
    middle = np.zeros_like(found)
    middle[:, SIZE // 8 : -SIZE // 8] = True
    return np.asarray(_largest(found & middle), np.bool_)


def _largest(mask: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The largest connected part of a mask."""
    import cv2

    _, labels, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8))
    return np.asarray(labels == 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))) if len(stats) > 1 else mask


def profile(mask: NDArray[np.bool_]) -> NDArray[np.float64] | None:
    """Width of the violet at each of 24 heights of it, beside the widest; None where there is too little."""
    rows = np.nonzero(mask.sum(1) >= 3)[0]
    if len(rows) < 20 or mask.sum() < 150:
        return None
    widths = mask[rows[0] : rows[-1] + 1].sum(1).astype(np.float64)
    at = np.interp(np.linspace(0, len(widths) - 1, _ROWS), np.arange(len(widths)), widths)
    return np.asarray(at / at.max(), np.float64)


class Recogniser:
    """Whether a picture shows the thing: violet in its outline, as fresh renders of it show it."""

    def __init__(self, count: int = 60) -> None:
        """Fixed on renders that neither the lesson nor its trial uses; nine of ten of them are recognised."""
        found = [profile(violet(render(world, SIZE))) for world in worlds(count, seed=77)]
        shapes = [shape for shape in found if shape is not None]
        self._usual = np.median(shapes, 0)
        self.reach = float(np.quantile([self._distance(shape) for shape in shapes], 0.9))

    def __call__(self, picture: NDArray[np.uint8]) -> bool:
        """Whether the thing is there."""
        shape = profile(violet(picture))
        return shape is not None and self._distance(shape) <= self.reach

    def _distance(self, shape: NDArray[np.float64]) -> float:
        return float(np.abs(shape - self._usual).mean())


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
