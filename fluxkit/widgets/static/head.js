// A head of clay under the lights of a rig: what the key, the fill and the rim do to a face, roughly.

import { vectorOf } from "./rigging.js";

const bump = (x, y, cx, cy, sx, sy) => Math.exp(-(((x - cx) / sx) ** 2) - ((y - cy) / sy) ** 2);

/** How far the face stands out towards the camera; x runs from -1 to 1, y from 1 (top) down; NaN beside the head. */
export function reliefAt(x, y) {
  const jaw = y < -0.1 ? 1 - 0.28 * Math.min(1, (-0.1 - y) / 0.8) ** 1.6 : 1;
  const wide = (x / (0.66 * jaw)) ** 2 + (y / 0.92) ** 2;
  if (wide >= 1) return throatAt(x, y);
  const nose = y > -0.24 && y < 0.3 ? 0.3 * ((0.3 - y) / 0.54) ** 0.9 * Math.exp(-((x / (0.06 + 0.075 * ((0.3 - y) / 0.54))) ** 2)) : 0;
  const under = y <= -0.24 ? 0.3 * Math.exp(-((x / 0.135) ** 2)) * Math.exp(-(((y + 0.24) / 0.035) ** 2)) : 0;
  return (
    0.78 * Math.sqrt(1 - wide) + nose + under +
    0.06 * bump(x, y, 0, 0.36, 0.5, 0.07) -
    0.1 * (bump(x, y, 0.25, 0.2, 0.16, 0.09) + bump(x, y, -0.25, 0.2, 0.16, 0.09)) +
    0.05 * (bump(x, y, 0.25, 0.19, 0.09, 0.05) + bump(x, y, -0.25, 0.19, 0.09, 0.05)) +
    0.045 * (bump(x, y, 0.36, -0.08, 0.16, 0.16) + bump(x, y, -0.36, -0.08, 0.16, 0.16)) +
    0.06 * bump(x, y, 0, -0.42, 0.19, 0.04) + 0.07 * bump(x, y, 0, -0.52, 0.16, 0.045) +
    0.09 * bump(x, y, 0, -0.76, 0.2, 0.12)
  );
}

function throatAt(x, y) {
  const half = 0.36 + Math.max(0, -y - 1.02) ** 1.5 * 2.6;
  return y < -0.5 && Math.abs(x) < half ? 0.18 * Math.sqrt(1 - (x / half) ** 2) - 0.28 : NaN;
}

/** The relief as a grid, and its normals; made once. */
export function sculpt(width, height) {
  const scale = 2 / width;
  const grid = new Float32Array(width * height);
  const at = (column, row) => [(column + 0.5) * scale - 1, 1.08 - (row + 0.5) * scale];
  for (let row = 0; row < height; row++) for (let column = 0; column < width; column++) grid[row * width + column] = reliefAt(...at(column, row));
  const normals = new Float32Array(width * height * 3);
  const z = (column, row, fallback) => {
    const value = column < 0 || row < 0 || column >= width || row >= height ? NaN : grid[row * width + column];
    return Number.isNaN(value) ? fallback - 0.06 : value;
  };
  for (let row = 0; row < height; row++)
    for (let column = 0; column < width; column++) {
      const here = grid[row * width + column];
      if (Number.isNaN(here)) continue;
      const dx = (z(column - 1, row, here) - z(column + 1, row, here)) / (2 * scale);
      const dy = (z(column, row + 1, here) - z(column, row - 1, here)) / (2 * scale);
      const length = Math.hypot(dx, dy, 1);
      normals.set([dx / length, dy / length, 1 / length], (row * width + column) * 3);
    }
  return { width, height, scale, grid, normals };
}

/** Directions around a light, so that a large one casts soft shadows. */
function samplesOf(place, spread) {
  if (spread < 2) return [vectorOf(place)];
  const turns = [[0, 0], [1, 0], [-1, 0], [0, 1], [0, -1], [0.7, 0.7], [-0.7, 0.7], [0.7, -0.7], [-0.7, -0.7]];
  return turns.map(([a, e]) => vectorOf({ azimuth: place.azimuth + a * spread, elevation: place.elevation + e * spread }));
}

function shadowed({ width, height, scale, grid }, column, row, [lx, ly, lz]) {
  const side = Math.hypot(lx, ly);
  if (side < 0.02) return lz < 0;
  const [stepX, stepY, rise] = [(lx / side) * 1.6, (-ly / side) * 1.6, (lz / side) * 1.6 * scale];
  let [x, y, z] = [column + 0.5, row + 0.5, grid[row * width + column] + 0.012];
  for (;;) {
    x += stepX;
    y += stepY;
    z += rise;
    if (x < 0 || y < 0 || x >= width || y >= height || z > 1.2) return false;
    if (grid[(y | 0) * width + (x | 0)] > z) return true;
  }
}

/** The head under `lights` (each `{azimuth, elevation, spread, power, colour}`) as bytes of red, green, blue, alpha. */
export function shade(clay, lights) {
  const { grid } = clay;
  const lamps = lights.map((light) => ({ ...light, rays: samplesOf(light, light.spread) }));
  const lit = new Float32Array(grid.length * 3);
  for (let i = 0; i < grid.length; i++) if (!Number.isNaN(grid[i])) lit.set(lightAt(clay, i, lamps), 3 * i);
  const exposure = exposureOf(lit);
  const pixels = new Uint8ClampedArray(grid.length * 4);
  for (let i = 0; i < grid.length; i++) {
    if (Number.isNaN(grid[i])) continue;
    for (let c = 0; c < 3; c++) pixels[4 * i + c] = 255 * Math.min(1, lit[3 * i + c] * exposure) ** (1 / 2.2);
    pixels[4 * i + 3] = 255;
  }
  return pixels;
}

function lightAt(clay, i, lamps) {
  const { width, normals } = clay;
  const [nx, ny, nz] = [normals[3 * i], normals[3 * i + 1], normals[3 * i + 2]];
  const lit = [0.012, 0.012, 0.014];
  for (const { rays, power, colour } of lamps) {
    let share = 0;
    for (const ray of rays) {
      const facing = nx * ray[0] + ny * ray[1] + nz * ray[2];
      if (facing <= 0 || shadowed(clay, i % width, (i / width) | 0, ray)) continue;
      const half = Math.hypot(ray[0], ray[1], ray[2] + 1);
      const gloss = half > 0.01 ? Math.max(0, (nx * ray[0] + ny * ray[1] + nz * (ray[2] + 1)) / half) ** 40 : 0;
      share += (0.62 * facing + 0.1 * gloss) / rays.length;
    }
    for (let c = 0; c < 3; c++) lit[c] += share * power * colour[c];
  }
  return lit;
}

/** What brings all but the brightest hundredth under white, as a photographer would expose. */
function exposureOf(lit) {
  const bright = Array.from(lit.filter((value, i) => i % 3 === 1 && value > 0.015)).sort((a, b) => a - b);
  const high = bright.length ? bright[Math.floor(bright.length * 0.99)] : 1;
  return Math.min(3, 0.82 / Math.max(high, 0.05));
}
