"""The open FLUX.2 models: one language model reads the words, and reference pictures join them."""

from __future__ import annotations

from fluxkit.models.spec import GuidanceRange, ModelSpec, SizeRule, StepRange

_HUB = "https://huggingface.co/black-forest-labs"
_SIZE = SizeRule(min_side=64, max_side=4096)
_APACHE = "Apache-2.0"
_NON_COMMERCIAL = "FLUX Non-Commercial"

FLUX_2_DEV = ModelSpec(
    id="flux.2-dev",
    title="FLUX.2 [dev]",
    family="flux.2",
    template="flux.2",
    weights="black-forest-labs/FLUX.2-dev",
    licence=_NON_COMMERCIAL,
    licence_url=f"{_HUB}/FLUX.2-dev",
    steps=StepRange(default=50),
    guidance=GuidanceRange(kind="embedded", default=4.0, low=1.0, high=10.0),
    size=_SIZE,
    windows={"mistral": 512},
    references=8,
    parameters=32.2,
    source="diffusers 0.42 Flux2Pipeline (50 steps, guidance 4); eight references as BFL's API schema has it",
    note="28 steps are a good trade-off (model card). References above 1 megapixel are reduced.",
)

FLUX_2_KLEIN_4B = ModelSpec(
    id="flux.2-klein-4b",
    title="FLUX.2 [klein] 4B",
    family="flux.2",
    template="flux.2",
    also=("fill", "outpaint"),
    strength=0.8,
    weights="black-forest-labs/FLUX.2-klein-4B",
    licence=_APACHE,
    licence_url=f"{_HUB}/FLUX.2-klein-4B",
    steps=StepRange(default=4, low=1, high=12),
    guidance=GuidanceRange(kind="none"),
    size=_SIZE,
    windows={"qwen3": 512},
    references=4,
    distilled=True,
    parameters=3.9,
    source="BFL's flux2 repository (4 steps, no guidance); four references as the hosts' interfaces have it",
)

FLUX_2_KLEIN_BASE_4B = FLUX_2_KLEIN_4B.with_(
    id="flux.2-klein-base-4b",
    title="FLUX.2 [klein] base 4B",
    weights="black-forest-labs/FLUX.2-klein-base-4B",
    licence_url=f"{_HUB}/FLUX.2-klein-base-4B",
    steps=StepRange(default=50),
    guidance=GuidanceRange(kind="cfg", default=4.0, low=1.0, high=10.0),
    negative="embeds",
    distilled=False,
    source="BFL's flux2 repository; diffusers 0.42 Flux2KleinPipeline (50 steps, guidance 4, two passes a step)",
)

FLUX_2_KLEIN_9B = FLUX_2_KLEIN_4B.with_(
    id="flux.2-klein-9b",
    title="FLUX.2 [klein] 9B",
    weights="black-forest-labs/FLUX.2-klein-9B",
    licence=_NON_COMMERCIAL,
    licence_url=f"{_HUB}/FLUX.2-klein-9B",
    parameters=9.1,
)

FLUX_2_KLEIN_BASE_9B = FLUX_2_KLEIN_BASE_4B.with_(
    id="flux.2-klein-base-9b",
    title="FLUX.2 [klein] base 9B",
    weights="black-forest-labs/FLUX.2-klein-base-9B",
    licence=_NON_COMMERCIAL,
    licence_url=f"{_HUB}/FLUX.2-klein-base-9B",
    parameters=9.1,
)

FLUX_2_KLEIN_9B_KV = FLUX_2_KLEIN_9B.with_(
    id="flux.2-klein-9b-kv",
    title="FLUX.2 [klein] 9B KV",
    also=(),
    strength=None,
    weights="black-forest-labs/FLUX.2-klein-9b-kv",
    licence_url=f"{_HUB}/FLUX.2-klein-9b-kv",
    source="diffusers 0.42 Flux2KleinKVPipeline (4 steps, no guidance)",
    note="Reads the references in the first step only, so several cost less time.",
)

FLUX_2 = (
    FLUX_2_DEV,
    FLUX_2_KLEIN_4B,
    FLUX_2_KLEIN_BASE_4B,
    FLUX_2_KLEIN_9B,
    FLUX_2_KLEIN_BASE_9B,
    FLUX_2_KLEIN_9B_KV,
)
"""Every open FLUX.2 model, in the order of the table."""
