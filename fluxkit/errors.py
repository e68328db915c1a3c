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
