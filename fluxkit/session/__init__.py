"""Who runs the shots: the session, its worker thread, and the jobs on it."""

from __future__ import annotations

from fluxkit.session.job import Job
from fluxkit.session.session import Session

__all__ = ["Job", "Session"]
