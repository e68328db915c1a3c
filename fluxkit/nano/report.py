"""Writes what evaluation found as `docs/nano.md`, with sheets of samples beside it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from PIL import Image as Pillow

from fluxkit.nano import evaluate, sibling_sheet, trial
from fluxkit.nano.export import FOLDERS, WEIGHTS, taught_words
from fluxkit.nano.measures import Image
from fluxkit.nano.text import T5_WINDOW

SHEET = "nano_sheet.jpg"

_INTRO = """# nano, the embedded model

nano is a real FLUX.1-architecture model (`FluxTransformer2DModel`, `AutoencoderKL` with 16 channels and factor 8, CLIP
and T5 text encoders, `FlowMatchEulerDiscreteScheduler`) that ships inside fluxkit as a plain diffusers folder. It is a
**teaching model**: it was trained on pictures that a small numpy renderer made, it draws mannequins rather than people,
and nothing of it is photorealistic. What it is for: every tutorial and test runs the real path on a laptop, and the
picture answers the scene.

```python
from pathlib import Path

import torch
from diffusers import FluxPipeline

import fluxkit

folder = Path(fluxkit.__file__).parent / "nano" / "weights"
pipe = FluxPipeline.from_pretrained(folder, local_files_only=True)
image = pipe(
    "Woman, long brown hair, grey studio, soft light, light from the left, 85mm, f/1.4.",
    num_inference_steps={steps}, guidance_scale={guidance:g}, width={size}, height={size}, max_sequence_length={window},
    generator=torch.Generator().manual_seed(7),
).images[0]
```

It reads {window} T5 tokens (pass `max_sequence_length={window}`: it was trained on exactly that window) and 77 CLIP
tokens, one token a word.

![Samples at the default settings]({sheet})
"""

_MAKING = """## How it was made

```
python -m fluxkit.nano.train      # renders, trains the autoencoder, the transformer and the siblings, exports
python -m fluxkit.nano.evaluate   # this page and its pictures
```

Everything follows from seeds; a stopped training goes on from its last checkpoint in `nano-work/`. The renderer
draws in linear light (a height map for heads, turned bodies for still lifes, ridges for landscapes), throws what is
behind out of focus by the thin-lens formula, and develops onto film. Captions come from typed scenes through
`templates/nano/default.j2`. Half of the captions lose slots in training, so partial scenes work. One combination of
subject, place and light direction in twelve is never trained on; every figure above is measured on those. Guidance is
embedded as in FLUX.1 [dev]: a second stage teaches the guidance input what classifier-free guidance of that strength
would give, in one pass.

Each sibling starts from these weights, with inputs for what it sees beside the words that begin at zero. It sees
rendered pictures through random masks; depth maps and edges; or a picture before and after one change, with the words
of the change. nano-fill and the control model then learn, as nano itself did, to answer guidance in one pass: without
that stage their pictures are the pale middle of what is possible. nano-kontext does without: its pictures leave little
open, and guidance overdid what was asked. `fluxkit.nano.siblings` has the numbers of steps.

The shipped autoencoder was trained in three legs while its loss was being settled: the term for broad colour was added
at step 2000 and raised, with the rate, at step 4400. The flow was planned for 2600 steps and shortened to 2300 on the
way, the guidance stage stopped at 400 of 450. The command trains with the final settings from the start, so its weights
will differ from the shipped ones.

