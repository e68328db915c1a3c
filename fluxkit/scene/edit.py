"""`Edit`: a change to a picture that exists."""

from __future__ import annotations

from typing import Any

from fluxkit.scene.noun import Noun, Words


class Edit(Noun):
    """An instruction for an editing model: what changes, and what stays as it is."""

    change: Words
    """The change as an order: "turn the key light to the right"."""

    keep: tuple[Words, ...] = ()
    """What must stay: "her face", "the composition"."""

    def prompt(self, model: Any = "flux.1-kontext-dev", template: str | None = None) -> Any:
        """The order in words, as a `Prompt`; `model` is the id or the `ModelSpec` of an editing model.

        >>> print(Edit(change="turn the key light to the right", keep=["her face"]).prompt())
        Turn the key light to the right while keeping her face exactly the same.
        """
        from fluxkit import models
        from fluxkit.prompt import PromptRenderer

        spec = models.get(model)
        return PromptRenderer(spec, template=template or (None if spec.task == "edit" else "kontext")).render(self)
