"""The one thin HTTP client: a call goes out, an answer comes back, and no key or signed link is left lying about.

Redirects are never followed. The key is attached to single requests, and only where `Server.may_see_key` allows it.
Failures are told apart by one question: can the host have received the request?
"""

from __future__ import annotations

import json
import logging
import os
import ssl
import time
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import IO, Any, Literal

from pydantic import SecretStr

from fluxkit.engines.hosted.origins import Server
from fluxkit.errors import missing_extra

try:
    import httpx2
except ImportError:
    raise missing_extra("Hosted models", "hosted") from None

MOST_BYTES = 128 * 1024 * 1024
"""No picture of a hosted model comes near it; a longer answer is cut off and refused."""

_TIMEOUT = httpx2.Timeout(connect=10.0, read=60.0, write=60.0, pool=10.0)
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout, httpx2.UnsupportedProtocol,
               httpx2.InvalidURL, httpx2.ProxyError)  # fmt: skip


@dataclass(frozen=True)
class Parcel:
    """A file to be handed to a host's storage: a big picture, a LoRA, a zip of training pictures."""

    name: str
    """The file's name at the host: made from its content, never the user's own."""
    kind: str
    """Its media type, such as `image/png`."""
    data: bytes | Path = field(repr=False)


@dataclass(frozen=True)
class Call:
    """One request, without its key."""

    method: Literal["GET", "POST", "PUT"]
    url: str = field(repr=False)
    body: Any = field(default=None, repr=False)
    """What is sent as JSON; may hold whole pictures, so it never shows."""
    parcel: Parcel | None = None
    """A file to send instead of JSON."""
    form: str = ""
    """The field of a form that carries the parcel; empty where the parcel is the whole body."""
    timeout_s: float = 90.0
    """The whole exchange ends after this, however slowly it trickles."""
    keyless: bool = False
    """True for a picture's link, which must not see the key even at the host's own domain."""


@dataclass(frozen=True)
class Answer:
    """What came back."""

    status: int
    headers: dict[str, str] = field(repr=False)
    content: bytes = field(repr=False)
    saved: int = 0
    """Bytes of the body that went into a file instead of `content`."""

    def json(self) -> Any:
        """The JSON value in the body; None where it is none."""
        try:
            return json.loads(self.content)
        except ValueError:
            return None

    def excerpt(self, length: int = 300) -> str:
        """The start of the body as text on one line."""
        text = self.content[: length * 4].decode("utf-8", "replace")
        return " ".join(text.split())[:length]


class Unreached(Exception):
    """No answer. `delivered` is False where the host cannot have received the request, True where it may have."""

    def __init__(self, what: str, *, delivered: bool) -> None:
        super().__init__(what)
        self.delivered = delivered


@dataclass(frozen=True)
class Credential:
    """A key and the header that carries it."""

    header: str
    prefix: str
    key: SecretStr

    def headers(self) -> dict[str, str]:
        """The header, for one request."""
        return {self.header: self.prefix + self.key.get_secret_value()}


