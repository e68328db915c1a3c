// The mask in pixels: a grey picture, white where it is painted. A stroke is laid down apart and joined at its end, so
// that a soft brush stays soft however often it passes.

import { boxOf, rectangleOf, stamps } from "./masking.js";

export function createRaster(width, height) {
  const made = () => Object.assign(document.createElement("canvas"), { width, height });
  const penOf = (canvas) => canvas.getContext("2d", { willReadFrequently: true });
  const [shape, wet, mixed] = [made(), made(), made()];
  const pens = { shape: penOf(shape), wet: penOf(wet), mixed: penOf(mixed) };
  const whole = { left: 0, top: 0, width, height };

  function fill(pen, colour, how = "source-over") {
    pen.globalCompositeOperation = how;
    pen.fillStyle = colour;
    pen.fillRect(0, 0, width, height);
  }

  /** Make the mask that the operations leave. */
  function replay(operations) {
    fill(pens.shape, "#000");
    operations.forEach((operation) => perform(pens.shape, operation));
  }

  function perform(pen, operation) {
    if (operation.kind === "clear") fill(pen, "#000");
    else if (operation.kind === "invert") fill(pen, "#fff", "difference");
    else if (operation.kind === "base") {
      fill(pen, "#000");
      pen.drawImage(operation.image, 0, 0, width, height);
    } else if (operation.kind === "rectangle" || operation.kind === "lasso") outline(pen, operation);
    else {
      wetten(operation);
      join(pen, operation.kind, whole);
    }
  }

  function outline(pen, { kind, points, subtract }) {
    pen.globalCompositeOperation = "source-over";
    pen.fillStyle = subtract ? "#000" : "#fff";
    pen.beginPath();
    if (kind === "rectangle") {
      const box = rectangleOf(points[0], points[points.length - 1], width, height);
      pen.rect(box.left, box.top, box.width, box.height);
    } else points.forEach(([x, y]) => pen.lineTo(x, y));
    pen.fill();
  }

  /** Lay a whole stroke down on the wet layer; an eraser's is dark on white, to be multiplied. */
  function wetten(stroke) {
    fill(pens.wet, stroke.kind === "eraser" ? "#fff" : "#000");
    dab(stroke, stamps(stroke.points, stroke.size));
  }

  function dab({ kind, softness }, stamped) {
    const [paint, ground] = kind === "eraser" ? ["#000", "#fff"] : ["#fff", "#000"];
    pens.wet.globalCompositeOperation = kind === "eraser" ? "darken" : "lighten";
    for (const { x, y, radius } of stamped) {
      const inner = Math.max(0, radius * (1 - softness) - 0.5);
      const shade = pens.wet.createRadialGradient(x, y, inner, x, y, radius + 0.5);
      shade.addColorStop(0, paint);
      shade.addColorStop(1, ground);
      pens.wet.fillStyle = shade;
      pens.wet.fillRect(x - radius - 1, y - radius - 1, radius * 2 + 2, radius * 2 + 2);
    }
  }

  function join(pen, kind, { left, top, width: w, height: h }) {
    pen.globalCompositeOperation = kind === "eraser" ? "multiply" : "lighten";
    pen.drawImage(wet, left, top, w, h, left, top, w, h);
  }

  /** A stroke under way over `base`: what is new since `known` points; gives the pixels that changed. */
  function draft(stroke, known, base) {
    const brush = stroke.kind === "brush" || stroke.kind === "eraser";
    if (!brush) {
      copy(base, whole);
      outline(pens.mixed, stroke);
      return whole;
    }
    if (known === 0) wetten(stroke);
    const fresh = stamps(stroke.points.slice(Math.max(0, known - 1)), stroke.size);
    if (known > 0) dab(stroke, fresh);
    const box = boxOf(fresh, width, height);
    if (known === 0) copy(base, whole);
    else if (box) copy(base, box);
    if (box) join(pens.mixed, stroke.kind, known === 0 ? whole : box);
    return known === 0 ? whole : box;
  }

  function copy(base, { left, top, width: w, height: h }) {
    pens.mixed.globalCompositeOperation = "source-over";
    pens.mixed.drawImage(base, left, top, w, h, left, top, w, h);
  }

  /** A copy of the mask with the stroke under way, to be shown until Python has moved its edge too. */
  function drafted() {
    const kept = made();
    penOf(kept).drawImage(mixed, 0, 0);
    return kept;
  }

  return { shape, mixed, whole, replay, draft, drafted };
}

/** Show part of a grey picture on a layer as a colour, as dense as the grey is bright. */
export function tint(layer, grey, { left, top, width, height }, colour) {
  const from = grey.getContext("2d", { willReadFrequently: true }).getImageData(left, top, width, height);
  const pixels = new Uint32Array(from.data.buffer);
  const [red, green, blue] = [1, 3, 5].map((at) => parseInt(colour.slice(at, at + 2), 16));
  const paint = (blue << 16) | (green << 8) | red;
  for (let i = 0; i < pixels.length; i++) pixels[i] = ((pixels[i] & 255) << 24) | paint;
  layer.getContext("2d").putImageData(from, left, top);
}
