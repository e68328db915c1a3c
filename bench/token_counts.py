"""Make `fluxkit/prompt/token_counts.txt`, the word table behind the token estimate, from the models' own tokenizers.

    python bench/token_counts.py TOKENIZERS [--check N | --oracle]

TOKENIZERS is a folder with `flux/tokenizer_1` (CLIP), `flux/tokenizer_2` (T5), `qwen/` (Qwen3) as their hub
repositories hold them, and `tekken.json` (Mistral's). `--check N` writes nothing: it draws N random texts and counts
how often the estimate is lower than the real number of tokens (it must never be), and how much higher it is on average.
`--oracle` writes `tests/prompt/token_oracle.json`, by which the tests hold the estimate to the truth.
Needs transformers, tiktoken and regex; nothing in the package or its tests does.
"""

from __future__ import annotations

import argparse
import base64
import json
import random
import re
import string
from collections.abc import Callable, Iterable
from pathlib import Path

from fluxkit.prompt import tokens

ROOT = Path(__file__).resolve().parents[1]
PREFIXES = "-'’\"(/.,:;&+_#*"
Count = Callable[[str], int]


def counters(folder: Path) -> dict[str, Count]:
    """For each encoder, the number of tokens of a text without end markers."""
    from transformers import AutoTokenizer

    clip = AutoTokenizer.from_pretrained(folder / "flux" / "tokenizer_1")
    t5 = AutoTokenizer.from_pretrained(folder / "flux" / "tokenizer_2")
    qwen = AutoTokenizer.from_pretrained(folder / "qwen")
    plain = {"add_special_tokens": False, "truncation": False}
    return {
        "clip": lambda text: len(clip(text, **plain)["input_ids"]),
        "t5": lambda text: len(t5(text, **plain)["input_ids"]),
        "qwen": lambda text: len(qwen(text, **plain)["input_ids"]),
        "mistral": _tekken(folder / "tekken.json"),
    }


def _tekken(path: Path) -> Count:
    import tiktoken

    data = json.loads(path.read_text(encoding="utf-8"))
    size = data["config"]["default_vocab_size"] - data["config"]["default_num_special_tokens"]
    ranks = {base64.b64decode(item["token_bytes"]): item["rank"] for item in data["vocab"][:size]}
    encoding = tiktoken.Encoding("tekken", pat_str=data["config"]["pattern"], mergeable_ranks=ranks, special_tokens={})
    return lambda text: len(encoding.encode_ordinary(text))


def forms(word: str, count: dict[str, Count]) -> str:
    """One digit a form: CLIP's, then for the others after a space and after punctuation, lower case and capital."""
    digits = [count["clip"](word)]
    for name in ("t5", "qwen", "mistral"):
        for spelled in dict.fromkeys((word, word.capitalize())) if word[0].isalpha() else (word, word):
            digits.append(_after_space(count[name], spelled))
            digits.append(_after_punctuation(count[name], spelled))
    return "".join(str(min(9, digit)) for digit in digits)


def _after_space(count: Count, word: str) -> int:
    return max(count(word), count(f"x {word}") - count("x"))


def _after_punctuation(count: Count, word: str) -> int:
    return max(1, *(count(f"x{space}{mark}{word}") - count("x") - 1 for space in ("", " ") for mark in PREFIXES))


def words(folder: Path) -> list[str]:
    """Common English (whole words to both CLIP and T5), the numbers photographers use, and our own words."""
    clip = json.loads((folder / "flux" / "tokenizer_1" / "vocab.json").read_text(encoding="utf-8"))
    t5 = json.loads((folder / "flux" / "tokenizer_2" / "tokenizer.json").read_text(encoding="utf-8"))
    whole = {piece.removeprefix("▁") for piece, _ in t5["model"]["vocab"] if piece.startswith("▁")}
    common = {token.removesuffix("</w>") for token in clip if token.endswith("</w>")} & whole
    numbers = {str(n) for n in [*range(1001), *range(1000, 20001, 50)]}
    return sorted({word for word in common | numbers | _own_words() if re.fullmatch(r"[a-z]+|[0-9]+", word)})


