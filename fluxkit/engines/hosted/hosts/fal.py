"""fal's queue (fal.ai/docs/api-reference/inference-api): submit, ask the status, then fetch the response."""

from __future__ import annotations

from typing import Any, ClassVar, Literal
from urllib.parse import quote

from pydantic import SecretStr

from fluxkit.engines.hosted.client import Call, Credential, Parcel
from fluxkit.engines.hosted.hosts.base import Accepted, Standing, text, whole
from fluxkit.engines.hosted.origins import Server

_STORAGE = "https://rest.fal.ai"
"""Where files are handed in (fal-client 1.0.3, client.py); a fake host keeps them at its own address."""


class Fal:
    """Every address comes from the host's replies; they are never put together here."""

    name = "fal"
    servers: ClassVar[dict[str, str]] = {"global": "https://queue.fal.run"}
    domains = ("queue.fal.run", "rest.fal.ai")

    def credential(self, key: SecretStr) -> Credential:
        """`Authorization: Key ...`."""
        return Credential(header="authorization", prefix="Key ", key=key)

    def submission(self, server: Server, path: str, fields: dict[str, Any]) -> Call:
        """A queued request."""
        return Call("POST", server.base + path, body=fields)

    def accepted(self, server: Server, body: Any) -> Accepted | None:
        """`request_id` and `status_url`."""
        if not isinstance(body, dict):
            return None
        id, status_url = body.get("request_id"), body.get("status_url")
        if not isinstance(id, str) or not isinstance(status_url, str):
            return None
        cancel = body.get("cancel_url")
        return Accepted(quote(id, safe="-_"), status_url, cancel_url=cancel if isinstance(cancel, str) else None)

    def question(self, polling_url: str) -> Call:
        """The status."""
        return Call("GET", polling_url, timeout_s=30)

    def standing(self, status: int, body: Any) -> Standing:
        """IN_QUEUE, IN_PROGRESS or COMPLETED, the last also for failures."""
        if status == 404:
            return Standing("missing", "HTTP 404")
        said = body.get("status") if isinstance(body, dict) else None
        if not isinstance(said, str):
            return Standing("odd", f"HTTP {status} without a status")
        if said == "COMPLETED":
            if body.get("error_type") == "cancelled" or "cancel" in str(body.get("error") or "").lower():
                return Standing("cancelled", text(body.get("error_type")) or said, details=text(body["error"]))
            if body.get("error"):
                return Standing("failed", text(body.get("error_type")) or said, details=text(body["error"]))
            link = body.get("response_url")
            if not isinstance(link, str):
                return Standing("odd", "COMPLETED without a response_url")
            return Standing("waiting", said, fraction=1.0, follow=Call("GET", link, timeout_s=30))
        state: Literal["waiting", "odd"] = "waiting" if said in ("IN_QUEUE", "IN_PROGRESS") else "odd"
        return Standing(state, said)

    def result(self, body: Any) -> Standing:
        """Unsafe output is a black picture with a flag here; it becomes what it is, a moderated job."""
        if not isinstance(body, dict):
            return Standing("odd", "a response that is no JSON object")
        flags = body.get("has_nsfw_concepts")
        if isinstance(flags, list) and any(flags):
            return Standing("moderated", "has_nsfw_concepts", details="the host returned a black picture in its place")
        trained = body.get("diffusers_lora_file")
        if isinstance(trained, dict) and isinstance(trained.get("url"), str):
            return Standing("ready", "COMPLETED", fraction=1.0, picture_url=trained["url"])
        images = body.get("images")
        first = images[0] if isinstance(images, list) and images else None
        link = first.get("url") if isinstance(first, dict) else None
        if not isinstance(link, str):
            return Standing("failed", "no result", details=text(body.get("detail")))
        return Standing("ready", "COMPLETED", fraction=1.0, picture_url=link, seed=whole(body.get("seed")))

    def cancellation(self, cancel_url: str) -> Call:
        """PUT to the address of the reply; works while the job waits in the queue."""
        return Call("PUT", cancel_url, body={}, timeout_s=10)

    def cancelled(self, status: int, body: Any) -> bool:
        """Never certain: 202 says that it was asked for, 400 that the job is complete already."""
        return False

    def deposit(self, server: Server, parcel: Parcel) -> Call:
        """The first of two requests: it asks where to put the file."""
        base = server.base if server.is_loopback else _STORAGE
        return Call("POST", f"{base}/storage/upload/initiate?storage_type=gcs",
                    body={"file_name": parcel.name, "content_type": parcel.kind}, timeout_s=30)  # fmt: skip

    def deposited(self, body: Any, parcel: Parcel) -> tuple[str, Call | None] | None:
        """A signed address to put the bytes at, which must not see the key, and the one to read them from."""
        if not isinstance(body, dict):
            return None
        put, read = body.get("upload_url"), body.get("file_url")
        if not isinstance(put, str) or not isinstance(read, str):
            return None
        return read, Call("PUT", put, parcel=parcel, keyless=True, timeout_s=900)

    def probe(self, server: Server) -> None:
        """fal's queue has no request that costs nothing."""
        return
