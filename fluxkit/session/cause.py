"""Why a picture came out differently: what differs is put back one choice at a time, until it comes out as it was."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from fluxkit import engines
from fluxkit.engines.base import Engine, PaidEngine, Repeatable
from fluxkit.errors import FluxkitError
from fluxkit.frames import Frame, Provenance
from fluxkit.session.comparison import Difference, Verdict, compare_pixels
from fluxkit.session.retake import retake

if TYPE_CHECKING:
    from fluxkit.session.session import Session

CHANCE = "chance"
"""The cause of an engine that does not repeat itself."""


@dataclass(frozen=True, slots=True)
class Cause:
    """What explains a drift."""

    names: tuple[str, ...] = ()
    """One choice, or several that explain it only together, or `chance`; empty where nothing that was tried does."""
    tried: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    """Differences that cannot be put back here, such as a library's version."""


class Search:
    """Looks for the cause of one drift; each attempt makes the picture once more."""

    def __init__(self, was: Frame, now: Frame, session: Session, *, verdict: Verdict, tolerance_db: float) -> None:
        self._was = was
        self._now = now
        self._session = session
        self._verdict = verdict
        self._tolerance_db = tolerance_db
        self._engine = session._engine_for(was.shot.spec)

    def run(self, differences: tuple[Difference, ...]) -> Cause:
        """The cause among these differences of the records."""
        were = self._options_of(self._was.provenance) if self._is_ours else {}
        are = self._options_of(self._now.provenance)
        settable = {name: value for name, value in were.items() if value != are.get(name)}
        fixed = tuple(difference.name for difference in differences if difference.name not in settable)
        tried: list[str] = []
        for names in _sets(list(settable)):
            engine = self._engine_with({name: settable[name] for name in names})
            if engine is None:
                continue
            tried.append(" and ".join(names))
            if self._explains(engine):
                return Cause(names, tuple(tried), fixed)
        if self._is_ours and not self._repeats():
            return Cause((CHANCE,), tuple(tried), fixed)
        return Cause((), tuple(tried), fixed)

    @property
    def _is_ours(self) -> bool:
        """Whether the engine of today is the one of the record, and costs nothing to try things with."""
        return self._engine.name == self._was.provenance.engine and not isinstance(self._engine, PaidEngine)

    def _explains(self, engine: Engine) -> bool:
        """Whether the picture of another engine fits the old one better than today's does."""
        try:
            again = retake(self._session, self._was.shot, engine=engine)
        except FluxkitError:
            return False
        finally:
            engine.close()
        better, *_figures = compare_pixels(self._was.image, again.image, self._tolerance_db)
        return better == "identical" or (better == "within tolerance" and self._verdict == "drifted")

    def _repeats(self) -> bool:
        """Whether today's settings give the same picture twice."""
        try:
            again = retake(self._session, self._was.shot)
        except FluxkitError:
            return True
        near = compare_pixels(self._now.image, again.image, self._tolerance_db)[0]
        return near == "identical" or (near == "within tolerance" and self._verdict == "drifted")

    def _options_of(self, record: Provenance) -> Mapping[str, Any]:
        if isinstance(self._engine, Repeatable):
            return self._engine.options_of(record)
        # A device is written down as a kind and a name, `cuda:NVIDIA H100`; an engine is asked for the kind.
        told = {"dtype": record.dtype, "device": record.device.partition(":")[0], "batch": record.batch,
                "threads": record.threads}  # fmt: skip
        return {name: value for name, value in told.items() if value}

    def _engine_with(self, options: dict[str, Any]) -> Engine | None:
        """An engine like today's with these choices as they were; None where it cannot be made here."""
        try:
            if isinstance(self._engine, Repeatable):
                return self._engine.alike(options)
            return engines.create(self._was.provenance.engine, **options)
        except (FluxkitError, TypeError):
            return None


def _sets(names: list[str]) -> Iterator[tuple[str, ...]]:
    """Each choice alone, then all of them together."""
    yield from ((name,) for name in names)
    if len(names) > 1:
        yield tuple(names)
