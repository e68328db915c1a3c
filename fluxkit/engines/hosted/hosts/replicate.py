"""Replicate: predictions of official models (replicate.com/docs/reference/http)."""

from __future__ import annotations

import re
from typing import Any, ClassVar, Literal
from urllib.parse import quote

from pydantic import SecretStr

from fluxkit.engines.hosted.client import Call, Credential, Parcel
from fluxkit.engines.hosted.hosts.base import Accepted, Standing, text
from fluxkit.engines.hosted.origins import Server

_PERCENT = re.compile(r"(\d{1,3})%\|")
"""How far it is, as the model's own progress bar writes it into the log."""

_NSFW = re.compile(r"nsfw|flagged|sensitive|moderat|safety", re.IGNORECASE)
"""Replicate has no status for moderation: FLUX models fail with an error text (replicate/cog-flux issue 7)."""


class Replicate:
    """Submits a prediction, polls its `get` address, fetches `output`; results are deleted after an hour."""

    name = "replicate"
    servers: ClassVar[dict[str, str]] = {"global": "https://api.replicate.com"}
    domains = ("api.replicate.com",)

    def credential(self, key: SecretStr) -> Credential:
        """A bearer token."""
        return Credential(header="authorization", prefix="Bearer ", key=key)

    def submission(self, server: Server, path: str, fields: dict[str, Any]) -> Call:
        """Asynchronous: no `Prefer: wait`, so that the id comes back at once. A training's fields are the body."""
        return Call("POST", server.base + path, body=fields if path.endswith("/trainings") else {"input": fields})

    def accepted(self, server: Server, body: Any) -> Accepted | None:
        """`id` and `urls.get`."""
        if not isinstance(body, dict) or not isinstance(body.get("id"), str) or not body["id"]:
            return None
        found = body.get("urls")
        urls: dict[str, Any] = found if isinstance(found, dict) else {}
        polling, cancel = urls.get("get"), urls.get("cancel")
        if not isinstance(polling, str):
            polling = f"{server.base}/v1/predictions/{quote(body['id'], safe='')}"
        return Accepted(body["id"], polling, cancel_url=cancel if isinstance(cancel, str) else None)

    def question(self, polling_url: str) -> Call:
        """The prediction."""
        return Call("GET", polling_url, timeout_s=30)

    def standing(self, status: int, body: Any) -> Standing:
        """starting, processing, succeeded, failed, canceled or aborted."""
        if status == 404:
            return Standing("missing", "HTTP 404")
        said = body.get("status") if isinstance(body, dict) else None
        if not isinstance(said, str):
            return Standing("odd", f"HTTP {status} without a status")
        if said == "succeeded":
            return _succeeded(body)
        error = text(body.get("error"))
        if said == "failed" and _NSFW.search(error):
            return Standing("moderated", said, details=error)
        if said in ("canceled", "aborted"):
            return Standing("cancelled", said, details=error)
        if said == "failed":
            return Standing("failed", said, details=error)
        state: Literal["waiting", "odd"] = "waiting" if said in ("starting", "processing") else "odd"
        percent = _PERCENT.findall(str(body.get("logs") or ""))
        return Standing(state, said, fraction=int(percent[-1]) / 100 if percent else None)

    def result(self, body: Any) -> Standing:
        """Not needed: the output comes with the poll."""
        return self.standing(200, body)

    def cancellation(self, cancel_url: str) -> Call:
        """POST to the address of the reply."""
        return Call("POST", cancel_url, body={}, timeout_s=10)

    def cancelled(self, status: int, body: Any) -> bool:
        """The reply is the prediction as it then stands."""
        return status < 300 and isinstance(body, dict) and body.get("status") in ("canceled", "aborted")

    def deposit(self, server: Server, parcel: Parcel) -> Call:
        """The files interface (sdks.replicate.com/resources/files); files are deleted after a day."""
        return Call("POST", f"{server.base}/v1/files", parcel=parcel, form="content", timeout_s=900)

    def deposited(self, body: Any, parcel: Parcel) -> tuple[str, None] | None:
        """`urls.get`: models read it with Replicate's own rights, nobody else can."""
        urls = body.get("urls") if isinstance(body, dict) else None
        address = urls.get("get") if isinstance(urls, dict) else None
        return (address, None) if isinstance(address, str) else None

    def probe(self, server: Server) -> Call:
        """The account: costs nothing, needs the key."""
        return Call("GET", f"{server.base}/v1/account", timeout_s=15)


def _succeeded(body: dict[str, Any]) -> Standing:
    output = body.get("output")
    notes: dict[str, str] = {}
    if isinstance(output, dict):  # a training: the weights as a tar file, and the version that holds them
        notes = {"version": str(output["version"])} if output.get("version") else {}
        output = output.get("weights")
    link = output[0] if isinstance(output, list) and output else output
    if not isinstance(link, str):
        return Standing("odd", "succeeded without an output")
    seed = re.search(r"[Uu]sing seed:? (\d+)", str(body.get("logs") or ""))
    return Standing("ready", "succeeded", fraction=1.0, picture_url=link, seed=int(seed[1]) if seed else None,
                    notes=notes)  # fmt: skip
