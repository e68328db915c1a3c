// The clay head of the light rig.
import assert from "node:assert/strict";
import { test } from "node:test";

import { sculpt, shade } from "../../fluxkit/widgets/static/head.js";

const SIZE = { width: 66, height: 86 };
const clay = sculpt(SIZE.width, SIZE.height);
const white = { spread: 0, power: 1, colour: [1, 1, 1] };

function mean(pixels, inside) {
  let [sum, count] = [0, 0];
  for (let y = 0; y < SIZE.height; y++)
    for (let x = 0; x < SIZE.width; x++) {
      const at = 4 * (y * SIZE.width + x);
      if (pixels[at + 3] && inside(x / SIZE.width, y / SIZE.height)) [sum, count] = [sum + pixels[at + 1], count + 1];
    }
  return sum / count;
}

const left = (x) => x < 0.5;
const right = (x) => x >= 0.5;

test("a light from camera left lights the left of the picture, and its mirror image the right", () => {
  const from = (azimuth) => shade(clay, [{ ...white, azimuth, elevation: 20 }]);
  assert.ok(mean(from(-70), left) > 2 * mean(from(-70), right));
  assert.ok(Math.abs(mean(from(-70), left) - mean(from(70), right)) < 2, "the head is the same on both sides");
});

test("the nose casts a shadow away from a hard light, which a large light softens", () => {
  const beside = (x, y) => x > 0.54 && x < 0.62 && y > 0.5 && y < 0.6;
  const hard = shade(clay, [{ ...white, azimuth: -55, elevation: 40 }]);
  const soft = shade(clay, [{ ...white, azimuth: -55, elevation: 40, spread: 25 }]);
  assert.ok(mean(hard, beside) < 0.75 * mean(hard, (x, y) => beside(1 - x, y)));
  assert.ok(mean(soft, beside) > mean(hard, beside));
});

test("a light from behind draws the edge and leaves the face dark", () => {
  const pixels = shade(clay, [{ ...white, azimuth: 150, elevation: 25 }]);
  const face = mean(pixels, (x, y) => x > 0.4 && x < 0.6 && y > 0.3 && y < 0.6);
  const edge = mean(pixels, (x, y) => x > 0.76 && y > 0.3 && y < 0.5);
  assert.ok(edge > 2 * face);
});

test("fill opens the shadows and warmth colours them", () => {
  const key = { ...white, azimuth: -80, elevation: 10 };
  const filled = shade(clay, [key, { ...white, azimuth: 60, elevation: 0, power: 0.3, colour: [1, 0.6, 0.3] }]);
  assert.ok(mean(filled, right) > 1.5 * mean(shade(clay, [key]), right));
  const at = 4 * (40 * SIZE.width + 48);
  assert.ok(filled[at] > filled[at + 2]);
});

test("nothing is painted beside the head", () => {
  const pixels = shade(clay, [{ ...white, azimuth: 0, elevation: 0 }]);
  assert.equal(pixels[3], 0);
});
