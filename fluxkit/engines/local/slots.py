"""Places for LoRAs in a compiled transformer: another file, strength or combination then compiles nothing anew.

torch compiles a block again when one of its layers gets another adapter, and not when the numbers in an adapter change.
So the LoRAs of a plan share places: as many as one shot combines, each at every layer as wide as the widest LoRA that
is to go there. A switch copies weights in place, with zeros behind them, and strengths are tensors.

peft's and diffusers' own hot-swapping prepares a model in the same way, but swaps one adapter and makes strengths plain
numbers again, so the copying is ours; the layers are peft's.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fluxkit.errors import CapabilityError, WeightsError


@dataclass(frozen=True)
class Layer:
    """What a LoRA adds to one layer: `up @ down`, times the scale that it was saved with."""

    down: Any
    """Tensor (rank, inputs)."""
    up: Any
    """Tensor (outputs, rank)."""
    scale: float


@dataclass(frozen=True)
class Weights:
    """A LoRA's part for a transformer."""

    label: str
    layers: Mapping[str, Layer]
    """By the names of the transformer's layers; empty for a LoRA that changes the words alone."""


_NOTHING = Weights("", {})


class Slots:
    """The places in one transformer. They only grow, so that going back to an earlier plan compiles nothing either."""

    def __init__(self, parts: Any) -> None:
        self._parts = parts
        self._ranks: list[dict[str, int]] = []
        self._layers: list[dict[str, Any]] = []
        self._held: list[Weights] = []

    def fit(self, sets: Iterable[Sequence[Weights]], beside: Sequence[str] = ()) -> None:
        """Make room for each of these sets of LoRAs; `beside` names adapters that act all the time."""
        widest = [dict(ranks) for ranks in self._ranks]
        for loras in sets:
            for number, weights in enumerate(loras):
                if number == len(widest):
                    widest.append({})
                for path, layer in weights.layers.items():
                    widest[number][path] = max(len(layer.down), widest[number].get(path, 0))
        if widest != self._ranks or not self._layers:
            self._remove()
            self._ranks = widest
            self._install(beside)

    def fill(self, loras: Sequence[tuple[Weights, float]], beside: Sequence[str] = ()) -> None:
        """Make exactly these LoRAs act, each with its strength.

        Raises `CapabilityError` for one that has no place here.
        """
        import torch

        for number, (weights, _) in enumerate(loras):
            self._check(number, weights)
        if self._ranks and not self._layers:
            self._install(beside)
        with torch.no_grad():
            for number, places in enumerate(self._layers):
                weights, strength = loras[number] if number < len(loras) else (_NOTHING, 0.0)
                fresh = self._held[number] is not weights
                for path, place in places.items():
                    _put(place, _slot(number), weights.layers.get(path), strength, fresh=fresh)
                self._held[number] = weights

    def clear(self) -> None:
        """Forget the layers, which are gone or about to go; the next `fill` puts the places into what is there then."""
        self._layers.clear()

    def told(self) -> dict[str, str]:
        """What provenance says: how many places, and the rank at their widest layer, which decides the last bits."""
        widest = [str(max(ranks.values())) for ranks in self._ranks if ranks]
        return {"lora_places": f"of rank {', '.join(widest)}"} if widest else {}

    def _check(self, number: int, weights: Weights) -> None:
        here = self._ranks[number] if number < len(self._ranks) else {}
        extra = [path for path, layer in weights.layers.items() if len(layer.down) > here.get(path, 0)]
        if extra:
            raise CapabilityError(
                f"The LoRA {weights.label!r} was asked for as number {number + 1} of a shot, and changes {len(extra)} "
                f"layers (such as {extra[0]} with rank {len(weights.layers[extra[0]].down)}) that the compiled model "
                f"has no room for. It was made ready for {len(self._ranks)} LoRAs a shot"
                f"{', here on ' + _kinds(here) if here else ''}. Shoot it in a plan that names it, or without compile."
            )

    def _install(self, beside: Sequence[str]) -> None:
        """Put the places into the transformer, empty."""
        import torch

        transformer, filled = self._parts["transformer"], {}
        for number, ranks in enumerate(self._ranks):
            if ranks:
                zeros, filled[_slot(number)] = _zeros(transformer, ranks), ranks
                transformer.load_lora_adapter(zeros, prefix=None, adapter_name=_slot(number), low_cpu_mem_usage=True)
        if filled:
            active = [*beside, *filled]
            transformer.set_adapters(active, [1.0] * len(active))
        found = dict(_adapted(transformer))
        self._layers = [{path: found[path] for path in ranks} for ranks in self._ranks]
        self._held = [_NOTHING] * len(self._ranks)
        for name, ranks in filled.items():
            for layer in (found[path] for path in ranks):
                layer.lora_A[name].requires_grad_(False)
                layer.lora_B[name].requires_grad_(False)
                # Where the model computes, even while the transformer itself waits elsewhere.
                layer.scaling[name] = torch.zeros((), device=self._parts.device.kind)

    def _remove(self) -> None:
        names = [_slot(number) for number, layers in enumerate(self._layers) if layers]
        if names:
            self._parts["transformer"].delete_adapters(names)
        self._layers.clear()


