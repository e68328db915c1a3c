"""A weights folder: found or downloaded, its index read, and one part of it loaded."""

from __future__ import annotations

import inspect
import json
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from fluxkit.engines.local.device import Device, quiet
from fluxkit.errors import WeightsError
from fluxkit.models import ModelSpec
from fluxkit.models.weights import weights_folder

INDEX = "model_index.json"
MODULAR_INDEX = "modular_model_index.json"
"""The same for diffusers' modular pipelines, which FLUX.3 comes as."""
IMAGE_ENCODER = "openai/clip-vit-large-patch14"
"""What FLUX's IP-Adapters look at pictures with, where their folder holds no `image_encoder` (diffusers' docs)."""


def resolve(spec: ModelSpec) -> Path:
    """The folder of a spec's weights; a hub id is downloaded on first use, safetensors only.

    Raises `WeightsError` where the hub does not give them (gated, offline, misspelt).
    """
    folder = weights_folder(spec)
    if folder is not None:
        return folder
    try:
        with quiet():
            return _fetched(spec)
    except Exception as error:
        raise WeightsError(
            f"{spec.id} was asked for, whose weights are {spec.weights!r} on the Hugging Face hub, but they could not "
            f"be fetched: {_first_line(error)}. Many FLUX weights are gated: accept the licence on the model's page "
            f"and run `hf auth login`, or give a folder that you have: "
            f"fluxkit.models.get({spec.id!r}).with_(weights=folder)."
        ) from error


def _fetched(spec: ModelSpec) -> Path:
    """The folder in the hub's cache, downloaded as far as it is not there."""
    if spec.holds in ("whole", "prior") and spec.family != "flux.3":
        from diffusers import DiffusionPipeline

        return Path(DiffusionPipeline.download(spec.weights, use_safetensors=True))
    from huggingface_hub import snapshot_download

    # FLUX.3's repositories hold the whole model once more as one file at their root, and a language model of 9 billion
    # parameters that rewrites prompts: neither is used.
    whole = spec.holds == "whole"
    patterns = ["*.json", "*.txt", "*.jinja", "*/*.safetensors" if whole else "*.safetensors"]
    return Path(snapshot_download(str(spec.weights), allow_patterns=patterns, ignore_patterns=["prompt_upsampler*/*"]))


def contents(spec: ModelSpec, folder: Path) -> tuple[dict[str, Any], dict[str, Path]]:
    """What the weights hold: library and class by part, and where each part lies."""
    if spec.holds == "lora":
        return {}, {}
    if spec.holds == "controlnet":
        inner = folder / "controlnet"
        return {"controlnet": ["diffusers", "FluxControlNetModel"]}, {"controlnet": inner if inner.is_dir() else folder}
    if spec.holds == "ip-adapter":
        return {"image_encoder": ["transformers", "CLIPVisionModelWithProjection"]}, {
            "image_encoder": _image_encoder(folder if folder.is_dir() else folder.parent)
        }
    index = read_index(spec, folder)
    return index, {name: folder / name for name in index}


def _image_encoder(folder: Path) -> Path:
    inner = folder / "image_encoder"
    if inner.is_dir():
        return inner
    from huggingface_hub import snapshot_download

    try:
        with quiet():
            return Path(snapshot_download(IMAGE_ENCODER, allow_patterns=["*.json", "*.safetensors"]))
    except Exception as error:
        raise WeightsError(
            f"An IP-Adapter was asked for, whose picture encoder is {IMAGE_ENCODER!r} on the Hugging Face hub, but it "
            f"could not be fetched: {_first_line(error)}. Put it into the adapter's folder as image_encoder/."
        ) from error


def read_index(spec: ModelSpec, folder: Path) -> dict[str, Any]:
    """The folder's `model_index.json`; raises `WeightsError` where there is none or it cannot be read."""
    name = MODULAR_INDEX if spec.family == "flux.3" and not (folder / INDEX).is_file() else INDEX
    try:
        read: dict[str, Any] = json.loads((folder / name).read_text(encoding="utf-8"))
        if not isinstance(read, dict):
            raise ValueError("no mapping")
    except (OSError, ValueError) as error:
        raise WeightsError(
            f"{spec.id} was to be loaded from the folder {folder.name!r}, but its {name} is "
            f"{'missing' if isinstance(error, FileNotFoundError) else 'not readable'}. A folder in diffusers' layout "
            f"is allowed. Save it with pipeline.save_pretrained(folder), or give a hub id."
        ) from error
    # A modular index has a third entry a part: where it was loaded from. Here every part lies in the folder itself.
    return {part: entry[:2] if isinstance(entry, list) else entry for part, entry in read.items()}


def load_part(spec: ModelSpec, place: Path, index: dict[str, Any], name: str, device: Device) -> Any:
    """One part, from its own folder, in its number format and in evaluation mode, on the CPU.

    Raises `WeightsError` where it is missing, corrupt, or does not fit its own configuration.
    """
    entry = index.get(name)
    if not isinstance(entry, list) or entry[0] is None:
        raise WeightsError(
            f"{spec.id} needs a part {name!r}, which the folder {place.parent.name!r} does not have. "
            f"It has: {', '.join(k for k, v in index.items() if isinstance(v, list) and v[0])}. "
            f"Use the weights of a model of the same kind."
        )
    try:
        with quiet():
            if name.startswith("tokenizer") and entry[1].endswith("Processor"):
                return _words_of(place)
            made = part_class(*entry)
            if hasattr(made, "dtype") or hasattr(made, "parameters"):
                return _load_network(spec, made, place, device)
            return made.from_pretrained(place, local_files_only=True)
    except WeightsError:
        raise
    except Exception as error:
        raise WeightsError(
            f"{spec.id} was to be loaded from the folder {place.parent.name!r}, but its part {name!r} cannot be read: "
            f"{_first_line(error, place.parent)}. Whole safetensors files with their config.json are allowed. "
            f"Copy or download the folder again."
        ) from error


def _words_of(place: Path) -> Any:
    """The tokenizer inside a processor of words and pictures: FLUX gives it words only, and the rest needs torchvision.

    It carries the processor's chat template, so the tokens are the same.
    """
    from transformers import AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(place, local_files_only=True)
    older = place / "chat_template.json"
    if tokenizer.chat_template is None and older.is_file():
        tokenizer.chat_template = json.loads(older.read_text(encoding="utf-8"))["chat_template"]
    return tokenizer


def part_class(library: str, name: str) -> Any:
    """The class that `model_index.json` names: one of diffusers or transformers, never code from the folder."""
    if library in ("diffusers", "transformers"):
        found = getattr(import_module(library), name, None)
        if found is not None:
            return found
    pipelines = import_module("diffusers.pipelines")
    if hasattr(getattr(pipelines, library, None), name):
        return getattr(getattr(pipelines, library), name)
    raise WeightsError(
        f"The weights ask for a class {library}.{name}. Only classes of diffusers and transformers, as they are "
        f"installed here, are loaded, for weights may not bring code. Use weights in diffusers' layout, or a newer "
        f"version of these packages."
    )


def _load_network(spec: ModelSpec, made: Any, folder: Path, device: Device) -> Any:
    if not list(folder.glob("*.safetensors")):
        raise WeightsError(
            f"{spec.id} was to be loaded, but its part {folder.name!r} holds no .safetensors file. Only safetensors "
            f"are read, for other formats can run code. Download the folder again, or convert it with save_pretrained."
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
            f"{len(info['mismatched_keys'])} have another shape. All are needed, or the rest would be random. Download "
            f"the folder again."
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
