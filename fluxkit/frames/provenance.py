"""`Provenance`: how a frame was made, in request facts only: no path, address, time or user name."""

from __future__ import annotations

from pydantic import Field

from fluxkit._base import Record


class Source(Record):
    """A picture that a frame was made from."""

    role: str
    """How it was used: `fill`, `edit`, `control`, `reference`, `vary`, ..."""
    of: str
    """The id of the frame, or the fingerprint of the pixels where it was no frame of ours."""
    photograph: bool = False
    """Whether the source is a photograph: its filled or edited form is then marked as a composite."""


class Provenance(Record):
    """What made a frame, enough to make it again or to say why it came out differently."""

    engine: str
    """`local`, `function`, or the name of a host."""
    fluxkit: str = ""
    device: str = ""
    """Kind of device, such as `cpu` or `cuda:NVIDIA H100`."""
    dtype: str = ""
    batch: int = 1
    """How many pictures were denoised together; another batch size may change the last bits."""
    threads: int | None = Field(default=None, ge=1)
    """Threads of an operation where a CPU computed: another number may change the last bits. None elsewhere."""
    seed_device: str = "cpu"
    weights: str = ""
    versions: dict[str, str] = Field(default_factory=dict)
    """Libraries that decide pixels, by name."""
    levers: tuple[str, ...] = ()
    """Memory and speed choices that were on, such as `offload` or `fp8`."""
    host: str = ""
    sources: tuple[Source, ...] = ()
    """What it was filled, edited or controlled from."""
    extra: dict[str, str] = Field(default_factory=dict)
