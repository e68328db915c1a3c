"""The models that exist only behind their hosts' interfaces, and the open ones that hosts run too.

Ranges are those of the preferred host; another host's own table may be narrower and is checked before anything is sent.
Sources: archived pages of docs.bfl.ai with their OpenAPI blocks, the `blackforest` package 0.1.3, BFL's skills
repository (2026-02), and version pages on replicate.com. `verified` is False where no current source lists a model.
"""

from __future__ import annotations

from typing import Any

from fluxkit.models.options import OptionRule
from fluxkit.models.spec import GuidanceRange, ModelSpec, SizeRule, StepRange

_CLOSED = "closed; the host's terms"
_TOP = 21 / 9
_FORMAT = OptionRule(kind="text", choices=("jpeg", "png"), default="png", note="png is sent unless you say jpeg")
_UPSAMPLING = OptionRule(kind="bool", default=False, note="rewrites the prompt; a seed no longer repeats")
_RATIO_21 = OptionRule(kind="ratio", low=1 / _TOP, high=_TOP, default="16:9")
_RATIO_4 = OptionRule(kind="ratio", low=0.25, high=4.0, note="unset follows the input picture")


def _safety(high: int, note: str = "") -> OptionRule:
    return OptionRule(kind="int", low=0, high=high, default=2, note=note or "0 is strictest")


_COMMON = {"prompt_upsampling": _UPSAMPLING, "safety_tolerance": _safety(6), "output_format": _FORMAT}
_FLUX_2 = {"safety_tolerance": _safety(5), "output_format": _FORMAT}
_PRO_SIZE = SizeRule(multiple=32, min_side=256, max_side=1440, max_pixels=1440 * 1440, default_width=1024,
                     default_height=768)  # fmt: skip
_ULTRA_SIZE = SizeRule(multiple=32, min_side=512, max_side=4096, max_pixels=5_000_000, default_width=2752,
                       default_height=1536)  # fmt: skip
_FLUX_2_SIZE = SizeRule(multiple=32, min_side=64, max_side=4096, max_pixels=4_194_304)
_OPEN_SIZE = SizeRule(multiple=16, min_side=256, max_side=1440, max_pixels=1440 * 1440)


def _spec(id: str, title: str, **fields: Any) -> ModelSpec:
    base: dict[str, Any] = {
        "family": "flux.1",
        "template": "flux.1",
        "licence": _CLOSED,
        "hosts": ("bfl",),
        "loras": False,
        "windows": {"t5": 512},
        "options": _COMMON,
        "source": "docs.bfl.ai API reference, archived 2025-2026",
    }
    return ModelSpec(id=id, title=title, where="hosted", **(base | fields))


def _guided(default: float | None, low: float, high: float) -> GuidanceRange:
    return GuidanceRange(kind="embedded", default=default, low=low, high=high)


FLUX_PRO = _spec(
    "flux-pro", "FLUX.1 [pro]", hosts=("replicate", "bfl"), verified=False, also=("vary",),
    steps=StepRange(default=40, low=1, high=50), guidance=_guided(2.5, 1.5, 5.0), size=_PRO_SIZE,
    options=_COMMON | {"interval": OptionRule(kind="float", low=1, high=4, default=2.0, note="more lets it vary more")},
    note="Not in BFL's own list of 2026-08 any more; Replicate's page still offers it.",
)  # fmt: skip
FLUX_PRO_11 = _spec("flux-pro-1.1", "FLUX1.1 [pro]", hosts=("bfl", "replicate", "fal"), also=("vary",), size=_PRO_SIZE)
FLUX_PRO_11_ULTRA = _spec(
    "flux-pro-1.1-ultra", "FLUX1.1 [pro] Ultra", template="flux.1-ultra", hosts=("bfl", "replicate", "fal"),
    size=_ULTRA_SIZE, sized_by="aspect_ratio", also=("vary",),
    options=_COMMON | {
        "aspect_ratio": _RATIO_21,
        "raw": OptionRule(kind="bool", default=False, note="less processed, more natural"),
        "image_prompt_strength": OptionRule(kind="float", low=0, high=1, default=0.1),
    },
    note="Takes an aspect ratio and raw; no size, steps or guidance.",
)  # fmt: skip
_FINETUNE = {"finetune_id": OptionRule(kind="text", note="such as 'org-id/lora-name'")}
FLUX_PRO_11_ULTRA_FINETUNED = FLUX_PRO_11_ULTRA.with_(
    id="flux-pro-1.1-ultra-finetuned", title="FLUX1.1 [pro] Ultra, finetuned", hosts=("bfl",),
    options=FLUX_PRO_11_ULTRA.options | _FINETUNE
    | {"finetune_strength": OptionRule(kind="float", low=0, high=2, default=1.2)},
)  # fmt: skip
FLUX_DEV = _spec(
    "flux-dev", "FLUX.1 [dev], hosted", hosts=("bfl", "replicate", "fal"), also=("vary",),
    steps=StepRange(default=28, low=1, high=50), guidance=_guided(3.0, 1.5, 5.0), size=_PRO_SIZE,
    note="flux.1-dev is the same model on your own machine.",
)  # fmt: skip
FLUX_DEV_LORA = _spec(
    "flux-dev-lora", "FLUX.1 [dev] with LoRA, hosted", hosts=("replicate", "fal"), loras=True,
    steps=StepRange(default=28, low=1, high=50), guidance=_guided(3.0, 0.0, 10.0), size=_OPEN_SIZE,
    options={"output_format": _FORMAT}, source="replicate.com and fal.ai model pages",
    note="LoRA weights are a hub id or an https address that the host can read.",
)  # fmt: skip
FLUX_SCHNELL = _spec(
    "flux-schnell", "FLUX.1 [schnell], hosted", hosts=("replicate", "fal"), windows={"t5": 256},
    steps=StepRange(default=4, low=1, high=4), size=_OPEN_SIZE, distilled=True,
    options={"output_format": _FORMAT}, source="replicate.com and fal.ai model pages",
    note="BFL itself never hosted it. flux.1-schnell is the same model on your own machine.",
)  # fmt: skip


