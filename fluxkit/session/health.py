"""`doctor()`: what is installed, on which device, which keys are there, which hosts answer. It never shows a key."""

from __future__ import annotations

import os
import platform
import sys
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Literal

from fluxkit._base import __version__
from fluxkit.errors import FluxkitError

State = Literal["ok", "failed", "missing", "note"]

_PACKAGES = {
    "core": ("pydantic", "jinja2", "pillow", "numpy", "ipywidgets", "anywidget", "matplotlib"),
    "[local]": ("torch", "diffusers", "transformers", "accelerate", "safetensors", "peft"),
    "[hosted]": ("httpx2", "keyring"),
}
_SIGNS = {"ok": "+", "failed": "!", "missing": "-", "note": " "}


@dataclass(frozen=True)
class Finding:
    """One line of a report."""

    section: str
    name: str
    state: State
    told: str


class Report:
    """Everything that `doctor` found; shows as a table of lines."""

    def __init__(self, findings: Iterator[Finding]) -> None:
        self.findings = tuple(findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self.findings)

    def __repr__(self) -> str:
        lines: list[str] = []
        width = max((len(found.name) for found in self.findings), default=0)
        section = ""
        for found in self.findings:
            if found.section != section:
                section = found.section
                lines.append(f"{section}:")
            lines.append(f"  {_SIGNS[found.state]} {found.name.ljust(width)}  {found.told}".rstrip())
        return "\n".join(lines)


def doctor(
    *, live: bool = False, schema: bool = False, server: Any = None, keys: Mapping[str, Any] | None = None
) -> None:
    """Print what is installed, the device, which keys are present, and which hosts answer.

    `live=True` also tries each key with a request that costs nothing, where the host has one. `schema=True` compares
    the field tables with what the hosts publish. `server` and `keys` are those of `HostedEngine`.
    """
    report = examine(live=live, schema=schema, server=server, keys=keys)
    sys.stdout.write(f"{report!r}\n")


def examine(
    *, live: bool = False, schema: bool = False, server: Any = None, keys: Mapping[str, Any] | None = None
) -> Report:
    """What `doctor` prints, as a value."""
    return Report(_findings(live, schema, server, keys))


def _findings(live: bool, schema: bool, server: Any, keys: Mapping[str, Any] | None) -> Iterator[Finding]:
    yield from _installed()
    yield from _machine()
    if _version("httpx2") is None:
        yield Finding("hosts", "all", "missing", "hosted models need the extra [hosted]")
        return
    yield from _keys(server, keys)
    yield from _hosts(live, schema, server, keys)


def _installed() -> Iterator[Finding]:
    yield Finding("installed", "python", "ok", platform.python_version())
    yield Finding("installed", "fluxkit", "ok", __version__)
    for extra, names in _PACKAGES.items():
        found = {name: _version(name) for name in names}
        absent = [name for name, number in found.items() if number is None]
        told = ", ".join(f"{name} {number}" for name, number in found.items() if number)
        if absent:
            yield Finding("installed", extra, "missing", f"{told}{'; ' if told else ''}absent: {', '.join(absent)}")
        else:
            yield Finding("installed", extra, "ok", told)


def _machine() -> Iterator[Finding]:
    if _version("torch") is None:
        yield Finding("machine", "device", "missing", "torch is not installed, so no model runs here")
        return
    from fluxkit.engines.local import device

    try:
        chosen = device.choose()
    except FluxkitError as error:
        yield Finding("machine", "device", "failed", str(error))
        return
    state: State = "note" if chosen.kind == "cpu" else "ok"
    told = f"{chosen.describe()} ({chosen.dtype})"
    yield Finding("machine", "device", state, f"{told}; no GPU: nano runs well, the large models do not"
                  if chosen.kind == "cpu" else told)  # fmt: skip


def _keys(server: Any, keys: Mapping[str, Any] | None) -> Iterator[Finding]:
    from fluxkit.engines.hosted.keys import VARIABLES, locate_key

    for host, variable in VARIABLES.items():
        _, where = locate_key(host, keys)
        if where:
            yield Finding("keys", host, "ok", f"present ({where})")
        else:
            yield Finding("keys", host, "missing", f"none; set {variable}, or: python -m keyring set fluxkit {host}")
    if os.environ.get("FLUXKIT_HOSTED") == "0":
        yield Finding("keys", "FLUXKIT_HOSTED", "note", "0: every request that could cost money is forbidden")


def _hosts(live: bool, schema: bool, server: Any, keys: Mapping[str, Any] | None) -> Iterator[Finding]:
    from fluxkit.engines.hosted.hosts import HOSTS

    reachable = [name for name, host in HOSTS.items() if host.servers]
    with ThreadPoolExecutor(len(reachable)) as pool:
        asked = pool.map(lambda name: list(_host(name, live, schema, server, keys)), reachable)
        found = [finding for findings in asked for finding in findings]
    yield from (finding for finding in found if finding.section == "hosts")
    for name in HOSTS.keys() - set(reachable):
        yield Finding("hosts", name, "note", "has no public interface; its pictures can be imported")
    yield from (finding for finding in found if finding.section == "schema")


def _host(name: str, live: bool, schema: bool, server: Any, keys: Mapping[str, Any] | None) -> Iterator[Finding]:
    from fluxkit.engines.hosted.engine import HostedEngine
    from fluxkit.engines.hosted.probe import Prober

    base, key = HostedEngine(server=server, keys=keys).place(name)
    prober = Prober(name, base, key)
    try:
        replies = [prober.reaches(), *([prober.accepts()] if live else [])]
        for reply in replies:
            state: State = {"ok": "ok", "failed": "failed"}.get(reply.state, "note")  # type: ignore[assignment]
            yield Finding("hosts", name, state, reply.told)
        if schema:
            differences = prober.differs()
            for told in differences:
                yield Finding("schema", name, "note", told)
            if not differences:
                yield Finding("schema", name, "ok", "the table agrees with what the host publishes")
    finally:
        prober.close()


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None


if __name__ == "__main__":
    doctor(live="--live" in sys.argv, schema="--schema" in sys.argv)
