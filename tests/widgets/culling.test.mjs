// The pure logic of the live sheet. Run with: node --test tests/widgets
import assert from "node:assert/strict";
import { test } from "node:test";

import * as c from "../../fluxkit/widgets/static/culling.js";
import { linesOf } from "../../fluxkit/widgets/static/grid.js";
import { answered, currentPair, pairAction, startPairs, strongest } from "../../fluxkit/widgets/static/pairs.js";

const card = (number, values = {}) => ({
  id: `f${number}`,
  number,
  alt: `Frame ${number}`,
  values: Object.entries(values).map(([path, label]) => ({ path, title: path, label })),
});
const cards = [0, 1, 2, 3, 4, 5].map((i) => card(i, { seed: `Seed ${i % 3}`, film: i < 3 ? "Portra" : "Tri-X" }));

test("a mark is kept, undone and redone, and nothing else changes", () => {
  const start = c.createState(cards);
  const rated = c.setMark(start, ["f1"], { rating: 4 });
  const picked = c.setMark(rated, ["f1", "f2"], { pick: "pick" });
  assert.deepEqual(c.markOf(picked, "f1"), { rating: 4, pick: "pick" });
  assert.deepEqual(c.markOf(c.undo(picked), "f1"), { rating: 4, pick: "" });
  assert.deepEqual(c.undo(c.undo(picked)).marks, {});
  assert.deepEqual(c.redo(c.undo(picked)).marks, picked.marks);
  assert.equal(c.undo(start), start);
  assert.equal(c.redo(start), start);
  assert.deepEqual(start.marks, {});
});

test("the same pick a second time takes it away", () => {
  const once = c.setMark(c.createState(cards), ["f1"], { pick: "reject" });
  assert.equal(c.markOf(c.setMark(once, ["f1"], { pick: "reject" }), "f1").pick, "");
  const mixed = c.setMark(once, ["f1", "f2"], { pick: "reject" });
  assert.equal(c.markOf(mixed, "f2").pick, "reject");
});

test("filters by rating, pick and axis value go together", () => {
  let state = c.setMark(c.createState(cards), ["f0", "f4"], { rating: 3 });
  state = c.setMark(state, ["f4"], { pick: "reject" });
  const shown = (filter) => c.visible({ ...state, filter: { ...c.NO_FILTER, ...filter } });
  assert.deepEqual(shown({}), [0, 1, 2, 3, 4, 5]);
  assert.deepEqual(shown({ rating: 3 }), [0, 4]);
  assert.deepEqual(shown({ rating: 3, pick: "kept" }), [0]);
  assert.deepEqual(shown({ pick: "undecided" }), [1, 2, 3, 5]);
  assert.deepEqual(shown(c.toggleValue(c.NO_FILTER, "film", "Tri-X")), [0, 1, 2]);
  const back = c.toggleValue(c.toggleValue(c.NO_FILTER, "film", "Tri-X"), "film", "Tri-X");
  assert.deepEqual(shown(back), [0, 1, 2, 3, 4, 5]);
});

test("axes list their values in order and leave out what never differs", () => {
  const same = cards.map((one) => ({ ...one, values: [...one.values, { path: "model", title: "model", label: "nano" }] }));
  assert.deepEqual(c.axesOf(same).map(({ path, labels }) => [path, labels]), [
    ["seed", ["Seed 0", "Seed 1", "Seed 2"]],
    ["film", ["Portra", "Tri-X"]],
  ]);
});

test("the cursor moves by row and column among what is shown, and stops at the edges", () => {
  const order = [0, 2, 3, 5];
  assert.equal(c.moveCursor(2, "ArrowRight", order, 2), 3);
  assert.equal(c.moveCursor(0, "ArrowDown", order, 2), 3);
  assert.equal(c.moveCursor(0, "ArrowUp", order, 2), 0);
  assert.equal(c.moveCursor(5, "ArrowRight", order, 2), 5);
  assert.equal(c.moveCursor(3, "Home", order, 2), 0);
  assert.equal(c.moveCursor(0, "End", order, 2), 5);
  assert.equal(c.moveCursor(1, "ArrowRight", order, 2), 2, "a hidden cursor goes to the next that is shown");
  assert.equal(c.moveCursor(4, "ArrowRight", [], 2), 4);
});

