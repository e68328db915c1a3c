"""Every exception that fluxkit raises.

    FluxkitError
    ├── InputError (ValueError)      a value that a typed field does not take
    ├── TemplateError                a prompt template that cannot be loaded or rendered
    ├── UnknownModelError (KeyError) a model id that no table knows
    ├── CapabilityError              something that the chosen model cannot do
    ├── PlanError                    a sweep or plan that cannot be made
    ├── EngineError                  making the picture failed
    │   ├── WeightsError             weights missing, corrupt or of another family
    │   ├── OutOfMemoryError         the device has too little memory
    │   ├── BadPictureError          the model returned a black or non-finite picture
    │   ├── HostedError              a host (BFL, Replicate, fal, ...) or the way to it
    │   │   ├── ConfigError          refused before anything is sent
    │   │   │   ├── MissingKey       no key for the host
    │   │   │   ├── NoPublicAPI      the host has no programming interface
    │   │   │   ├── UnsupportedField (CapabilityError)  a field that the host's model does not take
    │   │   │   ├── BudgetExceeded   the next picture would cost more than the budget leaves
    │   │   │   └── HostedForbidden  FLUXKIT_HOSTED=0 forbids paid requests
    │   │   ├── APIError             the host answered with an error: nothing was made, nothing was billed
    │   │   │   ├── BadRequest       400, 404 and other refusals
    │   │   │   ├── AuthError        401, 403
    │   │   │   ├── InsufficientCredits  402
    │   │   │   ├── ValidationFailed 422, with the host's list of fields
    │   │   │   ├── RateLimited      429, with the wait that the host asked for
    │   │   │   ├── ServerError      5xx while asking for a result
    │   │   │   └── RedirectRefused  3xx: redirects are never followed
    │   │   ├── ConnectionFailed     the request never reached the host
    │   │   ├── OutcomeUnknown       the request may have been accepted and billed; it is never sent again by itself
    │   │   └── JobError             the host took the job, and no picture came of it
    │   │       ├── Moderated        the request or the picture was refused by the host's moderation
    │   │       ├── JobFailed        the host says that making it failed
    │   │       ├── JobNotFound      the host does not know the job (any more)
    │   │       ├── JobTimeout       not ready before the deadline; the job goes on
    │   │       ├── ResultExpired    the picture was made, but its link no longer works
    │   │       ├── BadImage (BadPictureError)  what came back is no whole picture
    │   │       └── BadLoRA (WeightsError)      what came back from a training is no LoRA in safetensors
    │   └── Cancelled                the user stopped the job
    ├── CatalogueError               the catalogue cannot be read or written
    ├── FrameError                   a picture file that holds no readable frame
    ├── SheetError                   a contact sheet that cannot be laid out
    └── MissingExtraError (ImportError)  an optional dependency is not installed

Each message says what was asked (with the value), what is allowed, and what to do.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Any


class FluxkitError(Exception):
    """The base of every error that fluxkit raises on purpose."""


class InputError(FluxkitError, ValueError):
    """A value that a typed field does not take."""


class TemplateError(FluxkitError):
    """A prompt template that cannot be loaded, or that fails while rendering."""


class UnknownModelError(FluxkitError, KeyError):
    """A model id that no table knows."""

    def __str__(self) -> str:
        # KeyError shows repr(args[0]); ours is a sentence and must read as one.
        return str(self.args[0]) if self.args else ""


class CapabilityError(FluxkitError):
    """Something was asked for that the chosen model cannot do; `shot` is the request where there is one."""

    def __init__(self, message: str, *, shot: Any = None) -> None:
        super().__init__(message)
        self.shot = shot


class PlanError(FluxkitError):
    """A sweep or plan that cannot be made."""


class EngineError(FluxkitError):
    """Making the picture failed; `shot` is the request that was under way, where one was."""

    def __init__(self, message: str, *, shot: Any = None) -> None:
        super().__init__(message)
        self.shot = shot


class WeightsError(EngineError):
    """Weights that are missing, corrupt, or of another family."""


class OutOfMemoryError(EngineError):
    """The device has too little memory for this shot."""


class BadPictureError(EngineError):
    """The model returned a picture that holds no image: black, or with values that are not numbers."""


class HostedError(EngineError):
    """A host, or the way to it, failed. `host` is its name, `request` the hash of what was asked; never a key."""

    def __init__(self, message: str, *, shot: Any = None, host: str = "", request: str = "") -> None:
        super().__init__(message, shot=shot)
        self.host = host
        self.request = request


class ConfigError(HostedError):
    """Refused before anything is sent."""


class MissingKey(ConfigError):
    """No key was found for the host."""


class NoPublicAPI(ConfigError):
    """The host has no programming interface."""


class UnsupportedField(ConfigError, CapabilityError):
    """A field, or a value of it, that the host's model does not take."""


