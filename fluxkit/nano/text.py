"""The words that nano reads: one token a word, the same list for both text encoders."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor

PAD, UNKNOWN, START, END = range(4)
SPECIAL = ("<pad>", "<unk>", "<start>", "<end>")
T5_WINDOW = 32
CLIP_WINDOW = 77


def vocabulary(captions: Iterable[list[str]]) -> dict[str, int]:
    """Token numbers of every word in the captions, after the special ones."""
    words = sorted({word for slots in captions for slot in slots for word in slot.split()})
    return {word: number for number, word in enumerate((*SPECIAL, *words))}


def tokenizer(words: dict[str, int], *, clip: bool) -> Any:
    """A tokenizer that transformers saves and loads: lower case, split at spaces, no commas or final stop."""
    from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, processors
    from transformers import PreTrainedTokenizerFast

    inner = Tokenizer(models.WordLevel(vocab=words, unk_token=SPECIAL[UNKNOWN]))
    clean = normalizers.Replace(Regex(r"[,;.](?=\s|$)"), "")
    inner.normalizer = normalizers.Sequence([normalizers.NFKC(), normalizers.Lowercase(), clean])
    inner.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    form = f"{SPECIAL[START]} $A {SPECIAL[END]}" if clip else f"$A {SPECIAL[END]}"
    inner.post_processor = processors.TemplateProcessing(
        single=form, special_tokens=[(SPECIAL[START], START), (SPECIAL[END], END)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=inner,
        pad_token=SPECIAL[PAD],
        unk_token=SPECIAL[UNKNOWN],
        bos_token=SPECIAL[START],
        eos_token=SPECIAL[END],
        model_max_length=CLIP_WINDOW if clip else T5_WINDOW,
    )


def numbers(slots: list[str], words: dict[str, int]) -> list[list[int]]:
    """Token numbers, slot by slot."""
    return [[words.get(word, UNKNOWN) for word in slot.split()] for slot in slots]


def windows(rows: list[list[int]], *, clip_length: int = T5_WINDOW) -> tuple[Tensor, Tensor]:
    """Both encoders' inputs for rows of token numbers: (CLIP ids, T5 ids), padded.

    CLIP reads left to right and its answer is taken at the end mark, so padding behind it may be cut in training.
    """
    clip = torch.full((len(rows), clip_length), PAD)
    t5 = torch.full((len(rows), T5_WINDOW), PAD)
    for i, row in enumerate(rows):
        kept = row[: T5_WINDOW - 2]
        clip[i, : len(kept) + 2] = torch.tensor([START, *kept, END])
        t5[i, : len(kept) + 1] = torch.tensor([*kept, END])
    return clip, t5
