"""The open FLUX.1 models that turn words into a picture.

Figures are the makers' own (the model cards and diffusers 0.42's documentation) unless a field says otherwise.
"""

from __future__ import annotations

from fluxkit.models.spec import GuidanceRange, ModelSpec, SizeRule, StepRange

FLUX_1_SCHNELL = ModelSpec(
    id="flux.1-schnell",
    title="FLUX.1 [schnell]",
    family="flux.1",
    template="flux.1",
    weights="black-forest-labs/FLUX.1-schnell",
    licence="Apache-2.0",
    steps=StepRange(default=4, low=1, high=12),
    guidance=GuidanceRange(kind="none"),
    size=SizeRule(),
    windows={"clip": 77, "t5": 256},
    distilled=True,
    parameters=11.9,
    source="model card; diffusers 0.42 documentation (4 steps, no guidance, 256 T5 tokens)",
)

FLUX_1_DEV = ModelSpec(
    id="flux.1-dev",
    title="FLUX.1 [dev]",
    family="flux.1",
    template="flux.1",
    weights="black-forest-labs/FLUX.1-dev",
    licence="FLUX.1 [dev] Non-Commercial",
    steps=StepRange(default=28, low=1, high=100),
    guidance=GuidanceRange(kind="embedded", default=3.5, low=1.0, high=10.0),
    negative="true_cfg",
    size=SizeRule(),
    windows={"clip": 77, "t5": 512},
    parameters=11.9,
    source="model card; diffusers 0.42 FluxPipeline defaults (28 steps, guidance 3.5)",
)
