"""The paid request: sent at most once, with the intent on disk before and the outcome on disk after.

Only two failures are tried again, because in both the host has taken nothing: the connection was never made, or the
host turned the request away with 429. Anything else that is no clear answer has an unknown outcome.
"""

from __future__ import annotations

import random
import threading
import time
from dataclasses import dataclass, field
from typing import Any

from pydantic import SecretStr

from fluxkit.engines.hosted.answers import Values, refused
from fluxkit.engines.hosted.client import Answer, Call, Client, Unreached
from fluxkit.engines.hosted.hosts import Host, host
from fluxkit.engines.hosted.journal import Journal
from fluxkit.engines.hosted.origins import Server
from fluxkit.engines.hosted.pace import Pace, retry_after


@dataclass(frozen=True)
class Ticket:
    """A paid request on its way: what to send for which job, and as whom."""

    job: int
    host: str
    server: str
    path: str
    fields: dict[str, Any] = field(repr=False)
    key: SecretStr
    what: str
    """Names the request in messages."""
    pace: Pace = field(default_factory=Pace, repr=False)


def deliver(ticket: Ticket, journal: Journal, stop: threading.Event) -> None:
    """Send a ticket, and write what became of it; on return the job is no longer an intent unless `stop` was set."""
    adapter = host(ticket.host)
    server = Server(ticket.server, adapter.domains)
    call = adapter.submission(server, ticket.path, ticket.fields)
    call = Call(call.method, call.url, call.body, timeout_s=ticket.pace.submit)
    client = Client(server, adapter.credential(ticket.key), fresh=True)
    try:
        _deliver(ticket, journal, stop, _Send(adapter, server, client, call))
    finally:
        client.close()


@dataclass(frozen=True)
class _Send:
    adapter: Host
    server: Server
    client: Client
    call: Call


def _deliver(ticket: Ticket, journal: Journal, stop: threading.Event, send: _Send) -> None:
    give_up = time.monotonic() + ticket.pace.patience
    backoff = ticket.pace.first
    while not stop.is_set() and journal.claim(ticket.job, seconds=ticket.pace.submit + 30):
        try:
            wait = _once(ticket, journal, send)
        except BaseException:
            # Whatever broke here broke between the claim and a written outcome.
            journal.move(ticket.job, "sending", "unknown", error=unknown(ticket.what, ticket.host, "an internal error"))
            raise
        if wait is None:
            return
        pause, error = wait
        pause = backoff * random.uniform(0.75, 1.0) if pause is None else pause
        backoff = min(8.0, backoff * 2)
        if pause > ticket.pace.longest_wait or time.monotonic() + pause > give_up:
            journal.move(ticket.job, "sending", "refused", error=error)
            return
        journal.move(ticket.job, "sending", "intent")
        stop.wait(pause)


def _once(ticket: Ticket, journal: Journal, send: _Send) -> tuple[float | None, Values] | None:
    """Send once. None where the outcome is written; else the host's wish for a pause, and the error if it ends here."""
    try:
        answer = send.client.send(send.call)
    except Unreached as failure:
        if failure.delivered:
            journal.move(ticket.job, "sending", "unknown", error=unknown(ticket.what, ticket.host, str(failure)))
            return None
        return None, _unsent(ticket, str(failure))
    if answer.status == 429:
        return retry_after(answer.headers), refused(answer, ticket.host, ticket.what)
    _settle(ticket, journal, send, answer)
    return None


def _settle(ticket: Ticket, journal: Journal, send: _Send, answer: Answer) -> None:
    lost = f"HTTP {answer.status}"
    if 200 <= answer.status < 300:
        taken = send.adapter.accepted(send.server, answer.json())
        if taken is not None:
            journal.move(
                ticket.job, "sending", "submitted",
                remote_id=taken.id, polling_url=taken.polling_url, cost_usd=taken.cost_usd,
                cancel_url=taken.cancel_url,
            )  # fmt: skip
            return
        lost = f"HTTP {answer.status} without a job id"
    elif answer.status not in (302, 303, 408) and answer.status < 500:
        journal.move(ticket.job, "sending", "refused", error=refused(answer, ticket.host, ticket.what))
        return
    journal.move(ticket.job, "sending", "unknown", error=unknown(ticket.what, ticket.host, lost))


def unknown(what: str, host_name: str, why: str) -> Values:
    """The error of a request whose outcome nobody can tell."""
    return {
        "error": "OutcomeUnknown",
        "message": (
            f"{what} was sent to {host_name}, and its answer was lost ({why}). It may have been made and billed, and "
            f"{host_name} offers no way to ask. It is not sent again by itself. Look at the usage page of your "
            f"account; engine.release(shot) allows sending it once more."
        ),
    }


def _unsent(ticket: Ticket, why: str) -> Values:
    return {
        "error": "ConnectionFailed",
        "message": (
            f"{ticket.what} could not be sent to {ticket.host} ({why}). A connection to its own address is needed. "
            f"Nothing was made or billed; check the network and shoot again."
        ),
    }
