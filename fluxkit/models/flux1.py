"""The open FLUX.1 models: from words, and the tools that work on a picture.

Figures are the makers' own (the model cards and diffusers 0.42's documentation) unless a field says otherwise.
"""

from __future__ import annotations

from fluxkit.models.spec import GuidanceRange, ModelSpec, SizeRule, StepRange

_HUB = "https://huggingface.co/black-forest-labs"
_NON_COMMERCIAL = "FLUX.1 [dev] Non-Commercial"
_WINDOWS = {"clip": 77, "t5": 512}

FLUX_1_SCHNELL = ModelSpec(
    id="flux.1-schnell",
    title="FLUX.1 [schnell]",
    family="flux.1",
    template="flux.1",
    also=("vary", "fill", "outpaint"),
    strength=0.6,
    weights="black-forest-labs/FLUX.1-schnell",
    licence="Apache-2.0",
    licence_url=f"{_HUB}/FLUX.1-schnell",
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
    also=("vary", "fill", "outpaint"),
    strength=0.6,
    weights="black-forest-labs/FLUX.1-dev",
    licence=_NON_COMMERCIAL,
    licence_url=f"{_HUB}/FLUX.1-dev/blob/main/LICENSE.md",
    steps=StepRange(default=28, low=1, high=100),
    guidance=GuidanceRange(kind="embedded", default=3.5, low=1.0, high=10.0),
    negative="true_cfg",
    size=SizeRule(),
    windows=_WINDOWS,
    parameters=11.9,
    source="model card; diffusers 0.42 FluxPipeline defaults (28 steps, guidance 3.5)",
)

FLUX_1_KREA_DEV = FLUX_1_DEV.with_(
    id="flux.1-krea-dev",
    title="FLUX.1 Krea [dev]",
    weights="black-forest-labs/FLUX.1-Krea-dev",
    licence_url=f"{_HUB}/FLUX.1-Krea-dev",
    guidance=GuidanceRange(kind="embedded", default=4.5, low=1.0, high=10.0),
    source="model card; 28 steps and guidance 4.5 as fal's and Krea's own interfaces set them (2025)",
    note="Trained towards photographs without the usual generated look.",
)

FLUX_1_FILL_DEV = FLUX_1_DEV.with_(
    id="flux.1-fill-dev",
    title="FLUX.1 Fill [dev]",
    task="fill",
    template="fill",
    also=(),
    strength=None,
    weights="black-forest-labs/FLUX.1-Fill-dev",
    licence_url=f"{_HUB}/FLUX.1-Fill-dev/blob/main/LICENSE.md",
    steps=StepRange(default=50),
    guidance=GuidanceRange(kind="embedded", default=30.0, low=1.5, high=100.0),
    negative="none",
    source="model card and diffusers 0.42 (50 steps, guidance 30, 512 T5 tokens); range as in BFL's API",
)

FLUX_1_DEPTH_DEV = FLUX_1_FILL_DEV.with_(
    id="flux.1-depth-dev",
    title="FLUX.1 Depth [dev]",
    task="depth",
    template="control",
    weights="black-forest-labs/FLUX.1-Depth-dev",
    licence_url=f"{_HUB}/FLUX.1-Depth-dev/blob/main/LICENSE.md",
    steps=StepRange(default=30),
    guidance=GuidanceRange(kind="embedded", default=10.0, low=1.0, high=100.0),
    source="model card and diffusers 0.42 (30 steps, guidance 10)",
)

FLUX_1_CANNY_DEV = FLUX_1_DEPTH_DEV.with_(
    id="flux.1-canny-dev",
    title="FLUX.1 Canny [dev]",
    task="canny",
    weights="black-forest-labs/FLUX.1-Canny-dev",
    licence_url=f"{_HUB}/FLUX.1-Canny-dev/blob/main/LICENSE.md",
    steps=StepRange(default=50),
    guidance=GuidanceRange(kind="embedded", default=30.0, low=1.0, high=100.0),
    source="model card and diffusers 0.42 (50 steps, guidance 30)",
)

FLUX_1_REDUX_DEV = FLUX_1_DEV.with_(
    id="flux.1-redux-dev",
    title="FLUX.1 Redux [dev]",
    task="redux",
    also=(),
    strength=None,
    weights="black-forest-labs/FLUX.1-Redux-dev",
    base="flux.1-dev",
    licence_url=f"{_HUB}/FLUX.1-Redux-dev/blob/main/LICENSE.md",
    steps=StepRange(default=50),
    guidance=GuidanceRange(kind="embedded", default=2.5, low=1.0, high=10.0),
    negative="none",
    references=4,
    source="model card and diffusers 0.42 (50 steps, guidance 2.5); four pictures is fluxkit's own limit",
    note="Turns pictures into tokens beside the words'; several are summed, each with its weight.",
)

FLUX_1_KONTEXT_DEV = FLUX_1_DEV.with_(
    id="flux.1-kontext-dev",
    title="FLUX.1 Kontext [dev]",
    task="edit",
    template="kontext",
    also=(),
    strength=None,
    weights="black-forest-labs/FLUX.1-Kontext-dev",
    licence_url=f"{_HUB}/FLUX.1-Kontext-dev/blob/main/LICENSE.md",
    guidance=GuidanceRange(kind="embedded", default=2.5, low=1.0, high=10.0),
    references=1,
    source="model card (guidance 2.5); diffusers 0.42 FluxKontextPipeline (28 steps)",
    note="One picture: several are a batch to diffusers' pipeline, not several references.",
)

FLUX_1 = (
    FLUX_1_SCHNELL,
    FLUX_1_DEV,
    FLUX_1_KREA_DEV,
    FLUX_1_FILL_DEV,
    FLUX_1_DEPTH_DEV,
    FLUX_1_CANNY_DEV,
    FLUX_1_REDUX_DEV,
    FLUX_1_KONTEXT_DEV,
)
"""Every open FLUX.1 model, in the order of the table."""
