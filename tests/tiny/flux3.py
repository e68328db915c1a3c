"""A tiny FLUX.3 pipeline: modular, with a vision-language model that only reads words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import diffusers
import torch
from transformers import Qwen3VLConfig, Qwen3VLForConditionalGeneration

from tests.tiny import tokenizers
from tests.tiny.pipelines import _vae_32

FLUX3_LAYERS = tuple(range(1, 9))
"""The hidden layers that a nine-layer text encoder can give; the real one reads 4, 8, ... 32."""

_TEXT = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 9,
    "num_attention_heads": 2,
    "num_key_value_heads": 2,
    "head_dim": 8,
    "max_position_embeddings": 1024,
    "rope_parameters": {"rope_type": "default", "rope_theta": 10000.0, "mrope_section": [2, 1, 1]},
    "pad_token_id": 0,
}
_VISION = {
    "depth": 1,
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_heads": 2,
    "out_hidden_size": 16,
    "patch_size": 16,
    "deepstack_visual_indexes": [0],
    "num_position_embeddings": 16,
}


class Words:
    """Stands in for the processor, which needs torchvision; diffusers asks no more of it than this."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.apply_chat_template = tokenizer.apply_chat_template


class Flux3:
    """A modular pipeline that is saved as the hub has it; `pipeline` is diffusers' own."""

    def __init__(self, *, distilled: bool, seed: int) -> None:
        tokenizer = tokenizers.qwen()
        blocks = (diffusers.Flux3DistilledAutoBlocks if distilled else diffusers.Flux3AutoBlocks)()
        blocks.sub_blocks.pop("prompt_upsampler")
        self.pipeline = blocks.init_pipeline()
        torch.manual_seed(seed)
        config = Qwen3VLConfig(text_config={**_TEXT, "vocab_size": len(tokenizer)}, vision_config=_VISION)
        encoder = Qwen3VLForConditionalGeneration(config).eval()
        torch.manual_seed(seed)
        transformer = diffusers.Flux3Transformer2DModel(
            in_channels=128,
            cond_in_channels=128,
            num_layers=1,
            num_single_layers=1,
            attention_head_dim=16,
            num_attention_heads=2,
            joint_attention_dim=16 * len(FLUX3_LAYERS),
            timestep_channels=32,
            axes_dims_rope=(4, 4, 4, 4),
            flow_map=distilled,
        ).eval()
        self.parts = {"transformer": transformer, "vae": _vae_32(seed), "text_encoder": encoder}
        self.pipeline.update_components(**self.parts, tokenizer=Words(tokenizer))
        self.pipeline.set_progress_bar_config(disable=True)
        self._tokenizer = tokenizer

    def save_pretrained(self, folder: Path) -> None:
        """Each part in its folder, and the index as `ModularPipeline.save_pretrained` writes it."""
        index: dict[str, Any] = {"_class_name": type(self.pipeline).__name__}
        for name, part in (*self.parts.items(), ("tokenizer", self._tokenizer)):
            part.save_pretrained(Path(folder) / name)
            library = "diffusers" if type(part).__module__.startswith("diffusers") else "transformers"
            made = "Qwen3VLProcessor" if name == "tokenizer" else type(part).__name__
            index[name] = [library, made, {"pretrained_model_name_or_path": str(folder), "subfolder": name}]
        (Path(folder) / "modular_model_index.json").write_text(json.dumps(index), encoding="utf-8")


def flux3(*, distilled: bool = True, seed: int = 0) -> Flux3:
    """A FLUX.3 pipeline without its prompt upsampler; `distilled=False` is the base, with two passes a step."""
    return Flux3(distilled=distilled, seed=seed)
