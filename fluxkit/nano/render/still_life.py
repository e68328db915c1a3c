"""Still lifes: things turned on a lathe, on a table in perspective, with the shadow that the light throws."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from fluxkit.nano.render.field import LUMA, Plane, bump, clouds, colour, defocus, noise, over, ramp, soften
from fluxkit.nano.render.film import STOCKS
from fluxkit.nano.render.light import KELVIN, SPREAD_DEG, cast, towards
from fluxkit.nano.render.places import blur_radius, surroundings
from fluxkit.nano.render.world import StillLife


@dataclass(frozen=True)
class Thing:
    """A turned body: its profile, its skin and its shine."""

    profile: tuple[tuple[float, float], ...]
    """(height, radius) pairs from foot to top; height 0..1, radius as a share of the height."""
    skin: Plane
    blush: Plane | None = None
    """A second colour, on the upper side."""
    gloss: float = 0.2
    rough: float = 0.0
    """Strength of the pores or dents."""
    stem: bool = False
    mouth: bool = False
    """Open at the top, as a vase is."""
    size: float = 1.0
    """Height beside the other things."""


def _ball(squash: float) -> tuple[tuple[float, float], ...]:
    turns = np.linspace(0, math.pi, 25)
    return tuple((float(0.5 - 0.5 * math.cos(t)), float(0.5 * squash * math.sin(t))) for t in turns)


_PEAR = (
    (0.0, 0.0), (0.02, 0.16), (0.08, 0.27), (0.18, 0.345), (0.30, 0.375), (0.42, 0.355), (0.54, 0.30),
    (0.64, 0.240), (0.74, 0.195), (0.84, 0.170), (0.92, 0.140), (0.97, 0.09), (1.0, 0.0),
)  # fmt: skip
_APPLE = (
    (0.0, 0.14), (0.03, 0.24), (0.12, 0.37), (0.25, 0.47), (0.42, 0.535), (0.58, 0.55), (0.74, 0.52),
    (0.87, 0.43), (0.95, 0.31), (0.99, 0.18), (1.0, 0.0),
)  # fmt: skip
_VASE = (
    (0.0, 0.16), (0.04, 0.18), (0.15, 0.27), (0.30, 0.34), (0.44, 0.335), (0.58, 0.26), (0.70, 0.16),
    (0.80, 0.105), (0.88, 0.10), (0.95, 0.135), (1.0, 0.17),
)  # fmt: skip
_BOTTLE = (
    (0.0, 0.155), (0.03, 0.175), (0.10, 0.18), (0.50, 0.18), (0.60, 0.165), (0.68, 0.11), (0.74, 0.066),
    (0.90, 0.056), (0.93, 0.068), (1.0, 0.066),
)  # fmt: skip

THINGS: dict[str, Thing] = {
    "orange": Thing(_ball(1.02), colour(0.62, 0.215, 0.020), gloss=0.16, rough=0.05, size=0.74),
    "lemon": Thing(_ball(1.16), colour(0.66, 0.49, 0.045), gloss=0.16, rough=0.04, size=0.64),
    "red apple": Thing(_APPLE, colour(0.33, 0.022, 0.018), colour(0.40, 0.20, 0.05), 0.35, 0.0, stem=True, size=0.76),
    "green apple": Thing(_APPLE, colour(0.25, 0.36, 0.055), colour(0.34, 0.42, 0.09), 0.32, 0.0, stem=True, size=0.76),
    "pear": Thing(_PEAR, colour(0.36, 0.38, 0.075), colour(0.46, 0.30, 0.07), 0.16, 0.015, stem=True),
    "egg": Thing(_ball(0.80), colour(0.62, 0.52, 0.42), gloss=0.05, size=0.70),
    "white vase": Thing(_VASE, colour(0.60, 0.60, 0.59), gloss=0.45, mouth=True, size=1.15),
    "blue vase": Thing(_VASE, colour(0.022, 0.060, 0.27), gloss=0.55, mouth=True, size=1.15),
    "clay pot": Thing(_VASE, colour(0.31, 0.135, 0.070), gloss=0.04, rough=0.02, mouth=True, size=1.05),
    "green bottle": Thing(_BOTTLE, colour(0.020, 0.085, 0.040), gloss=0.6, mouth=True, size=1.35),
}
"""The things that nano is taught."""

_HOURGLASS = (
    (0.0, 0.32), (0.04, 0.34), (0.14, 0.33), (0.28, 0.26), (0.42, 0.18), (0.50, 0.16),
    (0.58, 0.18), (0.72, 0.26), (0.86, 0.33), (0.96, 0.34), (1.0, 0.32),
)  # fmt: skip
_RED = colour(0.45, 0.020, 0.020)
UNSEEN: dict[str, Thing] = {
    "red hourglass": Thing(_HOURGLASS, _RED, gloss=0.4, size=1.05),
    **{f"{name} painted red": replace(thing, skin=_RED, blush=None) for name, thing in THINGS.items()},
}
"""Things that nano is never taught: one for a LoRA to teach it, and the taught ones in its colour, to tell it from."""

TABLES: tuple[str, ...] = ("oak", "marble", "slate", "linen")
"""The tables that nano is taught."""

_HORIZON = 0.56  # where the table ends, as a share of the height
_FLAT = 0.34  # a circle on the table, as tall as it is wide


@dataclass(frozen=True)
class _Light:
    key: Plane
    tint: Plane
    fill_tint: Plane
    spread_deg: float
    fill: float


@dataclass(frozen=True)
class _Spot:
    """Where a thing stands: middle and foot in pixels, height in pixels."""

    x: float
    foot: float
    tall: float


def still_life(world: StillLife, size: int, rng: np.random.Generator) -> Plane:
    """Linear light of a still life, `size` pixels square."""
    light = _light(world)
    blur = blur_radius(world, size)
    thing, spot, other, far = _stood(world, size)
    table = _table(world, light, size, rng)
    if other and far:
        table = table * (1 - 0.86 * _shadow(other, far, light, size))[..., None]
    table = table * (1 - 0.90 * _shadow(thing, spot, light, size))[..., None]
    place = defocus(surroundings(world.place, world, size, rng), blur)
    picture = _laid(place, table, blur, size)
    for body, where, radius in ((other, far, 0.42 * blur), (thing, spot, 0.0)):
        if body is None or where is None:
            continue
        layer, cover = _turned(body, where, light, table, size, rng)
        cover_soft = defocus(cover, radius)
        layer = defocus(layer * cover[..., None], radius)
        picture = picture * (1 - cover_soft)[..., None] + layer
    level = float(np.percentile(picture @ LUMA, 70))
    return picture * np.float32(np.clip(0.24 / max(level, 1e-3), 0.55, 2.2))


def nearness(world: StillLife, size: int, rng: np.random.Generator) -> tuple[Plane, Plane]:
    """How near the table and what stands on it are; and their coverage."""
    light = _light(world)
    thing, spot, other, far = _stood(world, size)
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32) / np.float32(size)
    near = np.asarray(0.15 + 0.75 * (rows - _HORIZON) / (1 - _HORIZON), np.float32)
    cover = (rows > _HORIZON).astype(np.float32)
    table = np.zeros((size, size, 3), np.float32)
    for body, where in ((other, far), (thing, spot)):
        if body is None or where is None:
            continue
        _, shape = _turned(body, where, light, table, size, rng)
        wide = 2 * max(radius for _, radius in body.profile) * where.tall / size
        bulge = 0.12 * np.sqrt(np.clip(1 - (2 * (columns - where.x / size) / wide) ** 2, 0, 1))
        front = 0.15 + 0.75 * (where.foot / size - _HORIZON) / (1 - _HORIZON) + bulge
        near = np.where(shape > 0.5, front, near)
        cover = np.maximum(cover, shape)
    return np.asarray(near, np.float32), np.asarray(cover, np.float32)


def _stood(world: StillLife, size: int) -> tuple[Thing, _Spot, Thing | None, _Spot | None]:
    """The thing and where it stands; and the same of what stands behind it."""
    thing = (THINGS | UNSEEN)[world.thing]
    spot = _Spot((0.5 + world.x) * size, 0.83 * size, world.scale * thing.size * size)
    if not world.behind:
        return thing, spot, None, None
    other, side = THINGS[world.behind], -1 if world.x > 0 else 1
    far = _Spot((0.5 + world.x + side * 0.27) * size, 0.70 * size, world.scale * other.size * size * 0.74)
    return thing, spot, other, far


def _light(world: StillLife) -> _Light:
    key = towards(world.azimuth_deg, max(world.elevation_deg, 20.0))
    kelvin, balance = KELVIN[world.temperature], STOCKS[world.film].balance
    return _Light(key, cast(kelvin, balance), cast(6000, balance, 0.6), SPREAD_DEG[world.quality], 0.10)


def _table(world: StillLife, light: _Light, size: int, rng: np.random.Generator) -> Plane:
    """The lit table top over the whole frame; above the horizon it is hidden by the place."""
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32) / np.float32(size)
    depth = 1 / np.clip(rows - _HORIZON + 0.12, 0.10, None)
    across = (columns - 0.5) * depth
    fine = clouds(rng, (size, size), 10, 3, 0.7)
    if world.table == "oak":
        planks = np.abs(((across * 0.9 + 9.3) % 1.0) - 0.5)
        grain = np.sin(across * 42 + 3 * noise(rng, (size, size), 2, 7)) * 0.10 + 0.10 * fine
        albedo = colour(0.28, 0.165, 0.085) * (np.exp(grain) * (1 - 0.5 * ramp(0.475, 0.5, planks)))[..., None]
        gloss = 0.05
    elif world.table == "marble":
        vein = np.exp(-((np.abs(clouds(rng, (size, size), 3, 4, 0.6, 1.7)) / 0.11) ** 2))
        albedo = colour(0.62, 0.61, 0.60) * (1 - 0.30 * vein)[..., None]
        gloss = 0.09
    elif world.table == "slate":
        albedo = colour(0.050, 0.054, 0.060) * np.exp(0.18 * fine)[..., None]
        gloss = 0.07
    else:
        albedo = colour(0.56, 0.50, 0.41) * (1 + 0.05 * fine + 0.03 * noise(rng, (size, size), 60, 60))[..., None]
        gloss = 0.0
    spill = 1 + 0.9 * float(light.key[0]) * (columns - 0.5) - 0.25 * float(light.key[2]) * (0.8 - rows)
    level = (max(float(light.key[1]), 0.25) * 1.05 * spill)[..., None] * light.tint + light.fill * light.fill_tint
    sheen = gloss * max(-float(light.key[2]) + 0.3, 0.0) * bump(columns, 0.5 + 0.4 * float(light.key[0]), 0.3)
    return np.asarray(albedo * level + sheen[..., None] * light.tint, np.float32)


def _laid(place: Plane, table: Plane, blur: float, size: int) -> Plane:
    """The table before the place, blurred toward its far edge."""
    rows = np.arange(size, dtype=np.float32)[:, None] / size
    edge = np.broadcast_to(np.clip((rows - _HORIZON) * size + 0.5, 0, 1), (size, size)).astype(np.float32)
    off_focus = np.broadcast_to(ramp(0.80, _HORIZON, rows), (size, size))
    far = over(place, defocus(table, 0.7 * blur), defocus(edge, 0.6 * blur))
    near = over(place, table, edge)
    return over(near, far, np.clip(off_focus * 1.3, 0, 1))


def _shadow(thing: Thing, spot: _Spot, light: _Light, size: int) -> Plane:
    """How much of the light the thing takes from each point of the table, 0..1."""
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32)
    climb = max(float(light.key[1]), 0.30)
    dx, dy = -float(light.key[0]) / climb, float(light.key[2]) / climb * -_FLAT
    penumbra = math.tan(math.radians(light.spread_deg * 0.6)) / climb
    heights = np.linspace(0.03, 1.0, 14)
    radii = np.interp(heights, [h for h, _ in thing.profile], [r for _, r in thing.profile])
    out = np.zeros((size, size), np.float32)
    foot = spot.foot - float(radii.max()) * spot.tall * _FLAT * 0.75
    for height, radius in zip(heights, radii, strict=True):
        wide = max(float(radius) * spot.tall, 1.0)
        soft = 1.0 + penumbra * float(height) * spot.tall
        x, y = spot.x + dx * height * spot.tall, foot + dy * height * spot.tall
        away = np.hypot(columns - x, (rows - y) / _FLAT) - wide
        strength = wide / (wide + 0.5 * soft)
        out = np.maximum(out, strength * ramp(soft, -soft, away))
    contact = np.hypot(columns - spot.x, (rows - foot) / _FLAT) / (float(radii.max()) * spot.tall)
    return np.asarray(np.clip(np.maximum(out, 0.75 * np.exp(-(contact**2) * 1.1)), 0, 1), np.float32)


def _turned(
    thing: Thing, spot: _Spot, light: _Light, table: Plane, size: int, rng: np.random.Generator
) -> tuple[Plane, Plane]:
    """The lit body and its coverage."""
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32)
    heights, radii = (np.array(v, np.float32) for v in zip(*thing.profile, strict=True))
    lean = _FLAT * 0.5 if thing.mouth else 0.0  # the foot of a vase shows as the front of a circle
    up = (spot.foot - rows) / np.float32(spot.tall)
    sideways = (columns - np.float32(spot.x)) / np.float32(spot.tall)
    foot_radius = float(radii[0])
    curve = lean * np.sqrt(np.clip(foot_radius**2 - sideways**2, 0, None))
    height = up + curve * ramp(0.5, 0.0, up)
    steps = np.linspace(0, 1, 128, dtype=np.float32)
    radius_of: Plane = np.interp(steps, heights, radii).astype(np.float32)
    rounded = soften(np.pad(radius_of, 8, mode="edge")[None].repeat(2, 0), 3.0)[0, 8:-8]
    middle = ramp(0.02, 0.10, steps) * ramp(0.98, 0.90, steps)  # the ends keep their steep turn
    radius_of = radius_of + (rounded - radius_of) * middle
    slope_of = soften(np.gradient(radius_of, steps).astype(np.float32)[None].repeat(2, 0), 1.5)[0]
    index = np.clip(height * 127, 0, 127).astype(np.int32)
    radius, slope = radius_of[index], np.clip(slope_of[index], -6, 6)
    u = sideways / np.maximum(radius, 1e-3)
    inside = np.minimum((radius - np.abs(sideways)) * spot.tall / np.sqrt(1 + np.minimum(slope**2, 4)), 9)
    inside = np.minimum(inside, np.minimum(height, 1 - height) * spot.tall + 0.5)
    cover = np.clip(inside + 0.5, 0, 1)
    depth = np.sqrt(np.clip(1 - u * u, 0, 1))
    n = np.stack([np.clip(u, -1, 1), -slope, depth], -1)
    if thing.rough:
        pores = noise(rng, (size, size), 40, 40)
        down, right = np.gradient(pores)
        n = n + np.stack([-right, down, 0 * pores], -1) * np.float32(thing.rough * 3)
    n = (n / np.linalg.norm(n, axis=-1, keepdims=True)).astype(np.float32)
    lit = _skin(thing, n, height, light, table, rng)
    lit, cover = _topped(thing, spot, lit, cover, light, rows, columns)
    return lit, cover


def _skin(thing: Thing, n: Plane, height: Plane, light: _Light, table: Plane, rng: np.random.Generator) -> Plane:
    shape = height.shape
    mottle = clouds(rng, shape, 6, 3)
    albedo = thing.skin * np.exp(0.05 * mottle)[..., None]
    if thing.blush is not None:
        streak = ramp(0.1, 1.5, 1.3 * (height - 0.35) + 0.55 * mottle)
        albedo = over(np.asarray(albedo, np.float32), np.broadcast_to(thing.blush, albedo.shape), streak * 0.8)
    soft = math.sin(math.radians(light.spread_deg)) * 0.34 + 0.04
    key = np.clip((n @ light.key + soft) / (1 + soft), 0, 1)[..., None]
    fill = light.fill * (0.6 + 0.4 * n[..., 1:2]) * (0.45 + 0.55 * ramp(-0.05, 0.3, height))[..., None]
    bounce = np.clip(-n[..., 1:2] + 0.1, 0, 1) * table.mean((0, 1)) * 0.30
    half = light.key + colour(0, 0, 1)
    half = half / (np.linalg.norm(half) + 1e-3)
    sharp = (20 + 260 * thing.gloss**2) / (1 + 0.06 * light.spread_deg)
    shine = np.clip(n @ half, 0, 1) ** np.float32(sharp) * (0.05 + 1.1 * thing.gloss)
    behind = max(-float(light.key[2]), 0.0)
    rim = np.clip(1 - n[..., 2], 0, 1) ** 1.5 * np.clip(n[..., :2] @ light.key[:2] + 0.2 * behind, 0, 1) * 2.6 * behind
    key = key + rim[..., None]
    edge = (1 - np.clip(n[..., 2], 0, 1)) ** 3 * thing.gloss * 0.35
    outline = edge[..., None] * (light.fill_tint * 0.5 + light.tint * np.clip(n @ light.key + 0.2, 0, 1)[..., None])
    diffuse = albedo * (key * 1.15 * light.tint + fill * light.fill_tint + bounce)
    return np.asarray(diffuse + shine[..., None] * light.tint + outline, np.float32)


def _topped(
    thing: Thing, spot: _Spot, lit: Plane, cover: Plane, light: _Light, rows: Plane, columns: Plane
) -> tuple[Plane, Plane]:
    """A stem on a fruit, or the dark mouth of a vase."""
    top = spot.foot - spot.tall
    if thing.stem:
        lean = 0.10 * (top - rows)
        away = np.abs(columns - spot.x - lean) - 0.016 * spot.tall
        stem = np.clip(0.9 - away, 0, 1) * (rows > top - 0.13 * spot.tall) * (rows < top + 0.05 * spot.tall)
        shade = colour(0.10, 0.060, 0.030) * (0.35 + 0.8 * light.tint)
        lit, cover = over(lit, np.broadcast_to(shade, lit.shape), stem), np.maximum(cover, stem)
    if thing.mouth:
        radius = thing.profile[-1][1] * spot.tall
        ring = np.hypot((columns - spot.x) / radius, (rows - top) / (radius * _FLAT))
        lip, hole = np.clip((1 - ring) * radius + 0.5, 0, 1), np.clip((0.82 - ring) * radius + 0.5, 0, 1)
        shade = thing.skin * (0.75 * light.tint + light.fill * light.fill_tint) + thing.gloss * 0.08
        lit = over(lit, np.broadcast_to(shade.astype(np.float32), lit.shape), lip)
        lit = over(lit, lit * 0 + thing.skin * 0.10, hole)
        cover = np.maximum(cover, lip)
    return lit, np.asarray(cover, np.float32)
