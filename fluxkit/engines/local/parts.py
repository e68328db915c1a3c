"""The parts of a model's weights folder (text encoders, transformer, VAE, ...), each loaded when first needed.

Parts are shared: two models whose VAE files hold the same bytes use one VAE in memory.
"""

from __future__ import annotations

import gc
import inspect
import json
from functools import cached_property
from pathlib import Path
from typing import Any

from fluxkit import models
from fluxkit.engines.local import levers
from fluxkit.engines.local.device import Device
from fluxkit.engines.local.folders import contents, load_part, resolve
from fluxkit.engines.local.modulation import ModulationTable
from fluxkit.engines.local.speed import Speed
from fluxkit.models import ModelSpec
from fluxkit.models.forecast import Lever
from fluxkit.models.weights import content_tag

_TEXT_PARTS = ("text_encoder", "tokenizer", "text_encoder_2", "tokenizer_2")


class Parts:
    """The parts of one weights folder, by the names of its `model_index.json`."""

    def __init__(self, spec: ModelSpec, device: Device, lever: Lever = "resident", speed: Speed | None = None) -> None:
        self.spec = spec
        self.device = device
        self.folder = resolve(spec)
        self.index, self._places = contents(spec, self.folder)
        if spec.base is not None:
            self._join_base(models.get(spec.base))
        self._loaded: dict[str, Any] = {}
        self._private: set[str] = set()
        self.lever = lever
        self.speed = speed or Speed()
        self._reading = False
        self.table: ModulationTable | None = None

    def __contains__(self, name: str) -> bool:
        entry = self.index.get(name)
        return isinstance(entry, list) and entry[0] is not None

    def __getitem__(self, name: str) -> Any:
        """The part by name, on the engine's device, loaded if it is not yet."""
        if name not in self._loaded:
            part = load_part(self.spec, self._place(name), self.index, name, self.device)
            if name == "transformer" and self.lever == "table":
                # Before it goes to the device: what the table replaces must never be there as a whole.
                self.table = ModulationTable(part)
            part = levers.placed(part, name, self.lever, self.device)
            if name == "transformer":
                self.speed.prepare(part, hooked=self.lever == "group")
            self._loaded[name] = part
        return self._loaded[name]

    def get(self, name: str) -> Any:
        """The part by name, or None where the folder has none."""
        return self[name] if name in self else None  # noqa: SIM401 (this is what `get` does)

    def adopt(self, former: Parts) -> None:
        """Take over the loaded parts of another model that hold the same content, then empty it."""
        former.rest()  # a run that was stopped while words were encoded has left the transformer off the device
        kept = former._private | levers.unlike(former.lever, self.lever)
        if former.speed != self.speed:
            kept |= {"transformer"}
        for name, part in former._loaded.items():
            if name not in kept and name in self and self.tag(name) == former.tag(name):
                self._loaded[name] = part
        if self.lever != former.lever:  # the text encoders lie where the other lever wanted them between pictures
            self._move(_TEXT_PARTS, self.device.kind if self.lever == "resident" else "cpu")
        former.drop()

    def keep_to_itself(self, name: str) -> None:
        """Never hand a part on to the next model: something has changed it."""
        self._private.add(name)

    def for_constructor(self, made: Any) -> dict[str, Any]:
        """The parts that a pipeline class is built from; its text encoders are left out, for words come encoded."""
        names = [name for name in inspect.signature(made).parameters if name in self or name in _TEXT_PARTS]
        return {name: None if name in _TEXT_PARTS else self[name] for name in names}

    def config(self, name: str) -> dict[str, Any]:
        """A part's configuration file, read without loading it; empty where it has none."""
        file = self._place(name) / "config.json"
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        return found

    def _join_base(self, base: ModelSpec) -> None:
        """Add the parts that these weights lack from the model that they are made for."""
        spec = base.with_(weights=self.spec.base_weights) if self.spec.base_weights else base
        index, places = contents(spec, resolve(spec))
        for name, entry in index.items():
            if name not in self:
                self.index[name] = entry
                self._places[name] = places[name]

    @property
    def words_folder(self) -> Path:
        """The folder that holds the tokenizers: the base's, for weights that hold only a part."""
        return self._place("tokenizer").parent

    def _place(self, name: str) -> Path:
        return self._places.get(name, self.folder / name)

    def tag(self, name: str) -> str:
        """What a part is, whatever folder it lies in: its class and a hash of its files."""
        return f"{'.'.join(self.index[name])}:{content_tag(self._place(name))}"

    @cached_property
    def text_tag(self) -> tuple[str, ...]:
        """The tags of everything that turns words into vectors; asked for each shot, so read from disk once."""
        return tuple(
            self.tag(name) for name in self.index if name.startswith(("text_encoder", "tokenizer")) and name in self
        )

    def place(self, lever: Lever) -> None:
        """Where the parts lie from now on; loaded ones are loaded again, for some levers cannot be undone."""
        if lever != self.lever:
            self.lever = lever
            self.drop()

    def whole(self) -> None:
        """The transformer with all its layers, for work that the modulation table does not know."""
        if self.table is not None:
            self.table.put_back(self.device.kind)
            self.table, self.lever = None, "offload"

    def wake(self) -> None:
        """Words are to be encoded: with most levers, the transformer makes room for the text encoders."""
        if not self._reading and self.lever not in ("resident", "group"):
            self._move(("transformer",), "cpu")
            self._move(_TEXT_PARTS, self.device.kind)
        self._reading = True

    def rest(self) -> None:
        """The words are encoded: with any lever but `resident`, the text encoders leave the device.

        With `group` every part comes and goes by itself, layer by layer.
        """
        if self._reading and self.lever not in ("resident", "group"):
            self._move(_TEXT_PARTS, "cpu")
            self._move(("transformer",), self.device.kind)
        self._reading = False

    def _move(self, names: tuple[str, ...], place: str) -> None:
        for name in names:
            if hasattr(self._loaded.get(name), "parameters"):
                self._loaded[name].to(place)
        free_memory()

    def drop(self, *names: str) -> None:
        """Forget parts, so that their memory is free; without names, all of them."""
        for name in names or tuple(self._loaded):
            self._loaded.pop(name, None)
            self.table = None if name == "transformer" else self.table
        free_memory()


def free_memory() -> None:
    """Collect what nothing refers to any more, and hand cached blocks back to the device."""
    import torch

    gc.collect()
    if torch.cuda.is_available():
        torch.cuda.empty_cache()
