"""What each FLUX variant can do, as data: every check, the docs and the forms read these tables."""

from __future__ import annotations

from fluxkit.models.registry import ModelTable, get, ids, register, table
from fluxkit.models.spec import GuidanceRange, ModelSpec, SizeRule, StepRange

__all__ = ["GuidanceRange", "ModelSpec", "ModelTable", "SizeRule", "StepRange", "get", "ids", "register", "table"]