def _own_words() -> set[str]:
    patterns = (
        "templates/**/*.j2",
        "fluxkit/scene/**/*.py",
        "fluxkit/prompt/*.toml",
        "docs/**/*.md",
        "tests/scene/**/*.py",
    )
    sources = [path for pattern in patterns for path in ROOT.glob(pattern)]
    text = " ".join(path.read_text(encoding="utf-8") for path in sources).lower()
    return set(re.findall(r"[a-z]{2,}", text)) | set(string.ascii_lowercase)


def write(folder: Path, path: Path) -> None:
    """Write the table, one word a line."""
    count = counters(folder)
    lines = [f"{word} {forms(word, count)}" for word in words(folder)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")


def drawn(table: Iterable[str], amount: int, seed: int = 0) -> list[str]:
    """Random texts: known and unknown words in several cases, numbers, punctuation, hyphens, accents, other scripts."""
    source = random.Random(seed)
    known = sorted(table)
    odd = [
        "bokeh",
        "Rembrandt's",
        "café",
        "naïve",
        "北京",
        "ﬁlm",
        "½",
        "№5",
        "😀",
        "Łódź",
        "—",
        "…",
        "f/1.8",
        "85mm",
        "6500K",
        "#ff0033",
        "don't",
        "THE",
        "iPhone",
        "24-70mm",
        "1/250",
        "50%",
        "o'clock",
        "x\u0301",
        "\u00ad",
    ]

    def word() -> str:
        roll = source.random()
        if roll < 0.7:
            text = source.choice(known)
        elif roll < 0.8:
            text = "".join(source.choices(string.ascii_lowercase, k=source.randint(1, 14)))
        elif roll < 0.9:
            text = source.choice(odd)
        else:
            text = source.choice(known) + source.choice("-'/.&") + source.choice(known)
        text = source.choice([text, text, text, text.capitalize(), text.upper()])
        return (
            source.choice(["", "", "", "", '"', "("])
            + text
            + source.choice(["", "", "", "", ",", ".", '"', ";", ")", "!?"])
        )

    return [" ".join(word() for _ in range(source.randint(1, 60))) for _ in range(amount)]


def oracle(folder: Path) -> None:
    """Write what the models' own tokenizers count, end markers included, for the test that the bound is never low."""
    from fluxkit.scene import Scene, presets

    scenes = [scene for scene in vars(presets).values() if isinstance(scene, Scene)]
    prompts = [str(scene.prompt(template=name)) for scene in scenes for name in ("flux.1/prose", "flux.2/json")]
    count = counters(folder)
    rows = [
        {
            "text": text,
            "prompt": i < len(prompts),
            **{name: work(text) + tokens.MARKERS[name] for name, work in count.items()},
        }
        for i, text in enumerate(prompts + drawn(tokens.table(), 200, seed=1))
    ]
    text = ",\n".join(json.dumps(row, ensure_ascii=False) for row in rows)
    (ROOT / "tests" / "prompt" / "token_oracle.json").write_text(f"[\n{text}\n]\n", encoding="utf-8")


def check(folder: Path, amount: int) -> None:
    """Print how the estimate compares with the truth on random texts."""
    texts = drawn(tokens.table(), amount)
    for name, count in counters(folder).items():
        real = [count(text) + tokens.MARKERS[name] for text in texts]
        bound = [tokens.bound(name, text) for text in texts]
        low = [(text, r, b) for text, r, b in zip(texts, real, bound, strict=True) if b < r]
        print(f"{name}: {len(low)} of {amount} too low; {sum(bound) / sum(real):.2f} times the truth on average")
        for text, r, b in low[:5]:
            print(f"   {r} > {b}: {text!r}")


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("tokenizers", type=Path)
    parser.add_argument("--check", type=int, default=0)
    parser.add_argument("--oracle", action="store_true")
    given = parser.parse_args()
    if given.check:
        check(given.tokenizers, given.check)
    elif given.oracle:
        oracle(given.tokenizers)
    else:
        write(given.tokenizers, ROOT / "fluxkit" / "prompt" / "token_counts.txt")
