"""The pipelines themselves: text encoders, transformers and VAEs of a few thousand parameters."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

import diffusers
import torch
from diffusers import (
    AutoencoderKL,
    AutoencoderKLFlux2,
    FlowMatchEulerDiscreteScheduler,
    Flux2Transformer2DModel,
    FluxTransformer2DModel,
)
from transformers import (
    CLIPTextConfig,
    CLIPTextModel,
    Mistral3Config,
    Mistral3ForConditionalGeneration,
    Qwen3Config,
    Qwen3ForCausalLM,
    T5Config,
    T5EncoderModel,
)

from tests.tiny import tokenizers

OUT_LAYERS = (1, 2, 3)
"""The hidden layers that a four-layer FLUX.2 text encoder can give; real ones read layers 10, 20 and 30."""

_CHANNELS = {"FluxFillPipeline": (384, 64)} | {
    f"FluxControl{kind}Pipeline": (128, 64) for kind in ("", "Img2Img", "Inpaint")
}


def flux1(pipeline: str = "FluxPipeline", *, guidance: bool = True, seed: int = 0) -> Any:
    """A FLUX.1 pipeline of the named diffusers class; `guidance=False` makes it like schnell."""
    clip, t5 = tokenizers.clip(), tokenizers.t5()
    return _quiet(
        getattr(diffusers, pipeline)(
            scheduler=_scheduler(),
            vae=_vae_16(seed),
            text_encoder=_clip_encoder(len(clip), seed),
            tokenizer=clip,
            text_encoder_2=_t5_encoder(len(t5), seed),
            tokenizer_2=t5,
            transformer=_flux1_transformer(*_CHANNELS.get(pipeline, (64, None)), guidance=guidance, seed=seed),
        )
    )


def flux2_klein(pipeline: str = "Flux2KleinPipeline", *, distilled: bool = True, seed: int = 0) -> Any:
    """A FLUX.2 [klein] pipeline of the named class; `distilled=False` is the base, with two passes a step."""
    tokenizer = tokenizers.qwen()
    torch.manual_seed(seed)
    encoder = Qwen3ForCausalLM(
        Qwen3Config(
            vocab_size=len(tokenizer),
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=4,
            num_attention_heads=2,
            num_key_value_heads=2,
            head_dim=8,
            max_position_embeddings=1024,
        )
    )
    made = getattr(diffusers, pipeline)
    flags = {"is_distilled": distilled} if "is_distilled" in inspect.signature(made).parameters else {}
    return _quiet(
        made(
            scheduler=_scheduler(),
            vae=_vae_32(seed),
            text_encoder=encoder.eval(),
            tokenizer=tokenizer,
            transformer=_flux2_transformer(guidance=False, seed=seed),
            **flags,
        )
    )


def flux2_dev(*, seed: int = 0) -> Any:
    """A FLUX.2 [dev] pipeline; its text encoder is a Mistral 3 of four layers."""
    tokenizer = tokenizers.mistral()
    torch.manual_seed(seed)
    text = {
        "model_type": "mistral",
        "vocab_size": len(tokenizer),
        "hidden_size": 16,
        "intermediate_size": 37,
        "head_dim": 8,
        "max_position_embeddings": 1024,
        "num_attention_heads": 2,
        "num_hidden_layers": 4,
        "num_key_value_heads": 2,
        "bos_token_id": 1,
        "eos_token_id": 2,
        "pad_token_id": 3,
    }
    vision = {
        "model_type": "pixtral",
        "hidden_size": 16,
        "num_hidden_layers": 1,
        "num_attention_heads": 4,
        "intermediate_size": 37,
        "image_size": 30,
        "patch_size": 6,
        "num_channels": 3,
    }
    config = Mistral3Config(
        text_config=text, vision_config=vision, image_token_index=8, vision_feature_layer=-1, spatial_merge_size=1
    )
    return _quiet(
        diffusers.Flux2Pipeline(
            scheduler=_scheduler(),
            vae=_vae_32(seed),
            text_encoder=Mistral3ForConditionalGeneration(config).eval(),
            tokenizer=tokenizer,
            transformer=_flux2_transformer(guidance=True, seed=seed),
        )
    )


def redux_prior(*, seed: int = 0) -> Any:
    """FLUX.1 Redux's prior: a picture encoder whose tokens join those of the text."""
    from diffusers.pipelines.flux.modeling_flux import ReduxImageEncoder
    from transformers import SiglipImageProcessor, SiglipVisionConfig, SiglipVisionModel

    torch.manual_seed(seed)
    vision = SiglipVisionModel(
        SiglipVisionConfig(
            hidden_size=16,
            intermediate_size=32,
            num_hidden_layers=2,
            num_attention_heads=2,
            image_size=32,
            patch_size=8,
        )
    )
    return _quiet(
        diffusers.FluxPriorReduxPipeline(
            image_encoder=vision.eval(),
            feature_extractor=SiglipImageProcessor(size={"height": 32, "width": 32}),
            image_embedder=ReduxImageEncoder(redux_dim=16, txt_in_features=32).eval(),
        )
    )