def bare(transformer: Any) -> Any:
    """A transformer of the same shape without weights of its own, for diffusers to read LoRAs into."""
    import torch

    with torch.device("meta"):
        made = type(transformer).from_config(transformer.config)
    for module in made.modules():
        for name, weight in module.named_parameters(recurse=False):
            # One number seen as many: what is read takes its place from these, and on `meta` it would have none.
            seen = torch.zeros((), dtype=weight.dtype).expand(weight.shape)
            module.register_parameter(name, torch.nn.Parameter(seen, requires_grad=False))
    return made


def taken(transformer: Any, name: str, label: str) -> Weights:
    """The adapter of that name that diffusers has read into a transformer.

    Raises `WeightsError` for one that is more than two matrices a layer.
    """
    if getattr(transformer, "_transformer_norm_layers", None):
        raise _refusal(label, "norms")
    found = {}
    for path, layer in _adapted(transformer):
        if name not in layer.lora_A:
            continue
        down, up = layer.lora_A[name], layer.lora_B[name]
        if name in layer.lora_variant or up.bias is not None or down.weight.ndim != 2:
            raise _refusal(label, f"more than two matrices for {path}")
        found[path] = Layer(down.weight.detach(), up.weight.detach(), float(layer.scaling[name]))
    return Weights(label, found)


def _refusal(label: str, what: str) -> WeightsError:
    return WeightsError(
        f"The LoRA {label!r} was asked for on a compiled model, but it holds {what}. LoRAs of two matrices a layer can "
        f"be switched there. Use an engine without compile."
    )


def _adapted(transformer: Any) -> Iterator[tuple[str, Any]]:
    """Every layer that carries adapters, with its name."""
    from peft.tuners.lora import LoraLayer

    return ((path, module) for path, module in transformer.named_modules() if isinstance(module, LoraLayer))


def _zeros(transformer: Any, ranks: Mapping[str, int]) -> dict[str, Any]:
    """An adapter of these ranks that does nothing."""
    import torch

    made = {}
    for path, rank in ranks.items():
        layer = transformer.get_submodule(path)
        layer = getattr(layer, "base_layer", layer)
        made[f"{path}.lora_A.weight"] = torch.zeros(rank, layer.in_features)
        made[f"{path}.lora_B.weight"] = torch.zeros(layer.out_features, rank)
    return made


def _put(place: Any, slot: str, layer: Layer | None, strength: float, *, fresh: bool) -> None:
    """Write one layer of a LoRA, or nothing, into its place."""
    if fresh:
        down, up = place.lora_A[slot].weight, place.lora_B[slot].weight
        down.zero_()
        up.zero_()
        if layer is not None:
            rank = len(layer.down)
            down[:rank].copy_(layer.down)
            up[:, :rank].copy_(layer.up)
    place.scaling[slot].fill_(0.0 if layer is None else strength * layer.scale)


def _slot(number: int) -> str:
    return f"slot{number}"


def _kinds(ranks: Mapping[str, int]) -> str:
    """Layers by their names within a block, with ranks: `attn.to_k (4), attn.to_q (4)`."""
    widest: dict[str, int] = {}
    for path, rank in ranks.items():
        kind = ".".join(step for step in path.split(".")[1:] if not step.isdigit()) or path
        widest[kind] = max(rank, widest.get(kind, 0))
    return ", ".join(f"{kind} ({rank})" for kind, rank in sorted(widest.items()))
