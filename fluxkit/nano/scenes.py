"""From a world of the renderer to the typed `Scene` that a photographer would write for it, and its caption."""

from __future__ import annotations

from functools import lru_cache

from fluxkit import models
from fluxkit.nano.render.light import KELVIN
from fluxkit.nano.render.world import Landscape, Portrait, StillLife, World
from fluxkit.prompt import PromptRenderer
from fluxkit.scene import Environment, Lens, Light, Lighting, Scene, Subject

FILMS: dict[str, str] = {
    "digital": "clean modern digital",
    "Portra 400": "Kodak Portra 400",
    "Gold 200": "Kodak Gold 200",
    "Ektar 100": "Kodak Ektar 100",
    "Velvia 50": "Fujifilm Velvia 50",
    "CineStill 800T": "CineStill 800T",
    "Acros 100": "Fujifilm Neopan Acros 100 II",
    "Tri-X 400": "Kodak Tri-X 400",
    "Delta 3200": "Ilford Delta 3200",
}
"""The renderer's stocks and their names in `fluxkit.scene.stocks`."""

_CUTS = {"long": "long", "short": "short", "cropped": "cropped", "up": "tied"}


def scene_of(world: World) -> Scene:
    """The scene that says everything which nano is taught about `world`.

    >>> from fluxkit.nano.worlds import sample
    >>> scene_of(sample(1, 0)).lighting.key.direction == sample(1, 0).direction
    True
    """
    key = Light(direction=world.direction, quality=world.quality, temperature_k=KELVIN[world.temperature])
    shared = {"film": FILMS[world.film]}
    if isinstance(world, Landscape):
        return Scene(
            subject=Subject(description=f"{world.land}{' and a lake' if world.lake else ''}"),
            environment=Environment(time_of_day=world.hour, weather=world.weather),
            lighting=Lighting(key=Light(direction=world.direction)),
            **shared,
        )
    lens = Lens(focal_length_mm=world.focal_length_mm, f_number=world.f_number)
    if isinstance(world, StillLife):
        return Scene(
            subject=Subject(description=world.thing),
            others=(Subject(description=world.behind),) if world.behind else (),
            environment=Environment(place=f"{world.table} table", background=world.place),
            lighting=Lighting(key=key),
            lens=lens,
            **shared,
        )
    assert isinstance(world, Portrait)
    return Scene(
        subject=_sitter(world),
        environment=Environment(place=world.place),
        lighting=Lighting(key=key),
        lens=lens,
        **shared,
    )


def _sitter(world: Portrait) -> Subject:
    if world.who.endswith("bust"):
        return Subject(description=f"a {world.who}")
    return Subject(
        description=f"a {'bearded ' if world.beard else ''}{world.who}",
        hair=f"{_CUTS[world.hair_length]} {world.hair} hair",
        skin=f"{world.skin} skin",
        wardrobe=f"{world.clothes} clothes",
    )


@lru_cache(maxsize=1)
def renderer() -> PromptRenderer:
    """The renderer of nano's own template."""
    return PromptRenderer(models.get("nano"))


def caption(world: World) -> str:
    """The full caption of a world, exactly as a user's prompt for its scene would read."""
    return renderer().render(scene_of(world)).text
