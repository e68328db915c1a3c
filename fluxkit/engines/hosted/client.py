"""The one thin HTTP client: a call goes out, an answer comes back, and no key or signed link is left lying about.

Redirects are never followed. The key is attached to single requests, and only where `Server.may_see_key` allows it.
Failures are told apart by one question: can the host have received the request?
"""

from __future__ import annotations

import json
import logging
import ssl
import time
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Literal

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
class Call:
    """One request, without its key."""

    method: Literal["GET", "POST"]
    url: str = field(repr=False)
    body: Any = field(default=None, repr=False)
    """What is sent as JSON; may hold whole pictures, so it never shows."""
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

    def send(self, call: Call) -> Answer:
        """The host's answer, of any status; raises `Unreached` where there is none."""
        carries = self._credential is not None and not call.keyless and self._server.may_see_key(call.url)
        if not carries and not self._server.may_be_asked(call.url):
            raise Unreached("the address is neither the host's own nor public https", delivered=False)
        # The exception is made outside the handler: the library's own would keep the request, and the key with it.
        answer, failure = self._exchange(call, self._credential if carries else None)
        if failure is not None:
            raise failure
        assert answer is not None
        return answer

    def close(self) -> None:
        """Close the connections."""
        self._http.close()

    def _exchange(self, call: Call, credential: Credential | None) -> tuple[Answer | None, Unreached | None]:
        deadline = time.monotonic() + call.timeout_s
        try:
            with self._http.stream(
                call.method, call.url, json=call.body, headers=credential.headers() if credential else None
            ) as reply:
                content = b""
                for part in reply.iter_bytes():
                    content += part
                    if time.monotonic() > deadline or len(content) > MOST_BYTES:
                        return None, Unreached("the answer was too slow or too long", delivered=True)
                return Answer(reply.status_code, dict(reply.headers), content), None
        except _NEVER_SENT as error:
            return None, Unreached(_named(error), delivered=False)
        except (httpx2.HTTPError, httpx2.StreamError, OSError) as error:
            return None, Unreached(_named(error), delivered=True)

    def __repr__(self) -> str:
        return "Client()"


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
