"""Scenes to start from: each reads as a photographer would brief an assistant. Change them with `with_`."""

from __future__ import annotations

from fluxkit.scene import rigs
from fluxkit.scene.atmosphere import Atmosphere
from fluxkit.scene.camera import Camera, Lens
from fluxkit.scene.composition import Composition
from fluxkit.scene.environment import Environment
from fluxkit.scene.light import Light
from fluxkit.scene.lighting import Lighting
from fluxkit.scene.scene import Scene
from fluxkit.scene.stocks import find
from fluxkit.scene.subject import Subject

HEADSHOT = Scene(
    subject=Subject(
        description="a woman in her thirties",
        pose="shoulders turned slightly away",
        expression="a calm, open half-smile",
        gaze="into the lens",
        wardrobe="a plain charcoal crew-neck sweater",
        skin="natural skin texture",
    ),
    environment=Environment(background="a pale grey studio backdrop"),
    lighting=rigs.CLAMSHELL,
    camera=Camera(angle="eye level"),
    lens=Lens(focal_length_mm=105, f_number=5.6),
    composition=Composition(framing="head and shoulders", rule="centred", genre="headshot"),
    film=find("Portra 160"),
    avoid=("plastic skin",),
    aspect_ratio="4:5",
)
"""A clean headshot: clamshell light, sharp from nose to ear."""

ENVIRONMENTAL_PORTRAIT = Scene(
    subject=Subject(
        description="a luthier in his sixties",
        pose="leaning on his workbench",
        expression="attentive and at ease",
        gaze="towards the camera",
        wardrobe="a canvas apron over a faded blue shirt",
        skin="deep laughter lines and weathered hands",
        hands="one hand resting on an unfinished violin",
        position="left third",
    ),
    environment=Environment(
        place="in a violin maker's workshop beside a tall window",
        time_of_day="afternoon",
        background="shelves of wood, clamps and half-carved necks",
    ),
    lighting=Lighting(key=Light(direction="front right", source="window", modifier="window", distance_m=2), ratio=4),
    lens=Lens(focal_length_mm=35, f_number=4, focus_distance_m=2.2),
    film=find("Portra 400"),
    composition=Composition(framing="environmental", rule="rule of thirds", genre="environmental portrait"),
    atmosphere=Atmosphere(particles="fine wood dust in the light", mood="quiet concentration"),
    aspect_ratio="3:2",
)
"""A craftsman among his tools: window light, the room readable behind him."""

EDITORIAL = Scene(
    subject=Subject(
        description="a young man with a shaved head",
        pose="seated backwards on a wooden chair, forearms crossed on its back",
        expression="unsmiling, intent",
        gaze="past the camera",
        wardrobe="an oversized ivory suit",
        yaw_deg=30,
    ),
    environment=Environment(place="in an empty daylight studio", background="a hand-painted canvas backdrop in olive"),
    lighting=Lighting(
        pattern="loop", key=Light(direction="front right", modifier="large softbox", distance_m=2.0), ratio=4
    ),
    camera=Camera(format="6x7", angle="low"),
    lens=Lens(focal_length_mm=110, f_number=5.6),
    film=find("Portra 400"),
    composition=Composition(framing="medium", rule="negative space", genre="editorial"),
    aspect_ratio="4:5",
)
"""A magazine portrait on medium format: one large source, room to breathe."""

PRODUCT_ON_WHITE = Scene(
    subject=Subject(description="a matte black espresso cup with a thin gold rim"),
    environment=Environment(background="a seamless white sweep"),
    lighting=Lighting(
        key=Light(direction="above", modifier="large softbox", distance_m=0.9),
        fill=Light(direction="front left", modifier="reflector", distance_m=0.6),
        ratio=2,
    ),
    camera=Camera(support="tripod", angle="high"),
    lens=Lens(focal_length_mm=90, f_number=16, focus_distance_m=0.9),
    film=find("clean modern digital"),
    composition=Composition(rule="centred", genre="product"),
    atmosphere=Atmosphere(textures=("a soft contact shadow", "a clean edge highlight along the rim")),
    aspect_ratio="1:1",
)
"""A pack shot: a big overhead source, everything sharp, one soft shadow."""