def saved(pipeline: Any, folder: Path) -> Path:
    """The pipeline written as a diffusers folder, as users have them; returns the folder."""
    pipeline.save_pretrained(folder)
    return folder


def _quiet(pipeline: Any) -> Any:
    pipeline.set_progress_bar_config(disable=True)
    return pipeline


def _scheduler() -> FlowMatchEulerDiscreteScheduler:
    return FlowMatchEulerDiscreteScheduler(
        shift=3.0,
        use_dynamic_shifting=True,
        base_shift=0.5,
        max_shift=1.15,
        base_image_seq_len=256,
        max_image_seq_len=4096,
    )


def _clip_encoder(vocabulary: int, seed: int) -> CLIPTextModel:
    torch.manual_seed(seed)
    config = CLIPTextConfig(
        vocab_size=vocabulary,
        hidden_size=32,
        intermediate_size=37,
        num_attention_heads=4,
        num_hidden_layers=2,
        projection_dim=32,
        max_position_embeddings=77,
        bos_token_id=vocabulary - 2,
        eos_token_id=vocabulary - 1,
        pad_token_id=vocabulary - 1,
    )
    return CLIPTextModel(config).eval()


def _t5_encoder(vocabulary: int, seed: int) -> T5EncoderModel:
    torch.manual_seed(seed)
    config = T5Config(
        vocab_size=vocabulary,
        d_model=32,
        d_kv=8,
        d_ff=37,
        num_layers=2,
        num_heads=4,
        feed_forward_proj="gated-gelu",
        is_encoder_decoder=False,
    )
    return T5EncoderModel(config).eval()


def _vae_16(seed: int) -> AutoencoderKL:
    torch.manual_seed(seed)
    return AutoencoderKL(
        in_channels=3,
        out_channels=3,
        latent_channels=16,
        sample_size=64,
        block_out_channels=(8, 8, 8, 8),
        layers_per_block=1,
        norm_num_groups=4,
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        use_quant_conv=False,
        use_post_quant_conv=False,
        shift_factor=0.1159,
        scaling_factor=0.3611,
    ).eval()


def _vae_32(seed: int) -> AutoencoderKLFlux2:
    torch.manual_seed(seed)
    return AutoencoderKLFlux2(
        latent_channels=32, sample_size=64, block_out_channels=(8, 8, 8, 8), layers_per_block=1, norm_num_groups=4
    ).eval()


def _flux1_transformer(channels: int, out: int | None, *, guidance: bool, seed: int) -> FluxTransformer2DModel:
    torch.manual_seed(seed)
    return FluxTransformer2DModel(
        in_channels=channels,
        out_channels=out,
        num_layers=2,
        num_single_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=32,
        pooled_projection_dim=32,
        guidance_embeds=guidance,
        axes_dims_rope=(4, 4, 8),
    ).eval()


def _flux2_transformer(*, guidance: bool, seed: int) -> Flux2Transformer2DModel:
    torch.manual_seed(seed)
    return Flux2Transformer2DModel(
        in_channels=128,
        num_layers=2,
        num_single_layers=2,
        attention_head_dim=16,
        num_attention_heads=2,
        joint_attention_dim=48,
        axes_dims_rope=(4, 4, 4, 4),
        guidance_embeds=guidance,
    ).eval()
