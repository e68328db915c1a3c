"""Findings about words that an encoder never sees, named by field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fluxkit.prompt.diagnostic import Diagnostic

if TYPE_CHECKING:
    from fluxkit.prompt.prompt import Prompt


def unread(prompt: Prompt) -> tuple[Diagnostic, ...]:
    """One finding for each encoder whose window is too short, with the fields whose words fall past it."""
    return tuple(found for name in prompt.token_counts if (found := _finding(prompt, name)) is not None)


def _finding(prompt: Prompt, encoder: str) -> Diagnostic | None:
    count = prompt.token_counts[encoder]
    if count.cut is None:
        return None
    lost = list(dict.fromkeys(span.path for span in prompt.spans if span.end > count.cut))
    fields = ", ".join(lost) or "the end of the text"
    others = [name for name, other in prompt.token_counts.items() if name != encoder and other.cut is None]
    verb = "fall" if count.exact else "may fall"
    message = f"{fields} {verb} past what {encoder} reads: {count} tokens."
    if encoder == "clip" and others:
        return Diagnostic(
            severity="note",
            path=lost[0] if lost else "",
            rule="past-clip-window",
            message=f"{message} {others[0]} still reads them; CLIP only sets the overall look.",
            cure="Nothing need be done. To weigh them more, say less before them.",
        )
    return Diagnostic(
        severity="warning",
        path=lost[0] if lost else "",
        rule="past-window",
        message=message,
        cure="Shorten or unset fields: words past the window have no effect.",
    )