STILL_LIFE = Scene(
    subject=Subject(description="three pears, a pewter jug and a folded linen cloth", position="right third"),
    environment=Environment(place="on a worn oak table in a farmhouse kitchen", background="a plain dark plaster wall"),
    lighting=rigs.NORTH_WINDOW,
    camera=Camera(format="4x5", support="tripod"),
    lens=Lens(focal_length_mm=210, f_number=22, focus_distance_m=1.6),
    film=find("Ektar 100"),
    composition=Composition(rule="golden ratio", genre="still life"),
    atmosphere=Atmosphere(
        textures=("the russet of the pears", "the weave of the linen"), mood="still and calm, after the Dutch masters"
    ),
    aspect_ratio="4:5",
)
"""A painter's table: north light from the left, large format, deep focus."""

STREET = Scene(
    subject=Subject(
        description="a man in a trilby crossing a patch of light", pose="mid-stride", position="lower right"
    ),
    environment=Environment(
        place="at a crossing in an old quarter of Lisbon",
        time_of_day="afternoon",
        weather="clear",
        background="tiled façades and tram wires",
    ),
    lighting=Lighting(key=Light(direction="upper left", source="sun", quality="hard"), ratio=8),
    camera=Camera(support="handheld", shutter_s=1 / 500, angle="eye level"),
    lens=Lens(focal_length_mm=35, f_number=11, focus_distance_m=4),
    film=find("Tri-X 400"),
    composition=Composition(rule="diagonal", genre="street"),
    aspect_ratio="3:2",
)
"""Zone-focused street: hard sun, deep shadow, one decisive step."""

LANDSCAPE_GOLDEN_HOUR = Scene(
    subject=Subject(description="a lone stone pine on a ridge", position="right third"),
    environment=Environment(
        place="in the rolling hills of the Val d'Orcia",
        time_of_day="golden hour",
        weather="scattered clouds",
        season="autumn",
        background="layer upon layer of blue hills",
    ),
    lighting=Lighting(key=Light(direction="behind left", source="sun", temperature_k=3500)),
    camera=Camera(support="tripod"),
    lens=Lens(focal_length_mm=24, f_number=11, focus_distance_m=4),
    film=find("Velvia 50"),
    composition=Composition(rule="rule of thirds", genre="landscape"),
    atmosphere=Atmosphere(haze="light", mood="still and warm"),
    aspect_ratio="3:2",
)
"""Backlit hills at golden hour: slide film, front to back sharp."""

NIGHT_CITY = Scene(
    subject=Subject(description="a cyclist under a clear umbrella", pose="waiting at the kerb", position="left third"),
    environment=Environment(
        place="on a wet shopping street in Osaka among neon shop signs",
        time_of_day="night",
        weather="rain",
        background="a blur of signs and headlights",
    ),
    lighting=Lighting(
        key=Light(direction="front right", source="neon"),
        rim=Light(direction="behind left", source="neon"),
        practicals=("magenta and cyan shop signs", "a vending machine"),
    ),
    camera=Camera(support="handheld", shutter_s=1 / 125),
    lens=Lens(focal_length_mm=50, f_number=1.4, focus_distance_m=3),
    film=find("CineStill 800T"),
    composition=Composition(framing="full length", genre="night city"),
    atmosphere=Atmosphere(textures=("reflections in the wet asphalt",), particles="fine rain"),
    aspect_ratio="3:2",
)
"""Neon and rain on tungsten film: available darkness, wide open."""

MACRO = Scene(
    subject=Subject(description="a dew-covered damselfly on a blade of grass", pose="wings folded"),
    environment=Environment(
        place="in a water meadow", time_of_day="morning", weather="mist", background="soft green reeds out of focus"
    ),
    lighting=Lighting(key=Light(direction="behind right", source="sun", modifier="scrim", distance_m=1.5)),
    camera=Camera(support="tripod"),
    lens=Lens(focal_length_mm=100, f_number=8, focus_distance_m=0.31, character="macro"),
    film=find("Provia 100F"),
    composition=Composition(rule="diagonal", genre="macro"),
    atmosphere=Atmosphere(textures=("single dew drops on the wings", "the facets of the eye")),
    aspect_ratio="3:2",
)
"""Half life size before the dew dries: backlight through a scrim, a tripod, patience."""
