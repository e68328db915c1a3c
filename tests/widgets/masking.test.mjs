// The pure logic of the mask painter.
import assert from "node:assert/strict";
import { test } from "node:test";

import * as m from "../../fluxkit/widgets/static/masking.js";

test("undo and redo go through the operations, and a new one forgets what was undone", () => {
  const two = m.add(m.add(m.createMask(), { kind: "invert" }), { kind: "clear" });
  const one = m.undoLast(two);
  assert.deepEqual(one.done, [{ kind: "invert" }]);
  assert.deepEqual(m.redoLast(one), two);
  assert.deepEqual(m.add(one, { kind: "base" }).undone, []);
  assert.equal(m.undoLast(m.createMask()).done.length, 0);
});

test("stamps join along a stroke, end where it ends, and follow the pen's pressure", () => {
  const found = m.stamps([[0, 0, 1], [100, 0, 0.5]], 40);
  const gaps = found.slice(1).map((stamp, i) => stamp.x - found[i].x);
  assert.ok(Math.max(...gaps) <= 5.0001);
  assert.equal(found.at(-1).x, 100);
  assert.equal(found[0].radius, 20);
  assert.equal(found.at(-1).radius, 10);
  assert.equal(m.stamps([[3, 4]], 10).length, 1);
});

test("a rectangle may be dragged from any corner and stays inside", () => {
  assert.deepEqual(m.rectangleOf([90, 80], [-10, 20], 100, 50), { left: 0, top: 20, width: 90, height: 30 });
});

test("only a pen has a pressure", () => {
  assert.equal(m.pressureOf({ pointerType: "mouse", pressure: 0.5 }), 1);
  assert.equal(m.pressureOf({ pointerType: "pen", pressure: 1 }), 1);
  assert.ok(m.pressureOf({ pointerType: "pen", pressure: 0.2 }) < 0.5);
});

test("keys choose tools and leave the browser's own alone", () => {
  assert.deepEqual(m.keyOf({ key: "E" }), { kind: "tool", tool: "eraser" });
  assert.deepEqual(m.keyOf({ key: "z", ctrlKey: true }), { kind: "undo" });
  assert.equal(m.keyOf({ key: "r", ctrlKey: true }), null);
});

test("arrow keys move the brush and stop at the edge of the picture", () => {
  assert.deepEqual(m.stepped([10, 10], "ArrowRight", 8, 100, 50), [18, 10]);
  assert.deepEqual(m.stepped([10, 48], "ArrowDown", 8, 100, 50), [10, 50]);
  assert.equal(m.stepped([10, 10], "b", 8, 100, 50), null);
});

test("zooming keeps what is under the pointer there, and never shows beyond the picture", () => {
  const near = m.zoomed({ zoom: 1, x: 0, y: 0 }, 4, [0.25, 0.5]);
  assert.equal(near.zoom, 4);
  assert.ok(Math.abs((0.25 - near.x) / near.zoom - 0.25) < 1e-9);
  assert.deepEqual(m.zoomed(near, 0.01, [0.9, 0.9]), { zoom: 1, x: 0, y: 0 });
  assert.equal(m.shifted(near, -9, 0).x, 1 - near.zoom);
});

test("only the pixels that a stroke touches are drawn anew", () => {
  const box = m.boxOf([{ x: 50, y: 20, radius: 5 }, { x: 60, y: 20, radius: 5 }], 100, 50);
  assert.deepEqual(box, { left: 43, top: 13, width: 24, height: 14 });
  assert.equal(m.boxOf([{ x: -50, y: -50, radius: 5 }], 100, 50), null);
});

test("every key that is listed does something", () => {
  const press = (key) => m.keyOf({ key });
  for (const key of ["b", "[", "]", "{", "}", "x", "z", "i", "Delete", "+", "-", "0", "v", " ", "Escape", "?"])
    assert.ok(press(key), key);
  assert.equal(m.PAINT_KEYS.length, 10);
});
