"""The last check of words against a model's window, with its own tokenizer: none go unread without a word said."""

from __future__ import annotations

from pathlib import Path

from fluxkit.engines.local import tokenizers
from fluxkit.errors import CapabilityError
from fluxkit.shots.shot import Shot

POOLED = ("clip",)
"""Encoders that give a summary only: FLUX.1 reads 77 CLIP tokens beside all of T5's, so no words are lost."""


def check(folder: Path, shot: Shot, *, strict: bool) -> dict[str, str]:
    """What provenance says about words behind a window: nothing where all are read.

    Raises `CapabilityError` with the fields of the unread words, unless `strict` is False.
    """
    text, windows = str(shot.prompt), shot.spec.windows
    readers = tokenizers.read_folder(folder, tuple(name for name in windows if name not in POOLED))
    found = {}
    for encoder, reader in readers.items():
        unread = reader.unread_from(text, windows[encoder])
        if unread is None:
            continue
        if strict:
            raise _refusal(shot, encoder, text, unread, len(reader(text)))
        found[encoder] = f"read {windows[encoder]} of {len(reader(text))} tokens, up to character {unread}"
    return found


def _refusal(shot: Shot, encoder: str, text: str, unread: int, count: int) -> CapabilityError:
    fields = [span.path for span in shot.prompt.spans if span.end > unread]
    told = f", which say {', '.join(dict.fromkeys(fields))}" if fields else ""
    tail = text[unread:].strip()
    return CapabilityError(
        f"A prompt of {count} tokens was asked for, but {shot.model} reads {shot.spec.windows[encoder]} ({encoder}): "
        f"it would not see the words {tail[:80] + ('...' if len(tail) > 80 else '')!r}{told}. Shorten the prompt, or "
        f"plan with strict=False to let them go.",
        shot=shot,
    )
