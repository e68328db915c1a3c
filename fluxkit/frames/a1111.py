"""The `parameters` text of AUTOMATIC1111's web UI, which Civitai and most viewers read."""

from __future__ import annotations

import json
import re

from fluxkit._base import __version__
from fluxkit.frames.record import FrameRecord

_MARKER = re.compile(r"\n(?=\s*(Negative prompt:|Steps:))")
_SETTING = re.compile(r'\s*([\w \-/]+):\s*("(?:\\.|[^\\"])*"|[^,]*)(?:,|$)')


def write(record: FrameRecord) -> str:
    """The request in three lines: prompt, negative prompt, settings."""
    shot = record.shot
    settings = {
        "Steps": shot.steps,
        "Sampler": "Euler",
        "Schedule type": "Simple",
        "CFG scale": _number(shot.true_cfg or 1.0),
        "Distilled CFG Scale": None if shot.guidance is None else _number(shot.guidance),
        "Seed": shot.seed,
        "Size": f"{shot.width}x{shot.height}",
        "Model": shot.model,
        "Version": f"fluxkit {__version__}",
    }
    line = ", ".join(f"{name}: {_quoted(str(value))}" for name, value in settings.items() if value is not None)
    lines = [_one_paragraph(shot.prompt.text)]
    if shot.negative:
        lines.append(f"Negative prompt: {_one_paragraph(shot.negative)}")
    return "\n".join([*lines, line])


def read(text: str) -> tuple[str, str, dict[str, str]]:
    """Prompt, negative prompt and settings of a `parameters` text, from whichever program.

    >>> read("a hare\\nNegative prompt: blur\\nSteps: 4, Seed: 7, Size: 64x48")
    ('a hare', 'blur', {'Steps': '4', 'Seed': '7', 'Size': '64x48'})
    """
    body, _, last = text.strip().rpartition("\n")
    settings = {name.strip(): _unquoted(value.strip()) for name, value in _SETTING.findall(last)}
    if len(settings) < 3:
        body, settings = text.strip(), {}
    prompt, _, negative = f"\n{body}".partition("\nNegative prompt:")
    return prompt.strip(), negative.strip(), settings


def _one_paragraph(text: str) -> str:
    """The text, without line breaks that readers of this format would take for its own."""
    return _MARKER.sub(" ", text.strip())


def _number(value: float) -> str:
    return f"{value:g}"


def _quoted(value: str) -> str:
    return json.dumps(value, ensure_ascii=False) if re.search(r'[,:"\n]', value) else value


def _unquoted(value: str) -> str:
    if value.startswith('"'):
        try:
            return str(json.loads(value))
        except ValueError:
            return value.strip('"')
    return value
