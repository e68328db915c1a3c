"""Portraits: a sculpted head lit by one key light, in front of a place that the lens throws out of focus."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from fluxkit.nano.render.field import LUMA, Plane, bump, clouds, colour, defocus, noise, normals, over, ramp, soften
from fluxkit.nano.render.field import visibility as sees
from fluxkit.nano.render.film import STOCKS
from fluxkit.nano.render.head import NOWHERE, Head, sculpt
from fluxkit.nano.render.light import KELVIN, SPREAD_DEG, cast, towards
from fluxkit.nano.render.places import PLACES, blur_radius, surroundings
from fluxkit.nano.render.world import Portrait

SKIN: dict[str, Plane] = {
    "fair": colour(0.64, 0.415, 0.310),
    "tan": colour(0.43, 0.265, 0.185),
    "brown": colour(0.25, 0.142, 0.090),
    "dark": colour(0.130, 0.074, 0.050),
}
HAIR: dict[str, Plane] = {
    "black": colour(0.014, 0.012, 0.012),
    "brown": colour(0.065, 0.036, 0.020),
    "red": colour(0.19, 0.060, 0.022),
    "blonde": colour(0.42, 0.29, 0.14),
    "grey": colour(0.34, 0.33, 0.32),
}
CLOTHES: dict[str, Plane] = {
    "black": colour(0.020, 0.020, 0.022),
    "navy": colour(0.020, 0.034, 0.095),
    "white": colour(0.68, 0.68, 0.67),
    "red": colour(0.30, 0.030, 0.030),
    "green": colour(0.035, 0.105, 0.060),
    "beige": colour(0.50, 0.41, 0.30),
}
MATERIAL: dict[str, Plane] = {"marble bust": colour(0.66, 0.645, 0.62), "bronze bust": colour(0.20, 0.105, 0.045)}

_TARGET = {"fair": 0.43, "tan": 0.34, "brown": 0.255, "dark": 0.19, "marble bust": 0.50, "bronze bust": 0.25}
"""Where exposure puts the lights of the face, in linear light."""
_EYE_X, _EYE_Y = 0.268, 0.150


@dataclass(frozen=True)
class _Light:
    """The light on the head: vectors, colours and levels, ready for shading."""

    key: Plane
    tint: Plane
    fill_tint: Plane
    spread_deg: float
    fill: float
    """Level of the fill, of the key."""
    behind: float
    """How far the light stands behind the head, 0..1."""
    rim: float
    """Strength of the bright outline that a light from behind draws; long hair shelters the face from it."""


def portrait(world: Portrait, size: int, rng: np.random.Generator) -> Plane:
    """Linear light of a portrait, `size` pixels square."""
    head, unit = _placed(world, size, rng)
    light = _light(world)
    scene = _shade(world, head, light, unit, rng)
    place = surroundings(world.place, world, size, rng)
    return _composed(world, head, scene, place, unit, size)


def nearness(world: Portrait, size: int, rng: np.random.Generator) -> tuple[Plane, Plane]:
    """How near the sitter is, 0.4 at the rim to about 1 at the tip of the nose; and the sitter's coverage."""
    head, unit = _placed(world, size, rng)
    face, neck, body, hair, back = _covers(head, unit)
    solid = np.where(hair > 0.5, np.maximum(_relief(head), head.hair), _relief(head))
    cover = np.maximum.reduce([face, neck, body, hair, back])
    near = 0.62 + 0.32 * np.clip(np.where(solid > NOWHERE, solid, -0.3), -0.6, 1.1)
    return np.asarray(near, np.float32), cover


def _placed(world: Portrait, size: int, rng: np.random.Generator) -> tuple[Head, float]:
    """The head where it stands in the frame, and the width of a pixel in head units."""
    unit = 1 / (world.scale * size)
    rows, columns = np.mgrid[0:size, 0:size].astype(np.float32)
    x, y = (columns - (0.5 + world.x) * size) * np.float32(unit), ((0.445 * size) - rows) * np.float32(unit)
    tilt = world.roll_rad * ramp(-1.5, -0.8, y)
    x, y = x - y * tilt, y + x * tilt
    return sculpt(world, x, y, rng), unit


