// Painting a mask over a picture: what is painted is where the model may change it.

import { h, keepKeys, showError } from "./dom.js";
import { icon } from "./icons.js";
import { PAINT_KEYS, TOOLS, add, createMask, keyOf, pressureOf, redoLast, shifted, stepped, undoLast, zoomed } from "./masking.js";
import { createRaster, tint } from "./raster.js";

const COLOURS = ["#ff3b6b", "#20c997", "#3d8bfd", "#ffd43b"];
const COLOUR_NAMES = ["Pink", "Green", "Blue", "Yellow"];

export function mountMask(root, host) {
  const { width, height } = host;
  const raster = createRaster(width, height);
  const most = Math.max(width, height) / 2;
  let mask = createMask();
  let refined = null;
  let stroke = null;
  let known = 0;
  let penDown = false;
  let view = { zoom: 1, x: 0, y: 0 };
  let cursor = [width / 2, height / 2];
  let subtract = false;
  const layer = h("canvas", { width, height, class: "fk-layer", "aria-hidden": "true" });
  const picture = h("img", { class: "fk-under", alt: host.alt, draggable: false });
  const ring = h("div", { class: "fk-ring", "aria-hidden": "true" }, h("div", {}));
  const sight = h("div", { class: "fk-sight" }, picture, layer, ring);
  const pane = h(
    "div",
    {
      class: "fk-canvas",
      tabIndex: 0,
      role: "application",
      "aria-label": "Canvas: paint with a pointer, or move by the arrow keys and put the brush down with Space",
      style: `aspect-ratio: ${width} / ${height}; --fk-aspect: ${width / height}`,
      onpointerdown: begin,
      onpointermove: go,
      onpointerup: end,
      onpointercancel: abandon,
      onpointerleave: () => ring.classList.toggle("fk-away", !penDown),
      onwheel,
    },
    sight,
  );
  const controls = {};
  const status = h("div", { class: "fk-status", role: "status" });
  const keys = h("details", { class: "fk-keys" }, h("summary", {}, "Keys"), h("dl", {}, PAINT_KEYS.flatMap(keyRow)));
  root.classList.add("fk", "fk-mask");
  keepKeys(root);
  root.replaceChildren(h("div", { class: "fk-paint" }, pane, panel()), status);
  root.addEventListener("keydown", onKey);
  host.onPicture((url) => (picture.src = url));
  host.onBase(setBase);
  host.onRefined((image) => {
    if (edged()) refined = image;
    show();
  });
  host.onChange(sync);
  host.start();
  raster.replay([]);
  sync();
  say();

  // ---- the panel

  function panel() {
    const tools = TOOLS.map((name) => button(name, { kind: "tool", tool: name }, { icon: name, title: name[0] }));
    TOOLS.forEach((name, i) => (controls[name] = tools[i]));
    controls.subtract = h("input", { type: "checkbox", onchange: () => run({ kind: "subtract" }) });
    return h(
      "div",
      { class: "fk-panel" },
      h("div", { class: "fk-tiles", role: "group", "aria-label": "Tool" }, tools),
      slider("Size", "size", 1, most, 1, (value) => `${Math.round(value)} px`),
      slider("Softness", "softness", 0, 1, 0.05, (value) => `${Math.round(value * 100)} %`),
      h("label", { class: "fk-check", title: "x; or hold Alt" }, controls.subtract, "Shapes take away"),
      h("hr", {}),
      slider("Grow", "grow", -32, 32, 1, (value) => `${value > 0 ? "+" : ""}${value} px`),
      slider("Feather", "feather", 0, 32, 1, (value) => `${value} px`),
      h("hr", {}),
      swatches(),
      slider("Density", "density", 0.15, 0.9, 0.05, (value) => `${Math.round(value * 100)} %`),
      h("hr", {}),
      h(
        "div",
        { class: "fk-tiles" },
        button("undo", { kind: "undo" }, { icon: "undo", title: "z" }),
        button("redo", { kind: "redo" }, { icon: "redo", title: "Shift z" }),
        button("invert", { kind: "invert" }, { title: "i" }),
        button("clear", { kind: "clear" }, { title: "Delete" }),
      ),
      keys,
    );
  }

  function button(label, action, { icon: name, title }) {
    const shown = h("span", {}, label[0].toUpperCase() + label.slice(1));
    return h("button", { type: "button", class: "fk-button", title, onclick: () => run(action) }, name ? icon(name) : null, shown);
  }

  function slider(label, name, min, max, step, words) {
    const said = h("output", {});
    const input = h("input", { type: "range", min: String(min), max: String(max), step: String(step), "data-name": name });
    input.addEventListener("input", () => host.set(name, Number(input.value)));
    controls[name] = { input, said, words };
    return h("label", { class: "fk-slide" }, h("span", {}, label), said, input);
  }

  function swatches() {
    controls.swatches = COLOURS.map((colour, i) =>
      h("button", {
        type: "button",
        class: "fk-swatch",
        style: `--fk-swatch: ${colour}`,
        "aria-label": COLOUR_NAMES[i],
        title: COLOUR_NAMES[i],
        onclick: () => host.set("colour", colour),
      }),
    );
    controls.colour = h("input", { type: "color", "aria-label": "Another colour", title: "Another colour" });
    controls.colour.addEventListener("input", () => host.set("colour", controls.colour.value));
    return h("div", { class: "fk-swatches", role: "group", "aria-label": "Colour of the mask" }, controls.swatches, controls.colour);
  }

  function keyRow([key, what]) {
    return [h("dt", {}, key), h("dd", {}, what)];
  }

  /** The controls as the model has them. */
  function sync() {
    TOOLS.forEach((name) => controls[name].setAttribute("aria-pressed", String(name === host.get("tool"))));
    for (const name of ["size", "softness", "grow", "feather", "density"]) {
      const value = host.get(name);
      controls[name].input.value = String(value);
      controls[name].said.textContent = controls[name].words(value);
    }
    const colour = host.get("colour");
    controls.colour.value = colour;
    controls.swatches.forEach((swatch, i) => swatch.setAttribute("aria-pressed", String(COLOURS[i] === colour)));
    if (!edged()) refined = null;
    layer.style.opacity = String(host.get("density"));
    pane.dataset.tool = host.get("tool");
    aim();
    show();
  }

  /** Whether Python moves the edge of what is painted. */
  function edged() {
    return host.get("grow") !== 0 || host.get("feather") !== 0;
  }

  // ---- keys

  function onKey(event) {
    if (event.target.matches?.("input") && event.key !== "Escape") return;
    const pointed = event.target === pane ? stepped(cursor, event.key, event.shiftKey ? 1 : pace(), width, height) : null;
    const action = pointed ? null : keyOf(event);
    const pressing = event.target.matches?.("button, summary") && (event.key === " " || event.key === "Enter");
    if ((!action && !pointed) || pressing) return;
    event.preventDefault();
    event.stopPropagation();
    if (pointed) walk(pointed);
    else run(action);
  }

  function pace() {
    return Math.max(1, Math.round(host.get("size") / 4));
  }

  function walk(point) {
    cursor = point;
    ring.classList.remove("fk-away");
    if (penDown) extend([[...cursor, 1]]);
    aim();
    say();
  }

  function run(action) {
    const does = {
      tool: () => host.set("tool", action.tool),
      size: () => host.set("size", Math.round(Math.min(most, Math.max(1, host.get("size") * action.factor + Math.sign(action.factor - 1) * 0.5)))),
      softness: () => host.set("softness", Math.round(Math.min(1, Math.max(0, host.get("softness") + action.by)) * 20) / 20),
      subtract: () => (controls.subtract.checked = subtract = !subtract),
      see: () => layer.toggleAttribute("hidden"),
      keys: () => (keys.open = !keys.open),
      zoom: () => look(zoomed(view, action.factor, [cursor[0] / width, cursor[1] / height].map((share, i) => share * view.zoom + [view.x, view.y][i]))),
      whole: () => look({ zoom: 1, x: 0, y: 0 }),
      pen: () => (penDown ? lift() : lower()),
      abandon,
    }[action.kind];
    if (does) does();
    else change({ undo: undoLast, redo: redoLast }[action.kind]?.(mask) ?? add(mask, { kind: action.kind }));
    say();
  }

  function change(next) {
    if (next === mask) return;
    mask = next;
    refined = null;
    raster.replay(mask.done);
    commit();
  }

  function setBase(image) {
    change(add(createMask(), { kind: "base", image }));
  }

  // ---- strokes

  function lower() {
    penDown = true;
    start([...cursor, 1], false);
  }

  function lift() {
    penDown = false;
    end();
  }

  function start(point, turned) {
    stroke = {
      kind: host.get("tool"),
      points: [point],
      size: host.get("size"),
      softness: host.get("softness"),
      subtract: subtract !== turned,
    };
    known = 0;
    draft();
  }

  function extend(points) {
    if (!stroke) return;
    known = stroke.points.length;
    stroke.points.push(...points);
    draft();
  }

  function draft() {
    const box = raster.draft(stroke, known, refined ?? raster.shape);
    if (box) tint(layer, raster.mixed, box, host.get("colour"));
  }

  function end() {
    if (!stroke) return;
    mask = add(mask, stroke);
    stroke = null;
    refined = edged() ? raster.drafted() : null;
    raster.replay(mask.done);
    commit();
    say();
  }

  function abandon() {
    penDown = false;
    stroke = null;
    show();
  }

  function commit() {
    show();
    host.commit(raster.shape);
  }

  function show() {
    if (!stroke) tint(layer, refined ?? raster.shape, raster.whole, host.get("colour"));
  }

  // ---- pointer

  function at(event) {
    const box = sight.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * width, ((event.clientY - box.top) / box.height) * height, pressureOf(event)];
  }

  function begin(event) {
    if (event.button > 0 || penDown) return;
    event.preventDefault();
    pane.focus({ preventScroll: true });
    pane.setPointerCapture(event.pointerId);
    start(at(event), event.altKey);
  }

  function go(event) {
    cursor = at(event).slice(0, 2).map((value, i) => Math.min([width, height][i], Math.max(0, value)));
    ring.classList.remove("fk-away");
    aim();
    if (stroke && !penDown) extend((event.getCoalescedEvents?.() ?? [event]).map(at));
  }

  function onwheel(event) {
    if (!event.ctrlKey && !event.metaKey && view.zoom === 1) return;
    event.preventDefault();
    const box = pane.getBoundingClientRect();
    const point = [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
    if (event.ctrlKey || event.metaKey) look(zoomed(view, Math.exp(-event.deltaY / 240), point));
    else look(shifted(view, -event.deltaX / box.width, -event.deltaY / box.height));
  }

  function look(next) {
    view = next;
    sight.style.transform = `translate(${view.x * 100}%, ${view.y * 100}%) scale(${view.zoom})`;
    ring.style.setProperty("--fk-zoom", String(view.zoom));
  }

  /** The ring shows where the brush is, how large it is, and how far it is hard. */
  function aim() {
    const brush = ["brush", "eraser"].includes(host.get("tool"));
    const size = brush ? host.get("size") : 0;
    ring.classList.toggle("fk-cross", !brush);
    Object.assign(ring.style, {
      left: `${(cursor[0] / width) * 100}%`,
      top: `${(cursor[1] / height) * 100}%`,
      width: `${(size / width) * 100}%`,
    });
    ring.style.setProperty("--fk-hard", String(1 - host.get("softness")));
  }

  function say() {
    const steps = `${mask.done.length} ${mask.done.length === 1 ? "step" : "steps"}`;
    const where = penDown ? ` · down at ${Math.round(cursor[0])}, ${Math.round(cursor[1])}` : "";
    status.textContent = `${steps}${where}${layer.hasAttribute("hidden") ? " · mask hidden" : ""} · ${width} × ${height}`;
  }

  return () => root.removeEventListener("keydown", onKey);
}

