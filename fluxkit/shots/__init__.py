"""What to ask for: shots, sweeps over any field, and plans that are checked before anything is loaded."""

from __future__ import annotations

from fluxkit.shots.inputs import ControlMap, Inputs, Mask, ReferenceImage
from fluxkit.shots.labels import label
from fluxkit.shots.later import Later
from fluxkit.shots.plan import ShotPlan, make_plan
from fluxkit.shots.shot import LoRA, Shot
from fluxkit.shots.sweep import Sweep

__all__ = [
    "ControlMap",
    "Inputs",
    "Later",
    "LoRA",
    "Mask",
    "ReferenceImage",
    "Shot",
    "ShotPlan",
    "Sweep",
    "label",
    "make_plan",
]
