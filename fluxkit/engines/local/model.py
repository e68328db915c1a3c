"""`LoadedModel`: the one model that the local engine holds, with its parts and what makes pictures with them."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

from fluxkit.engines.local import levers, loop, makers, pipelines
from fluxkit.engines.local.device import Device
from fluxkit.engines.local.embeds import Embeds
from fluxkit.engines.local.loras import Adapters
from fluxkit.engines.local.makers import Maker
from fluxkit.engines.local.parts import Parts
from fluxkit.engines.local.speed import Speed
from fluxkit.models import ModelSpec
from fluxkit.models.forecast import Lever
from fluxkit.models.spec import Method
from fluxkit.models.weights import weights_tag
from fluxkit.shots.shot import LoRA, Shot


class LoadedModel:
    """A model ready for shots; parts load when they are first needed."""

    def __init__(
        self,
        largest: Shot,
        device: Device,
        former: LoadedModel | None = None,
        *,
        lever: Lever = "resident",
        speed: Speed | None = None,
    ) -> None:
        """The model of the `largest` shot that is to be made.

        Takes over the parts of the `former` model that have the same content, and frees the others. Raises
        `WeightsError` for weights that are missing, or of another family or task.
        """
        spec = largest.spec
        self.spec, self.largest = spec, largest
        self.device, self.speed = device, speed or Speed()
        self.tag = weights_tag(spec)
        self.parts = Parts(spec, device, lever, self.speed)
        pipelines.check_weights(spec, self.parts.index, self.parts.config("transformer"))
        if former is not None:
            former.forget()
            self.parts.adopt(former.parts)
        self.adapters = Adapters(self.parts)
        self._makers: dict[Method, Maker] = {}

    def holds(self, spec: ModelSpec) -> bool:
        """Whether it is this model, with these weights as they are on disk now."""
        return spec == self.spec and weights_tag(spec) == self.tag

    def maker(self, shot: Shot) -> Maker:
        """What makes the latents of a shot of this kind."""
        method: Method = "shoot" if shot.inputs is None else shot.inputs.method(shot.spec)
        if method not in self._makers:
            self._makers[method] = self._made(method)
        return self._makers[method]

    def _made(self, method: Method) -> Any:
        if loop.makes(self.spec, method):
            return loop.OwnLoop(self.parts, self.develop)
        return makers.made(self.parts, pipelines.route(self.spec, method))

    def encode(self, text: str) -> Embeds:
        """A text as the transformer reads it."""
        return makers.encode(self.parts, text)

    def develop(self, shot: Shot, latents: Any) -> Any:
        """Latents as a picture tensor (1, 3, height, width) of about -1 to 1."""
        return makers.develop(self.parts, shot, latents)

    def embeds_key(self, text: str, loras: Sequence[LoRA]) -> Hashable:
        """What decides the embeds of a text: the encoders' content and format, the windows, LoRAs that act on them."""
        kept_as = self.parts.lever if self.parts.lever in ("int8", "nf4") else ""
        read_by = (self.parts.text_tag, self.parts.device, kept_as, tuple(self.spec.windows.items()))
        return (*read_by, self.adapters.text_key(loras), text)

    def step_down(self) -> bool:
        """Place the parts by the next lever that keeps the pixels; returns whether there was one."""
        lever = levers.after(self.parts.lever, self.spec)
        if lever is None:
            return False
        self.forget()
        self.parts.place(lever)
        return True

    def forget(self) -> None:
        """Let go of everything built over the parts, and leave them as they were loaded."""
        self.adapters.clear()
        self._makers.clear()
