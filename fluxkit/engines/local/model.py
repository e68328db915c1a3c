"""`LoadedModel`: the one model that the local engine holds, with its parts and what makes pictures with them."""

from __future__ import annotations

from collections.abc import Hashable

from fluxkit.engines.local import pipelines
from fluxkit.engines.local.device import Device
from fluxkit.engines.local.parts import Parts
from fluxkit.models import ModelSpec
from fluxkit.models.weights import weights_tag


class LoadedModel:
    """A model ready for shots; parts load when they are first needed."""

    def __init__(self, spec: ModelSpec, device: Device, former: LoadedModel | None = None) -> None:
        """Takes over the parts of the `former` model that have the same content, and frees the others."""
        self.spec = spec
        self.tag = weights_tag(spec)
        self.parts = Parts(spec, device)
        if former is not None:
            self.parts.adopt(former.parts)
        self.maker = pipelines.maker(self.parts)

    def holds(self, spec: ModelSpec) -> bool:
        """Whether it is this model, with these weights as they are on disk now."""
        return spec == self.spec and weights_tag(spec) == self.tag

    def embeds_key(self, text: str) -> Hashable:
        """What decides the embeds of a text: the encoders' content, their format, and the windows."""
        return (self.parts.text_tag(), self.parts.device, tuple(self.spec.windows.items()), text)
