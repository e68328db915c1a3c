// The geometry of the light rig.
import assert from "node:assert/strict";
import { test } from "node:test";

import * as r from "../../fluxkit/widgets/static/rigging.js";

test("left is the camera's left, and the camera is below", () => {
  const left = r.placeOf({ azimuth: -90, elevation: 0 }, 100);
  assert.ok(Math.abs(left.x + 100) < 1e-9 && Math.abs(left.y) < 1e-9);
  const front = r.placeOf({ azimuth: 0, elevation: 0 }, 100);
  assert.ok(front.y > 99);
  assert.ok(r.placeOf({ azimuth: 0, elevation: 80 }, 100).y < 50, "a high light is near the middle");
});

test("a light that is dragged to its own place does not move", () => {
  for (const azimuth of [-150, -90, -45, 0, 30, 90, 180]) {
    const { x, y } = r.placeOf({ azimuth, elevation: 25 }, 100);
    assert.equal(r.azimuthOf(x, y), azimuth);
  }
});

test("dragged around, a light keeps its height; dragged inwards it rises, below it sinks; Shift holds it", () => {
  const light = { azimuth: -90, elevation: 20 };
  const { x, y } = r.placeOf({ azimuth: -40, elevation: 20 }, 100);
  assert.deepEqual(r.dragged(light, x * 1.04, y * 1.04, 100), { azimuth: -40, elevation: 20 });
  assert.equal(r.dragged(light, 0, 50, 100).elevation, 69);
  assert.equal(r.dragged(light, 0, 130, 100).elevation, 0);
  assert.equal(r.dragged({ azimuth: 0, elevation: -20 }, 0, 50, 100).elevation, -69);
  assert.equal(r.dragged(light, 0, 50, 100, { hold: true }).elevation, 20);
});

test("a light that stands where it is drawn comes from there", () => {
  const [x, y, z] = r.vectorOf({ azimuth: 90, elevation: 0 });
  assert.ok(Math.abs(x - 1) < 1e-9 && Math.abs(y) < 1e-9 && Math.abs(z) < 1e-9);
  assert.ok(r.vectorOf({ azimuth: 180, elevation: 0 })[2] < -0.99);
});

test("keys go around and up, and stop at the pole", () => {
  assert.deepEqual(r.nudged({ azimuth: 178, elevation: 0 }, "ArrowRight", 5), { azimuth: -177, elevation: 0 });
  assert.deepEqual(r.nudged({ azimuth: 0, elevation: 88 }, "ArrowUp", 5), { azimuth: 0, elevation: 90 });
  assert.equal(r.nudged({ azimuth: 0, elevation: 0 }, "a", 5), null);
});

test("a place is said as a photographer says it", () => {
  assert.equal(r.inWords({ azimuth: -45, elevation: 30 }), "45° camera left, 30° up");
  assert.equal(r.inWords({ azimuth: 0, elevation: -20 }), "at the camera, 20° below");
  assert.equal(r.inWords({ azimuth: 180, elevation: 0 }), "behind, level");
});
