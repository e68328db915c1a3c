"""Making a kept shot again, for comparing."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from fluxkit.engines.base import Engine, PaidEngine, Progress
from fluxkit.frames import Frame
from fluxkit.session.job import Job
from fluxkit.shots import Shot, ShotPlan

if TYPE_CHECKING:
    from fluxkit.session.session import Session


def retake(session: Session, shot: Shot, *, engine: Engine | None = None) -> Frame:
    """The picture of a shot, made anew on the session's thread and not kept, whatever the catalogue holds.

    `engine` is used instead of the session's own. A host's engine spends money, within the session's budget.
    """

    def work(job: Job) -> None:
        used = engine or session._engine_for(shot.spec)
        if isinstance(used, PaidEngine):
            used.check([shot])

        def report(progress: Progress) -> None:
            job.report(replace(progress, done=job.made, shots=job.wanted))

        for frame in used.shoot([shot], report):
            job.add(frame)

    return session._worker.submit(Job(ShotPlan([shot]), work)).result()[0]
