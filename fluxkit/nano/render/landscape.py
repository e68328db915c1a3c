"""Landscapes: a sky by the height of the sun, ridges that fade into the air, sometimes a lake."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fluxkit.nano.render.field import Plane, bump, clouds, colour, noise, over, ramp, soften
from fluxkit.nano.render.film import STOCKS
from fluxkit.nano.render.light import cast
from fluxkit.nano.render.world import Landscape


@dataclass(frozen=True)
class Land:
    """What the ground is made of."""

    ground: Plane
    rock: Plane
    relief: float
    """Height of the ridges, 1 = hills."""
    jagged: float = 0.0
    trees: float = 0.0
    snow: float = 0.0


LANDS: dict[str, Land] = {
    "green hills": Land(colour(0.085, 0.150, 0.035), colour(0.10, 0.14, 0.05), 0.75, 0.1, 0.15),
    "mountains": Land(colour(0.075, 0.105, 0.045), colour(0.17, 0.16, 0.155), 1.75, 0.8, 0.3, 0.8),
    "desert": Land(colour(0.44, 0.26, 0.13), colour(0.36, 0.20, 0.11), 0.55, 0.0),
    "forest": Land(colour(0.030, 0.062, 0.022), colour(0.045, 0.075, 0.035), 0.9, 0.2, 1.0),
    "snow": Land(colour(0.78, 0.80, 0.84), colour(0.70, 0.72, 0.77), 1.25, 0.5, 0.25, 0.3),
}
"""The lands that nano is taught."""

HOURS: dict[str, float] = {
    "night": -13.0,
    "blue hour": -5.0,
    "sunset": 1.0,
    "golden hour": 6.0,
    "morning": 20.0,
    "midday": 58.0,
}
"""Times of day and the elevation of the sun in degrees."""

WEATHER: dict[str, tuple[float, float, float]] = {
    "clear": (0.035, 0.0, 0.05),
    "scattered clouds": (0.045, 0.05, 0.62),
    "overcast": (0.060, 0.10, 1.25),
    "mist": (0.12, 0.9, 0.25),
    "haze": (0.26, 0.15, 0.15),
}
"""Weather words and the air's extinction per kilometre, the valley mist (0..1) and the cloud cover (0..1.3)."""

_SUN = np.array([-14, -6, -2, 2, 8, 20, 60.0])
_ZENITH = np.array(
    [[.006, .010, .030], [.020, .045, .150], [.07, .12, .28], [.13, .20, .38],
     [.14, .25, .50], [.13, .28, .62], [.11, .28, .70]]
)  # fmt: skip
_HORIZON = np.array(
    [[.014, .022, .050], [.10, .11, .22], [.58, .31, .25], [1.0, .52, .26],
     [.88, .66, .46], [.70, .76, .82], [.62, .75, .90]]
)  # fmt: skip
_DISC = np.array(
    [[.03, .04, .07], [.02, .03, .06], [.25, .07, .03], [1.3, .50, .16],
     [1.75, 1.02, .52], [2.0, 1.65, 1.25], [2.1, 1.95, 1.75]]
)  # fmt: skip


@dataclass(frozen=True)
class _Sky:
    zenith: Plane
    horizon: Plane
    disc: Plane
    elevation: float
    azimuth: float
    """0 ahead of the camera, 90 camera right, 180 behind the camera."""
    sun_x: float
    sun_y: float

    @property
    def ahead(self) -> bool:
        return abs(self.azimuth) < 75


def landscape(world: Landscape, size: int, rng: np.random.Generator) -> Plane:
    """Linear light of a landscape, `size` pixels square."""
    return _drawn(world, size, rng)[0]


def nearness(world: Landscape, size: int, rng: np.random.Generator) -> tuple[Plane, Plane]:
    """How near the land is, ridge by ridge; and its coverage: the sky is far."""
    near = _drawn(world, size, rng)[1]
    return near, (near > 0).astype(np.float32)


