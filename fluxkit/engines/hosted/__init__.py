"""Hosted models: BFL, Replicate and fal behind one engine that is careful with the user's money."""

from __future__ import annotations

from fluxkit.engines.hosted.engine import HostedEngine
from fluxkit.engines.hosted.fake import FakeHost
from fluxkit.engines.hosted.importing import import_picture
from fluxkit.engines.hosted.pace import Pace
from fluxkit.engines.hosted.tables import add_model
from fluxkit.engines.hosted.trainer_table import trainers
from fluxkit.engines.hosted.training import HostedTraining, TrainedLoRA

__all__ = [
    "FakeHost",
    "HostedEngine",
    "HostedTraining",
    "Pace",
    "TrainedLoRA",
    "add_model",
    "import_picture",
    "trainers",
]
