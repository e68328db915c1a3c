"""`FakeHost`: a host on this machine's loopback, for tests and tutorials. No model runs, and nothing is paid.

It speaks the three protocols (BFL, Replicate, fal), takes a script of faults, one for each submit, and counts what a
real host would have billed. Its pictures are placeholders that say so.

>>> FakeHost(["ok", "429 seconds", "content moderated"])
FakeHost(3 scripted)
"""

from __future__ import annotations

import email.utils
import json
import socket
import struct
import threading
import time
import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qs, urlsplit

from fluxkit.engines.hosted import fake_jobs
from fluxkit.engines.hosted.fake_jobs import FAULTS, UNTAKEN, FakeJob
from fluxkit.engines.hosted.fake_storage import FakeStorage, file_reply, initiate_reply
from fluxkit.engines.hosted.pace import Pace
from fluxkit.errors import InputError, did_you_mean
from fluxkit.models.prices import price

_SIGNATURE = "signed-for-ten-minutes"
_RATE = {
    "429 seconds": {"retry-after": "0.05"},
    "429 milliseconds": {"retry-after-ms": "50"},
    "429 bare": {},
    "429 long": {"retry-after": "86400"},
}
_REFUSALS: dict[str, Any] = {
    "400": {"detail": "Bad request"},
    "401": {"detail": "Unauthorized"},
    "402": {"detail": "Insufficient credits"},
    "403": {"detail": "Not authenticated"},
    "422": {"detail": [{"loc": ["body", "width"], "msg": "must be a multiple of 32", "type": "value_error"}]},
}


@dataclass(frozen=True)
class Seen:
    """One request that arrived: where, for what, and which key it carried."""

    method: str
    foreign: bool
    path: str
    key: str
    paid: bool = False
    """Whether a real host would have billed it, had it taken it."""


class FakeHost:
    """A host on loopback that answers as scripted; further submits than the script has are answered well.

    `seconds` is how long a job takes. Start it with `with`, or `start()` and `stop()`. Give it to an engine as
    `HostedEngine(server=fake)`.
    """

    key = "fake-key-of-the-fake-host"
    """The key that it accepts; an engine that is given a fake host uses it by itself."""

    def __init__(self, script: Iterable[str] = (), *, seconds: float = 0.0, pace: Pace | None = None) -> None:
        self._script = [_known(fault) for fault in script]
        self._scripted = len(self._script)
        self.seconds = seconds
        self.credits: float | None = None
        """What each picture costs, in hundredths of a US dollar; None is BFL's listed price."""
        self.pace = pace or Pace(
            first=0.02, most=0.1, grace=2.0, deadline=60.0, longest_wait=2.0, patience=20.0, submit=20.0
        )
        """How fast an engine asks a fake host."""
        self.jobs: dict[str, FakeJob] = {}
        """Every job that it took, by id: what a real host would have billed."""
        self.seen: list[Seen] = []
        """Every request that arrived."""
        self.storage = FakeStorage()
        """Files that were handed in, and models of the account."""
        self.cancels = "at once"
        """How it answers a cancel: `at once`, `later` or `too late`."""
        self._servers: list[ThreadingHTTPServer] = []
        self._lock = threading.Lock()

    @property
    def billed(self) -> int:
        """How many pictures a real host would have billed."""
        return len(self.jobs)

    @property
    def posts(self) -> int:
        """How many submits arrived, taken or not; uploads and cancels are none."""
        return sum(request.paid for request in self.seen)

    def url(self, host: str = "bfl") -> str:
        """The base address of a host's protocol."""
        self.start()
        return f"http://127.0.0.1:{self._servers[0].server_port}/{host}"

    def foreign_url(self, host: str = "bfl") -> str:
        """The same on an origin that is not the host's own, which must never see a key."""
        return f"http://localhost:{self._servers[1].server_port}/{host}"

    def start(self) -> Self:
        """Begin to listen on two free ports of loopback."""
        if not self._servers:
            for foreign in (False, True):
                handler = type("Handler", (_Handler,), {"fake": self, "foreign": foreign})
                server = _Server(("127.0.0.1", 0), handler)
                threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
                self._servers.append(server)
        return self

    def stop(self) -> None:
        """Stop listening; what it counted stays."""
        for server in self._servers:
            server.shutdown()
            server.server_close()
        self._servers.clear()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def __repr__(self) -> str:
        return f"FakeHost({self._scripted} scripted)"

    def next_fault(self) -> str:
        """The fault of the next submit."""
        with self._lock:
            return self._script.pop(0) if self._script else "ok"

    def take(self, host: str, model: str, body: dict[str, Any], fault: str) -> FakeJob:
        """Take a job, which is when it is billed."""
        trains = host in ("replicate", "fal") and "train" in model
        listed = price(model, "bfl")
        job = FakeJob(id=uuid.uuid4().hex, host=host, model=model, body=body, fault=fault, seconds=self.seconds,
                      trains=trains)  # fmt: skip
        job.credits = self.credits or (listed.picture * 100 if listed else 4.0)
        with self._lock:
            self.jobs[job.id] = job
        return job


