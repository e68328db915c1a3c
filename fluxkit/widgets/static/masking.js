// What a painted mask is, without a page: a list of operations that is replayed. Undo forgets the last one.

export const TOOLS = ["brush", "eraser", "rectangle", "lasso"];

export function createMask() {
  return { done: [], undone: [] };
}

export function add(mask, operation) {
  return { done: [...mask.done, operation], undone: [] };
}

export function undoLast(mask) {
  if (!mask.done.length) return mask;
  return { done: mask.done.slice(0, -1), undone: [mask.done[mask.done.length - 1], ...mask.undone] };
}

export function redoLast(mask) {
  if (!mask.undone.length) return mask;
  return { done: [...mask.done, mask.undone[0]], undone: mask.undone.slice(1) };
}

/** Where the brush is stamped along a stroke: close enough that stamps join. A pen's pressure scales the size. */
export function stamps(points, size) {
  const step = Math.max(1, size / 8);
  const found = [];
  points.forEach(([x, y, pressure = 1], i) => {
    if (i === 0) {
      found.push({ x, y, radius: (size / 2) * pressure });
      return;
    }
    const [x0, y0, pressure0 = 1] = points[i - 1];
    const count = Math.max(1, Math.ceil(Math.hypot(x - x0, y - y0) / step));
    for (let k = 1; k <= count; k++) {
      const t = k / count;
      const force = pressure0 + (pressure - pressure0) * t;
      found.push({ x: x0 + (x - x0) * t, y: y0 + (y - y0) * t, radius: (size / 2) * force });
    }
  });
  return found;
}

/** A rectangle from two corners in any order, inside the picture. */
export function rectangleOf([x0, y0], [x1, y1], width, height) {
  const clamp = (value, most) => Math.min(most, Math.max(0, value));
  const left = clamp(Math.min(x0, x1), width);
  const top = clamp(Math.min(y0, y1), height);
  return { left, top, width: clamp(Math.max(x0, x1), width) - left, height: clamp(Math.max(y0, y1), height) - top };
}

/** The whole pixels that stamps touch, inside the picture; null where they miss it. */
export function boxOf(stamped, width, height) {
  const reach = (pick) => stamped.map(pick);
  const left = Math.max(0, Math.floor(Math.min(...reach((s) => s.x - s.radius)) - 2));
  const top = Math.max(0, Math.floor(Math.min(...reach((s) => s.y - s.radius)) - 2));
  const right = Math.min(width, Math.ceil(Math.max(...reach((s) => s.x + s.radius)) + 2));
  const bottom = Math.min(height, Math.ceil(Math.max(...reach((s) => s.y + s.radius)) + 2));
  return right > left && bottom > top ? { left, top, width: right - left, height: bottom - top } : null;
}

/** A pen reports its pressure, a mouse or finger does not (0 or 0.5). */
export function pressureOf(event) {
  return event.pointerType === "pen" && event.pressure > 0 ? 0.25 + event.pressure * 0.75 : 1;
}

/** The point that an arrow key moves to, inside the picture; null for other keys. */
export function stepped([x, y], key, step, width, height) {
  const by = { ArrowLeft: [-step, 0], ArrowRight: [step, 0], ArrowUp: [0, -step], ArrowDown: [0, step] }[key];
  if (!by) return null;
  return [Math.min(width, Math.max(0, x + by[0])), Math.min(height, Math.max(0, y + by[1]))];
}

const CLOSEST = 16;

/** A view (zoom and shift, in shares of the pane) that keeps the point under the pointer; never empty at its edges. */
export function zoomed({ zoom, x, y }, factor, [px, py]) {
  const next = Math.min(CLOSEST, Math.max(1, zoom * factor));
  return shifted({ zoom: next, x: px - ((px - x) * next) / zoom, y: py - ((py - y) * next) / zoom }, 0, 0);
}

export function shifted({ zoom, x, y }, dx, dy) {
  const inside = (value) => Math.min(0, Math.max(1 - zoom, value));
  return { zoom, x: inside(x + dx), y: inside(y + dy) };
}

export function keyOf(event) {
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && key === "z") return { kind: event.shiftKey ? "redo" : "undo" };
  if ((event.ctrlKey || event.metaKey) && key === "y") return { kind: "redo" };
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const tools = { b: "brush", e: "eraser", r: "rectangle", l: "lasso" };
  if (tools[key]) return { kind: "tool", tool: tools[key] };
  const others = {
    z: { kind: event.shiftKey ? "redo" : "undo" },
    "[": { kind: "size", factor: 1 / 1.25 },
    "]": { kind: "size", factor: 1.25 },
    "{": { kind: "softness", by: -0.1 },
    "}": { kind: "softness", by: 0.1 },
    "+": { kind: "zoom", factor: 1.5 },
    "=": { kind: "zoom", factor: 1.5 },
    "-": { kind: "zoom", factor: 1 / 1.5 },
    0: { kind: "whole" },
    " ": { kind: "pen" },
    enter: { kind: "pen" },
    escape: { kind: "abandon" },
    x: { kind: "subtract" },
    v: { kind: "see" },
    i: { kind: "invert" },
    "?": { kind: "keys" },
    delete: { kind: "clear" },
    backspace: { kind: "clear" },
  };
  return others[key] ?? null;
}

/** The keys of the painter, as a reader sees them. */
export const PAINT_KEYS = [
  ["b  e  r  l", "brush, eraser, rectangle, lasso"],
  ["[  ]", "smaller, larger brush"],
  ["{  }", "harder, softer brush"],
  ["x", "shapes take away; Alt does so for one"],
  ["z, Shift z", "undo, redo"],
  ["i, Delete", "invert, clear"],
  ["+  −  0", "nearer, further, whole picture"],
  ["v", "hide and show the mask"],
  ["← → ↑ ↓", "move the brush (Shift: one pixel)"],
  ["Space", "put it down and lift it; Esc gives up"],
];
