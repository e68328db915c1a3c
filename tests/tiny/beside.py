"""What runs beside a tiny FLUX.1 model: ControlNets, LoRAs that make control models, IP-Adapters, a depth model."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from diffusers import FluxControlNetModel
from safetensors.torch import save_file
from transformers import CLIPVisionConfig, CLIPVisionModelWithProjection, DPTConfig, DPTForDepthEstimation
from transformers import DPTImageProcessor as Processor

_WIDTH = 32
"""Channels of the tiny transformer."""


def controlnet(*, kinds: int | None = None, seed: int = 0) -> FluxControlNetModel:
    """A ControlNet of one layer; `kinds` makes it a union that is told the kind of its map by number."""
    torch.manual_seed(seed)
    made = FluxControlNetModel(
        num_layers=1,
        num_single_layers=1,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=32,
        pooled_projection_dim=32,
        axes_dims_rope=[4, 4, 8],
        num_mode=kinds,
    )
    for name, weight in made.named_parameters():
        if "controlnet" in name:  # they start at zero, and would do nothing
            torch.nn.init.normal_(weight, std=0.5)
    return made.eval()


class _Files:
    """Tensors that are saved as one safetensors file, and models beside it in folders of their own."""

    def __init__(self, name: str, tensors: dict[str, torch.Tensor], **models: Any) -> None:
        self._name = name
        self._tensors = tensors
        self._models = models

    def save_pretrained(self, folder: Path) -> None:
        """Write them."""
        Path(folder).mkdir(parents=True, exist_ok=True)
        save_file(self._tensors, Path(folder) / f"{self._name}.safetensors")
        for name, model in self._models.items():
            model.save_pretrained(Path(folder) / name)


def control_lora(*, channels: int = 128, seed: int = 0, rank: int = 4) -> _Files:
    """A LoRA like BFL's for Depth and Canny: it widens the first layer and changes a few others."""
    torch.manual_seed(seed)
    layers = {"x_embedder": (channels, _WIDTH)} | {
        f"transformer_blocks.{block}.attn.to_{side}": (_WIDTH, _WIDTH) for block in range(2) for side in "qkv"
    }
    tensors = {}
    for name, (inner, outer) in layers.items():
        tensors[f"transformer.{name}.lora_A.weight"] = torch.randn(rank, inner) * 0.2
        tensors[f"transformer.{name}.lora_B.weight"] = torch.randn(outer, rank) * 0.2
    return _Files("control-lora", tensors)


def lora(
    pipeline: Any,
    folder: Path,
    *,
    seed: int,
    rank: int = 4,
    alpha: float | None = None,
    layers: tuple[str, ...] = (),
    text: bool = False,
) -> Path:
    """A random LoRA of a tiny pipeline, saved by diffusers as users have it.

    `layers` end the names of the transformer's layers that it changes; `text=True` changes CLIP too. An `alpha` other
    than the rank goes into the file's metadata, as diffusers' training scripts write it.
    """
    from peft import LoraConfig, get_peft_model_state_dict

    torch.manual_seed(seed)
    factor = rank if alpha is None else alpha
    config = LoraConfig(
        r=rank, lora_alpha=factor, target_modules=list(layers or ("to_q", "to_k")), init_lora_weights=False
    )
    pipeline.transformer.add_adapter(config)
    saved: dict[str, Any] = {"transformer_lora_layers": get_peft_model_state_dict(pipeline.transformer)}
    if alpha is not None:
        saved["transformer_lora_adapter_metadata"] = config.to_dict()
    if text:
        config = LoraConfig(r=rank, lora_alpha=rank, target_modules=["q_proj"], init_lora_weights=False)
        pipeline.text_encoder.add_adapter(config)
        saved["text_encoder_lora_layers"] = get_peft_model_state_dict(pipeline.text_encoder)
    pipeline.save_lora_weights(folder, **saved)
    return next(folder.glob("*.safetensors"))


def ip_adapter(*, seed: int = 0) -> _Files:
    """An IP-Adapter in XLabs' layout, with its picture encoder beside it."""
    torch.manual_seed(seed)
    seen = 24
    tensors = {
        "ip_adapter_proj_model.proj.weight": torch.randn(4 * 32, seen) * 0.1,
        "ip_adapter_proj_model.proj.bias": torch.randn(4 * 32) * 0.1,
        "ip_adapter_proj_model.norm.weight": torch.ones(32),
        "ip_adapter_proj_model.norm.bias": torch.zeros(32),
    }
    for block in range(2):
        for side in ("k", "v"):
            name = f"double_blocks.{block}.processor.ip_adapter_double_stream_{side}_proj"
            tensors[f"{name}.weight"] = torch.randn(_WIDTH, 32) * 0.5
            tensors[f"{name}.bias"] = torch.randn(_WIDTH) * 0.5
    config = CLIPVisionConfig(
        hidden_size=16,
        intermediate_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        image_size=32,
        patch_size=8,
        projection_dim=seen,
    )
    return _Files("ip_adapter", tensors, image_encoder=CLIPVisionModelWithProjection(config).eval())


class _DepthModel:
    def __init__(self, seed: int) -> None:
        torch.manual_seed(seed)
        self.model = DPTForDepthEstimation(
            DPTConfig(
                hidden_size=16,
                num_hidden_layers=4,
                num_attention_heads=2,
                intermediate_size=32,
                image_size=32,
                patch_size=8,
                backbone_out_indices=[0, 1, 2, 3],
                neck_hidden_sizes=[8, 8, 8, 8],
                fusion_hidden_size=8,
            )
        ).eval()
        self.processor = Processor(size={"height": 32, "width": 32})

    def save_pretrained(self, folder: Path) -> None:
        """The model and what prepares pictures for it, as transformers has them."""
        self.model.save_pretrained(folder)
        self.processor.save_pretrained(folder)


def depth_model(*, seed: int = 0) -> _DepthModel:
    """A depth estimator of the DPT kind with random weights."""
    return _DepthModel(seed)
