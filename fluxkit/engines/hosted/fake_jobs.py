"""What the fake host answers: jobs, the faults that befall them, and each protocol's JSON. No sockets here."""

from __future__ import annotations

import hashlib
import io
import time
from dataclasses import dataclass, field
from typing import Any, Literal, get_args

from fluxkit.engines.hosted.fake_storage import VERSION, lora_archive, lora_file
from fluxkit.engines.hosted.tables import ModelRow, table
from fluxkit.engines.hosted.trainer_table import Trainer, trainers

Fault = Literal[
    "ok", "delayed", "request moderated", "content moderated", "error", "early 404",
    "429 seconds", "429 date", "429 milliseconds", "429 bare", "429 long",
    "400", "401", "402", "403", "422", "503 busy",
    "reset", "silence", "500 after submit", "html on submit",
    "foreign polling", "redirected poll", "redirected submit", "html on poll", "500 on poll", "429 on poll",
    "odd status", "expired once", "expired", "truncated once", "truncated", "redirected picture", "never ready",
]  # fmt: skip
"""Everything that the fake host can do wrong. `503 busy` is answered before the job is taken, and looks the same."""

FAULTS: tuple[Fault, ...] = get_args(Fault)

UNTAKEN = ("429", "400", "401", "402", "403", "422", "503 busy", "redirected submit")
"""Faults that answer before a job exists, so that nothing is billed."""


