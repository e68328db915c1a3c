"""A prompt with its reasons: which field made which words, and where each encoder stops reading.

Fields are numbered like footnotes and listed below, so colour only repeats what the numbers say. The colours keep a
contrast of at least 3:1 on white and on black, so that one page serves a light and a dark notebook.
"""

from __future__ import annotations

import html
from collections.abc import Iterator
from itertools import pairwise
from typing import NamedTuple

from fluxkit.prompt.prompt import Prompt

COLOURS = ("#b4540a", "#1976d2", "#2e7d32", "#ad3fb5", "#c62828", "#00838f", "#7a6a00", "#6a5acd", "#ad5070", "#5f7382")
"""A colour for each part of a record (subject, lens, ...), repeated when there are more parts."""


class Stretch(NamedTuple):
    """Words of one field that every encoder reads alike."""

    text: str
    path: str
    """Empty for the template's own words."""
    number: int
    """The footnote; 0 where the stretch does not end a field's words."""
    unread: tuple[str, ...]
    """Encoders that do not read it."""
    ends: tuple[str, ...]
    """Encoders that stop reading where it begins."""


def stretches(prompt: Prompt) -> Iterator[Stretch]:
    """The prompt in pieces: broken where a field's words begin or end, and where an encoder stops reading."""
    cuts = {name: count.cut for name, count in prompt.token_counts.items() if count.cut is not None}
    numbers = footnotes(prompt)
    edges = {0, len(prompt.text), *(edge for span in prompt.spans for edge in (span.start, span.end)), *cuts.values()}
    inside = [edge for edge in sorted(edges) if edge <= len(prompt.text)]
    for start, end in pairwise(inside):
        span = next((span for span in prompt.spans if span.start <= start < span.end), None)
        yield Stretch(
            prompt.text[start:end],
            span.path if span else "",
            numbers[span.path] if span and span.end == end else 0,
            tuple(name for name, cut in cuts.items() if cut <= start),
            tuple(name for name, cut in cuts.items() if cut == start),
        )


def footnotes(prompt: Prompt) -> dict[str, int]:
    """A number for each field that made words, in reading order."""
    return {path: i for i, path in enumerate(dict.fromkeys(span.path for span in prompt.spans), start=1)}


def plain(prompt: Prompt) -> str:
    """The plain-text twin of `as_html`: numbered words, the fields below, counts and findings."""
    text = "".join(
        "".join(f"<{name} reads to here> " for name in piece.ends)
        + piece.text
        + (f"[{piece.number}]" if piece.number else "")
        for piece in stretches(prompt)
    )
    lines = [text, ""]
    lines += [f"[{number}] {path}" for path, number in footnotes(prompt).items()]
    if prompt.negative is not None:
        lines += ["", f"negative prompt: {prompt.negative}"]
    lines += ["", _heading(prompt), *(f"{name}: {count} tokens" for name, count in prompt.token_counts.items())]
    lines += [str(finding) for finding in prompt.diagnostics]
    return "\n".join(lines).replace("\n\n\n", "\n\n")


def as_html(prompt: Prompt) -> str:
    """The prompt with its fields coloured and numbered, the cuts marked, and a legend."""
    parts = list(dict.fromkeys(path.split(".")[0] for path in footnotes(prompt)))
    colours = {part: COLOURS[i % len(COLOURS)] for i, part in enumerate(parts)}
    words = "".join(_stretch(piece, colours) for piece in stretches(prompt))
    notes = "".join(
        f'<span style="white-space:nowrap;margin-right:1.2em"><sup>{number}</sup>'
        f'<span style="{_underline(colours[path.split(".")[0]])}">{html.escape(path)}</span></span> '
        for path, number in footnotes(prompt).items()
    )
    counts = "; ".join(f"{html.escape(name)} {count} tokens" for name, count in prompt.token_counts.items())
    negative = "" if prompt.negative is None else f"<div>negative prompt: {html.escape(prompt.negative)}</div>"
    findings = "".join(f"<li>{html.escape(str(finding))}</li>" for finding in prompt.diagnostics)
    small = 'style="font-size:0.85em;opacity:0.85;margin-top:0.5em"'
    return (
        '<div style="max-width:70em;line-height:1.9">'
        f'<div style="white-space:pre-wrap;overflow-wrap:anywhere">{words}</div>{negative}'
        f"<div {small}>{notes}</div><div {small}>{html.escape(_heading(prompt))} {counts}</div>"
        f"{f'<ul {small}>{findings}</ul>' if findings else ''}</div>"
    )


def _stretch(piece: Stretch, colours: dict[str, str]) -> str:
    marks = "".join(
        f'<span style="border:1px solid currentColor;border-radius:0.3em;padding:0 0.3em;font-size:0.75em">'
        f"{html.escape(name)} reads to here</span> "
        for name in piece.ends
    )
    # CLIP sets only the overall look where another encoder reads on, so its cut is marked and the rest not struck out.
    lost = [name for name in piece.unread if name != "clip"]
    styles = ["text-decoration:line-through;opacity:0.7"] if lost else []
    title = f"not read by {', '.join(piece.unread)}" if piece.unread else ""
    if piece.path:
        styles.append(_underline(colours[piece.path.split(".")[0]]))
        title = f"{piece.path}{f' ({title})' if title else ''}"
    words = html.escape(piece.text)
    if styles:
        words = f'<span style="{";".join(styles)}" title="{html.escape(title)}">{words}</span>'
    return marks + words + (f"<sup>{piece.number}</sup>" if piece.number else "")


def _underline(colour: str) -> str:
    return f"border-bottom:2px solid {colour}"


def _heading(prompt: Prompt) -> str:
    made = " for ".join(part for part in (prompt.template, prompt.model) if part)
    return f"{made or 'Words given as text'}."
