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
    strength=1.0,
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
    also=("vary", "fill", "outpaint"),
    strength=0.6,
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

FLUX_1_DEPTH_DEV_LORA = FLUX_1_DEPTH_DEV.with_(
    id="flux.1-depth-dev-lora",
    title="FLUX.1 Depth [dev] LoRA",
    holds="lora",
    base="flux.1-dev",
    weights="black-forest-labs/FLUX.1-Depth-dev-lora",
    licence_url=f"{_HUB}/FLUX.1-Depth-dev-lora/blob/main/LICENSE.md",
    source="model card and diffusers 0.42 (30 steps, guidance 10)",
    note="A LoRA of 1.2 GB that makes a Depth model of FLUX.1 [dev]; other LoRAs go beside it.",
)

FLUX_1_CANNY_DEV_LORA = FLUX_1_CANNY_DEV.with_(
    id="flux.1-canny-dev-lora",
    title="FLUX.1 Canny [dev] LoRA",
    holds="lora",
    base="flux.1-dev",
    weights="black-forest-labs/FLUX.1-Canny-dev-lora",
    licence_url=f"{_HUB}/FLUX.1-Canny-dev-lora/blob/main/LICENSE.md",
    source="model card and diffusers 0.42 (50 steps, guidance 30)",
    note="A LoRA of 1.2 GB that makes a Canny model of FLUX.1 [dev]; other LoRAs go beside it.",
)

FLUX_1_CONTROLNET_CANNY = FLUX_1_DEV.with_(
    id="flux.1-dev-controlnet-canny",
    title="ControlNet Canny for FLUX.1 [dev] (InstantX)",
    task="control",
    template="control",
    holds="controlnet",
    base="flux.1-dev",
    weights="InstantX/FLUX.1-dev-Controlnet-Canny",
    licence_url="https://huggingface.co/InstantX/FLUX.1-dev-Controlnet-Canny",
    controls={"canny": None},
    control_strength=0.6,
    negative_for=("control",),
    source="model card (28 steps, guidance 3.5, strength 0.6)",
    note="A ControlNet beside FLUX.1 [dev]: how strongly a map acts, and when, can be chosen.",
)

FLUX_1_CONTROLNET_DEPTH = FLUX_1_CONTROLNET_CANNY.with_(
    id="flux.1-dev-controlnet-depth",
    title="ControlNet Depth for FLUX.1 [dev] (Shakker Labs)",
    weights="Shakker-Labs/FLUX.1-dev-ControlNet-Depth",
    licence_url="https://huggingface.co/Shakker-Labs/FLUX.1-dev-ControlNet-Depth",
    controls={"depth": None},
    control_strength=0.5,
    source="model card (guidance 3.5, strength 0.5); steps as FLUX.1 [dev]",
)

FLUX_1_CONTROLNET_UNION = FLUX_1_CONTROLNET_CANNY.with_(
    id="flux.1-dev-controlnet-union",
    title="ControlNet Union Pro 2.0 for FLUX.1 [dev] (Shakker Labs)",
    weights="Shakker-Labs/FLUX.1-dev-ControlNet-Union-Pro-2.0",
    licence_url="https://huggingface.co/Shakker-Labs/FLUX.1-dev-ControlNet-Union-Pro-2.0",
    controls={"canny": None, "soft edges": None, "depth": None, "pose": None, "grey": None},
    max_controls=4,
    control_strength=0.7,
    source="model card (strength 0.7 for edges, 0.8 for depth, 0.9 for pose; end 0.8, 0.65 for pose)",
    note="Several maps at once. A union that tells kinds by number: with_(weights=..., controls={'canny': 0, ...}).",
)

FLUX_1_IP_ADAPTER = FLUX_1_DEV.with_(
    id="flux.1-dev-ip-adapter",
    title="IP-Adapter for FLUX.1 [dev] (XLabs)",
    task="likeness",
    also=(),
    strength=None,
    holds="ip-adapter",
    base="flux.1-dev",
    weights="XLabs-AI/flux-ip-adapter",
    licence_url="https://huggingface.co/XLabs-AI/flux-ip-adapter",
    references=4,
    weighs_references=True,
    source="diffusers 0.42 documentation (scale 1, true_cfg 4 with an empty negative prompt)",
    note="Pictures beside the words, by their weights (unset, they share 1); better with true_cfg=4, negative=''.",
)

FLUX_1_REDUX_DEV = FLUX_1_DEV.with_(
    id="flux.1-redux-dev",
    title="FLUX.1 Redux [dev]",
    task="redux",
    holds="prior",
    also=(),
    strength=None,
    weights="black-forest-labs/FLUX.1-Redux-dev",
    base="flux.1-dev",
    licence_url=f"{_HUB}/FLUX.1-Redux-dev/blob/main/LICENSE.md",
    steps=StepRange(default=50),
    guidance=GuidanceRange(kind="embedded", default=2.5, low=1.0, high=10.0),
    negative="none",
    references=4,
    weighs_references=True,
    source="model card and diffusers 0.42 (50 steps, guidance 2.5); four pictures is fluxkit's own limit",
    note="Turns pictures into tokens beside the words'; several are summed, each with its weight.",
)

FLUX_1_KONTEXT_DEV = FLUX_1_DEV.with_(
    id="flux.1-kontext-dev",
    title="FLUX.1 Kontext [dev]",
    task="edit",
    template="kontext",
    also=("fill", "outpaint"),
    strength=1.0,
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
    FLUX_1_DEPTH_DEV_LORA,
    FLUX_1_CANNY_DEV_LORA,
    FLUX_1_CONTROLNET_CANNY,
    FLUX_1_CONTROLNET_DEPTH,
    FLUX_1_CONTROLNET_UNION,
    FLUX_1_IP_ADAPTER,
    FLUX_1_REDUX_DEV,
    FLUX_1_KONTEXT_DEV,
)
"""Every open FLUX.1 model, in the order of the table."""
