"""FLUX.3's own arithmetic, and its loop: diffusers has the model as a modular pipeline only, which cannot be stopped.

Each function computes what the blocks of diffusers 0.42's `Flux3AutoBlocks` and `Flux3DistilledAutoBlocks` compute,
without their prompt upsampler; the tests compare pixels.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from fluxkit.engines.local import denoise, flux2, pipelines
from fluxkit.engines.local.embeds import Embeds
from fluxkit.shots.shot import Shot

SHIFT = 6.93
"""How far the schedule is pushed towards noise, whatever the picture's size (Flux3SetTimestepsStep)."""
_POSITION_SCALE = 0.5
"""Rows and columns are counted in halves (`image_rope_scale`)."""
_PAD_MULTIPLE = 80
"""Words are padded to a multiple of so many tokens; the transformer sees the padding, so it is part of the recipe."""
_FACTOR = 16
"""Pixels of the picture for one token."""

OnStep = Callable[[int, int, Callable[[], Any] | None], None]


def encode(parts: Any, text: str, window: int) -> Embeds:
    """A text as eight stacked hidden layers of the language model, in the encoder's number format."""
    import torch
    from diffusers.modular_pipelines.flux3.encoders import Flux3TextEncoderStep

    encoder = parts["text_encoder"]
    with torch.no_grad():
        return Embeds(
            Flux3TextEncoderStep._get_qwen3_vl_prompt_embeds(
                encoder, _Chat(parts["tokenizer"]), text, max_sequence_length=window, pad_multiple=_PAD_MULTIPLE,
                hidden_states_layers=layers(encoder.config),
            )
        )  # fmt: skip


