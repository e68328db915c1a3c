"""Saves trained parts as plain diffusers folders, and the list of taught words beside them.

Run as a program: `python -m fluxkit.nano.export --work nano-work --stage guide`, or `--stage nano-fill` for a sibling.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from diffusers import (
    AutoencoderKL,
    DiffusionPipeline,
    FlowMatchEulerDiscreteScheduler,
    FluxControlPipeline,
    FluxFillPipeline,
    FluxKontextPipeline,
    FluxPipeline,
)

from fluxkit.nano import text
from fluxkit.nano.captions import captions
from fluxkit.nano.compact import compact
from fluxkit.nano.dit import averaged, trained_vae
from fluxkit.nano.model import LATENT, Nano
from fluxkit.nano.render.film import STOCKS
from fluxkit.nano.render.landscape import HOURS, LANDS, WEATHER
from fluxkit.nano.render.light import DIRECTIONS, KELVIN, SPREAD_DEG
from fluxkit.nano.render.places import PLACES
from fluxkit.nano.render.portrait import CLOTHES, HAIR, SKIN
from fluxkit.nano.render.still_life import TABLES, THINGS
from fluxkit.nano.worlds import F_NUMBERS, FOCAL_LENGTHS_MM

WEIGHTS = Path(__file__).resolve().parent / "weights"
"""Where the package keeps nano."""
FOLDERS: dict[str, Path] = {
    "guide": WEIGHTS,
    "flow": WEIGHTS,
    **{f"nano-{task}": WEIGHTS.with_name(f"weights-{task}") for task in ("fill", "kontext", "control")},
}
"""Where each stage's weights are kept."""
PIPELINES: dict[str, type[DiffusionPipeline]] = {
    "nano-fill": FluxFillPipeline,
    "nano-kontext": FluxKontextPipeline,
    "nano-control": FluxControlPipeline,
}
CHANNELS: dict[str, int] = {"nano-fill": 2 * LATENT + 256, "nano-control": 2 * LATENT}
"""What the transformers of the siblings take in, where it is more than the latents."""


def taught_words() -> dict[str, list[str]]:
    """What nano was taught, field by field, in the words of its prompts."""
    sitters = ["woman", "man", "bearded man", "marble bust", "bronze bust"]
    return {
        "subject.description": [*sitters, *THINGS, *LANDS, "lake (with a land)"],
        "others.0.description (behind a thing)": list(THINGS),
        "subject.hair": [f"{cut} {shade} hair" for cut in ("long", "short", "cropped", "tied") for shade in HAIR],
        "subject.skin": [f"{tone} skin" for tone in SKIN],
        "subject.wardrobe": [f"{shade} clothes" for shade in CLOTHES],
        "environment.place": [*PLACES, *(f"{table} table" for table in TABLES)],
        "environment.background": list(PLACES),
        "environment.time_of_day": list(HOURS),
        "environment.weather": list(WEATHER),
        "lighting.key.direction": list(DIRECTIONS),
        "lighting.key.quality": list(SPREAD_DEG),
        "lighting.key.temperature_k": [f"{word} ({kelvin:g} K)" for word, kelvin in KELVIN.items()],
        "lens.focal_length_mm": [f"{length}" for length in FOCAL_LENGTHS_MM],
        "lens.f_number": [f"{number:g}" for number in F_NUMBERS],
        "film": list(STOCKS),
    }


def pipeline(
    nano: Nano,
    vae: AutoencoderKL,
    words: dict[str, int],
    shift: float,
    scale: float,
    kind: type[DiffusionPipeline] = FluxPipeline,
) -> DiffusionPipeline:
    """The parts as one pipeline."""
    vae.register_to_config(shift_factor=shift, scaling_factor=scale)
    pipe = kind(
        scheduler=FlowMatchEulerDiscreteScheduler(shift=1.0),
        vae=vae,
        text_encoder=nano.clip,
        tokenizer=text.tokenizer(words, clip=True),
        text_encoder_2=nano.t5,
        tokenizer_2=text.tokenizer(words, clip=False),
        transformer=nano.transformer,
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def export(work: Path, stage: str, count: int, folder: Path) -> Path:
    """Writes one stage's folder: plain diffusers loads it in whatever precision it is asked for."""
    words = text.vocabulary(captions(work, count))
    kept = torch.load(work / "latents.pt", weights_only=True, mmap=True)
    nano = averaged(work, stage, len(words), CHANNELS.get(stage, LATENT))
    pipe = pipeline(nano, trained_vae(work), words, kept["shift"], kept["scale"], PIPELINES.get(stage, FluxPipeline))
    pipe.to(torch.float16).save_pretrained(folder, safe_serialization=True)
    compact(folder)
    listed = json.dumps(
        {"words": taught_words(), "windows": {"clip": text.CLIP_WINDOW, "t5": text.T5_WINDOW}}, indent=1
    )
    (folder / "vocabulary.json").write_text(f"{listed}\n", encoding="utf-8")
    return folder


def main() -> None:
    """Exports from the command line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--work", type=Path, default=Path("nano-work"))
    parser.add_argument("--count", type=int, default=26000)
    parser.add_argument("--stage", choices=tuple(FOLDERS), default="guide")
    parser.add_argument("--to", type=Path)
    given = parser.parse_args()
    export(given.work, given.stage, given.count, given.to or FOLDERS[given.stage])


if __name__ == "__main__":
    main()