class _Server(ThreadingHTTPServer):
    daemon_threads = True

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Say nothing of a client that went away in the middle, as one does that is stopped."""


class _Handler(BaseHTTPRequestHandler):
    fake: FakeHost
    foreign: bool
    protocol_version = "HTTP/1.1"

    def do_POST(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        host, path, _ = self._noted(paid=not self._is_free(self.path))
        if self._is_free(self.path):
            return self._free(host, path, content)
        body = json.loads(content or "{}")
        fault = self.fake.next_fault()
        if not self._has_key(host):
            return self._json(403, _REFUSALS["403"])
        if fault.startswith(UNTAKEN):
            return self._refuse(host, fault)
        model = path.rpartition("/versions/")[0].rsplit("/", 1)[-1] if path.endswith("/trainings") else (
            path.removesuffix("/predictions").rsplit("/", 1)[-1])  # fmt: skip
        job = self.fake.take(host, model, body.get("input", body), fault)
        if fault == "reset":
            return self._reset()
        if fault == "silence":
            time.sleep(self.fake.pace.submit + 1)
            return self._reset()
        if fault == "500 after submit":
            return self._json(500, {"detail": "Internal Server Error"})
        if fault == "html on submit":
            return self._html()
        polling = self.fake.foreign_url(host) if fault == "foreign polling" else self.fake.url(host)
        return self._json(*fake_jobs.accepted(job, self.fake.url(host), polling))

    def do_PUT(self) -> None:
        content = self.rfile.read(int(self.headers.get("content-length", 0)))
        _host, path, _ = self._noted()
        if path.endswith("/cancel"):
            return self._cancel(path)
        self.fake.storage.files[path.rsplit("/", 1)[-1]] = content
        return self._send(200, b"", {})

    @staticmethod
    def _is_free(path: str) -> bool:
        """Whether a POST costs nothing: uploads, cancels, and a new model of the account."""
        plain = urlsplit(path).path
        return plain.endswith(("/v1/files", "/cancel", "/storage/upload/initiate", "/v1/models"))

    def _free(self, host: str, path: str, content: bytes) -> None:
        if not self._has_key(host):
            return self._json(403, _REFUSALS["403"])
        if path.endswith("/cancel"):
            return self._cancel(path)
        if path.endswith("/v1/files"):
            name = self.fake.storage.take(self.headers.get("content-type") or "", content)
            return self._json(201, file_reply(self.fake.url(host), name, len(self.fake.storage.files[name])))
        body = json.loads(content)
        if path.endswith("/v1/models"):
            self.fake.storage.models.add(f"{body['owner']}/{body['name']}")
            return self._json(201, body)
        return self._json(200, initiate_reply(self.fake.foreign_url(host), body["file_name"]))

    def _cancel(self, path: str) -> None:
        job = next((self.fake.jobs[part] for part in path.split("/") if part in self.fake.jobs), None)
        if job is None:
            return self._json(404, {"detail": "Not found"})
        return self._json(*fake_jobs.cancelled(job, self.fake.cancels))

    def do_GET(self) -> None:
        host, path, query = self._noted()
        if path in ("/v1/credits", "/v1/account"):
            return self._json(200, {"credits": 100.0}) if self._has_key(host) else self._json(403, _REFUSALS["403"])
        if path == "/":
            return self._json(404, {"detail": "Not Found"})
        owned = path.removeprefix("/v1/models/")
        if path.startswith("/v1/models/") and "train" not in path and not fake_jobs.is_listed(host, path):
            return (
                self._json(200, {}) if owned in self.fake.storage.models else self._json(404, {"detail": "Not found"})
            )
        if path == "/openapi.json" or path.startswith("/v1/models/"):
            return self._json(200, fake_jobs.published(host, _endpoint(query) or path))
        parts = [part for part in path.split("/") if part]
        id = query.get("id", [""])[0] or next((part for part in parts if part in self.fake.jobs), "")
        job = self.fake.jobs.get(id)
        if job is None:
            return self._json(404, {"detail": "Task not found"})
        if parts[0] == "results":
            return self._picture(job, query)
        return self._poll(job, host, path)

    def _poll(self, job: FakeJob, host: str, path: str) -> None:
        if job.polls < 2 and self._faulty_poll(job, host):
            return None
        state = job.state()
        link = f"{self.fake.url(host)}/results/{job.id}/sample?sig={_SIGNATURE}"
        if host == "fal" and not path.endswith("/status"):
            return self._json(200, fake_jobs.response(job, state, link))
        return self._json(*fake_jobs.standing(job, state, link, self.fake.url(host)))

    def _faulty_poll(self, job: FakeJob, host: str) -> bool:
        """Spoil the first two polls of a job whose fault says so."""
        if job.fault not in ("redirected poll", "html on poll", "500 on poll", "429 on poll"):
            return False
        job.polls += 1
        if job.fault == "redirected poll":
            job.polls = 2
            self._redirect(host, job.id)
        elif job.fault == "html on poll":
            self._html()
        elif job.fault == "500 on poll":
            self._json(500, {"detail": "Internal Server Error"})
        else:
            self._json(429, {"detail": "Too many requests"}, {"retry-after": "0.05"})
        return True

    def _picture(self, job: FakeJob, query: dict[str, list[str]]) -> None:
        job.fetches += 1
        once = job.fetches == 1
        if query.get("sig") != [_SIGNATURE] or job.fault == "expired" or (job.fault == "expired once" and once):
            return self._json(403, {"detail": "Signature not valid in the specified time frame"})
        if job.fault == "redirected picture" and once:
            return self._redirect(job.host, job.id)
        data = job.result()
        if job.fault == "truncated" or (job.fault == "truncated once" and once):
            data = data[: len(data) // 2]
        return self._send(200, data, {"content-type": "application/octet-stream"})

    def _refuse(self, host: str, fault: str) -> None:
        if fault.startswith("429"):
            # An HTTP date has whole seconds, so the next one is at most one second away.
            dated = {"retry-after": email.utils.formatdate(time.time() + 1, usegmt=True)}
            return self._json(429, {"detail": "Too many requests"}, _RATE.get(fault, dated))
        if fault == "503 busy":
            return self._json(503, {"detail": "Service unavailable"})
        if fault == "redirected submit":
            return self._redirect(host, "submit")
        return self._json(int(fault), _REFUSALS[fault])

    def _noted(self, *, paid: bool = False) -> tuple[str, str, dict[str, list[str]]]:
        parts = urlsplit(self.path)
        host, _, path = parts.path.lstrip("/").partition("/")
        key = self.headers.get("x-key") or self.headers.get("authorization") or ""
        self.fake.seen.append(Seen(self.command, self.foreign, f"/{path}", key, paid))
        return host, f"/{path}", parse_qs(parts.query)

    def _has_key(self, host: str) -> bool:
        prefix = {"bfl": "", "replicate": "Bearer ", "fal": "Key "}.get(host, "")
        header = "x-key" if host == "bfl" else "authorization"
        return bool(self.headers.get(header) == prefix + self.fake.key)

    def _redirect(self, host: str, what: str) -> None:
        self._json(307, {"detail": "moved"}, {"location": f"{self.fake.foreign_url(host)}/v1/get_result?id={what}"})

    def _reset(self) -> None:
        """Break the connection without an answer, as a crashed proxy does."""
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.close_connection = True
        self.connection.close()

    def _html(self) -> None:
        self._send(200, b"<!doctype html><title>Sign in to the hotel's network</title>", {"content-type": "text/html"})

    def _json(self, status: int, value: Any, headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(value).encode(), {"content-type": "application/json", **(headers or {})})

    def _send(self, status: int, data: bytes, headers: dict[str, str]) -> None:
        self.send_response(status)
        for name, value in {**headers, "content-length": str(len(data))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, *_arguments: Any) -> None:
        """Say nothing: a notebook's output holds no requests."""


def _endpoint(query: dict[str, list[str]]) -> str:
    """The model that fal's schema address names in its query."""
    return "".join(f"/{name}" for name in query.get("endpoint_id", [])[:1])


def _known(fault: str) -> str:
    if fault not in FAULTS:
        raise InputError(
            f"A fault {fault!r} was scripted.{did_you_mean(fault, FAULTS)} Faults are: {', '.join(FAULTS)}. Use those."
        )
    return fault