async function canvasOf(bytes) {
  const image = await createImageBitmap(new Blob([bytes]));
  const canvas = Object.assign(document.createElement("canvas"), { width: image.width, height: image.height });
  canvas.getContext("2d", { willReadFrequently: true }).drawImage(image, 0, 0);
  return canvas;
}

async function pngOf(canvas) {
  const blob = await new Promise((done) => canvas.toBlob(done, "image/png"));
  return blob.arrayBuffer();
}

export default {
  render({ model, el }) {
    const listeners = {};
    const fail = (error) => showError(el, error);
    const page = Math.random().toString(36);
    let step = 0;
    let heard = 0;
    const onMessage = (message, buffers) => {
      if (message.kind === "picture") listeners.picture(URL.createObjectURL(new Blob([buffers[0]])));
      else if (message.step === undefined || message.step === step) {
        canvasOf(buffers[0]).then((canvas) => message.kind in listeners && listeners[message.kind](canvas)).catch(fail);
      }
    };
    const changed = () => listeners.change?.();
    const names = ["tool", "size", "softness", "grow", "feather", "colour", "density"];
    model.on("msg:custom", onMessage);
    names.forEach((name) => model.on(`change:${name}`, changed));
    let unmount = () => {};
    try {
      unmount = mountMask(el, {
        width: model.get("width"),
        height: model.get("height"),
        alt: model.get("alt"),
        onPicture: (listener) => (listeners.picture = listener),
        onBase: (listener) => (listeners.base = listener),
        onRefined: (listener) => (listeners.refined = listener),
        onChange: (listener) => (listeners.change = listener),
        start: () => model.send({ kind: "ready" }),
        get: (name) => model.get(name),
        set: (name, value) => {
          model.set(name, value);
          model.save_changes();
        },
        commit: (shape) => {
          const mine = ++step;
          pngOf(shape).then((bytes) => {
            // A later stroke may have been encoded before this one: the newest mask is the one that counts.
            if (mine < heard) return;
            heard = mine;
            model.send({ kind: "mask", step: mine, page }, undefined, [bytes]);
          }, fail);
        },
      });
    } catch (error) {
      fail(error);
    }
    return () => {
      model.off("msg:custom", onMessage);
      names.forEach((name) => model.off(`change:${name}`, changed));
      unmount();
    };
  },
};
