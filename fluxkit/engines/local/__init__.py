"""The engine that runs open FLUX weights on this machine. Importing it loads no torch; shooting does."""

from __future__ import annotations

from fluxkit.engines.local.engine import LocalEngine

__all__ = ["LocalEngine"]