Matrices are kept as 8-bit floats (float8 e4m3), vectors in 16 bits; plain diffusers casts them to the precision that it
is asked for, float32 where it is asked for none.
"""


def write(docs: Path, shoot: evaluate.Shoot, scores: Sequence[evaluate.Score], count: int, log: Path) -> None:
    """Writes the page and the sheets."""
    (docs / "images").mkdir(parents=True, exist_ok=True)
    save_sheet(docs / "images" / SHEET, _sheet(shoot))
    intro = _INTRO.format(
        steps=evaluate.STEPS,
        guidance=evaluate.GUIDANCE,
        size=evaluate.SIZE,
        window=T5_WINDOW,
        sheet=f"images/{SHEET}",
    )
    parts = [
        intro,
        "## Does the picture show what was asked?\n",
        _trial_section(shoot, count),
        _score_table(scores),
        _guidance_section(trial.by_guidance(shoot, count // 3, (1.0, 2.0, 3.0, 4.5, 6.0))),
        f"One picture takes {evaluate.seconds_each(shoot):.2f} s at {evaluate.STEPS} steps on the two CPU cores this\n"
        "page was made on (shared with other work), the pipeline already loaded.\n",
        _grain_section(count // 10),
        sibling_sheet.section(docs, count // 10),
        _sizes(),
        _MAKING,
        _losses(log),
        "## The words it knows\n\n" + _words_table(),
    ]
    (docs / "nano.md").write_text("\n".join(part for part in parts if part), encoding="utf-8")


def _trial_section(shoot: evaluate.Shoot, count: int) -> str:
    found, best = trial.trial(shoot, count), trial.ceiling(count)
    lines = []
    for row, most in zip(found.rows, best.rows, strict=True):
        wanted = trial.FLOORS[row.name]
        lines.append(
            f"| {row.name} | {row.right} of {row.answered} | {_percent(row.share)} | {_percent(wanted)} "
            f"| {_percent(most.share)} | {row.asked - row.answered} |"
        )
    head = (
        f"{count} held-out scenes of heads, default settings, judged by the [light meter](measures.md)\n"
        "(`python -m fluxkit.nano.trial`). Aperture, temperature and grain are judged in pairs that differ in that\n"
        "one field and share a seed. The fifth column is what the meter makes of the renderer's own pictures, so it\n"
        "is the most that could be reached; the last counts the pictures that the meter would not judge."
    )
    table = [
        "| asked | shown | share | wanted | on the renderer's pictures | cannot tell |",
        "|---|---|---|---|---|---|",
    ]
    return "\n".join([head, "", *table, *lines, ""])


def _percent(share: float | None) -> str:
    return "none judged" if share is None else f"{share:.1%}".replace("%", " %")


def _score_table(scores: Sequence[evaluate.Score]) -> str:
    return "\n".join(
        [
            "Beside the meter's fields, by plain measures of `fluxkit/nano/measures.py`:",
            "",
            *score_rows(scores),
            "",
        ]
    )


def score_rows(scores: Sequence[evaluate.Score]) -> list[str]:
    """Scores as the rows of a table."""
    rows = [
        f"| {s.name} | {s.shown} of {s.asked} | {100 * s.share:.0f} % | {100 * s.ceiling:.0f} % | {s.how} |"
        for s in scores
    ]
    return ["| asked | shown | share | on the renderer's pictures | measured by |", "|---|---|---|---|---|", *rows]


def _guidance_section(rows: Sequence[tuple[float, float, float]]) -> str:
    lines = [f"| {g:g} | {100 * share:.1f} % | {change:.1f} |" for g, share, change in rows]
    return "\n".join(
        [
            "The same scenes and seeds at other guidance (the default is 3):",
            "",
            "| guidance | answers of the trial that are right | mean change of a pixel against guidance 1 (of 255) |",
            "|---|---|---|",
            *lines,
            "",
        ]
    )


def _grain_section(count: int) -> str:
    before, after, left = trial.grain_through_vae(WEIGHTS, count)
    told = [_percent(found.share("grain")) for found in (before, after)]
    return (
        f"Grain: on {count} rendered pairs of Acros 100 against Delta 3200 the meter finds the coarser film in\n"
        f"{told[0]}; after nano's autoencoder alone, no transformer, in {told[1]}, and {100 * left:.0f} % of the\n"
        "coarse film's grain is left. What the autoencoder drops no training of the transformer can bring back:\n"
        "`frame.develop(film=...)` draws the grain instead.\n"
    )


def _sizes() -> str:
    rows, total = [], 0
    for folder in dict.fromkeys(FOLDERS.values()):
        size = sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())
        total += size
        rows.append(f"| `fluxkit/nano/{folder.name}` | {size / 1e6:.1f} MB |")
    return "\n".join(["| folder | size |", "|---|---|", *rows, f"| together | {total / 1e6:.1f} MB |", ""])


def _losses(log: Path) -> str:
    if not log.exists():
        return ""
    lines = log.read_text(encoding="utf-8").splitlines()
    rows = []
    siblings = [f"nano-{task}{stage}" for task in ("fill", "control", "kontext") for stage in ("-flow", "")]
    for stage in ("vae", "flow", "guide", *siblings):
        of_stage = [line for line in lines if re.match(rf"\S+ {stage} \d", line)]
        for line in of_stage[:: max(len(of_stage) // 4, 1)][:4] + of_stage[-1:]:
            step, value = re.search(r"(\d+/\d+) loss (.*), ends", line).groups()  # type: ignore[union-attr]
            rows.append(f"| {stage} | {step} | {value.strip()} |")
    return "\n".join(["| stage | step | loss |", "|---|---|---|", *rows, ""])


def _words_table() -> str:
    rows = [f"| `{field}` | {', '.join(words)} |" for field, words in taught_words().items()]
    notes = (
        "Words that certainly mean one of these are understood too (tables at the top of `templates/nano/default.j2`: "
        "“a 28-year-old woman” is read as woman, “near a north-facing window” as window room); f-numbers, focal "
        "lengths, kelvin and angles go to the nearest that was taught. Whatever else a scene says makes no words for "
        "nano and is named in `prompt.diagnostics`."
    )
    return "\n".join(["| field | words |", "|---|---|", *rows, "", notes, ""])


def sheet_prompts() -> list[list[str]]:
    """Rows of the sample sheet: each moves one field."""
    head = "Woman, long brown hair, fair skin, navy clothes, grey studio, soft light, {}, 85mm, f/2.8, portra 400."
    sides = ["front", "front left", "left", "upper left", "upper right", "right"]
    rows = [[head.format(f"light from the {side}") for side in sides]]
    man = "Bearded man, short black hair, tan skin, white clothes, {}, soft light, light from the right, 85mm, {}."
    rows.append([man.format(p, f) for p in ("night city", "cafe", "green garden") for f in ("f/1.4", "f/16")])
    film = (
        "Woman, tied red hair, fair skin, green clothes, window room, soft light, light from the left, 85mm, f/2, {}."
    )
    films = [
        "digital",
        "gold 200",
        "velvia 50",
        "cinestill 800t",
        "black and white, tri-x 400",
        "black and white, delta 3200",
    ]
    rows.append([film.format(name) for name in films])
    busts = [
        "Marble bust, dark studio, hard light, light from the left",
        "Bronze bust, library, soft light, light from the right",
    ]
    things = [
        "Pear, oak table, grey studio, hard light, light from the left",
        "Blue vase, lemon behind, linen table, cafe, f/1.4",
    ]
    lands = ["Mountains, lake, sunset, clear", "Forest, morning, mist, light from the right"]
    rows.append([f"{text}." for text in (*busts, *things, *lands)])
    return rows


def _sheet(shoot: evaluate.Shoot) -> list[list[Image]]:
    rows = sheet_prompts()
    flat = [prompt for row in rows for prompt in row]
    made = iter(shoot(flat, [40 + i // len(rows[0]) for i in range(len(flat))]))
    return [[next(made) for _ in row] for row in rows]


def save_sheet(path: Path, rows: list[list[Image]]) -> None:
    """Writes rows of pictures of one size as one sheet."""
    gap, size = 4, rows[0][0].shape[0]
    wide, tall = len(rows[0]) * (size + gap) + gap, len(rows) * (size + gap) + gap
    sheet = np.full((tall, wide, 3), 24, np.uint8)
    for r, row in enumerate(rows):
        for c, picture in enumerate(row):
            y, x = gap + r * (size + gap), gap + c * (size + gap)
            sheet[y : y + size, x : x + size] = picture
    Pillow.fromarray(sheet).save(path, quality=92, subsampling=0, optimize=True)
