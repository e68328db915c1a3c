"""fluxkit: photographs stated in typed terms, shot on any FLUX model, compared on contact sheets.

Names load when they are first used, so that `import fluxkit` costs next to nothing.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

_ROOMS = {
    "fluxkit.scene": (
        "Atmosphere", "Camera", "Colour", "Composition", "Edit", "Environment", "FilmStock", "Lens", "Light",
        "Lighting", "OneOf", "PictureText", "Scene", "Subject", "Together",
    ),
    "fluxkit.shots": ("ControlMap", "Inputs", "Later", "LoRA", "Mask", "ReferenceImage", "Shot", "ShotPlan", "Sweep"),
    "fluxkit.prompt": ("Diagnostic", "Prompt"),
    "fluxkit.models": ("ModelSpec",),
    "fluxkit.measure": ("Measurement", "Measurements"),
    "fluxkit.frames": ("Disclosure", "Frame", "Frames", "Provenance", "SigningKey", "Taste", "disclosure"),
    "fluxkit.engines": ("Engine", "FunctionEngine"),
    "fluxkit.engines.hosted": ("FakeHost", "HostedEngine"),
    "fluxkit.engines.local": ("LocalEngine",),
    "fluxkit.engines.ray": ("RayEngine",),
    "fluxkit.catalogue": ("Catalogue",),
    "fluxkit.train": ("Consent", "LoRARecipe", "TrainingSet"),
    "fluxkit.session": ("Job", "Session"),
    "fluxkit.session.ablation": ("ablate",),
    "fluxkit.session.health": ("doctor",),
    "fluxkit.session.reproduction": ("Reproduction", "reproduce"),
    "fluxkit.session.studies": ("aperture_study", "film_study", "light_study"),
    "fluxkit.widgets": ("CaptionForm", "LightRig", "MaskPainter", "SceneForm"),
    "fluxkit.sheets": ("ContactSheet",),
    "fluxkit.studio": ("Studio", "explore"),
    "fluxkit._base": ("__version__",),
}  # fmt: skip
_CONSTANTS = ("fluxkit.scene.stocks", "fluxkit.scene.lenses", "fluxkit.scene.rigs", "fluxkit.scene.presets")
_SUBMODULES = ("errors", "measure", "models", "optics", "train")
_HOME = {name: room for room, names in _ROOMS.items() for name in names}

if TYPE_CHECKING:
    from fluxkit import errors, measure, models, optics, train
    from fluxkit._base import __version__
    from fluxkit.catalogue import Catalogue
    from fluxkit.engines import Engine, FunctionEngine
    from fluxkit.engines.hosted import FakeHost, HostedEngine
    from fluxkit.engines.local import LocalEngine
    from fluxkit.engines.ray import RayEngine
    from fluxkit.frames import Disclosure, Frame, Frames, Provenance, SigningKey, Taste
    from fluxkit.frames.disclosure import disclosure
    from fluxkit.measure import Measurement, Measurements
    from fluxkit.models import ModelSpec
    from fluxkit.prompt import Diagnostic, Prompt
    from fluxkit.scene import (
        Atmosphere,
        Camera,
        Colour,
        Composition,
        Edit,
        Environment,
        FilmStock,
        Lens,
        Light,
        Lighting,
        OneOf,
        PictureText,
        Scene,
        Subject,
        Together,
    )
    from fluxkit.scene.lenses import *
    from fluxkit.scene.presets import *
    from fluxkit.scene.rigs import *
    from fluxkit.scene.stocks import *
    from fluxkit.session import Job, Session
    from fluxkit.session.ablation import ablate
    from fluxkit.session.health import doctor
    from fluxkit.session.reproduction import Reproduction, reproduce
    from fluxkit.session.studies import aperture_study, film_study, light_study
    from fluxkit.sheets import ContactSheet
    from fluxkit.shots import ControlMap, Inputs, Later, LoRA, Mask, ReferenceImage, Shot, ShotPlan, Sweep
    from fluxkit.studio import Studio, explore
    from fluxkit.train import Consent, LoRARecipe, TrainingSet
    from fluxkit.widgets import CaptionForm, LightRig, MaskPainter, SceneForm


def __getattr__(name: str) -> Any:
    if name in _HOME:
        value = getattr(import_module(_HOME[name]), name)
    elif name in _SUBMODULES:
        value = import_module(f"fluxkit.{name}")
    elif name in (constants := _constants() if name.isupper() else {}):
        value = constants[name]
    else:
        raise AttributeError(_no_such(name))
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *_HOME, *_SUBMODULES, *_constants()})


def _constants() -> dict[str, Any]:
    """The ready-made stocks, lenses, rigs and scenes by name."""
    rooms = [vars(import_module(room)) for room in _CONSTANTS]
    return {name: value for room in rooms for name, value in room.items() if name.isupper() and name[0] != "_"}


def _no_such(name: str) -> str:
    did_you_mean = import_module("fluxkit.errors").did_you_mean
    return f"fluxkit has no {name!r}.{did_you_mean(name, [*_HOME, *_SUBMODULES, *_constants()])}"
