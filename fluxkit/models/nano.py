"""`nano`: the embedded teaching model, a real FLUX.1 architecture small enough for a laptop."""

from __future__ import annotations

from pathlib import Path

from fluxkit.models.spec import GuidanceRange, ModelSpec, SizeRule, StepRange

NANO = ModelSpec(
    id="nano",
    title="nano (teaching model)",
    family="flux.1",
    template="nano",
    also=("vary", "fill", "outpaint"),
    strength=0.6,
    weights=str(Path(__file__).resolve().parent.parent / "nano" / "weights"),
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
