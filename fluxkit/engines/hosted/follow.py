"""From an accepted job to a picture on disk: poll, fetch, verify, store; or the one error that tells why not."""

from __future__ import annotations

import contextlib
import os
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import parse_qs, urlsplit

from fluxkit import errors
from fluxkit.engines.hosted.answers import Values, refused
from fluxkit.engines.hosted.client import Answer, Call, Client, Unreached
from fluxkit.engines.hosted.hosts import Host, Standing, host
from fluxkit.engines.hosted.journal import AT_HOST, Entry, Journal
from fluxkit.engines.hosted.pace import Pace, retry_after
from fluxkit.engines.hosted.pictures import flaw, suffix
from fluxkit.engines.hosted.submit import unknown

Report = Callable[[float | None], None]
"""Takes how far a job is, 0 to 1; None where the host does not tell."""

_FETCHES = 3
"""Downloads that are tried before a picture counts as broken or its link as expired."""


class Stopped(Exception):
    """The user stopped waiting; the job goes on at the host."""


class CancelledByUser(Exception):
    """The job was cancelled because the user had asked for it."""


class Ended(Exception):
    """A job ended without a picture: `state` is what the journal says from now on, `values` the error."""

    def __init__(self, state: str, values: Values) -> None:
        super().__init__(values["error"])
        self.state = state
        self.values = values


@dataclass(frozen=True)
class Fetched:
    """What a job made is on disk; `data` is the picture's bytes, empty for what is too big to hold."""

    entry: Entry
    data: bytes = field(repr=False)


class Goods(Protocol):
    """What a job makes: how it is fetched, checked and put on disk."""

    @property
    def noun(self) -> str:
        """Names it in messages, such as `picture`."""

    @property
    def broken(self) -> str:
        """The error of a file that is not what was ordered."""

    def get(self, client: Client, link: str) -> Answer:
        """Download it; raises `Unreached`."""

    def flaw(self, answer: Answer) -> str | None:
        """Why what came is not what was ordered, in a few words; None where it is."""

    def keep(self, entry: Entry, answer: Answer) -> tuple[str, str]:
        """Put it on disk, whole; the journal's next state and the file's name."""


class Pictures:
    """Pictures, which wait beside the journal until the catalogue has them."""

    noun = "picture"
    broken = "BadImage"

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def get(self, client: Client, link: str) -> Answer:
        """Into memory: no picture of a hosted model is too big for that."""
        return client.send(Call("GET", link, keyless=True, timeout_s=120))

    def flaw(self, answer: Answer) -> str | None:
        """Every pixel is decoded."""
        return flaw(answer.content)

    def keep(self, entry: Entry, answer: Answer) -> tuple[str, str]:
        """Beside the journal, named by request and job."""
        name = f"{entry.request}-{entry.id}{suffix(answer.content)}"
        write_whole(self._folder / name, answer.content)
        return "stored", name


