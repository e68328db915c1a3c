from __future__ import annotations

from tests.tiny.folders import tiny

__all__ = ["tiny"]