def _relief(head: Head) -> Plane:
    """The foremost height of face, neck and body."""
    relief = np.where(head.face_in > 0, head.face, NOWHERE)
    relief = np.maximum(relief, np.where(head.neck_in > 0, head.neck, NOWHERE))
    return np.asarray(np.maximum(relief, np.where(head.body_in > 0, head.body, NOWHERE)), np.float32)


def _light(world: Portrait) -> _Light:
    key = towards(world.azimuth_deg, world.elevation_deg)
    kelvin, balance = KELVIN[world.temperature], STOCKS[world.film].balance
    behind = float(np.clip(-key[2], 0, 1))
    spread = SPREAD_DEG[world.quality]
    fill = (0.16 if world.quality == "soft" else 0.10) + 0.16 * behind
    ambient = PLACES[world.place].ambient_kelvin or kelvin
    rim = 1.0 if world.hair_length == "long" and world.who == "woman" else 5.0
    return _Light(key, cast(kelvin, balance), cast(ambient, balance, 0.6), spread, fill, behind, rim)


def _covers(head: Head, unit: float) -> tuple[Plane, Plane, Plane, Plane, Plane]:
    """Antialiased coverage of face, neck, body, front hair and back hair."""

    def cover(inside: Plane, grade: float) -> Plane:
        return np.asarray(np.clip(inside / np.float32(grade * unit) + 0.5, 0, 1), np.float32)

    return (
        cover(head.face_in, 3.0),
        cover(head.neck_in, 2.4),
        cover(head.body_in, 1.7),
        cover(head.hair_in, 3.6),
        cover(head.back_in, 3.0),
    )


def _shade(world: Portrait, head: Head, light: _Light, unit: float, rng: np.random.Generator) -> tuple[Plane, ...]:
    """The lit head and its layers: front picture and cover, back-hair picture and cover, skin mask."""
    face, neck, body, hair, back = _covers(head, unit)
    relief = _relief(head)
    solid = np.where(hair > 0.5, np.maximum(relief, head.hair), relief).astype(np.float32)
    seen = soften(sees(solid, light.key, light.spread_deg, unit), 0.9)
    skin_n = normals(soften(np.where(head.face_in > -0.4, head.face, 0).astype(np.float32), 0.35), unit)
    torso = np.maximum(np.where(head.neck_in > 0, head.neck, -0.28), head.body).astype(np.float32)
    torso_n = normals(soften(torso, 0.05 / unit), unit)
    n = np.where((head.face_in > 0)[..., None], skin_n, torso_n)
    hollow = np.clip(
        1 - 1.7 * np.clip(soften(np.maximum(solid, -1), 0.12 / unit) - np.maximum(solid, -1), 0, 0.4), 0.3, 1
    )
    bust = world.who in MATERIAL
    albedo, gloss = _stone(world, head, rng) if bust else _flesh(world, head, rng)
    power = {"marble bust": 22, "bronze bust": 30}.get(world.who, 26)
    lit = _lit(albedo, n, seen, hollow, light, gloss, power, skin=not bust)
    if not bust:
        cloth = _cloth(world, head, n, seen, hollow, light, rng)
        lit = over(lit, cloth, body * ramp(-1.22, -1.29, head.y + 0.26 * bump(head.x, 0, 0.36)))
        lit = _eyes(lit, world, head, light, seen, unit)
    locks = _locks(world, head, light, soften(seen, 0.8), albedo)
    behind, ears = _ears(world, head, light, albedo, unit)
    behind = over(locks * 0.8, behind, ears)
    solid_cover = np.maximum(face, np.maximum(neck, body))
    front = over(lit, locks, hair / np.maximum(np.maximum(hair, solid_cover), 1e-3))
    skin = face * (1 - hair) * (head.face_in > 0.08)
    return front, np.maximum(solid_cover, hair), behind, np.maximum(back, ears), skin


