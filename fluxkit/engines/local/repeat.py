"""The choices that a local picture was made with, read off its provenance, to make it again as it was."""

from __future__ import annotations

from typing import Any

from fluxkit.frames.provenance import Provenance
from fluxkit.models.forecast import LEVERS

_CACHES = ("first-block", "taylorseer")


def options_of(provenance: Provenance) -> dict[str, Any]:
    """A record's choices as options of `LocalEngine`; what a record does not tell is left out.

    >>> record = Provenance(engine="local", dtype="bfloat16", device="cuda:NVIDIA H100", levers=("table", "compile"))
    >>> found = options_of(record)
    >>> found["device"], found["memory"], found["compile"], found["attention"]
    ('cuda', 'table', True, '')
    """
    options: dict[str, Any] = {"batch": provenance.batch, "memory": "resident", "attention": "", "compile": False,
                               "step_cache": ""}  # fmt: skip
    # A device is written down as a kind and a name; an engine is asked for the kind.
    told = {"dtype": provenance.dtype, "device": provenance.device.partition(":")[0]}
    options |= {name: value for name, value in told.items() if value}
    if provenance.threads is not None:
        options["threads"] = provenance.threads
    for lever in provenance.levers:
        name, _, value = lever.partition(" ")
        if name in LEVERS:
            options["memory"] = name
        elif name in _CACHES:
            options["step_cache"] = lever
        elif name == "compile":
            options["compile"] = value or True
        elif name == "attention":
            options["attention"] = value
    return options