def _drawn(world: Landscape, size: int, rng: np.random.Generator) -> tuple[Plane, Plane]:
    """The picture in linear light, and how near each point of it is (0 where there is sky)."""
    land, sky = LANDS[world.land], _sky(world)
    haze, mist, cover = WEATHER[world.weather]
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32) / np.float32(size)
    x, y = columns - 0.5, 0.5 - rows
    horizon = float(rng.uniform(-0.04, 0.07))
    picture, glow = _heaven(sky, x, y - horizon, cover, rng)
    air = sky.horizon * 0.92 + sky.zenith * 0.12 + glow[..., None] * sky.disc * 0.35
    shade = 0.35 if world.weather == "overcast" else 1.0
    distances = np.geomspace(22, 1.0, 5)
    closeness = np.zeros((size, size), np.float32)
    for layer, kilometres in enumerate(distances):
        near = layer / (len(distances) - 1)
        if world.lake and near > 0.7:
            continue
        ridge = _ridge(land, near, horizon, size, rng)
        cover_ = np.clip((ridge[None] - y) * size + 0.5, 0, 1)
        ground = _ground(land, sky, ridge, near, x, y, shade, rng)
        fade = np.exp(-haze * kilometres * colour(0.30, 0.35, 0.44))
        valley = np.exp(-np.clip(ridge[None] - y, 0, 1) / 0.05) * 0.25 + ramp(0.0, 0.16, np.clip(ridge[None] - y, 0, 1))
        fade = fade * (1 - 0.75 * mist * (1 - 0.85 * near) * np.clip(valley, 0, 1))[..., None]
        closeness = np.where(cover_ > 0.5, 0.18 + 0.45 * near + 0.5 * np.clip(ridge[None] - y, 0, 1), closeness)
        picture = over(
            picture, np.asarray(ground * fade + air * (1 - fade), np.float32), np.asarray(cover_, np.float32)
        )
    if world.lake:
        shore = horizon - 0.12
        picture = _lake(picture, sky, shore, size, rng)
        closeness = np.where(y < shore, 0.42 + 0.9 * (shore - y), closeness)
    lift = float(np.interp(sky.elevation, [-13, -5, 1, 8, 60], [5.5, 2.1, 0.85, 0.72, 0.62]))
    balance = STOCKS[world.film].balance
    picture = picture * np.float32(lift) * (cast(5500, balance) if balance < 5000 else 1)
    return picture, np.asarray(closeness, np.float32)


def _sky(world: Landscape) -> _Sky:
    elevation = HOURS[world.hour]
    azimuth = (180 - world.azimuth_deg + 180) % 360 - 180  # the light's azimuth counts from the camera
    zenith, horizon, disc = (
        np.array([np.interp(elevation, _SUN, table[:, c]) for c in range(3)], np.float32)
        for table in (_ZENITH, _HORIZON, _DISC)
    )
    if world.weather == "overcast":
        grey = float(zenith.mean() * 0.5 + horizon.mean() * 0.5)
        zenith, horizon, disc = zenith * 0.25 + grey * 0.62, horizon * 0.3 + grey * 0.75, disc * 0.35
    sun_x = float(np.clip(math.sin(math.radians(azimuth)) * 0.62, -0.46, 0.46))
    return _Sky(zenith, horizon, disc, elevation, azimuth, sun_x, elevation / 62)


def _heaven(sky: _Sky, x: Plane, up: Plane, cover: float, rng: np.random.Generator) -> tuple[Plane, Plane]:
    """The sky with its glow and clouds; and the glow alone."""
    t = 1 - np.exp(-np.clip(up, 0, 1) / 0.24)
    out = sky.horizon * (1 - t)[..., None] + sky.zenith * t[..., None]
    away = np.hypot(x - sky.sun_x, up - sky.sun_y)
    strength = 1.0 if sky.ahead else 0.45 * math.exp(-(((abs(sky.azimuth) - 75) / 60) ** 2))
    glow = strength * np.exp(-away / 0.26)
    out = out + sky.disc * (0.75 * glow)[..., None]
    if sky.ahead and -2 < sky.elevation < 30 and cover < 1:
        out = out + sky.disc * (5.0 * ramp(0.030, 0.020, away) + 0.9 * np.exp(-away / 0.05))[..., None]
    if sky.elevation < -10:
        stars = (rng.random(x.shape) > 0.994) * rng.random(x.shape) * (up > 0.05)
        out = out + (stars * 0.16)[..., None]
    shape = clouds(rng, (x.shape[0], x.shape[1]), 3, 5, 0.56, 2.6) + cover * 1.7 - 1.25
    dense = ramp(0, 1.15, shape) * ramp(0.0, 0.12, up)
    lit = sky.disc * (0.20 + 0.45 * strength * np.exp(-away / 0.5))[..., None] + sky.horizon * 0.55 + sky.zenith * 0.25
    lit = lit * (1.05 - 0.25 * np.clip(shape, 0, 2))[..., None]
    return over(np.asarray(out, np.float32), np.asarray(lit, np.float32), 0.85 * dense), np.asarray(glow, np.float32)


