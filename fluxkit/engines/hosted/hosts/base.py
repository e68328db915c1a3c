"""What every host's adapter is: pure translation between a host's answers and the states of a job. No I/O."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal, Protocol

from pydantic import SecretStr

from fluxkit.engines.hosted.client import Call, Credential, Parcel
from fluxkit.engines.hosted.origins import Server


@dataclass(frozen=True)
class Accepted:
    """A submit that the host took."""

    id: str
    polling_url: str = field(repr=False)
    cost_usd: float | None = None
    """What it costs, where the host says so at once."""
    cancel_url: str | None = field(default=None, repr=False)
    """Where it can be cancelled; None at a host that cancels nothing."""


@dataclass(frozen=True)
class Standing:
    """How a job stands, in the words that all hosts share."""

    state: Literal["waiting", "ready", "moderated", "failed", "cancelled", "missing", "odd"]
    """`odd`: a status that the adapter does not know; it counts as waiting, and is told verbatim at the deadline."""
    said: str = ""
    """The host's own word."""
    fraction: float | None = None
    """How far it is, 0 to 1, where the host tells."""
    picture_url: str | None = field(default=None, repr=False)
    """A signed link: a secret, never written down."""
    follow: Call | None = field(default=None, repr=False)
    """A second question that brings the link, where the host needs one."""
    stage: Literal["request", "content"] = "content"
    seed: int | None = None
    """The seed that the host says it used."""
    cost_usd: float | None = None
    details: str = ""
    notes: dict[str, str] = field(default_factory=dict)
    """What else is worth recording, such as the version that a training made."""


class Host(Protocol):
    """A host's protocol as pure functions."""

    @property
    def name(self) -> str:
        """The host's name, as in `options.host`."""

    @property
    def servers(self) -> dict[str, str]:
        """Base addresses by region; the first is the default."""

    @property
    def domains(self) -> tuple[str, ...]:
        """Domains whose hosts may see the key."""

    def credential(self, key: SecretStr) -> Credential:
        """The header that carries a key."""

    def submission(self, server: Server, path: str, fields: dict[str, Any]) -> Call:
        """The paid request."""

    def accepted(self, server: Server, body: Any) -> Accepted | None:
        """What a success reply says; None where it says nothing that can be followed."""

    def question(self, polling_url: str) -> Call:
        """The request that asks how a job stands."""

    def standing(self, status: int, body: Any) -> Standing:
        """How the job stands, by a poll's HTTP status and JSON body."""

    def result(self, body: Any) -> Standing:
        """How it stands, by the answer to `Standing.follow`."""

    def cancellation(self, cancel_url: str) -> Call:
        """The request that cancels a job; asked only where the host gave an address for it."""

    def cancelled(self, status: int, body: Any) -> bool:
        """Whether the answer says that the job is cancelled for certain, rather than that it will be tried."""

    def deposit(self, server: Server, parcel: Parcel) -> Call | None:
        """The free request that hands a file to the host's storage; None where the host has none."""

    def deposited(self, body: Any, parcel: Parcel) -> tuple[str, Call | None] | None:
        """The address that the host will read the file from, and a second request that brings its bytes, if needed.

        None where the answer says neither.
        """

    def probe(self, server: Server) -> Call | None:
        """A request that costs nothing and shows whether the key works; None where the host has none."""


def text(value: Any) -> str:
    """A detail of any kind as one short text."""
    if value is None:
        return ""
    if isinstance(value, dict):
        return "; ".join(f"{name}: {text(part)}" for name, part in value.items())[:400]
    if isinstance(value, list):
        return ", ".join(text(part) for part in value)[:400]
    return str(value)[:400]


def number(value: Any) -> float | None:
    """A number of a reply; None for anything else."""
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def whole(value: Any) -> int | None:
    """A whole number of a reply, also where it comes as text; None for anything else."""
    try:
        return int(value) if not isinstance(value, bool) else None
    except (TypeError, ValueError):
        return None
