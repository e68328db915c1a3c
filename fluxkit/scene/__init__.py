"""What is photographed: the nouns of a scene, and presets of each.

Constants: film stocks in `stocks`, lenses in `lenses`, lighting rigs in `rigs`, whole scenes in `presets`.
"""

from fluxkit.scene.atmosphere import Atmosphere
from fluxkit.scene.camera import Camera, Lens
from fluxkit.scene.composition import Colour, Composition, PictureText
from fluxkit.scene.difference import Change, Difference
from fluxkit.scene.edit import Edit
from fluxkit.scene.environment import Environment
from fluxkit.scene.film import FilmStock
from fluxkit.scene.light import Light
from fluxkit.scene.lighting import Lighting
from fluxkit.scene.optical import Optics
from fluxkit.scene.scene import Scene
from fluxkit.scene.stocks import PORTRA_400, TRI_X_400, VELVIA_50
from fluxkit.scene.subject import Subject
from fluxkit.scene.variation import OneOf, Together, Variations

__all__ = [
    "PORTRA_400",
    "TRI_X_400",
    "VELVIA_50",
    "Atmosphere",
    "Camera",
    "Change",
    "Colour",
    "Composition",
    "Difference",
    "Edit",
    "Environment",
    "FilmStock",
    "Lens",
    "Light",
    "Lighting",
    "OneOf",
    "Optics",
    "PictureText",
    "Scene",
    "Subject",
    "Together",
    "Variations",
]