@dataclass
class FakeJob:
    """One job that the fake host has taken, and billed."""

    id: str
    host: str
    model: str
    body: dict[str, Any]
    fault: str
    seconds: float
    credits: float = 4.0
    """What a real host would bill, in hundredths of a US dollar."""
    born: float = field(default_factory=time.monotonic)
    polls: int = 0
    fetches: int = 0
    trains: bool = False
    """A training: it makes a LoRA file, not a picture."""
    cancels: Literal["no", "asked", "done"] = "no"

    @property
    def seed(self) -> int:
        """The seed that was asked for."""
        return int(self.body.get("seed") or 0)

    def state(self) -> str:
        """waiting, ready, missing, odd, failed, cancelled, request or content (moderated)."""
        self.polls += 1
        if self.cancels != "no":
            return "cancelled"
        if self.fault == "early 404" and self.polls <= 2:
            return "missing"
        if self.fault == "request moderated":
            return "request"
        delayed = self.fault == "delayed" and self.polls <= 3
        if self.fault == "never ready" or delayed or time.monotonic() - self.born < self.seconds:
            return "waiting"
        if self.fault == "odd status" and self.polls <= 2:
            return "odd"
        return {"content moderated": "content", "error": "failed"}.get(self.fault, "ready")

    def result(self) -> bytes:
        """The file that the job made."""
        if not self.trains:
            return self.picture()
        trigger = str(self.body.get("trigger_word") or self.body.get("trigger_phrase") or "")
        return lora_archive(trigger) if self.host == "replicate" else lora_file(trigger)

    def picture(self) -> bytes:
        """A placeholder picture of the size asked for, different for each request; it says that it is fake."""
        from PIL import Image, ImageDraw

        width, height = self._size()
        digest = hashlib.sha256(repr(sorted((k, str(v)[:99]) for k, v in self.body.items())).encode()).digest()
        low, high = tuple(40 + value // 4 for value in digest[:3]), tuple(120 + value // 2 for value in digest[3:6])
        column = Image.linear_gradient("L").resize((width, height))
        image = Image.composite(Image.new("RGB", (width, height), low), Image.new("RGB", (width, height), high), column)
        ImageDraw.Draw(image).text((12, 12), f"fake host, no model\n{self.model}\nseed {self.seed}", fill="white",
                                   font_size=max(12, width // 24))  # fmt: skip
        buffer = io.BytesIO()
        image.save(buffer, "PNG" if self.body.get("output_format") == "png" else "JPEG")
        return buffer.getvalue()

    def _size(self) -> tuple[int, int]:
        size = self.body.get("image_size") or self.body
        if size.get("width") and size.get("height"):
            return int(size["width"]), int(size["height"])
        wide, _, high = str(self.body.get("aspect_ratio") or "4:3").partition(":")
        try:
            return 768, max(64, round(768 * float(high) / float(wide)))
        except (ValueError, ZeroDivisionError):
            return 768, 576


def accepted(job: FakeJob, base: str, polling: str) -> tuple[int, dict[str, Any]]:
    """The reply to a submit that was taken, as each host writes it."""
    if job.host == "bfl":
        return 200, {"id": job.id, "polling_url": f"{polling}/v1/get_result?id={job.id}", "cost": job.credits,
                     "input_mp": 0.0, "output_mp": 1.0}  # fmt: skip
    if job.host == "replicate":
        place = f"{polling}/v1/{'trainings' if job.trains else 'predictions'}/{job.id}"
        return 201, {"id": job.id, "status": "starting", "urls": {"get": place, "cancel": f"{place}/cancel"}}
    place = f"{polling}/requests/{job.id}"
    return 200, {"request_id": job.id, "status_url": f"{place}/status", "response_url": place,
                 "cancel_url": f"{place}/cancel", "queue_position": 0}  # fmt: skip


def cancelled(job: FakeJob, how: str) -> tuple[int, dict[str, Any]]:
    """The reply to a cancel; `how` is `at once`, `later` (it will be tried) or `too late`."""
    if how == "too late":
        return 400, {"status": "ALREADY_COMPLETED", "detail": "Request is already completed"}
    job.cancels = "asked" if how == "later" or job.host == "fal" else "done"
    if job.host == "fal":
        return 202, {"status": "CANCELLATION_REQUESTED"}
    return 200, {"id": job.id, "status": "canceled" if job.cancels == "done" else "processing"}


def standing(job: FakeJob, state: str, link: str, base: str) -> tuple[int, dict[str, Any]]:
    """The reply to a poll, as each host writes it."""
    if state == "missing":
        return 404, {"detail": "Task not found"}
    if job.host == "bfl":
        return 200, _bfl(job, state, link)
    if job.host == "replicate":
        return 200, _replicate(job, state, link)
    return _fal(job, state, base)


def response(job: FakeJob, state: str, link: str) -> dict[str, Any]:
    """fal's response to a completed request; moderation shows as a flag."""
    if job.trains:
        return {"diffusers_lora_file": {"url": link}, "config_file": {"url": link}}
    return {"images": [{"url": link}], "seed": job.seed, "has_nsfw_concepts": [state in ("request", "content")]}


def published(host: str, path: str) -> dict[str, Any]:
    """What the host publishes about its fields: here, exactly what the table says."""
    models = table(host).models
    rows: list[ModelRow | Trainer] = [*models.values(), *(one for one in trainers().values() if one.host == host)]
    if host == "fal":
        found = next((row for row in rows if path == row.path), None)
        body = {"content": {"application/json": {"schema": {"properties": _properties(found) if found else {}}}}}
        return {"paths": {path: {"post": {"requestBody": body}}}}
    if host == "replicate":
        found = next((row for row in rows if row.path.startswith(path + "/")), None)
        name = "TrainingInput" if isinstance(found, Trainer) else "Input"
        schemas = {name: {"properties": _properties(found) if found else {}}}
        return {"latest_version": {"id": VERSION, "openapi_schema": {"components": {"schemas": schemas}}}}
    body = {name: {"schema": {"properties": _properties(row)}} for name, row in models.items()}
    return {"paths": {row.path: {"post": {"requestBody": {"content": {"application/json": body[name]}}}}
                      for name, row in models.items()}}  # fmt: skip


def is_listed(host: str, path: str) -> bool:
    """Whether the host's table has a model at this path of `/v1/models/`."""
    return any(row.path.startswith(f"{path}/") for row in table(host).models.values())


def _properties(row: ModelRow | Trainer) -> dict[str, Any]:
    limits = {"low": "minimum", "high": "maximum"}
    published = {}
    for field_name, rule in row.fields.items():
        name, _, inner = field_name.removeprefix("input.").partition(".")
        sides = () if inner else [side for side in limits if getattr(rule, side) is not None]
        published[name] = {limits[side]: getattr(rule, side) for side in sides}
    return published


def _bfl(job: FakeJob, state: str, link: str) -> dict[str, Any]:
    word = {"waiting": "Pending", "request": "Request Moderated", "content": "Content Moderated", "failed": "Error",
            "ready": "Ready"}.get(state, "Paused for thought")  # fmt: skip
    reply: dict[str, Any] = {"id": job.id, "status": word, "result": None, "progress": min(1.0, job.polls / 4)}
    if state == "ready":
        reply["result"] = {"sample": link, "prompt": job.body.get("prompt"), "seed": job.seed}
    if state in ("request", "content"):
        reply["details"] = {"Moderation Reasons": ["a scripted fault"]}
    return reply


def _replicate(job: FakeJob, state: str, link: str) -> dict[str, Any]:
    words = {"waiting": "processing", "ready": "succeeded", "odd": "paused", "cancelled": "canceled"}
    reply: dict[str, Any] = {"id": job.id, "status": words.get(state, "failed"), "output": None, "error": None,
                             "logs": f"Using seed: {job.seed}\n 50%|█████     | 14/28"}  # fmt: skip
    if state == "ready":
        reply["output"] = (
            {"version": f"{job.body.get('destination', 'me/lora')}:1", "weights": link} if job.trains else link
        )
    if state in ("request", "content"):
        reply["error"] = "NSFW content detected. Try running it again, or try a different prompt."
    if state == "failed":
        reply["error"] = "CUDA error: a scripted fault"
    return reply


def _fal(job: FakeJob, state: str, base: str) -> tuple[int, dict[str, Any]]:
    if state == "waiting":
        return 202, {"status": "IN_PROGRESS"}
    if state == "odd":
        return 200, {"status": "PAUSED"}
    reply: dict[str, Any] = {"status": "COMPLETED", "response_url": f"{base}/requests/{job.id}"}
    if state == "failed":
        reply |= {"error": "a scripted fault", "error_type": "runner_error"}
    if state == "cancelled":
        reply |= {"error": "Request was cancelled", "error_type": "cancelled"}
    return 200, reply
