"""Asks nano's siblings for what each is for, on pictures that none of them saw, and counts what came."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image as Pillow

from fluxkit.nano.changes import turned
from fluxkit.nano.conditions import edges
from fluxkit.nano.evaluate import GUIDANCE, SIZE, STEPS, Score
from fluxkit.nano.masks import subject_mask
from fluxkit.nano.measures import Image, background_detail, colourfulness, side_of_light
from fluxkit.nano.render import Portrait, World, render
from fluxkit.nano.render.depth import depth
from fluxkit.nano.scenes import caption
from fluxkit.nano.text import T5_WINDOW
from fluxkit.nano.worlds import mirrored, sample

SEED = 88
"""The stream of worlds that these scores draw from; training draws from another."""

Ask = Callable[..., Image]
"""From words and a seed, with what the pipeline takes beside them, to a picture."""


def asker(folder: Path, guidance: float = GUIDANCE) -> Ask:
    """A function from words to one picture, through plain diffusers: the folder itself says which pipeline it is."""
    from diffusers import DiffusionPipeline

    pipe = DiffusionPipeline.from_pretrained(folder, local_files_only=True)
    pipe.set_progress_bar_config(disable=True)

    def ask(prompt: str, seed: int, **given: Any) -> Image:
        return np.array(
            pipe(
                prompt=prompt,
                num_inference_steps=STEPS,
                guidance_scale=guidance,
                width=SIZE,
                height=SIZE,
                max_sequence_length=T5_WINDOW,
                generator=torch.Generator().manual_seed(seed),
                **{name: _picture(value) for name, value in given.items()},
            ).images[0]
        )

    return ask


def _picture(value: Any) -> Any:
    return Pillow.fromarray(value) if isinstance(value, np.ndarray) else value


def heads(count: int, *, sided: bool = True) -> list[Portrait]:
    """Held-out heads, with a side that the light comes from."""
    found: list[Portrait] = []
    index = 0
    while len(found) < count:
        world = sample(SEED, index, kind="portrait", held_out=True)
        index += 1
        lit = world.direction.endswith(("left", "right")) and not world.direction.startswith("behind")
        if isinstance(world, Portrait) and (lit or not sided):
            found.append(world)
    return found


def fill_score(ask: Ask, count: int) -> Score:
    """The head painted anew without a word about light: it is to be lit as the rest of the picture is."""
    right = []
    for i, world in enumerate(heads(count)):
        hole = np.asarray(subject_mask(world, SIZE, grow=0.85) * 255, np.uint8)
        made = ask(f"{world.who}.", 300 + i, image=render(world, SIZE), mask_image=hole)
        right.append((side_of_light(made) > 0) == world.direction.endswith("right"))
    return Score("nano-fill: the new head takes the picture's light", count, sum(right), 1.0, "brighter half of it")


def follow_scores(ask: Ask, count: int) -> list[Score]:
    """The map is followed: the picture is nearer to the scene that the map was made of than to any other's."""
    worlds: list[World] = [*heads(count // 2)]
    worlds += [sample(SEED, i, kind="still life", held_out=True) for i in range(count - len(worlds))]
    true = [_shape(render(world, SIZE)) for world in worlds]
    scores = []
    for name, maps in (
        ("nano-depth", [depth(world, SIZE) for world in worlds]),
        ("nano-canny", [edges(render(world, SIZE)) for world in worlds]),
    ):
        made = [ask(caption(w), 400 + i, control_image=m) for i, (w, m) in enumerate(zip(worlds, maps, strict=True))]
        right = [_nearest(_shape(picture), true) == i for i, picture in enumerate(made)]
        scores.append(Score(f"{name}: the picture has the map's shapes", count, sum(right), 1.0, f"nearest of {count}"))
    return scores


def edit_scores(ask: Ask, count: int) -> list[Score]:
    """The light turned, the aperture changed, the colour taken out; and whether it is still the same person."""
    worlds = heads(count)
    other = [turned(world, mirrored(world.direction)) for world in worlds]
    made = [
        ask(f"Light from the {after.direction}.", 500 + i, **_kept(before))
        for i, (before, after) in enumerate(zip(worlds, other, strict=True))
    ]
    side = [(side_of_light(m) > 0) == w.direction.endswith("right") for m, w in zip(made, other, strict=True)]
    true = [_shape(render(world, SIZE)) for world in other]
    same = [_nearest(_shape(picture), true) == i for i, picture in enumerate(made)]
    busy = [replace(w, place="library", f_number=16.0, focal_length_mm=85) for w in worlds]
    blurred = [
        background_detail(ask("F/1.4.", 600 + i, **_kept(w))) * 1.3 < background_detail(render(w, SIZE))
        for i, w in enumerate(busy)
    ]
    colour = [replace(w, film="digital") for w in worlds]
    grey = [colourfulness(ask("Black and white.", 700 + i, **_kept(w))) < 0.03 for i, w in enumerate(colour)]
    return [
        Score("nano-kontext: the light is turned round", count, sum(side), 1.0, "brighter half of the face"),
        Score("nano-kontext: it is the same person and place", count, sum(same), 1.0, f"nearest of {count}"),
        Score("nano-kontext: f/1.4 blurs the background", count, sum(blurred), 1.0, "detail of the upper corners"),
        Score("nano-kontext: black and white", count, sum(grey), 1.0, "mean chroma under 0.03"),
    ]


def _kept(world: World) -> dict[str, Any]:
    """What FluxKontextPipeline is given to keep a small picture's size."""
    return {"image": render(world, SIZE), "max_area": SIZE * SIZE, "_auto_resize": False}


def _shape(picture: Image) -> np.ndarray[Any, np.dtype[np.float64]]:
    """The picture without its overall level and cast: 16 x 16 blocks, each channel centred."""
    blocks = picture.astype(np.float64).reshape(16, SIZE // 16, 16, SIZE // 16, 3).mean((1, 3))
    flat = (blocks - blocks.mean((0, 1))) / (blocks.std((0, 1)) + 8)
    return np.asarray(flat.ravel())


def _nearest(picture: np.ndarray[Any, Any], others: Sequence[np.ndarray[Any, Any]]) -> int:
    return int(np.argmin([np.abs(picture - other).mean() for other in others]))
