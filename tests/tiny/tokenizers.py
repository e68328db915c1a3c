"""The four kinds of tokenizer that FLUX models read with, over a vocabulary of a few dozen words."""

from __future__ import annotations

from transformers import CLIPTokenizer, PreTrainedTokenizerFast, Qwen2TokenizerFast, T5TokenizerFast

_SENTENCE = """a photo of the cat dog red green blue car on in at with and portrait woman man forest
street light soft window morning close up 85mm f1.8 film grain realistic"""
WORDS = tuple(_SENTENCE.split())

_QWEN_TEMPLATE = (
    "{% for m in messages %}<|im_start|>{{ m.role }}\n{{ m.content }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n"
    "{% if enable_thinking is defined and enable_thinking is false %}<think>\n\n</think>\n\n{% endif %}{% endif %}"
)
_MISTRAL_TEMPLATE = (
    "{{ bos_token }}{% for m in messages %}"
    "{% if m.role == 'system' %}[SYSTEM_PROMPT]{% for c in m.content %}{{ c.text }}{% endfor %}[/SYSTEM_PROMPT]"
    "{% else %}[INST]{% for c in m.content %}{{ c.text }}{% endfor %}[/INST]{% endif %}{% endfor %}"
)
_MISTRAL_SPECIAL = [
    "<unk>",
    "<s>",
    "</s>",
    "<pad>",
    "[INST]",
    "[/INST]",
    "[SYSTEM_PROMPT]",
    "[/SYSTEM_PROMPT]",
    "[IMG]",
]


def clip() -> CLIPTokenizer:
    """CLIP's byte-pair encoding with one merge chain a known word, so that a known word is one token."""
    letters = _byte_letters()
    tokens = letters + [letter + "</w>" for letter in letters]
    merges: list[tuple[str, str]] = []
    for word in WORDS:
        parts = [*word[:-1], word[-1] + "</w>"]
        while len(parts) > 1:
            pair = (parts[0], parts[1])
            if pair not in merges:
                merges.append(pair)
            if "".join(pair) not in tokens:
                tokens.append("".join(pair))
            parts = ["".join(pair), *parts[2:]]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    return CLIPTokenizer(vocab={token: i for i, token in enumerate(tokens)}, merges=merges, model_max_length=77)


def t5() -> T5TokenizerFast:
    """T5's unigram model: known words, then single characters."""
    vocab = [("<pad>", 0.0), ("</s>", 0.0), ("<unk>", 0.0), ("▁", -2.0)]
    vocab += [("▁" + word, -3.0) for word in WORDS]
    vocab += [(chr(code), -6.0) for code in range(33, 127)]
    return T5TokenizerFast(vocab=vocab, extra_ids=0, additional_special_tokens=["<extra_id_0>"], model_max_length=512)


def qwen() -> Qwen2TokenizerFast:
    """Qwen's byte-level tokens and chat template, without merges."""
    tokens = ["<|endoftext|>", "<|im_start|>", "<|im_end|>", *_byte_letters()]
    made = Qwen2TokenizerFast(
        vocab={token: i for i, token in enumerate(tokens)},
        merges=[],
        additional_special_tokens=["<|im_start|>", "<|im_end|>"],
    )
    made.chat_template = _QWEN_TEMPLATE
    return made


def mistral() -> PreTrainedTokenizerFast:
    """What FLUX.2 [dev] asks of its processor (`apply_chat_template` over list content), without torchvision."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    vocab = {token: i for i, token in enumerate(_MISTRAL_SPECIAL + _byte_letters())}
    raw = Tokenizer(models.BPE(vocab=vocab, merges=[]))
    raw.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    raw.decoder = decoders.ByteLevel()
    return PreTrainedTokenizerFast(
        tokenizer_object=raw,
        unk_token="<unk>",
        bos_token="<s>",
        eos_token="</s>",
        pad_token="<pad>",
        additional_special_tokens=_MISTRAL_SPECIAL[4:],
        padding_side="left",
        chat_template=_MISTRAL_TEMPLATE,
    )


def _byte_letters() -> list[str]:
    """GPT-2's table of a printable letter for each byte, which CLIP and Qwen share."""
    printable = [*range(33, 127), *range(161, 173), *range(174, 256)]
    others = [byte for byte in range(256) if byte not in printable]
    return [chr(code) for code in [*printable, *(256 + n for n in range(len(others)))]]