class Client:
    """Sends calls to one server."""

    def __init__(self, server: Server, credential: Credential | None, *, fresh: bool = False) -> None:
        self._server = server
        self._credential = credential
        # A kept connection that the host has closed meanwhile fails in a way that looks like a lost answer, so paid
        # requests get a fresh one each time.
        limits = httpx2.Limits(max_connections=32, max_keepalive_connections=0 if fresh else 8)
        self._http = httpx2.Client(
            follow_redirects=False, timeout=_TIMEOUT, verify=_tls(), limits=limits, trust_env=not server.is_loopback,
            headers={"user-agent": "fluxkit", "accept": "*/*"},
        )  # fmt: skip
        _hide_queries()

    def send(self, call: Call, *, into: Path | None = None, most_bytes: int = MOST_BYTES) -> Answer:
        """The host's answer, of any status; raises `Unreached` where there is none.

        With `into` the body of a success goes to that file instead of into memory. A body of more than `most_bytes`
        is cut off and counts as no answer.
        """
        carries = self._credential is not None and not call.keyless and self._server.may_see_key(call.url)
        if not carries and not self._server.may_be_asked(call.url):
            raise Unreached("the address is neither the host's own nor public https", delivered=False)
        # The exception is made outside the handler: the library's own would keep the request, and the key with it.
        answer, failure = self._exchange(call, self._credential if carries else None, into, most_bytes)
        if failure is not None:
            raise failure
        assert answer is not None
        return answer

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _exchange(
        self, call: Call, credential: Credential | None, into: Path | None, most_bytes: int
    ) -> tuple[Answer | None, Unreached | None]:
        deadline = time.monotonic() + call.timeout_s
        try:
            with (
                _Sent(call) as sent,
                self._http.stream(
                    call.method, call.url, headers={**sent.headers, **(credential.headers() if credential else {})},
                    **sent.values,
                ) as reply,
                _Kept(into if reply.is_success else None) as kept,
            ):  # fmt: skip
                for part in reply.iter_bytes():
                    kept.take(part)
                    if time.monotonic() > deadline or kept.size > most_bytes:
                        return None, Unreached("the answer was too slow or too long", delivered=True)
                return Answer(reply.status_code, dict(reply.headers), kept.content, kept.saved), None
        except _NEVER_SENT as error:
            return None, Unreached(_named(error), delivered=False)
        except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
            return None, Unreached(_named(error), delivered=True)

    def __repr__(self) -> str:
        return "Client()"


class _Sent:
    """What a call sends, with the file it may need open for as long as that takes."""

    def __init__(self, call: Call) -> None:
        self._parcel = call.parcel
        self._form = call.form
        self._body = call.body
        self._file: IO[bytes] | None = None
        self.headers: dict[str, str] = {}
        self.values: dict[str, Any] = {}

    def __enter__(self) -> _Sent:
        if self._parcel is None:
            self.values = {"json": self._body}
            return self
        data = self._parcel.data
        if isinstance(data, Path):
            self._file = data.open("rb")
        content = self._file or data
        if self._form:
            self.values = {"files": {self._form: (self._parcel.name, content, self._parcel.kind)}}
        else:
            self.values = {"content": content}
            self.headers = {"content-type": self._parcel.kind}
            if isinstance(data, Path):
                # A known length: storage behind signed addresses refuses bodies in chunks.
                self.headers["content-length"] = str(data.stat().st_size)
        return self

    def __exit__(self, *_error: object) -> None:
        if self._file is not None:
            self._file.close()


class _Kept:
    """Where the body of an answer goes: memory, or a file."""

    def __init__(self, into: Path | None) -> None:
        self._path = into
        self._file: IO[bytes] | None = None
        self._parts: list[bytes] = []
        self.size = 0

    def __enter__(self) -> _Kept:
        self._file = self._path.open("wb") if self._path is not None else None
        return self

    def take(self, part: bytes) -> None:
        """One more part of the body."""
        self.size += len(part)
        if self._file is not None:
            self._file.write(part)
        else:
            self._parts.append(part)

    @property
    def content(self) -> bytes:
        """The body, where it was kept in memory."""
        return b"".join(self._parts)

    @property
    def saved(self) -> int:
        """How many bytes went into the file."""
        return self.size if self._file is not None else 0

    def __exit__(self, *_error: object) -> None:
        if self._file is not None:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()


@cache
def _tls() -> ssl.SSLContext:
    """One context for every client: reading the certificates takes a fifth of a second."""
    context: ssl.SSLContext = httpx2.create_ssl_context()
    return context


def _named(error: Exception) -> str:
    """The kind of a transport failure in words; never its text, which may hold an address."""
    name = type(error).__name__
    return "".join(f" {letter.lower()}" if letter.isupper() else letter for letter in name).strip()


class _QueryFilter(logging.Filter):
    """Cuts the query off addresses in the HTTP library's log: signed links are secrets."""

    def filter(self, record: logging.LogRecord) -> bool:
        if record.args:
            arguments = record.args if isinstance(record.args, tuple) else (record.args,)
            record.args = tuple(
                str(part).partition("?")[0] if isinstance(part, httpx2.URL) else part for part in arguments
            )
        return True


def _hide_queries() -> None:
    log = logging.getLogger("httpx2")
    if not any(isinstance(known, _QueryFilter) for known in log.filters):
        log.addFilter(_QueryFilter())