@dataclass
class Follower:
    """Follows one submitted job to its end."""

    journal: Journal
    client: Client
    pace: Pace
    stop: threading.Event
    last_chance: bool = False
    """True in `resume`: what cannot be fetched now is given up, where the host will not have it later either."""
    goods: Goods | None = None
    """What the jobs make; pictures unless told."""

    @property
    def _goods(self) -> Goods:
        return self.goods or Pictures(self.journal.folder)

    def follow(self, entry: Entry, report: Report) -> Fetched:
        """Wait for the picture and store it; returns it with its entry. Raises `Stopped` or `Ended`."""
        watch = _Watch(entry, host(entry.host), self.pace)
        for wait in self.pace.waits():
            if self.stop.wait(wait):
                raise Stopped
            standing = self._ask(watch)
            if standing is not None:
                report(standing.fraction)
                stored = self._act(watch, standing)
                if stored is not None:
                    return stored
            if time.monotonic() > watch.deadline:
                raise Ended("submitted", watch.error("JobTimeout", f"was not ready after {self.pace.deadline:g} s "
                            f"(last heard: {watch.heard or 'nothing'}). It goes on there",
                            "session.resume() fetches it later; nothing is sent again."))  # fmt: skip
        raise AssertionError("the waits never end")

    def _ask(self, watch: _Watch) -> Standing | None:
        """How the job stands; None where this poll told nothing."""
        answer = self._send(watch, watch.adapter.question(watch.polling_url))
        if answer is None:
            return None
        standing = watch.adapter.standing(answer.status, answer.json())
        if standing.follow is not None:
            answer = self._send(watch, standing.follow)
            standing = standing if answer is None else watch.adapter.result(answer.json())
        watch.heard = (
            standing.said if standing.state != "odd" else f"{standing.said} {answer.excerpt(80) if answer else ''}"
        )
        return standing

    def _send(self, watch: _Watch, call: Call) -> Answer | None:
        """An answer that says something; polls are free, so failures are simply asked again until the deadline."""
        try:
            answer = self.client.send(call)
        except Unreached as failure:
            watch.heard = f"no answer ({failure})"
            return None
        status = answer.status
        if 300 <= status < 400 or status in (400, 401, 402, 403):
            raise Ended("submitted", refused(answer, watch.entry.host, f"Asking for {watch.what}"))
        if status == 429:
            self.stop.wait(min(retry_after(answer.headers) or 0.0, self.pace.longest_wait))
        if status >= 500 or status in (408, 425, 429):
            watch.heard = f"HTTP {status}"
            return None
        return answer

    def _act(self, watch: _Watch, standing: Standing) -> Fetched | None:
        """Do what a standing asks for; the picture where it is there."""
        if standing.state == "ready" and standing.picture_url is not None:
            return self._fetch(watch, standing)
        if standing.state == "moderated":
            raise Ended("moderated", watch.moderated(standing))
        if standing.state == "cancelled":
            raise Ended("cancelled", watch.error("JobFailed", f"was cancelled there ({standing.said})",
                        "Shoot it again to send a new request.", details=standing.details))  # fmt: skip
        if standing.state == "failed":
            told = f": {standing.details}" if standing.details else ""
            raise Ended("failed", watch.error("JobFailed", f"failed there ({standing.said}{told})",
                        "Shoot it again, or change the request.", details=standing.details))  # fmt: skip
        if standing.state == "missing" and time.monotonic() > watch.grace:
            raise Ended("expired" if self.last_chance else "missing",
                        watch.error("JobNotFound", f"is not known there ({standing.said})",
                                    "session.resume() asks once more; results are not kept for long."))  # fmt: skip
        return None

    def _fetch(self, watch: _Watch, standing: Standing) -> Fetched | None:
        """Download at once, verify, store; None where it is worth another poll."""
        watch.fetches += 1
        last = watch.fetches >= _FETCHES
        link = standing.picture_url or ""
        goods = self._goods
        try:
            answer = goods.get(self.client, link)
        except Unreached as failure:
            watch.heard, watch.fetches = f"the {goods.noun} could not be fetched ({failure})", watch.fetches - 1
            return None
        if answer.status in (401, 403, 404, 410):
            if not last:
                return None
            gone = self.last_chance or _is_past(link)
            raise Ended("expired" if gone else "submitted", watch.error(
                "ResultExpired", f"was made, but its link does not work any more (HTTP {answer.status})",
                "Links last minutes; session.resume() asks for a new one once more."))  # fmt: skip
        if 300 <= answer.status < 400:
            raise Ended("submitted", refused(answer, watch.entry.host, f"Fetching {watch.what}"))
        if answer.status != 200:
            watch.heard = f"the {goods.noun}'s link answered HTTP {answer.status}"
            return None
        wrong = goods.flaw(answer)
        if wrong is None:
            return self._store(watch, standing, answer)
        if last:
            size = answer.saved or len(answer.content)
            raise Ended("failed" if self.last_chance else "submitted", watch.error(
                goods.broken, f"came back as {wrong} ({size:,} bytes)",
                "session.resume() fetches it once more while the host keeps it."))  # fmt: skip
        return None

    def _store(self, watch: _Watch, standing: Standing, answer: Answer) -> Fetched:
        """The file goes to disk whole before the journal says so, and the links are forgotten."""
        entry = watch.entry
        state, name = self._goods.keep(entry, answer)
        recorded = entry.recorded | standing.notes
        if standing.seed is not None:
            recorded["seed_returned"] = str(standing.seed)
        cost = standing.cost_usd if standing.cost_usd is not None else entry.cost_usd
        known: dict[str, Any] = {"picture": name, "cost_usd": cost, "recorded": recorded, "polling_url": None,
                                 "cancel_url": None}  # fmt: skip
        self.journal.move(entry.id, AT_HOST, state, **known)
        return Fetched(replace(entry, state=state, **known), answer.content)


