"""Clauses into sentences: no doubled space, no doubled comma, no empty clause, whatever was left unset."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from fluxkit.prompt.marked import Letters, Piece, Run, decision, is_data, stretches

Pieces = tuple[tuple[str, Piece], ...]
"""Finished pieces in order, each with the kind of block that made it."""

_ATTACHED = ",.;:!?)"
_PAUSES = ",;:"
_ENDINGS = ".!?…"
_SENTENCE_ENDS = re.compile(r"([^.;]*)((?:.*[.;])?)(.*)", re.DOTALL)
_LEADING = re.compile(r"^[\s,;:.–—-]*(?:(?:and|but)\s+(?=\S))?")


def tidy(letters: Letters) -> Letters:
    """Whitespace collapsed to single spaces, none before punctuation, no comma or stop repeated by the template.

    Punctuation inside a user's own words stays as it is.
    """
    out: Letters = []
    last = " "  # as if a space stood before it, so that none is kept there
    for part, path in letters:
        data = is_data(path)
        for character in part:
            if character.isspace():
                if last != " ":
                    out.append((" ", path))
                    last = " "
                continue
            if character in _ATTACHED and not data:
                if last == " " and out:
                    out.pop()
                    last = out[-1][0] if out else " "
                if _repeats(character, last):
                    if character == "." and last in _PAUSES:
                        out[-1] = (character, path)
                        last = character
                    continue
            elif last in ",;" and character.isalnum() and not is_data(out[-1][1]):
                out.append((" ", path))
            out.append((character, path))
            last = character
    while out and out[-1][0] == " ":
        out.pop()
    return out


def spaced(letters: Letters) -> Letters:
    """White space collapsed to single spaces, none at the ends, and nothing else changed."""
    out: Letters = []
    for character, path in _single(letters):
        if not character.isspace():
            out.append((character, path))
        elif out and out[-1][0] != " ":
            out.append((" ", path))
    return out[:-1] if out and out[-1][0] == " " else out


def _single(letters: Letters) -> Iterator[tuple[str, str]]:
    return ((character, path) for part, path in letters for character in part)


def _repeats(character: str, before: str) -> bool:
    return (character in _PAUSES and before in _PAUSES) or (character == "." and before in _PAUSES + _ENDINGS)


def unlead(letters: Letters) -> Letters:
    """Without the comma or conjunction that would have joined it to something before it."""
    own = next((i for i, (character, path) in enumerate(letters) if is_data(path)), len(letters))
    found = _LEADING.match("".join(character for character, _ in letters))
    return letters[min(own, found.end() if found else 0) :]


def trimmed(letters: Letters) -> Letters:
    """Without a comma or a dash of the template that nothing follows; a user's own stays."""
    end = len(letters)
    while end and letters[end - 1][0] in _PAUSES + "–—- " and not is_data(letters[end - 1][1]):
        end -= 1
    return letters[:end]


def sentence(letters: Letters) -> Letters:
    """One sentence: tidied, with a capital first and a stop last; empty when it holds no word."""
    found = trimmed(unlead(tidy(letters)))
    if not any(character.isalnum() for character, _ in found):
        return []
    first, path = found[0]
    found[0] = (first.upper() if first.upper().lower() == first else first, path)
    quoted = found[-1][0] in "\"”'’)" and len(found) > 1 and found[-2][0] in _ENDINGS
    if found[-1][0] not in _ENDINGS and not quoted:
        found.append((".", ""))
    return found


def owned(letters: Letters) -> Letters:
    """The template's own words between two fields belong to the field that follows, else to the one before."""
    runs = list(stretches(letters))
    out: Letters = []
    for i, (path, words) in enumerate(runs):
        before = decision(runs[i - 1][0]) if i else ""
        after = decision(runs[i + 1][0]) if i + 1 < len(runs) else ""
        head, stop, tail = _SENTENCE_ENDS.match(words).groups()  # type: ignore[union-attr]
        if path or not stop:
            out.append((words, path or after or before))
        else:
            out += (head, before), (stop, ""), (tail, after)
    return out


def member(label: str, letters: Letters, is_json: bool) -> Letters:
    """`"key": value` of a JSON object, the value escaped unless it is JSON already; empty where it says nothing."""
    if not any(character.isalnum() for character, _ in _single(letters)):
        return []
    name = json.dumps(label)
    if is_json:
        return [*((character, "") for character in f"{name}: "), *spaced(letters)]
    words = [
        (escaped, path)
        for character, path in trimmed(unlead(tidy(letters)))
        for escaped in json.dumps(character, ensure_ascii=False)[1:-1]
    ]
    return [*((character, "") for character in f'{name}: "'), *words, ('"', "")]


def phrase(value: Any) -> str:
    """A value inside a sentence: single spaces, no trailing stop or comma, 85.0 as 85."""
    if isinstance(value, float):
        return f"{value:.10g}"
    text = " ".join(str(value).split())
    kept = text.rstrip(" ,;:")
    if kept.endswith(".") and not kept.endswith("..") and "." not in kept.split(" ")[-1][:-1]:
        kept = kept[:-1].rstrip(" ,;:")
    return kept


def text_of(pieces: Pieces) -> str:
    """A render's pieces as one text: sentences after each other, lines below, members of an object in braces."""
    if all(kind == "sentence" for kind, _ in pieces):
        return " ".join([piece.text for _, piece in pieces])
    out: list[str] = []
    for kind, piece in pieces:
        out += (" " if kind == "sentence" and out else _gap(kind, piece.text, first=not out), piece.text)
    if pieces and pieces[0][0] == "member":
        out.append(_CLOSE)
    return "".join(out)


def joined(pieces: Pieces) -> Piece:
    """A render's pieces as one, with the fields that made its words."""
    runs: list[Run] = []
    at = 0
    for i, (kind, piece) in enumerate(pieces):
        at += len(_gap(kind, piece.text, first=i == 0))
        runs += [Run(run.start + at, run.end + at, run.path) for run in piece.runs]
        at += len(piece.text)
    return Piece(text_of(pieces), tuple(runs))


_OPEN, _NEXT, _CLOSE = "{\n  ", ",\n  ", "\n}"


def _gap(kind: str, text: str, *, first: bool) -> str:
    if kind == "member":
        return _OPEN if first else _NEXT
    if first:
        return ""
    if kind == "line":
        return "\n"
    return "" if kind != "sentence" and text[:1] in _ATTACHED else " "