def _flux_2(id: str, title: str, **fields: Any) -> ModelSpec:
    base: dict[str, Any] = {
        "family": "flux.2",
        "template": "flux.2",
        "windows": {},
        "size": _FLUX_2_SIZE,
        "references": 8,
        "options": _FLUX_2,
        "note": "Reads prompts of up to 32,000 tokens.",
    }
    return _spec(id, title, **(base | fields))


FLUX_2_PRO = _flux_2("flux-2-pro", "FLUX.2 [pro]", hosts=("bfl", "replicate"),
                     options=_FLUX_2 | {"prompt_upsampling": _UPSAMPLING})  # fmt: skip
FLUX_2_MAX = FLUX_2_PRO.with_(id="flux-2-max", title="FLUX.2 [max]")
FLUX_2_FLEX = _flux_2(
    "flux-2-flex", "FLUX.2 [flex]", options=_FLUX_2 | {"prompt_upsampling": _UPSAMPLING},
    steps=StepRange(default=50, low=1, high=50), guidance=_guided(None, 1.5, 10.0),
)  # fmt: skip
FLUX_2_KLEIN_4B = _flux_2("flux-2-klein-4b", "FLUX.2 [klein] 4B, hosted", references=4, distilled=True)
FLUX_2_KLEIN_9B = _flux_2("flux-2-klein-9b", "FLUX.2 [klein] 9B, hosted", references=4, distilled=True)


def _tool(id: str, title: str, **fields: Any) -> ModelSpec:
    base: dict[str, Any] = {"sized_by": "input", "size": _PRO_SIZE, "steps": StepRange(default=50, low=15, high=50)}
    return _spec(id, title, **(base | fields))


FLUX_FILL_PRO = _tool(
    "flux-pro-1.0-fill", "FLUX.1 Fill [pro]", task="fill", template="fill", hosts=("bfl", "replicate"),
    guidance=_guided(60.0, 1.5, 100.0),
)  # fmt: skip
FLUX_FILL_PRO_FINETUNED = FLUX_FILL_PRO.with_(
    id="flux-pro-1.0-fill-finetuned", title="FLUX.1 Fill [pro], finetuned", hosts=("bfl",),
    options=_COMMON | _FINETUNE | {"finetune_strength": OptionRule(kind="float", low=0, high=2, default=1.1)},
)  # fmt: skip
_MARGIN = OptionRule(kind="int", low=0, high=2048, default=0, note="pixels to add on this side")
FLUX_EXPAND_PRO = _tool(
    "flux-pro-1.0-expand", "FLUX.1 Expand [pro]", task="expand", template="fill", guidance=_guided(60.0, 1.5, 100.0),
    options=_COMMON | dict.fromkeys(("top", "bottom", "left", "right"), _MARGIN),
)  # fmt: skip
_THRESHOLD = OptionRule(kind="int", low=0, high=500)
FLUX_CANNY_PRO = _tool(
    "flux-pro-1.0-canny", "FLUX.1 Canny [pro]", task="canny", template="control", hosts=("replicate", "bfl"),
    verified=False, guidance=_guided(30.0, 1.0, 100.0),
    options=_COMMON | {"canny_low_threshold": _THRESHOLD.with_(default=50),
                       "canny_high_threshold": _THRESHOLD.with_(default=200)},
    note="Not in BFL's own list of 2026-08 any more; Replicate's field names for it are taken from Depth.",
)  # fmt: skip
FLUX_DEPTH_PRO = _tool(
    "flux-pro-1.0-depth", "FLUX.1 Depth [pro]", task="depth", template="control", hosts=("replicate", "bfl"),
    guidance=_guided(30.0, 1.0, 100.0), source="replicate.com page of flux-depth-pro; blackforest 0.1.3",
    note="Not in BFL's own list of 2026-08 any more; Replicate offers it as an official model.",
)  # fmt: skip
FLUX_KONTEXT_PRO = _spec(
    "flux-kontext-pro", "FLUX.1 Kontext [pro]", task="edit", template="kontext", hosts=("bfl", "replicate", "fal"),
    sized_by="aspect_ratio", references=4, also=("shoot",),
    size=SizeRule(multiple=16, min_side=256, max_side=2048, max_pixels=1_600_000),
    options=_COMMON | {"aspect_ratio": _RATIO_4,
                       "safety_tolerance": _safety(6, "0 is strictest; with an input picture at most 2")},
)  # fmt: skip
FLUX_KONTEXT_MAX = FLUX_KONTEXT_PRO.with_(
    id="flux-kontext-max", title="FLUX.1 Kontext [max]", note="At most 6 in flight for one key."
)

HOSTED: tuple[ModelSpec, ...] = (
    FLUX_PRO, FLUX_PRO_11, FLUX_PRO_11_ULTRA, FLUX_PRO_11_ULTRA_FINETUNED, FLUX_2_PRO, FLUX_2_MAX, FLUX_2_FLEX,
    FLUX_2_KLEIN_4B, FLUX_2_KLEIN_9B, FLUX_FILL_PRO, FLUX_FILL_PRO_FINETUNED, FLUX_EXPAND_PRO, FLUX_CANNY_PRO,
    FLUX_DEPTH_PRO, FLUX_KONTEXT_PRO, FLUX_KONTEXT_MAX, FLUX_DEV, FLUX_DEV_LORA, FLUX_SCHNELL,
)  # fmt: skip
"""Every hosted model, in the order of the table."""
