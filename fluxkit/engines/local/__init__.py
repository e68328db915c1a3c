"""The engine that runs open FLUX weights on this machine. Importing it loads no torch; shooting does."""

from __future__ import annotations

import os

# Threads of a CPU model that wait must sleep, not spin: beside any other work, spinning made a picture 20 times slower
# (nano, two cores, one of them busy). Read when torch loads, so it is set before that; the user's own choice stands.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")

from fluxkit.engines.local.engine import LocalEngine

__all__ = ["LocalEngine"]
