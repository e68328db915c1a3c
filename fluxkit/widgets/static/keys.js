// The keys of the live sheet, as a reader sees them.

import { h } from "./dom.js";

const KEYS = [
  ["← → ↑ ↓", "move"],
  ["1 – 5, 0", "rate, clear (with Shift: and go on)"],
  ["p  x  u", "pick, reject, unmark"],
  ["z, Shift z", "undo, redo"],
  ["Space", "choose for comparing"],
  ["Enter or e", "loupe"],
  ["c, then m", "compare, next way of comparing"],
  ["b", "blind pairs"],
  ["f", "hide rejected"],
  ["+  −", "zoom in the loupe"],
  ["Esc", "close"],
];

/** A box with every key and what it does, hidden until asked for. */
export function keysBox() {
  const rows = KEYS.flatMap(([keys, what]) => [h("dt", {}, keys), h("dd", {}, what)]);
  return h("div", { class: "fk-help", hidden: true, role: "dialog", "aria-label": "Keys" }, h("dl", {}, rows));
}