test("keys mean what Lightroom's do, on any keyboard layout", () => {
  const key = (key, more = {}) => c.actionOf({ key, ...more });
  assert.deepEqual(key("3", { code: "Digit3" }), { kind: "mark", change: { rating: 3 }, advance: false });
  assert.deepEqual(key("'", { code: "Digit4" }).change, { rating: 4 }, "a French keyboard");
  assert.equal(key("!", { code: "Digit1", shiftKey: true }).advance, true);
  assert.deepEqual(key("p").change, { pick: "pick" });
  assert.deepEqual(key("X").change, { pick: "reject" });
  assert.equal(key("z").kind, "undo");
  assert.equal(key("Z", { shiftKey: true }).kind, "redo");
  assert.equal(key("z", { ctrlKey: true }).kind, "undo");
  assert.equal(key("c", { ctrlKey: true }), null, "copying stays copying");
  assert.equal(key("c", { altKey: true }), null);
  assert.equal(key("q"), null);
});

test("zooming keeps the point under the pointer, and the picture never leaves its pane", () => {
  const fit = { scale: 1, x: 0, y: 0 };
  const view = c.zoomAt(fit, 4, 0.25, 0.75);
  const at = (v, x) => (x - v.x) / v.scale;
  assert.ok(Math.abs(at(view, 0.25) - 0.25) < 1e-9);
  assert.deepEqual(c.zoomAt(view, 0.01, 0.9, 0.9), fit);
  const far = c.panBy(view, 9, -9);
  assert.equal(far.x, 0);
  assert.equal(far.y, 1 - far.scale);
});

test("only two pictures can be laid over each other", () => {
  let mode = "side by side";
  const seen = [1, 2, 3, 4].map(() => (mode = c.nextMode(mode, 2)));
  assert.deepEqual(seen, ["slider", "fade", "difference", "side by side"]);
  assert.equal(c.nextMode("slider", 3), "side by side");
});

test("differences name only the axes that differ", () => {
  assert.deepEqual(c.differences([cards[0], cards[3]]), [{ path: "film", title: "film", labels: ["Portra", "Tri-X"] }]);
  assert.deepEqual(c.differences([cards[0], cards[0]]), []);
});

test("a word difference puts both texts back together", () => {
  const a = "soft light from the left on Portra";
  const b = "hard light from the upper right on Portra";
  const runs = c.wordDiff(a, b);
  const side = (kind) => runs.filter((r) => r.kind === "same" || r.kind === kind).map((r) => r.text).join(" ");
  assert.equal(side("first"), a);
  assert.equal(side("second"), b);
  assert.ok(runs.some((r) => r.kind === "same" && r.text.includes("light from the")));
});

test("blind pairs show every frame about equally often, in an order that the seed decides", () => {
  const ids = Array.from({ length: 9 }, (_, i) => `f${i}`);
  const pairs = c.blindPairs(ids, 7);
  assert.deepEqual(pairs, c.blindPairs(ids, 7));
  assert.notDeepEqual(pairs, c.blindPairs(ids, 8));
  const counts = ids.map((id) => pairs.flat().filter((one) => one === id).length);
  assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, String(counts));
  assert.ok(pairs.every(([a, b]) => a !== b));
  assert.deepEqual(c.blindPairs(["a"], 1), []);
});

