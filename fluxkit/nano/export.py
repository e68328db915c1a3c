"""Saves the trained parts as a plain diffusers folder, and the list of taught words beside them.

Run as a program: `python -m fluxkit.nano.export --work nano-work --stage guide`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

import torch
from diffusers import AutoencoderKL, FlowMatchEulerDiscreteScheduler, FluxPipeline

from fluxkit.nano import text
from fluxkit.nano.captions import captions
from fluxkit.nano.dit import averaged, trained_vae
from fluxkit.nano.model import Nano
from fluxkit.nano.render.film import STOCKS
from fluxkit.nano.render.landscape import HOURS, LANDS, WEATHER
from fluxkit.nano.render.light import DIRECTIONS, KELVIN, SPREAD_DEG
from fluxkit.nano.render.places import PLACES
from fluxkit.nano.render.portrait import CLOTHES, HAIR, SKIN
from fluxkit.nano.render.still_life import TABLES, THINGS
from fluxkit.nano.worlds import F_NUMBERS, FOCAL_LENGTHS_MM

WEIGHTS = Path(__file__).resolve().parent / "weights"
"""Where the package keeps nano."""


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


def pipeline(nano: Nano, vae: AutoencoderKL, words: dict[str, int], shift: float, scale: float) -> FluxPipeline:
    """The parts as one pipeline."""
    vae.register_to_config(shift_factor=shift, scaling_factor=scale)
    pipe = FluxPipeline(
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


def export(work: Path, stage: str, count: int, folder: Path = WEIGHTS) -> Path:
    """Writes the folder in half precision: plain diffusers loads it in whatever precision it is asked for."""
    words = text.vocabulary(captions(work, count))
    kept = torch.load(work / "latents.pt", weights_only=True, mmap=True)
    pipe = pipeline(averaged(work, stage, len(words)), trained_vae(work), words, kept["shift"], kept["scale"])
    pipe.to(torch.float16).save_pretrained(folder, safe_serialization=True)
    for part in ("text_encoder", "text_encoder_2"):
        _load_in_full_precision(folder / part / "config.json")
    listed = json.dumps(
        {"words": taught_words(), "windows": {"clip": text.CLIP_WINDOW, "t5": text.T5_WINDOW}}, indent=1
    )
    (folder / "vocabulary.json").write_text(f"{listed}\n", encoding="utf-8")
    return folder


def _load_in_full_precision(config: Path) -> None:
    """Transformers loads a part in the precision its config names, diffusers in float32: they must agree."""
    settings = json.loads(config.read_text(encoding="utf-8"))
    config.write_text(json.dumps({**settings, "dtype": "float32"}, indent=2) + "\n", encoding="utf-8")


def main() -> None:
    """Exports from the command line."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("--work", type=Path, default=Path("nano-work"))
    parser.add_argument("--count", type=int, default=26000)
    parser.add_argument("--stage", choices=("flow", "guide"), default="guide")
    parser.add_argument("--to", type=Path, default=WEIGHTS)
    given = parser.parse_args()
    export(given.work, given.stage, given.count, given.to)


if __name__ == "__main__":
    main()
