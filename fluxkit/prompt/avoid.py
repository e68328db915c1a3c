"""What must not be seen, said as what is seen instead: for models that take no negative prompt."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path

from fluxkit.prompt.diagnostic import Diagnostic

_TABLE = Path(__file__).with_name("avoid.toml")
_DENIAL = re.compile(r"^(?:no|not|without|avoid|never|any)\s+(?:an?\s+|any\s+|the\s+)?", re.IGNORECASE)


@cache
def table() -> dict[str, str]:
    """Every term that can be rewritten, and what is said instead; read from `avoid.toml` beside this module."""
    rewrites = tomllib.loads(_TABLE.read_text(encoding="utf-8"))["rewrite"]
    return {_folded(term): item["say"] for item in rewrites for term in item["for"]}


def positive(term: str) -> str | None:
    """What to say instead of a term to avoid; None where the table has no answer.

    >>> positive("no plastic skin")
    'skin with visible pores and fine texture'
    """
    return table().get(_folded(term))


@lru_cache(maxsize=4096)
def positives(avoid: tuple[str, ...]) -> tuple[tuple[str, ...], tuple[Diagnostic, ...]]:
    """The positive words for every term that has some, each once, and a finding for every term."""
    found = [positive(term) for term in avoid]
    findings = tuple(_finding(i, term, said) for i, (term, said) in enumerate(zip(avoid, found, strict=True)))
    return tuple(dict.fromkeys(said for said in found if said)), findings


def _finding(index: int, term: str, said: str | None) -> Diagnostic:
    path = f"avoid.{index}"
    if said is not None:
        return Diagnostic(
            severity="note",
            path=path,
            rule="avoid-rewritten",
            message=f'{term!r} is said as "{said}": this model takes no negative prompt, and naming a thing summons it.',
            cure="Write your own words into the scene and drop the term, if others suit the picture better.",
        )
    return Diagnostic(
        severity="warning",
        path=path,
        rule="avoid-unsaid",
        message=f"{term!r} is not in the prompt: this model takes no negative prompt, and no positive words for it are known.",
        cure="Say what is seen in its place, in the field that it concerns.",
    )


def _folded(term: str) -> str:
    words = _DENIAL.sub("", " ".join(term.lower().replace("-", " ").split()))
    return " ".join(
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
        for word in words.split()
    )
