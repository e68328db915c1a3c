"""The open FLUX.3 models, which diffusers 0.42 has as modular pipelines only."""

from __future__ import annotations

from fluxkit.models.spec import GuidanceRange, ModelSpec, SizeRule, StepRange

_HUB = "https://huggingface.co/black-forest-labs"

FLUX_3_KLEIN = ModelSpec(
    id="flux.3-klein",
    title="FLUX.3 Image [klein]",
    family="flux.3",
    template="flux.3",
    weights="black-forest-labs/flux-3-image-klein",
    licence="FLUX Kommunity License",
    licence_url=f"{_HUB}/flux-3-image-klein",
    steps=StepRange(default=16, low=1, high=50),
    guidance=GuidanceRange(kind="none"),
    size=SizeRule(min_side=64, max_side=4096),
    windows={"qwen3-vl": 8192},
    references=10,
    distilled=True,
    parameters=5.6,
    source="model card; diffusers 0.42 Flux3DistilledAutoBlocks (16 steps, no guidance)",
    note="Words go to the model as they are: its own prompt upsampler is not run, the template writes its long form.",
)

FLUX_3_KLEIN_BASE = FLUX_3_KLEIN.with_(
    id="flux.3-klein-base",
    title="FLUX.3 Image [klein] base",
    weights="black-forest-labs/flux-3-image-klein-base",
    licence_url=f"{_HUB}/flux-3-image-klein-base",
    steps=StepRange(default=50),
    guidance=GuidanceRange(kind="cfg", default=3.5, low=1.0, high=10.0),
    negative="embeds",
    distilled=False,
    source="diffusers 0.42 Flux3AutoBlocks (50 steps, guidance 3.5; the model card says 4)",
)

FLUX_3 = (FLUX_3_KLEIN, FLUX_3_KLEIN_BASE)
"""Every open FLUX.3 model, in the order of the table."""