class BudgetExceeded(ConfigError):
    """The next picture would cost more than the budget leaves, jobs in flight counted."""


class HostedForbidden(ConfigError):
    """`FLUXKIT_HOSTED=0` forbids every paid request."""


class APIError(HostedError):
    """The host answered with an error. `status` is the HTTP status, `request_id` the host's own, `body` an excerpt."""

    def __init__(self, message: str, *, status: int = 0, request_id: str = "", body: str = "", **where: Any) -> None:
        super().__init__(message, **where)
        self.status = status
        self.request_id = request_id
        self.body = body


class BadRequest(APIError):
    """The host refused the request as it is (400, 404, 409, ...)."""


class AuthError(APIError):
    """The host does not accept the key for this (401, 403)."""


class InsufficientCredits(APIError):
    """The account has too few credits (402)."""


class ValidationFailed(APIError):
    """The host names fields that it does not take (422); `fields` holds (path, message) pairs."""

    def __init__(self, message: str, *, fields: Iterable[tuple[str, str]] = (), **answer: Any) -> None:
        super().__init__(message, **answer)
        self.fields = tuple(fields)


class RateLimited(APIError):
    """Too many requests (429); `retry_after` is the wait in seconds that the host asked for, where it did."""

    def __init__(self, message: str, *, retry_after: float | None = None, **answer: Any) -> None:
        super().__init__(message, **answer)
        self.retry_after = retry_after


class ServerError(APIError):
    """The host failed (5xx) while it was asked for a result; the job stays resumable."""


class RedirectRefused(APIError):
    """The host answered with a redirect, which is never followed."""


class ConnectionFailed(HostedError):
    """The request never reached the host: nothing was made, nothing was billed."""


class OutcomeUnknown(HostedError):
    """The request may have been accepted and billed, and the answer was lost; it is never sent again by itself."""


class JobError(HostedError):
    """The host took the job, and no picture came of it; `job` is the host's id, `details` its own words."""

    def __init__(self, message: str, *, job: str = "", details: str = "", **where: Any) -> None:
        super().__init__(message, **where)
        self.job = job
        self.details = details


class Moderated(JobError):
    """Refused by the host's moderation; `stage` is `request` (before the picture was made) or `content` (after)."""

    def __init__(self, message: str, *, stage: str = "content", **job: Any) -> None:
        super().__init__(message, **job)
        self.stage = stage


class JobFailed(JobError):
    """The host says that making the picture failed."""


class JobNotFound(JobError):
    """The host does not know the job (any more)."""


class JobTimeout(JobError):
    """The picture was not ready before the deadline; the job goes on and can be resumed."""


class ResultExpired(JobError):
    """The picture was made, but its link no longer works."""


class BadImage(JobError, BadPictureError):
    """What came back is no whole picture; the job can be resumed while the host keeps it."""


class BadLoRA(JobError, WeightsError):
    """What came back from a training is no whole LoRA; the job can be resumed while the host keeps it."""


class Cancelled(EngineError):
    """The job was stopped by the user; frames made before are in the catalogue."""


class CatalogueError(FluxkitError):
    """The catalogue cannot be read or written."""


class FrameError(FluxkitError):
    """A picture file that holds no readable frame."""


class SheetError(FluxkitError):
    """A contact sheet that cannot be laid out from what was given."""


class MissingExtraError(FluxkitError, ImportError):
    """An optional dependency is not installed."""


def missing_extra(what: str, extra: str) -> MissingExtraError:
    """The error for a feature whose optional packages are absent, with the command that installs them."""
    return MissingExtraError(
        f"{what} needs packages that are not installed. "
        f"Install them from the checkout with: pip install -c constraints.txt -e '.[{extra}]'"
    )


def did_you_mean(name: str, known: Iterable[str]) -> str:
    """A sentence fragment that names the closest known name, or an empty string when none is close.

    >>> did_you_mean("focal_lenght_mm", ["focal_length_mm", "f_number"])
    " Did you mean 'focal_length_mm'?"
    """
    close = difflib.get_close_matches(name, list(known), n=1, cutoff=0.6)
    return f" Did you mean {close[0]!r}?" if close else ""
