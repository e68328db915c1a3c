"""What a base is asked to remember while an adapter is learned: scenes of other subjects in all kinds of light."""

from __future__ import annotations

from fluxkit.scene import Scene, presets


def prior_scenes() -> list[Scene]:
    """The ready scenes of `fluxkit.scene.presets`, each lit from four sides.

    >>> len(prior_scenes()) % 4
    0
    """
    ready = [value for name, value in vars(presets).items() if name.isupper() and isinstance(value, Scene)]
    sides = ("left", "right", "upper left", "upper right")
    return [
        scene.with_("lighting.key.direction", side) if _is_lit(scene) else scene for side in sides for scene in ready
    ]


def _is_lit(scene: Scene) -> bool:
    return scene.lighting is not None and scene.lighting.key is not None
