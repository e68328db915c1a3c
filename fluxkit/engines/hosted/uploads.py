"""Files on their way to a host's storage: what is too big for a request, or must be an address. Uploads are free.

A request body holds a mark in the place of each file until it is sent, so the request's hash follows the content of
its files and not the address that the host happens to give them.
"""

from __future__ import annotations

import hashlib
import threading
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from fluxkit.engines.hosted.answers import refused, revived
from fluxkit.engines.hosted.client import Call, Client, Parcel, Unreached
from fluxkit.engines.hosted.hosts import Host
from fluxkit.engines.hosted.origins import Server
from fluxkit.engines.hosted.pace import Pace
from fluxkit.errors import ConnectionFailed, ServerError, UnsupportedField

_MARK = "fluxkit-upload:"
_TRIES = 3
"""An upload is not billed, so one that failed on the way is simply tried again."""

_SUFFIXES = {"image/png": ".png", "image/jpeg": ".jpg", "application/zip": ".zip"}


def marked(data: bytes | Path, kind: str) -> tuple[str, Parcel]:
    """The mark that stands for a file in a request, and the file as it goes to the host."""
    if isinstance(data, Path):
        with data.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
    else:
        digest = hashlib.sha256(data).hexdigest()
    return _MARK + digest, Parcel(name=digest[:32] + _SUFFIXES.get(kind, ".safetensors"), kind=kind, data=data)


def placed(value: Any, addresses: Mapping[str, str]) -> Any:
    """A request with the address of each file in the place of its mark."""
    if isinstance(value, dict):
        return {name: placed(part, addresses) for name, part in value.items()}
    if isinstance(value, list):
        return [placed(part, addresses) for part in value]
    return addresses.get(value, value) if isinstance(value, str) else value


class Uploads:
    """Hands each file to its host once, however many requests of a run use it; safe across threads."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._known: dict[tuple[str, str, str], str] = {}
        self._busy: dict[tuple[str, str, str], threading.Lock] = {}
        self._lock = threading.Lock()

    def addresses(
        self, parcels: Mapping[str, Parcel], *, client: Client, adapter: Host, server: Server, what: str
    ) -> dict[str, str]:
        """Where the host reads each file, by the mark that stands for it."""
        found = {}
        for mark, parcel in parcels.items():
            place = (adapter.name, server.base, mark)
            with self._lock:
                busy = self._busy.setdefault(place, threading.Lock())
            with busy:
                if place not in self._known:
                    self._known[place] = upload(client, adapter, server, parcel, pace=self._pace, what=what)
            found[mark] = self._known[place]
        return found


def upload(client: Client, adapter: Host, server: Server, parcel: Parcel, *, pace: Pace, what: str) -> str:
    """Hand a file to the host; returns the address that the host reads it from.

    Raises `ConnectionFailed` where the host was not reached, and the error of its answer where it refuses.
    """
    call = adapter.deposit(server, parcel)
    if call is None:
        raise UnsupportedField(
            f"{what} needs a file handed to {adapter.name}, which has no storage. Choose another host.",
            host=adapter.name,
        )
    answer = _tried(client, call, adapter.name, pace, what)
    found = adapter.deposited(answer.json(), parcel)
    if found is None:
        raise ServerError(
            f"{what}: {adapter.name} took a file and did not say where it is. Nothing was billed; shoot again.",
            status=answer.status, body=answer.excerpt(), host=adapter.name,
        )  # fmt: skip
    address, more = found
    if more is not None:
        _tried(client, more, adapter.name, pace, what)
    return address


def _tried(client: Client, call: Call, host: str, pace: Pace, what: str) -> Any:
    answer, failure = None, ""
    for attempt in range(_TRIES):
        time.sleep(attempt * pace.first)
        try:
            answer = client.send(call)
        except Unreached as unreached:
            failure = str(unreached)
            continue
        if answer.status < 300:
            return answer
        if answer.status not in (408, 425, 429) and answer.status < 500:
            break
    if answer is None:
        raise ConnectionFailed(
            f"{what} needs a file handed to {host}, which was not reached ({failure}). A connection to its own address "
            "is needed. Nothing was made or billed; check the network and shoot again.",
            host=host,
        )
    if answer.status >= 500:
        raise ServerError(
            f"{what} needs a file handed to {host}, which answered HTTP {answer.status}. Nothing was made or billed. "
            "Shoot again later.", status=answer.status, body=answer.excerpt(), host=host,
        )  # fmt: skip
    raise revived(refused(answer, host, f"A file for {what[0].lower()}{what[1:]}"), shot=None, host=host, request="")
