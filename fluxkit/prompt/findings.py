"""Findings about a finished prompt: words that no encoder sees, a text longer than advised, no words at all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from fluxkit.prompt.diagnostic import Diagnostic

if TYPE_CHECKING:
    from fluxkit.prompt.prompt import Prompt

_ADVICE = (("flux.2-klein", 70, "flux.2/brief"), ("flux-2-klein", 70, "flux.2/brief"))
"""Models by the start of their id, the words that BFL advises at most, and the shorter template.

Source: BFL's skills repository, flux2-models.md (2026-02): klein reads narrative prose of 40 to 70 words.
"""


def findings(prompt: Prompt) -> tuple[Diagnostic, ...]:
    """Everything to be said about the text itself."""
    found = [_empty(prompt), _long(prompt), *(_unread(prompt, encoder) for encoder in prompt.token_counts)]
    return tuple(finding for finding in found if finding is not None)


def _empty(prompt: Prompt) -> Diagnostic | None:
    if prompt.text.strip():
        return None
    return Diagnostic(
        severity="warning",
        rule="empty-prompt",
        message=f"No field that {prompt.template} words is set, so the model is given no text.",
        cure="Set a subject, or choose another template.",
    )


def _long(prompt: Prompt) -> Diagnostic | None:
    for start, most, shorter in _ADVICE:
        words = len(prompt.text.split())
        if prompt.model.startswith(start) and words > most and not prompt.template.endswith(("/json", "/brief")):
            return Diagnostic(
                severity="note",
                rule="longer-than-advised",
                message=f"The prompt has {words} words; BFL advises 40 to {most} for {prompt.model}.",
                cure=f"Shorten it, or use template={shorter!r}.",
            )
    return None


def _unread(prompt: Prompt, encoder: str) -> Diagnostic | None:
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