@dataclass
class _Watch:
    entry: Entry
    adapter: Host
    pace: Pace
    heard: str = ""
    fetches: int = 0

    def __post_init__(self) -> None:
        now = time.monotonic()
        self.deadline, self.grace = now + self.pace.deadline, now + self.pace.grace

    @property
    def polling_url(self) -> str:
        return self.entry.polling_url or ""

    @property
    def what(self) -> str:
        return f"job {self.entry.remote_id} ({self.entry.model}, {self.entry.request})"

    def error(self, kind: str, what: str, cure: str, **fields: Any) -> Values:
        if self.entry.kind == "training":
            cure = cure.replace("session.resume()", "engine.resume_trainings()").replace("Shoot it", "Train it")
        job = self.entry.remote_id or ""
        head = self.what[0].upper() + self.what[1:]
        return {"error": kind, "message": f"{head} at {self.entry.host} {what}. {cure}", "job": job, **fields}

    def moderated(self, standing: Standing) -> Values:
        when = "before it was made" if standing.stage == "request" else "after it was made"
        told = f": {standing.details}" if standing.details else ""
        return self.error(
            "Moderated", f"was refused by moderation {when} ({standing.said}{told})",
            "Change the words or the input pictures; safety_tolerance is a request option where the model has one.",
            stage=standing.stage, details=standing.details,
        )  # fmt: skip


def settled(journal: Journal, entry: Entry, stop: threading.Event, *, what: str) -> Entry:
    """An entry whose request is on its way: wait for its sender, which outlives the process that asked."""
    while entry.state == "sending":
        if time.time() > (entry.submit_by or 0.0):
            lost = unknown(what, entry.host, "its sender ended before an answer came")
            journal.move(entry.id, "sending", "unknown", error=lost)
        elif stop.wait(0.1):
            raise Stopped
        entry = journal.entry(entry.id)
    return entry


def revive(ended: Ended, entry: Entry, shot: Any) -> errors.HostedError:
    """The exception of a job that ended without a picture."""
    from fluxkit.engines.hosted.answers import revived

    return revived(ended.values, shot=shot, host=entry.host, request=entry.request)


def write_whole(path: Path, data: bytes) -> None:
    """Write a file so that it is either whole on the disk or not there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(f"{path.name}.{os.getpid()}-{threading.get_ident()}.part")
    with part.open("wb") as stream:
        stream.write(data)
        stream.flush()
        os.fsync(stream.fileno())
    with contextlib.suppress(FileNotFoundError):  # another process has made, kept and cleared the same picture
        part.replace(path)


def _is_past(link: str) -> bool:
    """Whether a signed link says itself that it has expired (`se`, as Azure writes it)."""
    ends = parse_qs(urlsplit(link).query).get("se", [""])[0]
    try:
        return datetime.fromisoformat(ends).astimezone(UTC) < datetime.now(UTC)
    except ValueError:
        return False