def _lit(
    albedo: Plane, n: Plane, seen: Plane, hollow: Plane, light: _Light, gloss: Plane | float, power: float, skin: bool
) -> Plane:
    """Lambert with a wrap that softens by the light's size and, for skin, bleeds red; fill from the camera; gloss."""
    facing = n @ light.key
    wrap = colour(0.30, 0.15, 0.09) * (1.0 if skin else 0.2) + np.float32(
        math.sin(math.radians(light.spread_deg)) * 0.5
    )
    key = np.clip((facing[..., None] + wrap) / (1 + wrap), 0, 1) ** 1.15 * seen[..., None]
    fill = (0.50 + 0.25 * n[..., 1] + 0.40 * np.clip(n[..., 2], 0, 1)) * hollow * light.fill
    rim = np.clip(1 - n[..., 2], 0, 1) ** 1.5 * np.clip(n[..., :2] @ light.key[:2] + 0.15 * light.behind, 0, 1)
    key = key + (rim * (light.rim * light.behind))[..., None]
    half = light.key + colour(0, 0, 1)
    half = half / (np.linalg.norm(half) + 1e-3)
    shine = np.clip(n @ half, 0, 1) ** np.float32(power / (1 + 0.03 * light.spread_deg)) * seen * (1 + 2 * light.behind)
    diffuse = albedo * (key * light.tint + fill[..., None] * light.fill_tint)
    return np.asarray(diffuse + (shine * gloss)[..., None] * light.tint, np.float32)


def _flesh(world: Portrait, head: Head, rng: np.random.Generator) -> tuple[Plane, Plane]:
    """Skin albedo with blush, lips, brows and beard; and its gloss."""
    side, y = np.abs(head.across), head.y
    skin, hair, woman = SKIN[world.skin], HAIR[world.hair], world.who == "woman"
    mottled = 1 + 0.035 * clouds(rng, y.shape, 9, 3)
    blush = bump(side, 0.36, 0.16) * bump(y, -0.12, 0.15) + 0.7 * bump(head.across, 0, 0.09) * bump(y, -0.12, 0.09)
    albedo: Plane = skin * mottled[..., None] * (1 - blush[..., None] * colour(0.0, 0.13, 0.11))
    curve = 0.085 * np.clip(1 - (side / 0.235) ** 2, 0.02, 1)
    lips = np.exp(-((np.abs(y + 0.455 - 0.02 * np.cos(head.across * 14)) / curve) ** 4)) * (side < 0.235)
    albedo = over(albedo, skin * (colour(0.92, 0.40, 0.42) if woman else colour(0.82, 0.58, 0.56)), lips * 0.85)
    albedo = albedo * (1 - 0.55 * bump(y, -0.452, 0.016) * ramp(0.23, 0.18, side))[..., None]
    brow = np.exp(-(((y - 0.325 + 0.7 * (side - 0.27) ** 2) / (0.026 if woman else 0.036)) ** 2))
    brow = brow * ramp(0.09, 0.15, side) * ramp(0.47, 0.37, side)
    albedo = over(albedo, np.minimum(hair * 1.1, skin * 0.45), brow * 0.8)
    if world.beard:
        stubble = (
            ramp(-0.22, -0.40, y - 0.9 * np.clip(side - 0.30, 0, 1))
            * (1 - lips)
            * (1 - 0.6 * bump(head.across, 0, 0.1))
        )
        albedo = over(albedo, np.minimum(hair * 1.2, skin * 0.30), stubble * 0.9 * (head.y > -1.05))
    gloss = 0.07 * (1 + 1.2 * lips + 0.6 * bump(head.across, 0, 0.07) * ramp(-0.2, 0.1, y))
    return albedo.astype(np.float32), gloss.astype(np.float32)


def _stone(world: Portrait, head: Head, rng: np.random.Generator) -> tuple[Plane, Plane]:
    """Marble with veins, or bronze with patina; the eyes are carved."""
    shape, base = head.y.shape, MATERIAL[world.who] * (1 - 0.45 * _carved_lids(head))[..., None]
    grainy = clouds(rng, shape, 4, 4)
    if world.who == "marble bust":
        vein = np.exp(-((np.abs(grainy) / 0.10) ** 2))
        albedo = base * (1 - 0.20 * vein * np.clip(noise(rng, shape, 3, 3), 0, 1))[..., None]
        return albedo.astype(np.float32), np.full(shape, 0.10, np.float32)
    patina = ramp(0.6, 2.0, grainy)[..., None] * 0.45
    albedo = base * (1 - patina) + colour(0.055, 0.115, 0.085) * patina
    return albedo.astype(np.float32), np.full(shape, 0.55, np.float32)


