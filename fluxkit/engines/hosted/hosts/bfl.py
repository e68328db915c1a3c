"""Black Forest Labs' own interface: https://docs.bfl.ai (pages and OpenAPI blocks archived 2025-2026)."""

from __future__ import annotations

from typing import Any, ClassVar, Literal, cast
from urllib.parse import quote

from pydantic import SecretStr

from fluxkit.engines.hosted.client import Call, Credential, Parcel
from fluxkit.engines.hosted.hosts.base import Accepted, Standing, number, text, whole
from fluxkit.engines.hosted.origins import Server

_USD = 0.01
"""One credit in US dollars (docs.bfl.ai/quick_start/pricing)."""


class BFL:
    """Submits to `/v1/<model>`, polls the address of the reply, fetches a link that is good for ten minutes."""

    name = "bfl"
    servers: ClassVar[dict[str, str]] = {
        "global": "https://api.bfl.ai",
        "eu": "https://api.eu.bfl.ai",
        "us": "https://api.us.bfl.ai",
    }
    domains = ("bfl.ai",)

    def credential(self, key: SecretStr) -> Credential:
        """Keys go in `x-key`."""
        return Credential(header="x-key", prefix="", key=key)

    def submission(self, server: Server, path: str, fields: dict[str, Any]) -> Call:
        """One picture a request; there is no idempotency key."""
        return Call("POST", server.base + path, body=fields)

    def accepted(self, server: Server, body: Any) -> Accepted | None:
        """`id` and `polling_url`; with a webhook there is no polling address, and the general one is asked."""
        if not isinstance(body, dict) or not isinstance(body.get("id"), str) or not body["id"]:
            return None
        polling = body.get("polling_url")
        if not isinstance(polling, str) or not polling:
            polling = f"{server.base}/v1/get_result?id={quote(body['id'], safe='')}"
        credits = number(body.get("cost"))
        return Accepted(body["id"], polling, None if credits is None else round(credits * _USD, 6))

    def question(self, polling_url: str) -> Call:
        """The polling address as it came: it names the cluster that has the job."""
        return Call("GET", polling_url, timeout_s=30)

    def standing(self, status: int, body: Any) -> Standing:
        """`status` is one of six texts; the OpenAPI page lists them."""
        if status == 404:
            return Standing("missing", "HTTP 404")
        said = body.get("status") if isinstance(body, dict) else None
        if not isinstance(said, str):
            return Standing("odd", f"HTTP {status} without a status")
        details = text(body.get("details"))
        if said in ("Request Moderated", "Content Moderated"):
            stage = cast(Literal["request", "content"], said.split()[0].lower())
            return Standing("moderated", said, stage=stage, details=details)
        if said == "Ready":
            return self._ready(body)
        if said in ("Error", "Failed"):
            return Standing("failed", said, details=details or text(body.get("result")))
        if said == "Task not found":
            return Standing("missing", said)
        state: Literal["waiting", "odd"] = "waiting" if said == "Pending" else "odd"
        return Standing(state, said, fraction=number(body.get("progress")))

    def result(self, body: Any) -> Standing:
        """Not needed: the link comes with the poll."""
        return self.standing(200, body)

    def cancellation(self, cancel_url: str) -> Call:
        """Never asked: BFL gives no address to cancel at."""
        return Call("POST", cancel_url, timeout_s=10)

    def cancelled(self, status: int, body: Any) -> bool:
        """BFL cancels nothing."""
        return False

    def deposit(self, server: Server, parcel: Parcel) -> None:
        """BFL has no storage: pictures go inside the request."""
        return

    def deposited(self, body: Any, parcel: Parcel) -> None:
        """BFL has no storage."""
        return

    def probe(self, server: Server) -> Call:
        """The account's credits: costs nothing, needs the key."""
        return Call("GET", f"{server.base}/v1/credits", timeout_s=15)

    def _ready(self, body: dict[str, Any]) -> Standing:
        result = body.get("result")
        link = result.get("sample") if isinstance(result, dict) else None
        if not isinstance(link, str):
            return Standing("odd", "Ready without a sample")
        credits = number(body.get("cost"))
        return Standing(
            "ready", "Ready", fraction=1.0, picture_url=link, seed=whole(cast(dict[str, Any], result).get("seed")),
            cost_usd=None if credits is None else round(credits * _USD, 6),
        )  # fmt: skip
