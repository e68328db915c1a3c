"""The parts of a model's weights folder (text encoders, transformer, VAE, ...), each loaded when first needed.

Parts are shared: two models whose VAE files hold the same bytes use one VAE in memory.
"""

from __future__ import annotations

import gc
import inspect
import json
from collections.abc import Callable
from functools import cached_property
from importlib import import_module
from pathlib import Path
from typing import Any

from fluxkit import models
from fluxkit.engines.local import levers
from fluxkit.engines.local.device import Device, quiet
from fluxkit.engines.local.modulation import ModulationTable
from fluxkit.errors import WeightsError
from fluxkit.models import ModelSpec
from fluxkit.models.forecast import Lever
from fluxkit.models.weights import content_tag, weights_folder

INDEX = "model_index.json"
_TEXT_PARTS = ("text_encoder", "tokenizer", "text_encoder_2", "tokenizer_2")


class Parts:
    """The parts of one weights folder, by the names of its `model_index.json`."""

    def __init__(self, spec: ModelSpec, device: Device, lever: Lever = "resident") -> None:
        self.spec = spec
        self.device = device
        self.folder = resolve(spec)
        self.index = read_index(spec, self.folder)
        self._folders = dict.fromkeys(self.index, self.folder)
        if spec.base is not None:
            self._join_base(models.get(spec.base))
        self._loaded: dict[str, Any] = {}
        self._private: set[str] = set()
        self.lever = lever
        self._reading = False
        self.table: ModulationTable | None = None

    def __contains__(self, name: str) -> bool:
        entry = self.index.get(name)
        return isinstance(entry, list) and entry[0] is not None

    def __getitem__(self, name: str) -> Any:
        """The part by name, on the engine's device, loaded if it is not yet."""
        if name not in self._loaded:
            folder = self._folders.get(name, self.folder)
            part = load_part(self.spec, folder, self.index, name, self.device)
            if name == "transformer" and self.lever == "table":
                # Before it goes to the device: what the table replaces must never be there as a whole.
                self.table = ModulationTable(part)
            self._loaded[name] = levers.placed(part, name, self.lever, self.device)
        return self._loaded[name]

    def get(self, name: str) -> Any:
        """The part by name, or None where the folder has none."""
        return self[name] if name in self else None  # noqa: SIM401 (this is what `get` does)

    def adopt(self, former: Parts) -> None:
        """Take over the loaded parts of another model that hold the same content, then empty it."""
        kept = former._private if former.lever == self.lever != "table" else former._private | {"transformer"}
        for name, part in former._loaded.items():
            if name not in kept and name in self and self.tag(name) == former.tag(name):
                self._loaded[name] = part
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
        file = self._folders.get(name, self.folder) / name / "config.json"
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        return found

    def _join_base(self, base: ModelSpec) -> None:
        """Add the parts that these weights lack from the model that they are made for."""
        spec = base.with_(weights=self.spec.base_weights) if self.spec.base_weights else base
        folder = resolve(spec)
        for name, entry in read_index(spec, folder).items():
            if name not in self:
                self.index[name] = entry
                self._folders[name] = folder

    def tag(self, name: str) -> str:
        """What a part is, whatever folder it lies in: its class and a hash of its files."""
        return f"{'.'.join(self.index[name])}:{content_tag(self._folders[name] / name)}"

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
        """Words are to be encoded: with any lever but `resident`, the transformer makes room for the text encoders."""
        if not self._reading and self.lever != "resident":
            self._move(("transformer",) if self.lever != "group" else (), "cpu")
            self._move(_TEXT_PARTS, self.device.kind)
        self._reading = True

    def rest(self) -> None:
        """The words are encoded: with any lever but `resident`, the text encoders leave the device."""
        if self._reading and self.lever != "resident":
            self._move(_TEXT_PARTS, "cpu")
            self._move(("transformer",) if self.lever != "group" else (), self.device.kind)
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


def resolve(spec: ModelSpec) -> Path:
    """The folder of a spec's weights; a hub id is downloaded on first use, safetensors only.

    Raises `WeightsError` where the hub does not give them (gated, offline, misspelt).
    """
    folder = weights_folder(spec)
    if folder is not None:
        return folder
    from diffusers import DiffusionPipeline

    try:
        with quiet():
            return Path(DiffusionPipeline.download(spec.weights, use_safetensors=True))
    except Exception as error:
        raise WeightsError(
            f"{spec.id} was asked for, whose weights are {spec.weights!r} on the Hugging Face hub, but they could not "
            f"be "
            f"fetched: {_first_line(error)}. Many FLUX weights are gated: accept the licence on the model's page and "
            f"run "
            f"`hf auth login`, or give a folder that you have: fluxkit.models.get({spec.id!r}).with_(weights=folder)."
        ) from error


