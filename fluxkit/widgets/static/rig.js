// A light rig from above, whose lights are dragged around the subject.

import { h, showError } from "./dom.js";
import { LIGHTS, azimuthOf, inWords, nudged, placeOf } from "./rigging.js";

const RADIUS = 118;
const SPACE = "http://www.w3.org/2000/svg";

function s(tag, attributes, ...children) {
  const element = document.createElementNS(SPACE, tag);
  Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, String(value)));
  element.append(...children);
  return element;
}

export function mountRig(root, host) {
  const handles = s("g", {});
  const beams = s("g", { "aria-hidden": "true" });
  const drawing = s("svg", { viewBox: "-160 -160 320 340", class: "fk-rig-drawing" }, ground(), beams, handles);
  const list = h("ul", { class: "fk-rig-list" });
  let dragged = null;
  root.classList.add("fk", "fk-rig");
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  root.replaceChildren(h("div", { class: "fk-rig-view" }, drawing, list));
  drawing.addEventListener("pointermove", drag);
  ["pointerup", "pointercancel"].forEach((name) => drawing.addEventListener(name, () => (dragged = null)));
  host.onChange(draw);
  draw();

  function ground() {
    const circle = (r, style) => s("circle", { cx: 0, cy: 0, r, class: style });
    return s(
      "g",
      { "aria-hidden": "true" },
      circle(RADIUS, "fk-rig-ring"),
      circle(RADIUS * 0.35, "fk-rig-ring"),
      s("ellipse", { cx: 0, cy: 0, rx: 17, ry: 21, class: "fk-rig-head" }),
      s("path", { d: "M -4 20 L 0 28 L 4 20 Z", class: "fk-rig-head" }),
      s("path", { d: "M -13 150 h 26 v 16 h -26 Z M -6 150 l 2 -7 h 8 l 2 7 Z", class: "fk-rig-camera" }),
      s("text", { x: 22, y: 163, class: "fk-rig-text" }, "camera"),
    );
  }

  function draw() {
    const lights = host.lights();
    const focused = handles.querySelector(":focus")?.dataset.light;
    beams.replaceChildren(...shown(lights).map((name) => beam(name, lights[name])));
    handles.replaceChildren(...shown(lights).map((name) => handle(name, lights[name])));
    if (focused) handles.querySelector(`[data-light="${focused}"]`)?.focus();
    list.replaceChildren(...LIGHTS.map((name) => row(name, lights[name])));
  }

  function shown(lights) {
    return LIGHTS.filter((name) => lights[name]);
  }

  function beam(name, light) {
    const { x, y } = placeOf(light, RADIUS);
    const length = Math.hypot(x, y) || 1;
    const [nx, ny] = [(-y / length) * 15, (x / length) * 15];
    return s("path", { d: `M ${x} ${y} L ${nx} ${ny} L ${-nx} ${-ny} Z`, class: `fk-rig-beam fk-rig-${name}` });
  }

  function handle(name, light) {
    const { x, y } = placeOf(light, RADIUS);
    const group = s(
      "g",
      {
        transform: `translate(${x} ${y})`,
        tabindex: 0,
        role: "slider",
        class: `fk-rig-handle fk-rig-${name}`,
        "aria-label": `${name} light`,
        "aria-valuemin": -180,
        "aria-valuemax": 180,
        "aria-valuenow": light.azimuth,
        "aria-valuetext": inWords(light),
        "data-light": name,
      },
      s("circle", { r: 13 }),
      s("text", { y: 4, "text-anchor": "middle" }, name[0].toUpperCase()),
    );
    group.addEventListener("pointerdown", (event) => {
      dragged = name;
      drawing.setPointerCapture(event.pointerId);
      event.preventDefault();
    });
    group.addEventListener("keydown", (event) => {
      const moved = nudged(light, event.key, event.shiftKey ? 1 : 5);
      if (!moved) return;
      event.preventDefault();
      event.stopPropagation();
      host.move(name, moved);
    });
    return group;
  }

  function row(name, light) {
    const onclick = () => host.move(name, light ? null : { azimuth: { key: -45, fill: 45, rim: 150 }[name], elevation: 30 });
    return h(
      "li",
      {},
      h("span", { class: `fk-rig-dot fk-rig-${name}`, "aria-hidden": "true" }),
      h("strong", {}, name),
      h("span", { class: "fk-rig-words" }, light ? inWords(light) : "off"),
      h("button", { type: "button", class: "fk-button", onclick }, light ? "Remove" : "Add"),
    );
  }

  function drag(event) {
    if (!dragged) return;
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.getScreenCTM().inverse());
    const light = host.lights()[dragged];
    host.move(dragged, { ...light, azimuth: azimuthOf(point.x, point.y) });
  }
}

export default {
  render({ model, el }) {
    const listeners = [];
    const changed = () => listeners.forEach((listener) => listener());
    model.on("change:lights", changed);
    try {
      mountRig(el, {
        lights: () => model.get("lights"),
        onChange: (listener) => listeners.push(listener),
        move: (name, light) => {
          model.set("lights", { ...model.get("lights"), [name]: light });
          model.save_changes();
        },
      });
    } catch (error) {
      showError(el, error);
      throw error;
    }
    return () => model.off("change:lights", changed);
  },
};
