"""From a host's answer to the one error that it means, and back: errors cross processes as plain values."""

from __future__ import annotations

from typing import Any

from fluxkit import errors
from fluxkit.engines.hosted.client import Answer
from fluxkit.engines.hosted.pace import retry_after

Values = dict[str, Any]
"""An error as plain values: its class name, its message and its fields."""

_CURES = {
    "BadRequest": "Change the request; fluxkit.doctor(schema=True) compares its fields with the host's own list.",
    "AuthError": "Check the key with fluxkit.doctor(live=True); a key of another host or region is refused too.",
    "InsufficientCredits": "Add credits at the host, then shoot again; nothing was billed for this one.",
    "ValidationFailed": "Change the fields named above.",
    "RateLimited": "Shoot again after that time; nothing was billed.",
    "ServerError": "session.resume() fetches the picture when the host answers again.",
    "RedirectRefused": "Redirects are never followed, so that a key cannot leak; check a proxy on the way.",
}


def refused(answer: Answer, host: str, what: str) -> Values:
    """The error of an answer that is no success, as plain values. `what` names the request."""
    kind = _kind(answer.status)
    wait = retry_after(answer.headers)
    fields = _fields(answer.json())
    told = _told(answer, fields)
    values: Values = {
        "error": kind,
        "status": answer.status,
        "body": answer.excerpt(),
        "request_id": _request_id(answer.headers),
        "message": f"{what} was refused by {host} with HTTP {answer.status}{told}. {_pause(kind, wait)}{_CURES[kind]}",
    }
    if kind == "RateLimited":
        values["retry_after"] = wait
    if kind == "ValidationFailed":
        values["fields"] = fields
    return values


def revived(values: Values, *, shot: Any, host: str, request: str) -> errors.HostedError:
    """The exception of plain values, with the shot that it is about."""
    told = {name: value for name, value in values.items() if name not in ("error", "message")}
    if "fields" in told:
        told["fields"] = [(path, message) for path, message in told["fields"]]
    kind = getattr(errors, values["error"])
    made: errors.HostedError = kind(values["message"], shot=shot, host=host, request=request, **told)
    return made


def _kind(status: int) -> str:
    by_status = {401: "AuthError", 403: "AuthError", 402: "InsufficientCredits", 422: "ValidationFailed",
                 429: "RateLimited"}  # fmt: skip
    if status in by_status:
        return by_status[status]
    return "ServerError" if status >= 500 else "RedirectRefused" if 300 <= status < 400 else "BadRequest"


def _fields(body: Any) -> list[tuple[str, str]]:
    """The fields that a 422 names: FastAPI's `detail` list of `loc`, `msg` and `type`."""
    detail = body.get("detail") if isinstance(body, dict) else None
    items = detail if isinstance(detail, list) else []
    return [
        (".".join(str(part) for part in item.get("loc", ()) if part != "body"), str(item.get("msg", "")))
        for item in items
        if isinstance(item, dict)
    ]


def _told(answer: Answer, fields: list[tuple[str, str]]) -> str:
    if fields:
        return ": " + "; ".join(f"{path}: {message}" for path, message in fields)
    body = answer.json()
    if isinstance(body, dict):
        for name in ("detail", "message", "error", "title"):
            if isinstance(body.get(name), str):
                return f": {body[name][:300]!r}"
    excerpt = answer.excerpt(120)
    return f": {excerpt!r}" if (excerpt and answer.status < 300) or (answer.status >= 400 and excerpt) else ""


def _request_id(headers: dict[str, str]) -> str:
    return headers.get("x-request-id") or headers.get("x-fal-request-id") or ""


def _pause(kind: str, wait: float | None) -> str:
    return f"It asks for a pause of {wait:g} s. " if kind == "RateLimited" and wait is not None else ""
