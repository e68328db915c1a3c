"""What must not be seen, said as what is seen instead: for models that take no negative prompt."""

from __future__ import annotations

import re
import tomllib
from functools import cache, lru_cache
from pathlib import Path

from fluxkit.prompt.diagnostic import Diagnostic
from fluxkit.prompt.marked import Said

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
def positives(avoid: tuple[str, ...], true_cfg: bool = False) -> tuple[tuple[str, ...], tuple[Diagnostic, ...]]:
    """The positive words for every term that has some, each once, and a finding for every term.

    `true_cfg` says that the model would take a real negative prompt if it were asked to.
    """
    said = [positive(term) for term in avoid]
    wanted = {words: Said.by(words, f"avoid.{i}") for i, words in reversed(list(enumerate(said))) if words}
    why = "a negative prompt works only with true_cfg above 1" if true_cfg else "this model takes no negative prompt"
    findings = tuple(_finding(i, term, words, why) for i, (term, words) in enumerate(zip(avoid, said, strict=True)))
    return tuple(wanted[words] for words in dict.fromkeys(filter(None, said))), findings


@lru_cache(maxsize=4096)
def unplaced(avoid: tuple[str, ...], template: str) -> tuple[Diagnostic, ...]:
    """A finding for every term, for a template that has no place for positive words."""
    return tuple(
        Diagnostic(
            severity="warning",
            path=f"avoid.{i}",
            rule="avoid-unsaid",
            message=f"{term!r} is not in the prompt: the template {template} says nothing of what to avoid.",
            cure="Print `wanted` in the template, or say what is seen in its place in a field.",
        )
        for i, term in enumerate(avoid)
    )


def _finding(index: int, term: str, said: str | None, why: str) -> Diagnostic:
    path = f"avoid.{index}"
    if said is not None:
        return Diagnostic(
            severity="note",
            path=path,
            rule="avoid-rewritten",
            message=f'{term!r} is said as "{said}": {why}, and to name a thing is to ask for it.',
            cure="If other words suit the picture better, write them into the scene and drop the term.",
        )
    return Diagnostic(
        severity="warning",
        path=path,
        rule="avoid-unsaid",
        message=f"{term!r} is not in the prompt: {why}, and no positive words for it are known.",
        cure="Say what is seen in its place, in the field that it concerns.",
    )


def _folded(term: str) -> str:
    words = _DENIAL.sub("", " ".join(term.lower().replace("-", " ").split()))
    return " ".join(
        word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word
        for word in words.split()
    )
