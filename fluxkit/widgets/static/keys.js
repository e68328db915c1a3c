// The keys of the live sheet, as a reader sees them.

import { h } from "./dom.js";

const KEYS = [
  [["←", "→", "↑", "↓"], "move; in a comparison: next frame, amount"],
  [["1", "–", "5", "0"], "rate, clear (with Shift: and go on)"],
  [["p", "x", "u"], "pick, reject, unmark"],
  [["z", "Shift z"], "undo, redo"],
  [["Space"], "choose for comparing"],
  [["Enter", "e"], "loupe"],
  [["c", "m"], "compare, next way of comparing"],
  [["b"], "blind pairs"],
  [["f"], "hide rejected"],
  [["g"], "rows and columns, or one flow"],
  [["+", "−"], "larger, smaller"],
  [["Esc"], "close"],
];

/** A box with every key and what it does, hidden until asked for. */
export function keysBox() {
  const rows = KEYS.flatMap(([keys, what]) => [
    h("dt", {}, keys.map((key) => (key === "–" ? "–" : h("kbd", {}, key)))),
    h("dd", {}, what),
  ]);
  return h("div", { class: "fk-help", hidden: true, role: "dialog", "aria-label": "Keys" }, h("dl", {}, rows));
}
