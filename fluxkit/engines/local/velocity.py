"""The direction in which a model moves latents at a step, for one shot or for several at once.

Computes what diffusers 0.42's `FluxPipeline`, `Flux2Pipeline` and `Flux2KleinPipeline` compute in their loops,
operation for operation; the tests compare pixels. What is the same in every step (the words' projection, the
positions' embedding) is computed in the first and replayed in the others.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any

from fluxkit.engines.local import flux1, speed
from fluxkit.engines.local.denoise import Schedule
from fluxkit.engines.local.embeds import Embeds
from fluxkit.engines.local.modulation import ModulationTable, Moment
from fluxkit.shots.shot import Shot

_SAME_EVERY_STEP = ("context_embedder", "pos_embed")
"""Parts of the transformers whose result depends on the words and the size alone."""


class Velocity:
    """One pass of the transformer a step; two where a negative prompt is weighed against the prompt."""

    def __init__(
        self,
        parts: Any,
        schedule: Schedule,
        shots: Sequence[Shot],
        words: Sequence[Embeds],
        against: Sequence[Embeds] | None = None,
    ) -> None:
        """`shots` are of one size and number of steps; `against` are their negatives, where each has one."""
        import torch

        self._transformer, device = parts["transformer"], parts.device.kind
        first, dtype, count = shots[0], words[0].tokens.dtype, len(shots)
        self._times = [time.expand(count).to(dtype) / 1000 for time in schedule.timesteps]
        self._scale = _scale(shots, device, dtype)
        guidance = [shot.spec.guidance_for(shot.guidance) for shot in shots]
        guided = self._transformer.config.guidance_embeds
        self._fixed = {
            "guidance": torch.tensor(guidance, device=device, dtype=torch.float32) if guided else None,
            "txt_ids": word_positions(first.spec.family, words[0].tokens.shape[1], dtype, device),
            "img_ids": positions(first.spec.family, first.width, first.height, dtype, device),
            "return_dict": False,
        }
        self._sides = [_joined(words, device)] + ([] if against is None else [_joined(against, device)])
        self._tapes = [[Tape(getattr(self._transformer, name)) for name in _SAME_EVERY_STEP] for _ in self._sides]
        self._table: ModulationTable | None = parts.table
        self._keys: list[list[Hashable]] = []
        if self._table is not None:
            moments = [[self._moment(time, side) for side in self._sides] for time in self._times]
            self._table.prepare([moment for row in moments for moment in row], device)
            self._keys = [[moment.key() for moment in row] for row in moments]

    def __call__(self, latents: Any, index: int) -> Any:
        """The direction that the model moves the latents in at a step."""
        towards, *away = [self._pass(latents, index, side) for side in range(len(self._sides))]
        return away[0] + self._scale * (towards - away[0]) if away else towards

    def _pass(self, latents: Any, index: int, side: int) -> Any:
        if self._table is not None:
            self._table.at(self._keys[index][side])
        with ExitStack() as stack:
            for tape in self._tapes[side]:
                stack.enter_context(tape.playing())
            stack.enter_context(speed.remembering(self._transformer, "uncond" if side else "cond"))
            return self._transformer(
                hidden_states=latents, timestep=self._times[index], **self._sides[side], **self._fixed
            )[0]

    def _moment(self, time: Any, side: dict[str, Any]) -> Moment:
        return Moment(time, self._fixed["guidance"], side["pooled_projections"])


class Tape:
    """What a part gives in the first pass, replayed in later ones, for a part whose input stays the same."""

    def __init__(self, part: Any) -> None:
        self._part = part
        self._kept: list[Any] = []

    @contextmanager
    def playing(self) -> Iterator[None]:
        """While this is on, the part records, or, where it has been recorded, replays."""
        part, original = self._part, self._part.forward
        hooked = part.__dict__.get("forward")
        calls = iter(tuple(self._kept)) if self._kept else None

        def forward(*given: Any, **named: Any) -> Any:
            if calls is not None:
                return next(calls)
            self._kept.append(original(*given, **named))
            return self._kept[-1]

        part.forward = forward
        try:
            yield
        except BaseException:
            if calls is None:
                self._kept.clear()
            raise
        finally:
            if hooked is None:
                del part.forward
            else:
                part.forward = hooked


def noise(shots: Sequence[Shot], channels: int, dtype: Any, device: str) -> Any:
    """The starting latents of each shot's own seed, packed as tokens (shots, tokens, channels).

    Drawn on the CPU one by one, so that they depend on neither the device nor the other shots.
    """
    import torch

    drawn = []
    for shot in shots:
        if shot.spec.family == "flux.1":
            drawn.append(flux1.noise(channels // 4, shot.width, shot.height, shot.seed, dtype, device))
            continue
        generator = torch.Generator("cpu").manual_seed(shot.seed)
        shape = (1, channels, shot.height // 16, shot.width // 16)
        made = torch.randn(shape, generator=generator, device="cpu", dtype=dtype).to(device)
        drawn.append(made.reshape(1, channels, -1).permute(0, 2, 1))
    return drawn[0] if len(drawn) == 1 else torch.cat(drawn)


def positions(family: str, width: int, height: int, dtype: Any, device: str) -> Any:
    """The place of each token of the picture: (0, row, column), and a layer of 0 behind it from FLUX.2 on."""
    import torch

    if family == "flux.1":
        return flux1.positions(width, height, dtype, device)
    rows, columns = torch.arange(height // 16), torch.arange(width // 16)
    return torch.cartesian_prod(torch.arange(1), rows, columns, torch.arange(1)).to(device)


def word_positions(family: str, count: int, dtype: Any, device: str) -> Any:
    """The place of each token of the words: all at the origin in FLUX.1, one behind the other from FLUX.2 on."""
    import torch

    if family == "flux.1":
        return torch.zeros(count, 3, device=device, dtype=dtype)
    one = torch.arange(1)
    return torch.cartesian_prod(one, one, one, torch.arange(count)).to(device)


def _scale(shots: Sequence[Shot], device: str, dtype: Any) -> Any:
    """How strongly the prompt is pulled away from the negative: one number, or one for each of several shots."""
    import torch

    told = [
        (shot.spec.guidance_for(shot.guidance) if shot.spec.guidance.kind == "cfg" else shot.true_cfg) or 1.0
        for shot in shots
    ]
    if len(set(told)) == 1:
        return told[0]
    return torch.tensor(told, device=device, dtype=dtype).view(-1, 1, 1)


def _joined(words: Sequence[Embeds], device: str) -> dict[str, Any]:
    """The words of every shot as the transformer takes them."""
    import torch

    moved = [embeds.to(device) for embeds in words]
    tokens = [embeds.tokens for embeds in moved]
    joined = {"encoder_hidden_states": tokens[0] if len(tokens) == 1 else torch.cat(tokens)}
    if moved[0].pooled is not None:
        pooled = [embeds.pooled for embeds in moved]
        joined["pooled_projections"] = pooled[0] if len(pooled) == 1 else torch.cat(pooled)
    return joined
