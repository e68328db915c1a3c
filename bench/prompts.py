"""Prompts: 10,000 scenes of one sweep, beside dynamicprompts in the same run on one core.

    PYTHONPATH=. python bench/prompts.py

CPU time (`time.process_time`), best of three. dynamicprompts is measured twice: with one word a field in a text of the
same length, and with every sentence that our prompts hold as its choices, so that as many words vary as in ours.
"First" starts from a template that has said nothing, so it pays once for every distinct statement; "again" renders the
same sweep a second time. The ratios are the first dynamicprompts' time over ours: random draws over first and again,
every combination over first and again. Needs the `bench` extra.
"""

from __future__ import annotations

import gc
import re
import time
from collections.abc import Callable
from typing import Any

from dynamicprompts.generators import CombinatorialPromptGenerator, RandomPromptGenerator

from fluxkit import Sweep, models
from fluxkit.prompt import PromptRenderer
from fluxkit.prompt.loader import built_in
from fluxkit.scene import Atmosphere, Composition, Environment, Lens, Light, Lighting, Scene, Subject, stocks
from fluxkit.shots import make_plan

_DIRECTIONS = (
    "left", "right", "front", "upper left", "upper right", "above", "below", "behind", "front left", "front right"
)  # fmt: skip
_STOPS = (1.4, 1.8, 2.0, 2.8, 4.0, 5.6, 8.0, 11.0, 16.0, 22.0)
SWEEPS: dict[str, dict[str, tuple[Any, ...]]] = {
    "an axis in each part": {
        "lighting.key.direction": _DIRECTIONS,
        "lens.f_number": _STOPS,
        "subject.expression": (
            "calm", "a half-smile", "laughing", "pensive", "stern", "surprised", "tired", "proud", "wistful", "serene"
        ),
        "atmosphere.mood": (
            "quiet", "festive", "tense", "dreamy", "nostalgic", "austere", "playful", "intimate", "solemn", "hopeful"
        ),
    },
    "axes that meet in one sentence": {
        "lighting.key.direction": _DIRECTIONS,
        "lighting.key.quality": ("hard", "crisp", "semi-soft", "soft", "shadowless"),
        "environment.weather": ("clear", "overcast", "rain", "snow", "fog"),
        "lens.f_number": _STOPS,
        "lens.focal_length_mm": (35.0, 50.0, 85.0, 135.0),
    },
}  # fmt: skip
"""Both have 10,000 cells. In the first about 40 statements differ, in the second about 140."""

BASE = Scene(
    composition=Composition(framing="close-up", genre="portrait"),
    subject=Subject(
        description="a 28-year-old woman", pose="seated", gaze="slightly off-camera", skin="natural skin texture"
    ),
    environment=Environment(place="near a north-facing window", time_of_day="morning", weather="overcast"),
    lighting=Lighting(key=Light(direction="left", quality="soft", temperature_k=6500)),
    lens=Lens(focal_length_mm=85, f_number=1.8, focus_distance_m=1.5),
    film=stocks.PORTRA_400,
    atmosphere=Atmosphere(textures=("natural lip texture", "individual eyelashes")),
    avoid=("plastic skin",),
)


def swept(axes: dict[str, tuple[Any, ...]]) -> list[Scene]:
    """The scenes of a sweep, as a plan makes them."""
    plan = make_plan(Sweep(BASE, model="flux.1-dev").over(**axes), confirm=True)
    return [shot.scene for shot in plan if shot.scene is not None]


def microseconds(work: Callable[[], list[Any]], runs: int = 3) -> float:
    """CPU time an item, best of some runs; the collector runs before each, not during it."""
    best = float("inf")
    for _ in range(runs):
        gc.collect()
        begun = time.process_time()
        made = work()
        best = min(best, (time.process_time() - begun) / len(made) * 1e6)
    return best


def first(template: str, scenes: list[Scene], runs: int = 3) -> Callable[[], list[Any]]:
    """Rendering from a template that has said nothing: a text of its own, compiled before, for each run."""
    source = (built_in() / f"{template}.j2").read_text(encoding="utf-8")
    spec = models.get("flux.1-dev")
    fresh = iter([PromptRenderer(spec, template=f"{{# run {i} #}}{source}") for i in range(runs)])
    return lambda: next(fresh).render_many(scenes)


def rival(axes: dict[str, tuple[Any, ...]], amount: int) -> tuple[Callable[[], list[str]], Callable[[], list[str]]]:
    """dynamicprompts with the same choices in a text of the same length: every combination, and random draws."""
    words = str(BASE.prompt("flux.1-dev")).split()
    for i, choices in enumerate(axes.values()):
        words[(i + 1) * len(words) // (len(axes) + 1)] = "{" + "|".join(map(str, choices)) + "}"
    text = " ".join(words)
    return _drawn(text, amount)


def spelled_out(scenes: list[Scene]) -> tuple[Callable[[], list[str]], Callable[[], list[str]]]:
    """dynamicprompts with every sentence of our own prompts as its choices, so that as many words vary as in ours."""
    prompts = PromptRenderer(models.get("flux.1-dev")).render_many(scenes)
    columns = zip(*(re.split(r"(?<=[.]) (?=[A-Z])", str(prompt)) for prompt in prompts), strict=True)
    choices = [list(dict.fromkeys(column)) for column in columns]
    return _drawn(" ".join("{" + "|".join(c) + "}" if len(c) > 1 else c[0] for c in choices), len(scenes))


def _drawn(text: str, amount: int) -> tuple[Callable[[], list[str]], Callable[[], list[str]]]:
    every, some = CombinatorialPromptGenerator(), RandomPromptGenerator(seed=0)
    return (lambda: every.generate(text, amount), lambda: some.generate(text, amount))


def main() -> None:
    """Print the table."""
    print(f"10,000 prompts of about {len(str(BASE.prompt()).split())} words; CPU microseconds each, best of three")
    for title, axes in SWEEPS.items():
        scenes = swept(axes)
        every, some = (microseconds(work) for work in rival(axes, len(scenes)))
        print(f"\n{title}: {len(scenes)} scenes")
        print(f"  dynamicprompts, a word for each axis:     random {some:6.1f}   every combination {every:6.1f}")
        spelled = [microseconds(work) for work in spelled_out(scenes)]
        print(
            f"  dynamicprompts, sentences as in our own: random {spelled[1]:6.1f}   every combination {spelled[0]:6.1f}"
        )
        for template in ("flux.1/prose", "flux.2/prose", "flux.2/json", "flux.3/prose", "control/prose", "fill/prose"):
            cold = microseconds(first(template, scenes))
            renderer = PromptRenderer(models.get("flux.1-dev"), template=template)
            renderer.render_many(scenes)
            warm = microseconds(lambda renderer=renderer, scenes=scenes: renderer.render_many(scenes))
            ratios = ", ".join(f"{rate:.1f}" for rate in (some / cold, some / warm, every / cold, every / warm))
            print(f"  {template:14}  first {cold:6.1f}   again {warm:6.1f}   ratios {ratios}")


if __name__ == "__main__":
    main()