def _ridge(land: Land, near: float, horizon: float, size: int, rng: np.random.Generator) -> Plane:
    profile, weight = np.zeros(size, np.float32), 1.0
    for octave in range(5):
        wave = noise(rng, (1, size), 1, (1.7 + near) * 2**octave)[0]
        if octave and land.jagged:
            wave = wave * (1 - land.jagged) + (0.8 - 1.2 * np.abs(wave)) * land.jagged
        profile += np.float32(weight) * wave
        weight *= 0.42 + 0.10 * land.jagged - 0.10 * (land.relief < 0.6)
    height = (0.060 - 0.030 * near) * land.relief
    ridge = horizon + 0.075 * land.relief**0.5 - 0.30 * near**1.3 + height * profile
    spikes = np.abs(noise(rng, (1, size), 1, size / 3.5)[0]) * 0.020 * land.trees * (0.25 + near)
    return np.asarray(ridge + spikes, np.float32)


def _ground(
    land: Land, sky: _Sky, ridge: Plane, near: float, x: Plane, y: Plane, shade: float, rng: np.random.Generator
) -> Plane:
    """The lit slope below a ridge line."""
    size = x.shape[0]
    below = np.clip(ridge[None] - y, 0, 1)
    texture = clouds(rng, (size, size), 9 + 7 * near, 3, 0.8, 1.8)
    lean = np.gradient(soften(np.repeat(ridge[None], 4, 0), 2.0)[0]) * size
    side = math.sin(math.radians(sky.azimuth))
    facing = 0.5 - 0.5 * math.cos(math.radians(sky.azimuth))
    slope = np.tanh(-side * lean[None] * 3.2 * np.exp(-below / 0.09) + 0.45 * side * texture) * (1.0 - 0.55 * near)
    daylight = float(np.clip((sky.elevation + 4) / 10, 0, 1))
    lit = (0.30 + 0.45 * facing + 0.62 * slope + 0.16 * texture) * daylight**2 * (3 - 2 * daylight)
    lit = np.clip(lit, 0.02, 1.6) * shade
    albedo = land.rock * (1 - near) ** 1.5 + land.ground * (1 - (1 - near) ** 1.5)
    albedo = np.broadcast_to(albedo, (size, size, 3))
    if land.snow and near < 0.6:
        cap = ramp(0.0, 0.05, y - 0.10 - 0.02 * texture) if land.snow > 0.5 else np.zeros_like(y)
        rock = ramp(0.6, 1.5, texture) * (0.7 if land.snow < 0.5 else 0.0)
        albedo = over(np.asarray(albedo, np.float32), np.broadcast_to(colour(0.72, 0.74, 0.78), albedo.shape), cap)
        albedo = over(albedo, np.broadcast_to(colour(0.14, 0.14, 0.15), albedo.shape), rock)
    albedo = albedo * np.exp((0.10 + 0.20 * land.trees) * texture)[..., None]
    ambient = sky.zenith * 0.55 + sky.horizon * 0.35
    out = albedo * (sky.disc * (lit * 0.62)[..., None] + ambient * (0.75 + 0.10 * texture)[..., None])
    if sky.ahead and sky.elevation < 25:
        rim = np.exp(-below * size / 1.3) * 0.5 * np.exp(-np.abs(x - sky.sun_x) / 0.25)
        out = out + rim[..., None] * sky.disc * albedo * 2.5
    return np.asarray(out, np.float32)


def _lake(picture: Plane, sky: _Sky, shore: float, size: int, rng: np.random.Generator) -> Plane:
    """Still water that mirrors what is above the shore."""
    first = int((0.5 - shore) * size)
    rows = size - first
    depth = np.linspace(0, 1, rows, dtype=np.float32)[:, None]
    ripple = noise(rng, (rows, size), rows * 0.5, size / 10) * (0.3 + 2.2 * depth)
    source = np.clip(first - 1 - np.arange(rows)[:, None] + ripple, 0, first - 1).astype(int)
    mirror = picture[source, np.arange(size)[None]]
    strength = 0.35 + 0.50 * (1 - depth[..., None]) ** 2
    water = mirror * strength + (sky.zenith * 0.10 + colour(0.008, 0.020, 0.024)) * (1 - strength)
    if sky.ahead and sky.elevation > -3:
        column = bump(np.linspace(-0.5, 0.5, size, dtype=np.float32)[None] - sky.sun_x, 0, 0.07)
        water = (
            water
            + (np.clip(noise(rng, (rows, size), rows * 0.45, size / 5) - 0.4, 0, 3) * column)[..., None]
            * sky.disc
            * 0.5
        )
    out = picture.copy()
    out[first:] = water
    return out
