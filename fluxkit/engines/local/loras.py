"""Trained adapters on a loaded model: read once, checked against the model, weighed and combined for each shot."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Sequence
from pathlib import Path
from typing import Any

from fluxkit.engines.local.device import quiet
from fluxkit.engines.local.parts import Parts
from fluxkit.engines.local.slots import Slots, Weights, bare, taken
from fluxkit.errors import WeightsError
from fluxkit.models.weights import file_tag, said_family
from fluxkit.shots.shot import LoRA

_PIPELINES = {"flux.1": "FluxPipeline", "flux.2": "Flux2KleinPipeline", "flux.3": "Flux3ModularPipeline"}
"""The pipeline whose reader knows the family's many LoRA formats."""
_CONTROL_CHANNELS = 128
"""What a LoRA that makes a control model reads: the latents, and the map's beside them."""


def said(loras: Sequence[LoRA]) -> str:
    """Adapters in one line, by name, content and strength."""
    return "; ".join(f"{lora.name or Path(lora.weights).stem} {_name(lora)} at {lora.strength:g}" for lora in loras)


class Adapters:
    """The LoRAs of one model. Each is loaded when a shot first names it, and stays for the next shot that does.

    They act as adapters of their names, which are switched on and off; on a compiled transformer they are copied into
    places that stay, see `Slots`.
    """

    def __init__(self, parts: Parts) -> None:
        self._parts = parts
        self._pipeline: Any = None
        self._loaded: dict[str, bool] = {}
        self._active: tuple[tuple[str, float], ...] | None = ()
        # A model whose weights are a LoRA carries it on every shot, beside what the shot names.
        self._own = (LoRA(weights=str(parts.folder), name=parts.spec.id),) if parts.spec.holds == "lora" else ()
        self._slots = Slots(parts)
        self._weights: dict[str, Weights] = {}

    def expect(self, sets: Iterable[tuple[LoRA, ...]]) -> None:
        """Make ready for each of these sets of LoRAs, so that a compiled model is compiled for all of them at once.

        Raises `WeightsError` as `use` does.
        """
        wanted = [loras for loras in sets if loras]
        if not (wanted and self._switching):
            return
        self._parts.whole()
        with quiet():
            self._load_own()
            weights = [[self._weights_of(lora) for lora in loras] for loras in wanted]
            self._slots.fit(weights, beside=[_name(lora) for lora in self._own])
        self._active = None  # what has just been read acts on the words until `use` says what is to act

    def use(self, loras: Sequence[LoRA]) -> None:
        """Make exactly these adapters act, with their strengths; none where the list is empty.

        Raises `WeightsError` for a file that is missing or changed, or trained for another family, and
        `CapabilityError` for one that a compiled model was not made ready for.
        """
        wanted = tuple((_name(lora), lora.strength) for lora in (*self._own, *loras))
        if wanted == self._active:
            return
        # A failure half way leaves what has been read acting; the next call is then not to take it for nothing.
        former, self._active = self._active, None
        if wanted:
            self._parts.whole()
        with quiet():
            self._load_own()
            if self._switching:
                self._use_slots(loras)
            else:
                self._use_named(loras, enabled=bool(former))
        self._active = wanted

    def text_key(self, loras: Sequence[LoRA]) -> Hashable:
        """What these adapters change about encoded words; empty where they leave the text encoders alone."""
        named = [(_name(lora), lora.strength) for lora in loras]
        return tuple(pair for pair in named if self._loaded.get(pair[0], False))

    def told(self, loras: Sequence[LoRA]) -> dict[str, str]:
        """What provenance says about the adapters: name, content and strength, and the places they were copied to."""
        places = self._slots.told() if self._switching else {}
        return {"loras": said(loras)} | places if loras else {}

    def clear(self) -> None:
        """Take every adapter off, so that the parts are as they were loaded."""
        if self._loaded:
            # A control LoRA also widens the transformer's first layer; without the flag it would stay wide.
            reset = {"reset_to_overwritten_params": True} if self._own else {}
            with quiet():
                self._reader().unload_lora_weights(**reset)
        self._slots.clear()
        self._loaded.clear()
        self._active = ()
        self._pipeline = None

    @property
    def _switching(self) -> bool:
        """Whether adapters are copied into places; layers that come and go by themselves keep copies of their own,
        which that would not reach."""
        return bool(self._parts.speed.compile) and self._parts.lever != "group"

    def _use_named(self, loras: Sequence[LoRA], *, enabled: bool) -> None:
        wanted = (*self._own, *loras)
        for lora in wanted:
            if _name(lora) not in self._loaded:
                self._loaded[_name(lora)] = self._load(lora, self._reader())
        if not wanted:
            self._each("disable_adapters")
            return
        if not enabled:
            self._each("enable_adapters")
        self._reader().set_adapters([_name(lora) for lora in wanted], [lora.strength for lora in wanted])

    def _use_slots(self, loras: Sequence[LoRA]) -> None:
        from diffusers.utils import set_weights_and_activate_adapters

        weights = [(self._weights_of(lora), lora.strength) for lora in loras]
        self._slots.fill(weights, beside=[_name(lora) for lora in self._own])
        encoder = self._parts.get("text_encoder")
        if getattr(encoder, "peft_config", None):
            names, strengths = [_name(lora) for lora in loras], [lora.strength for lora in loras]
            set_weights_and_activate_adapters(encoder, names, strengths)

    def _load_own(self) -> None:
        """The LoRA that makes the model acts by its name, on every shot and however LoRAs of shots are switched."""
        for lora in self._own:
            if _name(lora) not in self._loaded:
                self._loaded[_name(lora)] = self._load(lora, self._reader())

    def _weights_of(self, lora: LoRA) -> Weights:
        """What a LoRA adds to the transformer. What it adds to a text encoder is loaded there, under its name."""
        name = _name(lora)
        if name not in self._loaded:
            pipeline = self._over(bare(self._parts["transformer"]))
            changes_text = self._load(lora, pipeline)
            self._weights[name] = taken(pipeline.transformer, name, lora.name or Path(lora.weights).stem)
            self._loaded[name] = changes_text
        return self._weights[name]

    def _load(self, lora: LoRA, pipeline: Any) -> bool:
        """Load one adapter into a pipeline's parts; returns whether it changes a text encoder."""
        place = _place(lora)
        try:
            state = pipeline.lora_state_dict(place)
        except Exception as error:
            raise WeightsError(
                f"The LoRA {Path(lora.weights).name!r} was asked for, and cannot be read ({type(error).__name__}). A "
                f"safetensors file, a folder or a hub id is allowed. Check the name, or download it again."
            ) from error
        self._check(lora, state)
        # From its place, for in `state` the factors (alpha) are lost that some files keep beside the matrices.
        pipeline.load_lora_weights(place, adapter_name=_name(lora))
        return any(key.startswith("text_encoder") for key in state)

    def _check(self, lora: LoRA, state: dict[str, Any]) -> None:
        family, own = self._parts.spec.family, lora in self._own
        said = said_family(lora.file) if lora.file is not None else None
        if said not in (None, family):
            raise self._refusal(lora, f"it says that it was trained for {said}")
        if lora.file is not None and any("dora_scale" in key for key in _keys(lora.file)):
            raise self._refusal(lora, "it is a DoRA, whose magnitudes diffusers 0.42 would leave out")
        first = next((tensor for key, tensor in state.items() if "x_embedder.lora_A" in key), None)
        if own and (first is None or first.shape[1] != _CONTROL_CHANNELS):
            raise self._refusal(
                lora, f"it does not read a control map (no first layer of {_CONTROL_CHANNELS} channels)"
            )
        modules = dict(self._parts["transformer"].named_modules())
        for key, tensor in state.items():
            if not bool(_finite(tensor)):
                raise self._refusal(lora, f"it holds values that are not numbers in {key!r}")
            if not key.startswith("transformer.") or ".lora_A" not in key or (self._own and ".x_embedder." in key):
                continue
            module = modules.get(key.removeprefix("transformer.").partition(".lora_A")[0])
            module = getattr(module, "base_layer", module)
            if module is None or getattr(module, "in_features", None) != tensor.shape[1]:
                raise self._refusal(lora, f"the model has no layer of that shape for {key!r}")

    def _refusal(self, lora: LoRA, why: str) -> WeightsError:
        return WeightsError(
            f"The LoRA {lora.name or Path(lora.weights).name!r} was asked for with {self._parts.spec.id}, but {why}. "
            f"LoRAs of the family {self._parts.spec.family} are allowed. Use it with the model that it was trained on."
        )

    def _reader(self) -> Any:
        """A pipeline over the model's own parts, with the text encoders: some LoRAs change CLIP."""
        if self._pipeline is None:
            self._pipeline = self._over(self._parts["transformer"])
        return self._pipeline

    def _over(self, transformer: Any) -> Any:
        """A pipeline of the family over a transformer and the model's other parts."""
        import diffusers

        family = self._parts.spec.family
        made = getattr(diffusers, "FluxControlPipeline" if self._own else _PIPELINES[family])
        if family == "flux.3":
            pipeline = made(blocks=diffusers.ModularPipelineBlocks())
            pipeline.transformer = transformer
            return pipeline
        parts = {name: self._parts.get(name) for name in self._parts.for_constructor(made)}
        return made(**parts | {"transformer": transformer})

    def _each(self, action: str) -> None:
        for name in ("transformer", "text_encoder"):
            part = getattr(self._pipeline, name, None)
            if part is not None and getattr(part, "peft_config", None):
                getattr(part, action)()


def _keys(file: Path) -> list[str]:
    """The names of the tensors in a file."""
    from safetensors import safe_open

    with safe_open(str(file), "pt") as opened:
        return list(opened.keys())


def _finite(tensor: Any) -> Any:
    """Whether every value of a tensor is a number."""
    import torch

    return torch.isfinite(tensor).all()


def _place(lora: LoRA) -> str:
    """Where the adapter lies: its file as it was when the shot was made, or the hub id."""
    file = lora.file
    if file is None:
        return lora.weights
    if file_tag(file) != lora.content:
        raise WeightsError(
            f"The LoRA {lora.name or file.stem!r} was asked for as it was ({lora.content}), but {file.name!r} has "
            f"changed since ({file_tag(file)}). The same file is needed. Make the shot again with LoRA(weights=...)."
        )
    return str(file)


def _name(lora: LoRA) -> str:
    """A name that peft takes (no dots), the same for the same content."""
    return (
        f"lora_{lora.content}" if lora.content else "lora_" + "".join(c if c.isalnum() else "_" for c in lora.weights)
    )
