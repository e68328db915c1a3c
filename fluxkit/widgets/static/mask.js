// Painting a mask over a picture: what is painted is where the model may change it.

import { showError, h } from "./dom.js";
import { TOOLS, add, createMask, keyOf, pressureOf, rectangleOf, redoLast, stamps, undoLast } from "./masking.js";

export function mountMask(root, host) {
  const { width, height } = host;
  let mask = createMask();
  let tool = "brush";
  let refined = null;
  let stroke = null;
  const settings = { size: Math.round(Math.min(width, height) / 8), softness: 0.3, colour: host.colour };
  const layer = h("canvas", { width, height, class: "fk-layer", "aria-hidden": "true" });
  const shape = document.createElement("canvas");
  Object.assign(shape, { width, height });
  const picture = h("img", { class: "fk-under", alt: host.alt, draggable: false });
  const pane = h(
    "div",
    {
      class: "fk-canvas",
      tabIndex: 0,
      role: "application",
      "aria-label": "Paint the mask with a pointer. Keys: b brush, e eraser, r rectangle, l lasso, [ and ] size, z undo",
      style: `aspect-ratio: ${width} / ${height}`,
      onpointerdown: begin,
      onpointermove: go,
      onpointerup: end,
      onpointercancel: end,
    },
    picture,
    layer,
  );
  const toolButtons = h("div", { class: "fk-modes", role: "radiogroup", "aria-label": "Tool" });
  const status = h("div", { class: "fk-status", role: "status" });
  root.classList.add("fk", "fk-mask");
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  root.replaceChildren(bar(), pane, status);
  root.addEventListener("keydown", onKey);
  host.onPicture((url) => (picture.src = url));
  host.onBase(setBase);
  host.onRefined((image) => {
    refined = image;
    show();
  });
  host.start();
  drawTools();

  function bar() {
    const button = (label, action, title) =>
      h("button", { type: "button", class: "fk-button", title, onclick: () => run(action) }, label);
    return h(
      "div",
      { class: "fk-mask-bar" },
      toolButtons,
      slider("Size", "size", 2, Math.max(width, height) / 2, 1),
      slider("Softness", "softness", 0, 1, 0.05),
      button("Undo", { kind: "undo" }, "z"),
      button("Redo", { kind: "redo" }, "Shift z"),
      button("Invert", { kind: "invert" }, "i"),
      button("Clear", { kind: "clear" }, "Delete"),
      edge("Grow", "grow", -32, 32),
      edge("Feather", "feather", 0, 32),
      h("label", { class: "fk-field" }, "Colour ", h("input", { type: "color", value: settings.colour, oninput: recolour })),
    );
  }

  function slider(label, name, min, max, step) {
    const oninput = (event) => (settings[name] = Number(event.target.value));
    const input = h("input", { type: "range", min: String(min), max: String(max), step: String(step), oninput });
    input.value = String(settings[name]);
    input.dataset.name = name;
    return h("label", { class: "fk-field" }, `${label} `, input);
  }

  function edge(label, name, min, max) {
    const onchange = (event) => host.setEdge(name, Number(event.target.value));
    const input = h("input", { type: "number", class: "fk-number", min: String(min), max: String(max), onchange });
    input.value = String(host.edge(name));
    return h("label", { class: "fk-field", title: "In pixels of the picture" }, `${label} `, input);
  }

  function drawTools() {
    const made = TOOLS.map((name) =>
      h(
        "button",
        {
          type: "button",
          class: "fk-button",
          role: "radio",
          "aria-checked": String(name === tool),
          onclick: () => run({ kind: "tool", tool: name }),
        },
        name,
      ),
    );
    toolButtons.replaceChildren(...made);
  }

  function recolour(event) {
    settings.colour = event.target.value;
    show();
  }

  function onKey(event) {
    if (event.target.matches?.("input")) return;
    const action = keyOf(event);
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    run(action);
  }

  function run(action) {
    if (action.kind === "tool") {
      tool = action.tool;
      drawTools();
    } else if (action.kind === "size") {
      settings.size = Math.min(Math.max(width, height) / 2, Math.max(2, settings.size * action.factor));
      root.querySelector('[data-name="size"]').value = String(settings.size);
    } else {
      const changes = { undo: undoLast, redo: redoLast };
      mask = changes[action.kind] ? changes[action.kind](mask) : add(mask, { kind: action.kind });
      commit();
    }
  }

  function setBase(image) {
    mask = add(createMask(), { kind: "base", image });
    commit();
  }

  // ---- pointer

  function at(event) {
    const box = pane.getBoundingClientRect();
    return [
      ((event.clientX - box.left) / box.width) * width,
      ((event.clientY - box.top) / box.height) * height,
      pressureOf(event),
    ];
  }

  function begin(event) {
    if (event.button > 0) return;
    event.preventDefault();
    pane.focus({ preventScroll: true });
    pane.setPointerCapture(event.pointerId);
    refined = null;
    stroke = { kind: tool, points: [at(event)], size: settings.size, softness: settings.softness };
    preview();
  }

  function go(event) {
    if (!stroke) return;
    for (const part of event.getCoalescedEvents?.() ?? [event]) stroke.points.push(at(part));
    preview();
  }

  function end() {
    if (!stroke) return;
    mask = add(mask, stroke);
    stroke = null;
    commit();
  }

  // ---- drawing: the shape is white with the mask as its opacity

  function preview() {
    replay([...mask.done, stroke]);
    show();
  }

  function commit() {
    refined = null;
    replay(mask.done);
    show();
    host.commit(shape);
    status.textContent = `${mask.done.length} steps · b e r l tools · [ ] size · z undo`;
  }

  function replay(operations) {
    const pen = shape.getContext("2d", { willReadFrequently: true });
    pen.globalCompositeOperation = "source-over";
    pen.clearRect(0, 0, width, height);
    operations.forEach((operation) => perform(pen, operation));
  }

  function perform(pen, operation) {
    pen.globalCompositeOperation = "source-over";
    pen.fillStyle = "#fff";
    if (operation.kind === "clear") pen.clearRect(0, 0, width, height);
    else if (operation.kind === "base") pen.drawImage(operation.image, 0, 0, width, height);
    else if (operation.kind === "invert") {
      pen.globalCompositeOperation = "xor";
      pen.fillRect(0, 0, width, height);
    } else if (operation.kind === "rectangle") {
      const { points } = operation;
      const box = rectangleOf(points[0], points[points.length - 1], width, height);
      pen.fillRect(box.left, box.top, box.width, box.height);
    } else if (operation.kind === "lasso") {
      pen.beginPath();
      operation.points.forEach(([x, y]) => pen.lineTo(x, y));
      pen.fill();
    } else {
      if (operation.kind === "eraser") pen.globalCompositeOperation = "destination-out";
      stamps(operation.points, operation.size).forEach((stamp) => dab(pen, stamp, operation.softness));
    }
  }

  function dab(pen, { x, y, radius }, softness) {
    const inner = radius * (1 - softness);
    const paint = pen.createRadialGradient(x, y, Math.max(0, inner - 0.5), x, y, radius + 0.5);
    paint.addColorStop(0, "#fff");
    paint.addColorStop(1, "#fff0");
    pen.fillStyle = paint;
    pen.beginPath();
    pen.arc(x, y, radius + 1, 0, Math.PI * 2);
    pen.fill();
  }

  function show() {
    const pen = layer.getContext("2d");
    pen.globalCompositeOperation = "source-over";
    pen.clearRect(0, 0, width, height);
    pen.drawImage(refined ?? shape, 0, 0, width, height);
    pen.globalCompositeOperation = "source-in";
    pen.fillStyle = settings.colour;
    pen.fillRect(0, 0, width, height);
  }

  return () => root.removeEventListener("keydown", onKey);
}

