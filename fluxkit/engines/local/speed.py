"""`Speed`: what makes pictures faster by request: batches, compiled blocks, attention kernels, caches over steps."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from typing import Any, Literal

from pydantic import Field, field_validator

from fluxkit._base import Record
from fluxkit.engines.local import parallel
from fluxkit.errors import CapabilityError, InputError, did_you_mean
from fluxkit.models import ModelSpec

_CACHES = {"first-block": 0.08, "taylorseer": 5.0}
"""Caches over steps with their default strength: the change of the first block's result below which a step is skipped
(ParaAttention's figure for FLUX.1-dev), and the number of steps of which one is computed (TaylorSeer's N=5)."""
_RUNS: dict[str, tuple[str, ...]] = {"flux.1": ("first-block", "taylorseer"), "flux.2": ("taylorseer",), "flux.3": ()}
"""Which caches work in diffusers 0.42, by family. On FLUX.2 the first-block cache fails (diffusers issue 14280), and
FLUX.3's transformer has none."""

CacheName = Literal["first-block", "taylorseer"]


class Speed(Record):
    """Choices about speed. Each is off unless asked for, and each is named in a frame's provenance."""

    batch: int = Field(1, ge=1, le=64)
    """Pictures that are denoised together; the last group is filled up, so that every picture is made in a group of
    this size. Other sizes change the last bits."""
    compile: bool | str = False
    """Compile the transformer's blocks once; a name chooses torch's backend instead of its default."""
    attention: str = ""
    """The name of one of diffusers' attention backends, such as `flash` or `sage`."""
    step_cache: str = ""
    """`first-block` or `taylorseer`, with a strength behind it if not the default's: `first-block 0.12`."""
    parallel: int = Field(1, ge=1, le=64)
    """GPUs that make each picture together; `RayEngine(parallel=)` starts the processes for it."""
    threads: int | None = Field(None, ge=1, le=1024)
    """Threads of each operation on a CPU; unset, torch's own number. Other numbers may change the last bits."""

    @field_validator("step_cache")
    @classmethod
    def _known_cache(cls, asked: str) -> str:
        name, _, strength = asked.partition(" ")
        if asked and (name not in _CACHES or (strength and not _is_number(strength))):
            raise InputError(
                f"step_cache={asked!r} was asked for.{did_you_mean(name, _CACHES)} It is one of: "
                f"{', '.join(_CACHES)}, with a number behind it if you like. Write 'first-block 0.08'."
            )
        return asked

    def named(self) -> tuple[str, ...]:
        """The choices as provenance lists them; batch and threads have fields of their own there."""
        said = [("compile" if self.compile is True else f"compile {self.compile}") if self.compile else ""]
        said += [f"attention {self.attention}" if self.attention else ""]
        said += ["{} {:g}".format(*self.cache) if self.cache else ""]
        said += [f"parallel {self.parallel}" if self.parallel > 1 else ""]
        return tuple(one for one in said if one)

    @property
    def cache(self) -> tuple[str, float] | None:
        """The cache over steps and its strength."""
        name, _, strength = self.step_cache.partition(" ")
        return (name, float(strength) if strength else _CACHES[name]) if name else None

    def check(self, spec: ModelSpec) -> None:
        """Raise `CapabilityError` for what a model cannot do, and for pairs that do not go together."""
        if self.cache is None:
            return
        name = self.cache[0]
        if name not in _RUNS[spec.family]:
            able = ", ".join(_RUNS[spec.family]) or "none"
            raise CapabilityError(
                f"step_cache={self.step_cache!r} was asked for with {spec.id}. In diffusers 0.42 models of "
                f"{spec.family} take: {able}. Leave it out, or choose one of these."
            )
        if self.batch > 1:
            raise CapabilityError(
                f"step_cache={self.step_cache!r} was asked for with batch={self.batch}. A cache decides for a whole "
                f"batch at once, so each picture would depend on the others in it. Use batch=1 with a cache."
            )

    def prepare(self, transformer: Any, *, hooked: bool = False) -> None:
        """Set a freshly loaded transformer up; `hooked` where its layers come and go by themselves.

        Raises `InputError` where a kernel or compiler is not at hand.
        """
        if self.attention:
            _attend(transformer, self.attention)
        if self.cache is not None:
            transformer.enable_cache(_config(*self.cache))
        if self.parallel > 1:
            parallel.split(transformer, self.parallel)
        if self.compile:
            options: dict[str, Any] = {} if self.compile is True else {"backend": self.compile}
            # Hooks of a cache, or of layers that come and go, are opaque to the compiler; the graph breaks at them.
            unbroken = self.cache is None and not hooked
            transformer.compile_repeated_blocks(fullgraph=unbroken, dynamic=True, **options)


def remembering(transformer: Any, which: str) -> AbstractContextManager[None]:
    """One pass among those of a step (`cond`, `uncond`): a cache over steps keeps what it remembers of each apart."""
    caching = getattr(transformer, "is_cache_enabled", False)
    return transformer.cache_context(which) if caching else nullcontext()


@contextmanager
def fresh(transformer: Any) -> Iterator[None]:
    """A run of steps: whatever a cache remembers of it is forgotten at its end, also when it is stopped.

    What an aborted run leaves behind would show in the next picture.
    """
    try:
        yield
    finally:
        forget(transformer)


def forget(transformer: Any) -> None:
    """Let a cache over steps begin anew."""
    if getattr(transformer, "is_cache_enabled", False):
        transformer._reset_stateful_cache()


def _config(name: str, strength: float) -> Any:
    from diffusers import FirstBlockCacheConfig, TaylorSeerCacheConfig

    if name == "first-block":
        return FirstBlockCacheConfig(threshold=strength)
    return TaylorSeerCacheConfig(cache_interval=int(strength))


def _attend(transformer: Any, name: str) -> None:
    """Choose the attention kernel of this transformer alone: diffusers also changes that of the whole process."""
    from diffusers.models.attention_dispatch import AttentionBackendName, _AttentionBackendRegistry

    known = [backend.value for backend in AttentionBackendName]
    former = _AttentionBackendRegistry._active_backend
    try:
        transformer.set_attention_backend(name)
    except (RuntimeError, ValueError, ImportError) as error:
        why = f"cannot run here: {' '.join(str(error).split())[:160]}"
        reason = why if name.lower() in known else "is not known"
        raise InputError(
            f"attention={name!r} was asked for, which {reason.rstrip('.')}.{did_you_mean(name, known)} Known are: "
            f"{', '.join(known)}. Install the kernel's package, or leave it out."
        ) from error
    finally:
        _AttentionBackendRegistry.set_active_backend(former)


def _is_number(text: str) -> bool:
    try:
        return float(text) > 0
    except ValueError:
        return False
