"""Trained adapters on a loaded model: read once, checked against the model, weighed and combined for each shot."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from pathlib import Path
from typing import Any

from fluxkit.engines.local.device import quiet
from fluxkit.engines.local.parts import Parts
from fluxkit.errors import WeightsError
from fluxkit.models.weights import content_tag
from fluxkit.shots.shot import LoRA

_PIPELINES = {"flux.1": "FluxPipeline", "flux.2": "Flux2KleinPipeline"}
"""The pipeline whose reader knows the family's many LoRA formats."""
_FAMILY_KEYS = ("fluxkit.family", "modelspec.architecture", "ss_base_model_version")
_NAMES = {"flux.1": ("flux.1", "flux-1", "flux1"), "flux.2": ("flux.2", "flux-2", "flux2", "klein")}


class Adapters:
    """The LoRAs of one model. Each is loaded when a shot first names it, and stays for the next shot that does."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._pipeline: Any = None
        self._loaded: dict[str, bool] = {}
        self._active: tuple[tuple[str, float], ...] = ()

    def use(self, loras: Sequence[LoRA]) -> None:
        """Make exactly these adapters act, with their strengths; none where the list is empty.

        Raises `WeightsError` for a file that is missing, or trained for another family.
        """
        wanted = tuple((self._name(lora), lora.strength) for lora in loras)
        if wanted == self._active:
            return
        if wanted:
            self._parts.whole()
        with quiet():
            for lora, (name, _) in zip(loras, wanted, strict=True):
                if name not in self._loaded:
                    self._loaded[name] = self._load(lora, name)
            if not wanted:
                self._each("disable_adapters")
            else:
                if not self._active:
                    self._each("enable_adapters")
                self._pipeline.set_adapters([name for name, _ in wanted], [strength for _, strength in wanted])
        self._active = wanted

    def text_key(self, loras: Sequence[LoRA]) -> Hashable:
        """What these adapters change about encoded words; empty where they leave the text encoders alone."""
        named = [(self._name(lora), lora.strength) for lora in loras]
        return tuple(pair for pair in named if self._loaded.get(pair[0], False))

    def told(self, loras: Sequence[LoRA]) -> dict[str, str]:
        """What provenance says about the adapters: name, content and strength."""
        said = [f"{lora.name or Path(lora.weights).stem} {self._name(lora)} at {lora.strength:g}" for lora in loras]
        return {"loras": "; ".join(said)} if said else {}

    def clear(self) -> None:
        """Take every adapter off, so that the parts are as they were loaded."""
        if self._loaded:
            with quiet():
                self._pipeline.unload_lora_weights()
        self._loaded.clear()
        self._active = ()
        self._pipeline = None

    def _load(self, lora: LoRA, name: str) -> bool:
        """Load one adapter; returns whether it changes a text encoder."""
        pipeline = self._reader()
        try:
            state = pipeline.lora_state_dict(lora.weights)
        except Exception as error:
            raise WeightsError(
                f"The LoRA {Path(lora.weights).name!r} was asked for, and cannot be read ({type(error).__name__}). A "
                f"safetensors "
                f"file, a folder or a hub id is allowed. Check the name, or download it again."
            ) from error
        self._check(lora, state)
        pipeline.load_lora_weights(state, adapter_name=name)
        return any(key.startswith("text_encoder") for key in state)

    def _check(self, lora: LoRA, state: dict[str, Any]) -> None:
        family = self._parts.spec.family
        said = _said_family(lora)
        if said is not None and said != family:
            raise self._refusal(lora, f"it says that it was trained for {said}")
        modules = dict(self._parts["transformer"].named_modules())
        for key, tensor in state.items():
            if not key.startswith("transformer.") or ".lora_A" not in key:
                continue
            module = modules.get(key.removeprefix("transformer.").partition(".lora_A")[0])
            module = getattr(module, "base_layer", module)
            if module is None or getattr(module, "in_features", None) != tensor.shape[1]:
                raise self._refusal(lora, f"the model has no layer of that shape for {key!r}")

    def _refusal(self, lora: LoRA, why: str) -> WeightsError:
        return WeightsError(
            f"The LoRA {lora.name or Path(lora.weights).name!r} was asked for with {self._parts.spec.id}, but {why}. "
            f"LoRAs of "
            f"the family {self._parts.spec.family} are allowed. Use it with the model that it was trained on."
        )

    def _reader(self) -> Any:
        """A pipeline over the model's own parts, with the text encoders: some LoRAs change CLIP."""
        if self._pipeline is None:
            import diffusers

            made = getattr(diffusers, _PIPELINES[self._parts.spec.family])
            names = self._parts.for_constructor(made)
            self._pipeline = made(**{name: self._parts.get(name) for name in names})
        return self._pipeline

    def _each(self, action: str) -> None:
        for name in ("transformer", "text_encoder"):
            part = getattr(self._pipeline, name, None)
            if part is not None and getattr(part, "peft_config", None):
                getattr(part, action)()

    def _name(self, lora: LoRA) -> str:
        """A name that peft takes (no dots), the same for the same content."""
        path = Path(lora.weights).expanduser()
        if path.is_dir():
            return f"lora_{content_tag(path)}"
        if path.is_file():
            return f"lora_{content_tag(path.parent, path.name)}"
        return "lora_" + "".join(c if c.isalnum() else "_" for c in lora.weights)


def _said_family(lora: LoRA) -> str | None:
    """The family that a LoRA file's own header names; None where it names none."""
    from safetensors import safe_open

    path = Path(lora.weights).expanduser()
    file = next(iter(sorted(path.glob("*.safetensors"))), None) if path.is_dir() else path
    if file is None or not file.is_file():
        return None
    with safe_open(file, "pt") as opened:
        header = opened.metadata() or {}
    said = " ".join(str(header.get(key, "")) for key in _FAMILY_KEYS).lower()
    return next((family for family, names in _NAMES.items() if any(name in said for name in names)), None)