def read_index(spec: ModelSpec, folder: Path) -> dict[str, Any]:
    """The folder's `model_index.json`; raises `WeightsError` where there is none or it cannot be read."""
    index = folder / INDEX
    try:
        read: dict[str, Any] = json.loads(index.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"{spec.id} was to be loaded from the folder {folder.name!r}, but its {INDEX} is "
            f"{'missing' if isinstance(error, FileNotFoundError) else 'not readable'}. A folder in diffusers' layout "
            f"is "
            f"allowed. Save it with pipeline.save_pretrained(folder), or give a hub id."
        ) from error
    return read


def load_part(spec: ModelSpec, folder: Path, index: dict[str, Any], name: str, device: Device) -> Any:
    """One part in its number format and in evaluation mode, on the CPU.

    Raises `WeightsError` where it is missing, corrupt, or does not fit its own configuration.
    """
    entry = index.get(name)
    if not isinstance(entry, list) or entry[0] is None:
        raise WeightsError(
            f"{spec.id} needs a part {name!r}, which the folder {folder.name!r} does not have. "
            f"It has: {', '.join(k for k, v in index.items() if isinstance(v, list) and v[0])}. "
            f"Use the weights of a model of the same kind."
        )
    made = part_class(*entry)
    try:
        with quiet():
            if hasattr(made, "dtype") or hasattr(made, "parameters"):
                return _load_network(spec, made, folder / name, device)
            return made.from_pretrained(folder / name, local_files_only=True)
    except WeightsError:
        raise
    except Exception as error:
        raise WeightsError(
            f"{spec.id} was to be loaded from the folder {folder.name!r}, but its part {name!r} cannot be read: "
            f"{_first_line(error, folder)}. Whole safetensors files with their config.json are allowed. "
            f"Copy or download the folder again."
        ) from error


def part_class(library: str, name: str) -> Any:
    """The class that `model_index.json` names: one of diffusers or transformers, never code from the folder."""
    if library in ("diffusers", "transformers"):
        return getattr(import_module(library), name)
    pipelines = import_module("diffusers.pipelines")
    if hasattr(pipelines, library):
        return getattr(getattr(pipelines, library), name)
    raise WeightsError(
        f"The weights ask for a class {library}.{name}. Only classes of diffusers and transformers are loaded, "
        f"for weights may not bring code. Use weights in diffusers' layout."
    )


def _load_network(spec: ModelSpec, made: Any, folder: Path, device: Device) -> Any:
    if not list(folder.glob("*.safetensors")):
        raise WeightsError(
            f"{spec.id} was to be loaded, but its part {folder.name!r} holds no .safetensors file. Only safetensors "
            f"are "
            f"read, for other formats can run code. Download the folder again, or convert it with save_pretrained."
        )
    options: dict[str, Any] = {"dtype": device.torch_dtype, "use_safetensors": True, "local_files_only": True}
    if _takes_disable_mmap(made):
        # Mapped tensors are not aligned as fresh ones are, and kernels then round differently: a reload would not be
        # exact.
        options["disable_mmap"] = True
    network, info = made.from_pretrained(folder, output_loading_info=True, **options)
    tied = getattr(network, "_tied_weights_keys", None) or ()
    lacking = [key for key in info["missing_keys"] if key not in tied]
    if lacking or info["mismatched_keys"]:
        raise WeightsError(
            f"{spec.id} was to be loaded, but its part {folder.name!r} lacks {len(lacking)} of its tensors "
            f"({', '.join(sorted(lacking)[:3])}{', ...' if len(lacking) > 3 else ''}) and "
            f"{len(info['mismatched_keys'])} have "
            f"another shape. All are needed, or the rest would be random. Download the folder again."
        )
    return network.eval().requires_grad_(False)


def _takes_disable_mmap(made: Any) -> bool:
    loader: Callable[..., Any] = made.from_pretrained
    return made.__module__.startswith("diffusers") or "disable_mmap" in (inspect.getdoc(loader) or "")


def _first_line(error: BaseException, folder: Path | None = None) -> str:
    text = " ".join(str(error).split())
    if folder is not None:
        text = text.replace(str(folder), folder.name)
    return f"{type(error).__name__}: {text[:240]}".rstrip(". ")