def _carved_lids(head: Head) -> Plane:
    """Grooves that stand for the lids of a carved eye."""
    dx, dy = np.abs(head.across) - _EYE_X, head.y - _EYE_Y
    lid = 0.070 * np.clip(1 - (dx / 0.128) ** 2, 0, 1)
    upper = np.exp(-(((dy - lid) / 0.020) ** 2)) + 0.6 * np.exp(-(((dy + 0.75 * lid) / 0.016) ** 2))
    return np.asarray(np.clip(upper, 0, 1) * ramp(0.14, 0.11, np.abs(dx)), np.float32)


def _cloth(
    world: Portrait, head: Head, n: Plane, seen: Plane, hollow: Plane, light: _Light, rng: np.random.Generator
) -> Plane:
    fold = clouds(rng, head.y.shape, 5, 3, 0.6, 0.6)
    weave = noise(rng, head.y.shape, 60, 60)
    down, right = np.gradient(fold)
    n = n + np.stack([-right, down, 0 * fold], -1) * np.float32(1.1)
    n = n / np.linalg.norm(n, axis=-1, keepdims=True)
    albedo = CLOTHES[world.clothes] * (1 + 0.05 * weave)[..., None]
    return _lit(albedo.astype(np.float32), n, seen, hollow, light, 0.012, 8, skin=False)


def _eyes(lit: Plane, world: Portrait, head: Head, light: _Light, seen: Plane, unit: float) -> Plane:
    """Whites, irises with a catchlight where the light would mirror, lashes and the fold of the lid."""
    level = light.tint * float(np.clip(0.35 + 0.65 * light.key[2], 0.05, 1)) * np.clip(
        0.3 + 0.7 * soften(seen, 2), 0, 1
    )[..., None] + light.fill_tint * np.float32(light.fill)
    half = light.key + colour(0, 0, 1)
    half = half / (np.linalg.norm(half) + 1e-3)
    white = 0.20 + 0.26 * float(np.clip(SKIN[world.skin].mean() / 0.45, 0, 1))
    lash = 0.80 if world.who == "woman" else 0.55
    gaze = 0.02 * math.sin(math.radians(world.yaw_deg) * 1.5)
    for sign in (-1, 1):
        dx, dy = head.across - sign * _EYE_X, head.y - _EYE_Y
        lid = 0.070 * np.clip(1 - (np.abs(dx) / 0.128) ** 2, 0, 1)
        eye = np.clip(np.minimum(lid * 0.95 - dy, dy + lid * 0.70) / np.float32(1.3 * unit) + 0.5, 0, 1)
        eye = eye * (np.abs(dx) < 0.128) * (head.face_in > 0)
        ring = np.hypot(dx + gaze, dy - 0.006)
        ball = np.full(3, white, np.float32) * (1 - 2.0 * np.abs(dx))[..., None] * colour(1, 0.95, 0.92)
        iris = np.clip((0.064 - ring) / np.float32(1.3 * unit) + 0.5, 0, 1)
        ball = over(ball, colour(0.060, 0.036, 0.022) * (0.4 + 14 * ring.clip(0, 0.06))[..., None], iris)
        shaded = np.clip(1 - 0.7 * np.exp(-(((dy - lid * 0.95) / 0.026) ** 2)), 0.15, 1)
        ball = ball * level * shaded[..., None]
        if light.key[2] > -0.1:
            mirror = np.hypot(dx + gaze - half[0] * 0.05, dy - 0.01 - half[1] * 0.045)
            ball = ball + (np.clip((0.022 - mirror) / unit + 0.5, 0, 1) * 0.55)[..., None] * light.tint
        lit = over(lit, ball, eye)
        line = np.exp(-(((dy - lid * 0.98 - 0.008) / 0.017) ** 2)) * ramp(0.145, 0.12, np.abs(dx))
        lit = lit * (1 - lash * line * (head.face_in > 0))[..., None]
        fold = np.exp(-(((dy - lid - 0.048) / 0.014) ** 2)) * (np.abs(dx) < 0.12)
        lit = lit * (1 - 0.22 * fold * (head.face_in > 0))[..., None]
    return lit.astype(np.float32)


