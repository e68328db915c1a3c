"""A model's own tokenizers, without torch: exact token counts, and where a text passes the window.

PromptRenderer(spec, tokenizers=tokenizers.load(spec))
"""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from fluxkit.errors import WeightsError, missing_extra
from fluxkit.models import ModelSpec, registry
from fluxkit.models.weights import weights_folder

FOLDERS = {"clip": "tokenizer", "t5": "tokenizer_2"}
"""Where diffusers keeps the tokenizer of an encoder; those not named here read with the folder `tokenizer`."""

_CLIP_WORDS = r"<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|[\p{L}]+|[\p{N}]|[^\s\p{L}\p{N}]+"
"""How CLIP splits a text before merging bytes (the pattern of OpenAI's CLIP repository, simple_tokenizer.py)."""

_SYSTEM = (
    "You are an AI that reasons about image descriptions. You give structured responses focusing on object "
    "relationships, object\nattribution and actions without speculation."
)
"""What FLUX.2 [dev] puts before every prompt (black-forest-labs/flux2, system_messages.py)."""


class Reader:
    """One encoder's tokenizer: called with a text, it gives the tokens that the encoder reads, end markers included."""

    def __init__(self, tokenizer: Any, template: str | None = None) -> None:
        tokenizer.no_truncation()
        tokenizer.no_padding()
        self._tokenizer = tokenizer
        self._template = template

    def __call__(self, text: str) -> list[int]:
        """The tokens of a text."""
        return list(self._tokenizer.encode(self._wrapped(text), add_special_tokens=self._template is None).ids)

    def unread_from(self, text: str, window: int) -> int | None:
        """Index of the first character behind a window of tokens; None where the encoder reads everything."""
        wrapped = self._wrapped(text)
        coded = self._tokenizer.encode(wrapped, add_special_tokens=self._template is None)
        if len(coded.ids) <= window:
            return None
        words = [span for span, marker in zip(coded.offsets, coded.special_tokens_mask, strict=True) if not marker]
        markers = len(coded.ids) - len(words)
        end: int = words[window - markers - 1][1]
        return min(max(0, end - max(0, wrapped.find(text))), len(text))

    def _wrapped(self, text: str) -> str:
        if self._template is None:
            return text
        system = {"role": "system", "content": [{"type": "text", "text": _SYSTEM}]}
        mistral = "[INST]" in self._template
        asked = [system, {"role": "user", "content": [{"type": "text", "text": text}]}]
        words = asked if mistral else [{"role": "user", "content": text}]
        options = {
            "add_generation_prompt": not mistral,
            "enable_thinking": False,
            "bos_token": "<s>" if mistral else "",
        }
        return str(_compiled(self._template).render(messages=words, **options))


def load(spec: ModelSpec) -> dict[str, Reader]:
    """The tokenizers of a spec's encoders, by the names of `spec.windows`; empty where its weights are not here.

    Raises `WeightsError` where the folder is there but its tokenizers cannot be read.
    """
    spec = registry.base_of(spec) or spec
    folder = weights_folder(spec)
    if folder is None:
        folder = cached_snapshot(spec.weights)
    return {} if folder is None else read_folder(folder, tuple(spec.windows))


def read_folder(folder: Path, encoders: tuple[str, ...]) -> dict[str, Reader]:
    """The tokenizers in a weights folder, by encoder."""
    found = {name: folder / FOLDERS.get(name, "tokenizer") for name in encoders}
    return {name: _reader(path, chat=name not in FOLDERS) for name, path in found.items() if path.is_dir()}


def cached_snapshot(hub_id: str | None) -> Path | None:
    """The folder where a hub id's files lie on this machine already; None where they do not. Never uses the network."""
    if hub_id is None:
        return None
    try:
        from huggingface_hub import try_to_load_from_cache
    except ImportError:
        return None
    index = try_to_load_from_cache(hub_id, "model_index.json")
    return Path(index).parent if isinstance(index, str) else None


@lru_cache(maxsize=16)
def _reader(folder: Path, *, chat: bool) -> Reader:
    try:
        from tokenizers import Tokenizer
    except ImportError as error:
        raise missing_extra("Counting tokens with a model's own tokenizer", "local") from error
    try:
        whole = folder / "tokenizer.json"
        tokenizer = Tokenizer.from_file(str(whole)) if whole.is_file() else _clip(folder)
        return Reader(tokenizer, _chat_template(folder) if chat else None)
    except Exception as error:
        raise WeightsError(
            f"The tokenizer in {folder.parent.name}/{folder.name} was to be read, but it cannot be "
            f"({type(error).__name__}). The files of a diffusers folder are needed. Download that part again."
        ) from error


def _clip(folder: Path) -> Any:
    """CLIP's byte-pair encoding from its two files, for folders that hold no `tokenizer.json` (FLUX.1's own do not)."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors

    vocab = json.loads((folder / "vocab.json").read_text(encoding="utf-8"))
    lines = (folder / "merges.txt").read_text(encoding="utf-8").splitlines()
    merges = [(left, right) for left, _, right in (line.partition(" ") for line in lines[1:]) if right]
    made = Tokenizer(models.BPE(vocab, merges, continuing_subword_prefix="", end_of_word_suffix="</w>"))
    made.normalizer = normalizers.Sequence(
        [normalizers.NFC(), normalizers.Replace(Regex(r"\s+"), " "), normalizers.Lowercase()]
    )
    made.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Split(Regex(_CLIP_WORDS), "removed", invert=True), pre_tokenizers.ByteLevel(False)]
    )
    ends = (("<|endoftext|>", vocab["<|endoftext|>"]), ("<|startoftext|>", vocab["<|startoftext|>"]))
    made.post_processor = processors.RobertaProcessing(*ends, False, False)
    return made


def _chat_template(folder: Path) -> str | None:
    file = folder / "chat_template.jinja"
    if file.is_file():
        return file.read_text(encoding="utf-8")
    older = folder / "chat_template.json"
    named = older if older.is_file() else folder / "tokenizer_config.json"
    read = json.loads(named.read_text(encoding="utf-8")).get("chat_template")
    return read if isinstance(read, str) else None


@lru_cache(maxsize=16)
def _compiled(template: str) -> Any:
    from jinja2.sandbox import ImmutableSandboxedEnvironment

    return ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True).from_string(template)