/** A grey picture as white with that grey as its opacity, and back. */
async function alphaOf(bytes) {
  const image = await createImageBitmap(new Blob([bytes]));
  const canvas = new OffscreenCanvas(image.width, image.height);
  const pen = canvas.getContext("2d");
  pen.drawImage(image, 0, 0);
  const data = pen.getImageData(0, 0, image.width, image.height);
  for (let i = 0; i < data.data.length; i += 4) {
    data.data[i + 3] = data.data[i];
    data.data[i] = data.data[i + 1] = data.data[i + 2] = 255;
  }
  pen.putImageData(data, 0, 0);
  return canvas;
}

async function pngOf(shape) {
  const canvas = new OffscreenCanvas(shape.width, shape.height);
  const pen = canvas.getContext("2d");
  pen.fillStyle = "#000";
  pen.fillRect(0, 0, shape.width, shape.height);
  pen.drawImage(shape, 0, 0);
  return (await canvas.convertToBlob({ type: "image/png" })).arrayBuffer();
}

export default {
  render({ model, el }) {
    const listeners = {};
    const fail = (error) => showError(el, error);
    const onMessage = (message, buffers) => {
      if (message.kind === "picture") listeners.picture(URL.createObjectURL(new Blob([buffers[0]])));
      else alphaOf(buffers[0]).then(listeners[message.kind], fail);
    };
    model.on("msg:custom", onMessage);
    const unmount = mountMask(el, {
      width: model.get("width"),
      height: model.get("height"),
      colour: model.get("colour"),
      alt: model.get("alt"),
      onPicture: (listener) => (listeners.picture = listener),
      onBase: (listener) => (listeners.base = listener),
      onRefined: (listener) => (listeners.refined = listener),
      start: () => model.send({ kind: "ready" }),
      edge: (name) => model.get(name),
      setEdge: (name, value) => {
        model.set(name, value);
        model.save_changes();
      },
      commit: (shape) => pngOf(shape).then((bytes) => model.send({ kind: "mask" }, undefined, [bytes]), fail),
    });
    return () => {
      model.off("msg:custom", onMessage);
      unmount();
    };
  },
};
