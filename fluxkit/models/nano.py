"""`nano`: the embedded teaching model, a real FLUX.1 architecture small enough for a laptop, and its siblings."""

from __future__ import annotations

from pathlib import Path

from fluxkit.models.spec import GuidanceRange, ModelSpec, SizeRule, StepRange

_ROOM = Path(__file__).resolve().parent.parent / "nano"

NANO = ModelSpec(
    id="nano",
    title="nano (teaching model)",
    family="flux.1",
    template="nano",
    also=("vary", "fill", "outpaint"),
    strength=0.6,
    weights=str(_ROOM / "weights"),
    licence="Apache-2.0",
    steps=StepRange(default=12, low=1, high=50),
    guidance=GuidanceRange(kind="embedded", default=3.0, low=1.0, high=6.0),
    size=SizeRule(min_side=128, max_side=128, max_pixels=128 * 128, default_width=128, default_height=128),
    windows={"clip": 77, "t5": 32},
    vocabulary="vocabulary.json",
    parameters=0.0056,
    source="trained by this project; see docs/nano.md",
    note="A teaching model trained on rendered scenes. It answers the prompt; it is not photorealistic.",
)

NANO_FILL = NANO.with_(
    id="nano-fill",
    title="nano Fill (teaching model)",
    task="fill",
    also=(),
    strength=1.0,
    weights=str(_ROOM / "weights-fill"),
    note="Paints what a mask hides, in the light of the picture round it. A teaching model trained on rendered scenes.",
)

NANO_DEPTH = NANO_FILL.with_(
    id="nano-depth",
    title="nano Depth (teaching model)",
    task="depth",
    strength=None,
    weights=str(_ROOM / "weights-control"),
    note="Follows a depth map, near is bright. One set of weights for depth and edges; trained on rendered scenes.",
)

NANO_CANNY = NANO_DEPTH.with_(
    id="nano-canny",
    title="nano Canny (teaching model)",
    task="canny",
    note="Follows the edges of a picture. One set of weights for depth and edges; trained on rendered scenes.",
)

NANO_KONTEXT = NANO_DEPTH.with_(
    id="nano-kontext",
    title="nano Kontext (teaching model)",
    task="edit",
    template="nano-kontext",
    weights=str(_ROOM / "weights-kontext"),
    references=1,
    note="Changes a rendered picture by an order: light, aperture, film, place, hair, clothes. The rest it keeps.",
)

NANOS = (NANO, NANO_FILL, NANO_DEPTH, NANO_CANNY, NANO_KONTEXT)
"""nano and its siblings, in the order of the table."""