def layers(config: Any) -> tuple[int, ...]:
    """The eight layers that are read, evenly over the model's depth: 4, 8, ... 32 of the 36 of Qwen3-VL 8B."""
    depth = getattr(config, "text_config", config).num_hidden_layers
    return tuple(depth * ninth // 9 for ninth in range(1, 9))


class Loop:
    """FLUX.3 from words and reference pictures."""

    def __init__(self, parts: Any) -> None:
        self._parts = parts

    def expose(self, shot: Shot, embeds: Embeds, negative: Embeds | None, on_step: OnStep) -> Any:
        """The shot's packed latents, from its own seed's noise."""
        import torch

        device, dtype = self._parts.device.kind, embeds.tokens.dtype
        schedule = denoise.make_schedule(self._scheduler(), pipelines.steps_of(shot), 0, device)
        rows, columns = shot.height // _FACTOR, shot.width // _FACTOR
        generator = torch.Generator("cpu").manual_seed(shot.seed)
        shape = (1, self._parts["transformer"].config.in_channels, rows, columns)
        # Drawn in float32 whatever the model's format, as the model's makers do.
        latents = packed(torch.randn(shape, generator=generator, dtype=torch.float32).to(device, dtype))
        fixed = {"img_ids": positions(rows, columns, 0).to(device), **self._seen(shot, dtype)}
        words = [embeds.to(device)] + ([] if negative is None else [negative.to(device)])
        velocity = _Velocity(self._parts["transformer"], schedule, fixed, words, shot)

        def tell(index: int, before: Any, direction: Any) -> None:
            def state() -> Any:
                heading = denoise.predicted_end(schedule, index, before, direction)
                return flux2.decode(self._parts["vae"], heading, shot.width, shot.height)

            on_step(index + 1, schedule.steps, state)

        on_step(0, schedule.steps, None)
        return denoise.run(velocity, latents, schedule, tell)

    def _scheduler(self) -> Any:
        from diffusers import FlowMatchEulerDiscreteScheduler

        return self._parts.get("scheduler") or FlowMatchEulerDiscreteScheduler(shift=SHIFT)

    def _seen(self, shot: Shot, dtype: Any) -> dict[str, Any]:
        """The reference pictures as tokens and their positions; nothing where there are none."""
        import torch

        pictures = () if shot.inputs is None else shot.inputs.references
        if not pictures:
            return {}
        device = self._parts.device.kind
        latents = [self._encoded(picture.image, alone=len(pictures) == 1) for picture in pictures]
        places = [positions(each.shape[2], each.shape[3], -(1 + index)) for index, each in enumerate(latents)]
        return {
            "image_cond_hidden_states": torch.cat([packed(each) for each in latents], dim=1).to(device, dtype),
            "image_cond_ids": torch.cat(places).to(device),
        }

    def _encoded(self, image: Any, *, alone: bool) -> Any:
        """One reference as normalised latents (1, 128, rows, columns): whole where it is alone, else cropped."""
        import torch
        from diffusers.modular_pipelines.flux3.encoders import Flux3VaeEncoderStep
        from diffusers.modular_pipelines.flux3.image_processor import Flux3ImageProcessor

        vae = self._parts["vae"]
        fitted, _ = Flux3ImageProcessor().preprocess(image, resize_mode="fill" if alone else "crop")
        with torch.no_grad():
            seen = vae.encode(fitted.to(vae.device, vae.dtype)).latent_dist.mode()
            mean = vae.bn.running_mean.view(1, -1, 1, 1).to(seen.device, vae.dtype)
            deviation = torch.sqrt(vae.bn.running_var.view(1, -1, 1, 1) + vae.config.batch_norm_eps)
            return (Flux3VaeEncoderStep._patchify_latents(seen) - mean) / deviation.to(seen.device, vae.dtype)


def packed(latents: Any) -> Any:
    """Latents (1, channels, rows, columns) as tokens (1, rows x columns, channels)."""
    return latents.flatten(2).transpose(1, 2)


def positions(rows: int, columns: int, picture: int) -> Any:
    """The place of each token as (0, row, column, picture): 0 for the one that is made, -1, -2, ... for references."""
    import torch

    ids = torch.zeros(rows, columns, 4)
    ids[..., 1] = torch.arange(rows)[:, None] * _POSITION_SCALE
    ids[..., 2] = torch.arange(columns)[None, :] * _POSITION_SCALE
    ids[..., 3] = picture
    return ids.reshape(rows * columns, 4)


class _Velocity:
    """One pass of the transformer a step; two where guidance weighs the words against others."""

    def __init__(
        self, transformer: Any, schedule: denoise.Schedule, fixed: dict[str, Any], words: Sequence[Embeds], shot: Shot
    ) -> None:
        import torch

        self._transformer = transformer
        self._fixed = fixed
        self._scale = shot.spec.guidance_for(shot.guidance)
        self._times = [*schedule.timesteps, torch.zeros_like(schedule.timesteps[0])]
        self._words = [
            {"encoder_hidden_states": each.tokens, "txt_ids": _text_positions(each.tokens)} for each in words
        ]

    def __call__(self, latents: Any, index: int) -> Any:
        """The direction that the model moves the latents in at a step."""
        now, then = ((time / 1000).expand(1).to(latents.dtype) for time in self._times[index : index + 2])
        moment = {"timestep": now} | ({"target_timestep": then} if self._transformer.config.flow_map else {})
        towards, *away = (
            self._transformer(hidden_states=latents, **moment, **words, **self._fixed, return_dict=False)[0]
            for words in self._words
        )
        return away[0] + self._scale * (towards - away[0]) if away else towards


class _Chat:
    """A tokenizer under the two names that diffusers asks of FLUX.3's processor; the rest of that needs torchvision."""

    def __init__(self, tokenizer: Any) -> None:
        self.tokenizer = tokenizer
        self.apply_chat_template = tokenizer.apply_chat_template


def _text_positions(tokens: Any) -> Any:
    import torch

    ids = torch.zeros(tokens.shape[1], 4)
    ids[:, 3] = torch.arange(tokens.shape[1])
    return ids.to(tokens.device)
