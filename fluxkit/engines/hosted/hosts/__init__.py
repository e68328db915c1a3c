"""The hosts: one adapter each, all of the same shape (submit, poll, fetch)."""

from __future__ import annotations

from fluxkit.engines.hosted.hosts.base import Accepted, Host, Standing
from fluxkit.engines.hosted.hosts.bfl import BFL
from fluxkit.engines.hosted.hosts.fal import Fal
from fluxkit.engines.hosted.hosts.picassoia import PicassoIA
from fluxkit.engines.hosted.hosts.replicate import Replicate
from fluxkit.errors import InputError, did_you_mean

__all__ = ["BFL", "HOSTS", "Accepted", "Fal", "Host", "PicassoIA", "Replicate", "Standing", "host"]

HOSTS: dict[str, Host] = {"bfl": BFL(), "replicate": Replicate(), "fal": Fal(), "picassoia": PicassoIA()}
"""Every known host by name."""


def host(name: str) -> Host:
    """The adapter of a host; raises `InputError` for a name that is none."""
    if name not in HOSTS:
        raise InputError(
            f"A host {name!r} was asked for.{did_you_mean(name, HOSTS)} Hosts are: {', '.join(HOSTS)}. Use one."
        )
    return HOSTS[name]