test("the ranking recovers a true order from noisy votes", () => {
  const ids = ["a", "b", "c", "d", "e"];
  const truth = { a: 16, b: 8, c: 4, d: 2, e: 1 };
  const random = c.randomFrom(3);
  const votes = [];
  for (let i = 0; i < ids.length; i++) {
    for (let j = i + 1; j < ids.length; j++) {
      for (let k = 0; k < 40; k++) {
        const first = random() < truth[ids[i]] / (truth[ids[i]] + truth[ids[j]]);
        votes.push(first ? [ids[i], ids[j]] : [ids[j], ids[i]]);
      }
    }
  }
  const ranked = c.ranking(ids, votes);
  assert.deepEqual(ranked.map(({ id }) => id), ids);
  const ratio = ranked[0].strength / ranked[4].strength;
  assert.ok(ratio > 6 && ratio < 40, `16 expected, got ${ratio}`);
});

test("a tie moves neither side", () => {
  const [a, b] = c.ranking(["a", "b"], [], [["a", "b"]]);
  assert.ok(Math.abs(a.strength - b.strength) < 1e-9);
});

test("the file that goes back holds only what was said", () => {
  const state = c.setMark(c.setMark(c.createState(cards), ["f1"], { rating: 5 }), ["f2"], { pick: "pick" });
  const none = c.setMark(state, ["f2"], { pick: "pick" });
  assert.deepEqual(c.picksFile(none, "s1"), {
    format: "fluxkit-picks-1",
    sheet: "s1",
    marks: { f1: { rating: 5, pick: "" } },
  });
});

test("a frame is spoken with its rating and pick", () => {
  assert.equal(c.spoken(card(3), { rating: 4, pick: "reject" }, true), "Frame 3, rated 4, rejected, chosen");
});

test("a sheet is walked as it is seen: by its axes, past holes, or in one flow", () => {
  const cells = [
    { row: 0, column: 0, frames: [0, 1, 2] },
    { row: 0, column: 1, frames: [3] },
    { row: 1, column: 1, frames: [4] },
  ];
  const layout = { sections: [{ rows: ["a", "b"], columns: ["x", "y"], span: 2, cells }] };
  const lines = linesOf(layout, [0, 1, 2, 3, 4], 9);
  assert.deepEqual(lines, [
    [0, 1, 3, null],
    [2, null, null, null],
    [null, null, 4, null],
  ]);
  assert.deepEqual(linesOf(layout, [0, 4], 9), [
    [0, null, null, null],
    [null, null, 4, null],
  ]);
  assert.deepEqual(linesOf(null, [0, 1, 2, 3, 4], 2), [[0, 1], [2, 3], [4]]);
  assert.equal(c.moveOnLines(1, "ArrowDown", lines), 2);
  assert.equal(c.moveOnLines(3, "ArrowDown", lines), 2);
  assert.equal(c.moveOnLines(2, "ArrowDown", lines), 4);
  assert.equal(c.moveOnLines(4, "ArrowDown", lines), 4);
  assert.equal(c.moveOnLines(1, "ArrowRight", lines), 3);
  assert.equal(c.moveOnLines(0, "End", lines), 4);
});

test("answers to pairs are kept in order, and ties apart", () => {
  let run = startPairs(["a", "b", "c"], 5);
  const [first, second] = currentPair(run);
  run = answered(run, 1);
  assert.deepEqual(run.votes, [[second, first]]);
  const tied = currentPair(run);
  run = answered(run, null);
  assert.deepEqual(run.ties, [tied]);
  assert.equal(strongest(run)[0], second);
  assert.deepEqual(pairAction({ key: "ArrowDown" }), { kind: "vote", side: null });
  assert.equal(pairAction({ key: "p" }), undefined);
});

test("votes go back with the picks, and the light meter is spoken", () => {
  const state = c.createState(cards);
  assert.deepEqual(c.picksFile(state, "s", { votes: [["f1", "f2"]], ties: [] }).votes, [["f1", "f2"]]);
  const badge = { text: "1✓", spoken: "1 shown", details: [], verdict: "shown" };
  assert.equal(c.spoken({ ...card(1), badge }, c.NO_MARK, false), "Frame 1, light meter: 1 shown");
});
