"""A small process beside the kernel that carries paid requests, and outlives it.

A kernel can be killed between sending a request and writing down the id that comes back; the picture would be paid for
and out of reach. So the request is sent from here: when the kernel dies, this process still receives the answer, writes
it to the journal, and ends. Tickets come in as lines of JSON on the standard input, and the key comes the same way:
never on a command line, in the environment, or in a file.
"""

from __future__ import annotations

import contextlib
import dataclasses
import json
import os
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, TextIO

from pydantic import SecretStr

from fluxkit.engines.hosted.journal import Journal
from fluxkit.engines.hosted.pace import Pace
from fluxkit.engines.hosted.submit import Ticket, deliver

_THREADS = 32

_BEGIN = """
import sys, types
root, journal = sys.argv[1:]
for name in ("engines", "engines.hosted"):
    package = types.ModuleType("fluxkit." + name)
    package.__path__ = [root + "/" + name.replace(".", "/")]
    sys.modules["fluxkit." + name] = package
from fluxkit.engines.hosted.courier import main
main(journal)
"""
"""Starts without the packages' own imports (scenes, frames, models): a quarter of a second rather than a whole one."""


class Courier:
    """Sends tickets through a process of its own, which starts with the first one."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal
        self._process: subprocess.Popen[str] | None = None
        self._waiting: dict[int, threading.Event] = {}
        self._lock = threading.Lock()

    def send(self, ticket: Ticket, stop: threading.Event) -> None:
        """Send a ticket and wait until its outcome is in the journal, or `stop` is set, or the process is gone."""
        finished = threading.Event()
        with self._lock:
            process = self._running()
            self._waiting[ticket.job] = finished
            try:
                assert process.stdin is not None
                process.stdin.write(_line(ticket) + "\n")
                process.stdin.flush()
            except OSError:
                finished.set()
        while not finished.wait(0.1) and not stop.is_set():
            pass

    def close(self) -> None:
        """Let the process finish what it has begun, and end."""
        with self._lock:
            process, self._process = self._process, None
        if process is None:
            return
        assert process.stdin is not None
        with contextlib.suppress(OSError):
            process.stdin.close()
        try:
            process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            return  # it is receiving an answer; it ends by itself

    def _running(self) -> subprocess.Popen[str]:
        if self._process is None or self._process.poll() is not None:
            self._process = _start(self._journal.path)
            threading.Thread(target=self._listen, args=(self._process,), name="fluxkit-courier", daemon=True).start()
        return self._process

    def _listen(self, process: subprocess.Popen[str]) -> None:
        assert process.stdout is not None
        for line in process.stdout:
            with self._lock:
                finished = self._waiting.pop(json.loads(line)["job"], None)
            if finished is not None:
                finished.set()
        with self._lock:
            gone, self._waiting = self._waiting, {}
        for finished in gone.values():
            finished.set()


class Direct:
    """Sends tickets from this process, for tests and for systems without subprocesses."""

    def __init__(self, journal: Journal) -> None:
        self._journal = journal

    def send(self, ticket: Ticket, stop: threading.Event) -> None:
        """Send a ticket; its outcome is in the journal on return."""
        deliver(ticket, self._journal, stop)

    def close(self) -> None:
        """Nothing to end."""


def _start(journal: Path) -> subprocess.Popen[str]:
    root = Path(__file__).resolve().parents[2]
    paths = [str(root.parent), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return subprocess.Popen(
        [sys.executable, "-c", _BEGIN, root.as_posix(), str(journal.resolve())],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, encoding="utf-8",
        env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
        start_new_session=True,  # an interrupt or a kill of the kernel's process group does not reach it
    )  # fmt: skip


def _line(ticket: Ticket) -> str:
    values: dict[str, Any] = {f.name: getattr(ticket, f.name) for f in dataclasses.fields(ticket)}
    values["key"] = ticket.key.get_secret_value()
    values["pace"] = dataclasses.asdict(ticket.pace)
    return json.dumps(values)


def _ticket(line: str) -> Ticket:
    values = json.loads(line)
    values["key"] = SecretStr(values["key"])
    values["pace"] = Pace(**values["pace"])
    return Ticket(**values)


def serve(tickets: TextIO, outcomes: TextIO, journal: Journal) -> None:
    """Send every ticket that comes in, several at a time, until the input ends; then finish what was begun."""
    orphaned = threading.Event()
    writing = threading.Lock()

    def carry(ticket: Ticket) -> None:
        try:
            deliver(ticket, journal, orphaned)
        finally:
            with writing:
                try:
                    outcomes.write(json.dumps({"job": ticket.job}) + "\n")
                    outcomes.flush()
                except OSError:
                    pass  # the kernel is gone; the journal has the outcome

    with ThreadPoolExecutor(_THREADS) as pool:
        for line in tickets:
            if line.endswith("\n"):  # a line that breaks off came from a kernel that was killed while writing it
                pool.submit(carry, _ticket(line))
        orphaned.set()


def main(journal: str) -> None:
    """The process: from the standard input to the standard output, until the input ends."""
    serve(sys.stdin, sys.stdout, Journal(Path(journal)))
