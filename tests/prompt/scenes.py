"""Scenes that the prompt tests render: the seed example, one with everything set, and edge cases."""

from __future__ import annotations

from datetime import UTC, datetime

from fluxkit.scene import (
    Atmosphere,
    Camera,
    Colour,
    Composition,
    Edit,
    Environment,
    Lens,
    Light,
    Lighting,
    PictureText,
    Scene,
    Subject,
    rigs,
    stocks,
)

SEED = Scene(
    composition=Composition(framing="close-up", genre="portrait"),
    subject=Subject(
        description="a 28-year-old woman",
        pose="seated",
        gaze="slightly off-camera",
        skin="natural skin texture, hyper-realistic skin detail",
    ),
    environment=Environment(place="near a north-facing window", weather="overcast", time_of_day="morning"),
    lighting=Lighting(key=Light(direction="left", quality="soft", temperature_k=6500)),
    lens=Lens(focal_length_mm=85, f_number=1.8, focus_distance_m=1.5),
    film=stocks.PORTRA_400,
    atmosphere=Atmosphere(textures=("natural lip texture", "individual eyelashes")),
    avoid=("plastic skin",),
)
"""The seed example, stated with typed fields alone."""

FULL = Scene(
    composition=Composition(framing="head and shoulders", genre="environmental portrait", rule="rule of thirds"),
    subject=Subject(
        description="a retired fisherman",
        age="in his late seventies",
        pose="leaning on the railing",
        expression="a half-smile",
        gaze="into the lens",
        yaw_deg=25,
        wardrobe="a navy wool jumper",
        skin="deeply weathered",
        hair="short silver",
        hands="hands folded",
        position="left third",
    ),
    others=(Subject(description="a grey cat", pose="asleep on a crate", position="right third"),),
    environment=Environment(
        place="on a wet quay in Lisbon",
        time_of_day="golden hour",
        season="autumn",
        weather="mist",
        background="moored fishing boats",
        clock=datetime(2026, 10, 20, 17, 10, tzinfo=UTC),
        latitude_deg=38.7,
        longitude_deg=-9.1,
    ),
    lighting=rigs.REMBRANDT.with_(
        practicals=("a lantern", "the harbour lamps"),
        mood="calm",
        rim=Light(direction="behind right", quality="hard", temperature_k=3200),
    ),
    camera=Camera(body="Hasselblad X2D", format="645 digital", angle="eye level", shutter_s=1 / 250, iso=200),
    lens=Lens(focal_length_mm=80, f_number=2.8, focus_distance_m=1.6, character="modern"),
    film=stocks.PORTRA_400.push(1),
    atmosphere=Atmosphere(
        haze="light", particles="fine sea spray", textures=("salt on the wool", "grey stubble"), mood="quiet and proud"
    ),
    colours=(
        Colour(name="rust red", hex="#8a3b22", of="the boat behind him"),
        Colour(name="slate blue", hex="#4a5a6a"),
    ),
    text=(PictureText(text="MARIA II", where="the bow of the boat", style="hand-painted capitals"),),
    avoid=("plastic skin", "watermarks", "unicorns"),
    aspect_ratio="4:5",
)
"""Nearly every field set."""

EDIT = Edit(change="turn the key light to the right", keep=("her face", "the composition"))
