"""Stopping jobs at the hosts that can: asked for in the journal first, so that nothing is forgotten half way."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor, wait

from fluxkit.engines.hosted.client import Client, Unreached
from fluxkit.engines.hosted.hosts import host
from fluxkit.engines.hosted.journal import AT_HOST, Entry, Journal

_PATIENCE_S = 10.0
"""A user who pressed Ctrl-C is not kept longer than this."""


def cancel(entry: Entry, journal: Journal, client: Client) -> str:
    """Ask the host to cancel a job; how it then stands in the journal.

    `cancelled`: the host says so. `cancelling`: it will try, and `resume` learns what came of it. Anything else: it
    goes on. A job at a host that gave no address for it is left alone.
    """
    if not entry.cancel_url or not journal.move(entry.id, ("submitted", "missing"), "cancelling"):
        return journal.entry(entry.id).state
    adapter = host(entry.host)
    try:
        answer = client.send(adapter.cancellation(entry.cancel_url))
    except Unreached:
        journal.move(entry.id, "cancelling", "submitted")
    else:
        if adapter.cancelled(answer.status, answer.json()):
            journal.move(entry.id, "cancelling", "cancelled", polling_url=None, cancel_url=None)
        elif answer.status >= 400:  # too late, as a rule: it has begun or is done
            journal.move(entry.id, "cancelling", "submitted")
    return journal.entry(entry.id).state


def cancel_all(entries: Iterable[Entry], journal: Journal, client_for: Callable[[Entry], Client]) -> None:
    """Ask for several at once, for a few seconds at most; what is not answered by then stays resumable."""
    asked = [entry for entry in entries if entry.cancel_url and entry.state in AT_HOST]
    if not asked:
        return
    pool = ThreadPoolExecutor(min(16, len(asked)))
    jobs = [pool.submit(cancel, entry, journal, client_for(entry)) for entry in asked]
    wait(jobs, timeout=_PATIENCE_S)
    pool.shutdown(wait=False, cancel_futures=True)


def told(entries: Sequence[Entry], *, fetch: str = "session.resume() fetches") -> str:
    """What goes on at the hosts after a stop, what does not, and how to get the pictures back."""
    sentences = []
    stopped = [entry for entry in entries if entry.state in ("cancelled", "cancelling")]
    going = [entry for entry in entries if entry.state in ("sending", "submitted", "missing", "stored")]
    if stopped:
        asked = sum(entry.state == "cancelling" for entry in stopped)
        told = "was cancelled" if len(stopped) == 1 else "were cancelled"
        if asked:
            told = f"{'was' if len(stopped) == 1 else 'were'} asked to stop"
        sentences.append(f"{_jobs(stopped)} {told}; what had begun may be billed.")
    if going:
        many = len(going) != 1
        goes, are = ("go on", "are") if many else ("goes on", "is")
        what = "training" if all(entry.kind == "training" for entry in going) else "picture"
        sentences.append(f"{_jobs(going)} {goes} and {are} billed; {fetch} the {what}{'s' * many}.")
    return " ".join(sentences) or "Nothing goes on at the hosts."


def _jobs(entries: Sequence[Entry]) -> str:
    hosts = ", ".join(sorted({entry.host for entry in entries}))
    return f"{len(entries)} job{'s' * (len(entries) != 1)} at {hosts}"
