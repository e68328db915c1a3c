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

/** Where the brush is stamped along a stroke: close enough that soft stamps join. A pen's pressure scales the size. */
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

/** A pen reports its pressure, a mouse or finger does not (0 or 0.5). */
export function pressureOf(event) {
  return event.pointerType === "pen" && event.pressure > 0 ? 0.25 + event.pressure * 0.75 : 1;
}

export function keyOf(event) {
  const key = event.key.toLowerCase();
  if ((event.ctrlKey || event.metaKey) && key === "z") return { kind: event.shiftKey ? "redo" : "undo" };
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const tools = { b: "brush", e: "eraser", r: "rectangle", l: "lasso" };
  if (tools[key]) return { kind: "tool", tool: tools[key] };
  if (key === "z") return { kind: event.shiftKey ? "redo" : "undo" };
  if (key === "[") return { kind: "size", factor: 1 / 1.25 };
  if (key === "]") return { kind: "size", factor: 1.25 };
  if (key === "i") return { kind: "invert" };
  if (key === "delete" || key === "backspace") return { kind: "clear" };
  return null;
}