def _ears(world: Portrait, head: Head, light: _Light, albedo: Plane, unit: float) -> tuple[Plane, Plane]:
    """Ears beside the head, glowing where the light stands behind them; hidden under long hair."""
    cover, picture = np.zeros_like(head.x), np.zeros((*head.x.shape, 3), np.float32)
    if world.hair_length == "long":
        return picture, cover
    skin = albedo[head.face_in > 0.3].mean(0)
    for sign in (-1, 1):
        centre = sign * (0.705 - 0.05 * sign * math.sin(math.radians(world.yaw_deg)))
        round_ = 1 - ((head.x - centre - 0.02 * sign * head.y) / 0.115) ** 2 - ((head.y - 0.02) / 0.225) ** 2
        ear = np.clip(round_ / np.float32(9 * unit) + 0.5, 0, 1)
        inner = bump(head.x, centre, 0.05) * bump(head.y, 0.04, 0.12)
        facing = float(np.clip(0.30 + 0.70 * sign * light.key[0] + 0.25 * light.key[2], 0.03, 1))
        glow = light.behind * max(float(light.key[0]) * sign * 0.8 + 0.3, 0.0) * colour(0.9, 0.25, 0.12)
        shade = skin * (light.tint * facing * 0.8 + light.fill_tint * light.fill) * (1 - 0.45 * inner[..., None])
        picture, cover = over(picture, shade + glow * light.tint, ear), np.maximum(cover, ear)
    return picture, cover


def _locks(world: Portrait, head: Head, light: _Light, seen: Plane, albedo: Plane) -> Plane:
    """Hair as a rounded mass with strands and a band of shine where it turns to the light."""
    nx, ny = np.clip(head.x / 0.92, -1, 1), np.clip((head.y - 0.1) / 1.15, -0.55, 1)
    n = np.stack([nx, ny, np.sqrt(np.clip(1 - nx**2 - ny**2, 0.04, 1))], -1)
    n = (n / np.linalg.norm(n, axis=-1, keepdims=True)).astype(np.float32)
    bust = world.who in MATERIAL
    base = albedo.mean((0, 1)) if bust else HAIR[world.hair]
    strands = head.strands * (0.55 if bust else 1.0)
    n = n + np.stack([0.22 * strands, 0 * strands, 0 * strands], -1)
    facing = np.clip((n @ light.key) * 0.8 + 0.2, 0, 1) * np.clip(seen + 0.15, 0, 1)
    behind = np.clip(n[..., :2] @ light.key[:2] + 0.1, 0, 1) ** 2 * light.behind * 6.0
    level = (facing + behind)[..., None] * light.tint + np.float32(light.fill) * light.fill_tint * (
        0.7 + 0.3 * n[..., 1:2]
    )
    body = base * np.exp(0.32 * strands)[..., None] * level * 1.15
    band = bump(head.y, 0.62 + 0.28 * float(light.key[1]), 0.20) * np.clip(facing * 1.2, 0, 1)
    shine = band * np.clip(0.45 + 0.5 * strands, 0, 2) * (0.02 if bust else 0.075)
    return np.asarray(body + shine[..., None] * light.tint * (0.35 + 2.2 * base), np.float32)


def _composed(world: Portrait, head: Head, layers: tuple[Plane, ...], place: Plane, unit: float, size: int) -> Plane:
    """Place, back hair and head laid over each other, exposed for the face, with what lies off the focus softened."""
    front, front_cover, back, back_cover, skin = layers
    values = (front @ LUMA)[skin > 0.8]
    level = float(np.percentile(values, 85)) if values.size > 20 else 0.3
    target = _TARGET[world.who if world.who in MATERIAL else world.skin]
    if world.direction.startswith("behind"):
        target *= 0.62
    gain = np.float32(np.clip(target / max(level, 1e-3), 0.3, 3.2))
    picture = defocus(place, blur_radius(world, size))
    ears = 0.55 * blur_radius(world, size) / 6
    back_cover = soften(back_cover, ears)
    picture = picture * (1 - back_cover)[..., None] + soften(back * gain, ears) * back_cover[..., None]
    shoulder = ramp(-0.9, -1.5, head.y) * min(blur_radius(world, size) / 5, 1.0)
    soft, soft_cover = soften(front, 1.2 * size / 128), soften(front_cover, 1.2 * size / 128)
    front = over(front, soft, shoulder)
    cover = front_cover + (soft_cover - front_cover) * shoulder
    return over(picture, front * gain, cover)
