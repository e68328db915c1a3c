"""Places: what stands behind the subject, drawn sharp in high-dynamic-range light; the lens blurs it afterwards."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from fluxkit.nano.render.field import Plane, bump, clouds, colour, noise, over, ramp
from fluxkit.nano.render.film import STOCKS
from fluxkit.nano.render.light import KELVIN, cast, towards
from fluxkit.nano.render.world import Portrait, StillLife

Draw = Callable[["_Frame", np.random.Generator], Plane]


@dataclass(frozen=True)
class Place:
    """One place: how it is drawn, how far away it lies, what colour its own light has."""

    draw: Draw
    metres: float
    """Distance behind the subject."""
    ambient_kelvin: float | None = None
    """Temperature of the place's own light; None takes the key light's."""


@dataclass(frozen=True)
class _Frame:
    """The empty frame that a place is drawn into."""

    x: Plane
    """0 at camera left, 1 at camera right."""
    y: Plane
    """0 at the top, 1 at the bottom."""
    side: float
    """Where the key light comes from: -1 camera left .. 1 camera right."""

    @property
    def shape(self) -> tuple[int, int]:
        return self.x.shape


def surroundings(name: str, world: Portrait | StillLife, size: int, rng: np.random.Generator) -> Plane:
    """The place called `name` in linear light, in focus everywhere."""
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32)
    side = float(towards(world.azimuth_deg, world.elevation_deg)[0])
    frame = _Frame((columns + 0.5) / size, (rows + 0.5) / size, side)
    place, balance = PLACES[name], STOCKS[world.film].balance
    kelvin = place.ambient_kelvin or KELVIN[world.temperature]
    return np.clip(place.draw(frame, rng), 0, None) * cast(kelvin, balance, 0.6)


def blur_radius(world: Portrait | StillLife, size: int) -> float:
    """Radius in pixels of the disc that a point of the place becomes (thin lens, full frame, 24 mm short side)."""
    subject_mm = 240.0 / (2 * world.scale) if isinstance(world, Portrait) else 90.0 / world.scale
    focus_mm = world.focal_length_mm * (1 + subject_mm / 24)
    far_mm = focus_mm + PLACES[world.place].metres * 1000 * (1.0 if isinstance(world, Portrait) else 0.35)
    disc_mm = world.focal_length_mm**2 / (world.f_number * (focus_mm - world.focal_length_mm))
    disc_mm *= (far_mm - focus_mm) / far_mm
    return min(0.5 * disc_mm / 24 * size, 0.085 * size)


def _lights(
    frame: _Frame, rng: np.random.Generator, colours: list[Plane], count: int, power: float, low: float
) -> Plane:
    """Small bright points, each a dot of 2 pixels that an open lens turns into a disc."""
    size = frame.shape[0]
    out = np.zeros((size, size, 3), np.float32)
    for _ in range(count):
        row, column = int(rng.uniform(0.02, low) * size), int(rng.uniform(0, 1) * size)
        dot = max(round(size / 128), 1) + 1
        shade = colours[int(rng.integers(len(colours)))]
        out[row : row + dot, column : column + dot] += shade * np.float32(power * rng.uniform(0.4, 1.3))
    return out


def _backdrop(base: Plane) -> Draw:
    def draw(frame: _Frame, rng: np.random.Generator) -> Plane:
        glow = np.exp(-(((frame.x - 0.5 - 0.16 * frame.side) / 0.62) ** 2) - ((frame.y - 0.42) / 0.70) ** 2)
        canvas = 1 + 0.10 * clouds(rng, frame.shape, 4, 4, 0.6)
        spill = 1 + 0.30 * frame.side * (frame.x - 0.5)
        return np.asarray(base * ((0.38 + 0.80 * glow) * canvas * spill)[..., None], np.float32)

    return draw


def _night_city(frame: _Frame, rng: np.random.Generator) -> Plane:
    size = frame.shape[0]
    out = colour(0.012, 0.016, 0.034) * (1.4 - 0.9 * frame.y)[..., None]
    edge = 0.0
    while edge < 1:
        wide, top = rng.uniform(0.10, 0.22), rng.uniform(0.05, 0.45)
        tower = (frame.x >= edge) & (frame.x < edge + wide) & (frame.y > top)
        cell = max(round(size / 32), 3)
        rows, columns = (np.arange(size) // cell) * 7919, (np.arange(size) // cell) * 104729
        chance = ((rows[:, None] + columns[None] + int(edge * 977)) * 2654435761 % 1000) / 1000
        pane = ((np.arange(size) % cell) < cell - 1)[:, None] & ((np.arange(size) % cell) < cell * 0.6)[None]
        lit = tower & (chance < 0.34) & pane & (frame.y < 0.80)
        out = np.where(tower[..., None], colour(0.010, 0.012, 0.020), out)
        out = out + lit[..., None] * colour(1.0, 0.62, 0.28) * np.float32(rng.uniform(0.35, 0.8))
        edge += wide + 0.01
    lamps = [
        colour(1, 0.60, 0.22),
        colour(1, 0.80, 0.50),
        colour(1, 0.25, 0.10),
        colour(0.30, 0.62, 1),
        colour(0.3, 1, 0.6),
    ]
    return np.asarray(out + _lights(frame, rng, lamps, 30, 26, 0.85), np.float32)


def _garden(frame: _Frame, rng: np.random.Generator) -> Plane:
    masses, leaves = clouds(rng, frame.shape, 4, 3, 0.7), clouds(rng, frame.shape, 22, 2, 0.9)
    out = colour(0.050, 0.115, 0.024) * np.exp(0.75 * masses + 0.55 * leaves)[..., None]
    sunny = np.clip(leaves - 0.6, 0, 2) * ramp(-0.2, 0.8, masses)
    out = out + colour(0.20, 0.26, 0.06) * sunny[..., None]
    out = out * (1.35 - 0.7 * frame.y)[..., None]
    return np.asarray(out + _lights(frame, rng, [colour(1, 0.96, 0.62), colour(0.8, 1, 0.45)], 20, 8, 0.62), np.float32)


def _window_room(frame: _Frame, rng: np.random.Generator) -> Plane:
    side = 1 if frame.side > 0.15 or (abs(frame.side) <= 0.15 and rng.random() < 0.5) else -1
    left = 0.66 if side > 0 else 0.06
    out = colour(0.30, 0.27, 0.23) * (1 + 0.03 * clouds(rng, frame.shape, 6, 3))[..., None]
    away = np.abs(frame.x - left - 0.14)
    out = out * (1.10 - 0.95 * ramp(0.0, 0.8, away))[..., None]
    pane = (away < 0.14) & (frame.y > 0.05) & (frame.y < 0.60)
    bar = (away < 0.012) | (np.abs(frame.y - 0.30) < 0.012) | (away > 0.126) | (frame.y > 0.585) | (frame.y < 0.065)
    view = colour(0.85, 0.95, 1.05) * (1.5 - 0.9 * frame.y)[..., None] + colour(0.05, 0.10, 0.03)
    out = np.where((pane & ~bar)[..., None], view, out)
    out = np.where((pane & bar)[..., None], colour(0.38, 0.36, 0.33), out)
    ledge = (frame.y > 0.60) & (frame.y < 0.63) & (away < 0.18)
    out = np.where(ledge[..., None], colour(0.55, 0.52, 0.48), out)
    frame_box = (np.abs(frame.x - (1 - left - 0.14)) < 0.09) & (np.abs(frame.y - 0.28) < 0.12)
    return np.asarray(np.where(frame_box[..., None], colour(0.10, 0.085, 0.07), out), np.float32)


def _cafe(frame: _Frame, rng: np.random.Generator) -> Plane:
    out = colour(0.105, 0.058, 0.032) * (1 + 0.25 * clouds(rng, frame.shape, 5, 3))[..., None]
    for top in (0.30, 0.52):
        shelf = np.abs(frame.y - top) < 0.012
        out = np.where(shelf[..., None], colour(0.26, 0.14, 0.06), out)
        at = rng.uniform(0.0, 0.08)
        while at < 1:
            wide, tall = rng.uniform(0.03, 0.07), rng.uniform(0.07, 0.15)
            bottle = (frame.x > at) & (frame.x < at + wide) & (frame.y < top - 0.012) & (frame.y > top - tall)
            tint = [
                colour(0.30, 0.16, 0.05),
                colour(0.06, 0.14, 0.09),
                colour(0.34, 0.28, 0.20),
                colour(0.20, 0.05, 0.03),
            ]
            out = np.where(bottle[..., None], tint[int(rng.integers(4))] * rng.uniform(0.6, 1.3), out)
            at += wide + rng.uniform(0.01, 0.06)
    glow = np.zeros(frame.shape, np.float32)
    for _ in range(3):
        glow += bump(frame.x, rng.uniform(0.05, 0.95), 0.16) * bump(frame.y, 0.10, 0.20)
    out = out * (0.55 + 1.3 * glow)[..., None]
    return np.asarray(
        out + _lights(frame, rng, [colour(1, 0.72, 0.38), colour(1, 0.84, 0.58)], 16, 24, 0.30), np.float32
    )


def _seaside(frame: _Frame, rng: np.random.Generator) -> Plane:
    t = np.clip(frame.y / 0.58, 0, 1)[..., None]
    out = colour(0.16, 0.22, 0.44) * (1 - t) + colour(0.95, 0.46, 0.24) * t**1.6
    streak = clouds(rng, frame.shape, 2.5, 4, 0.55, 3.5)
    out = over(out, colour(0.85, 0.42, 0.34) * (0.4 + 0.6 * t), ramp(0.3, 1.8, streak) * 0.6)
    sun = 0.5 + 0.34 * (frame.side if abs(frame.side) > 0.2 else float(rng.uniform(-0.6, 0.6)))
    out = out + colour(1.6, 0.8, 0.3) * (bump(frame.x, sun, 0.16) * bump(frame.y, 0.55, 0.14))[..., None]
    wave = noise(rng, frame.shape, 52, 11)
    glitter = np.clip(wave - 0.2, 0, 3) * bump(frame.x, sun, 0.20)
    sea = (
        colour(0.085, 0.115, 0.175) * (1 + 0.35 * wave)[..., None] + colour(1.2, 0.62, 0.30) * glitter[..., None] * 0.6
    )
    out = np.where((frame.y > 0.58)[..., None], sea, out)
    lamps = _lights(frame, rng, [colour(1, 0.7, 0.4)], 10, 16, 0.06)
    return np.asarray(out + np.roll(lamps, int(0.54 * frame.shape[0]), 0), np.float32) * np.float32(0.75)


def _library(frame: _Frame, rng: np.random.Generator) -> Plane:
    out = np.full((*frame.shape, 3), 0.03, np.float32)
    spines = [colour(0.22, 0.05, 0.035), colour(0.05, 0.09, 0.05), colour(0.04, 0.055, 0.12), colour(0.30, 0.22, 0.12)]
    spines += [colour(0.16, 0.09, 0.045), colour(0.36, 0.33, 0.28)]
    rows = 5
    for shelf in range(rows):
        bottom = (shelf + 1) / rows
        at = -rng.uniform(0, 0.03)
        while at < 1:
            wide, tall = rng.uniform(0.022, 0.055), rng.uniform(0.10, 0.16)
            book = (frame.x > at) & (frame.x < at + wide) & (frame.y < bottom - 0.02) & (frame.y > bottom - 0.02 - tall)
            round_ = 0.6 + 0.6 * np.sqrt(np.clip(1 - ((frame.x - at - wide / 2) / (wide / 2)) ** 2, 0, 1))
            out = np.where(
                book[..., None], (spines[int(rng.integers(6))] * rng.uniform(0.6, 1.4)) * round_[..., None], out
            )
            at += wide + 0.003
        board = np.abs(frame.y - bottom + 0.008) < 0.010
        out = np.where(board[..., None], colour(0.17, 0.085, 0.04), out)
    return np.asarray(out * (1.15 + 0.5 * frame.side * (frame.x - 0.5))[..., None], np.float32)


PLACES: dict[str, Place] = {
    "grey studio": Place(_backdrop(colour(0.20, 0.20, 0.205)), 1.6),
    "white studio": Place(_backdrop(colour(0.82, 0.82, 0.82)), 1.6),
    "dark studio": Place(_backdrop(colour(0.026, 0.027, 0.030)), 1.6),
    "night city": Place(_night_city, 20.0, 4300),
    "green garden": Place(_garden, 6.0, 6000),
    "window room": Place(_window_room, 3.0, 6200),
    "cafe": Place(_cafe, 4.0, 3300),
    "library": Place(_library, 2.6, 4200),
    "seaside dusk": Place(_seaside, 40.0, 5500),
}
"""The places that nano is taught."""
