// A light rig from above, whose lights are dragged around the subject, and the head as the camera sees it.

import { h, keepKeys, showError } from "./dom.js";
import { sculpt, shade } from "./head.js";
import { FIRST_PLACES, LIGHTS, dragged, inWords, nudged, placeOf, reachOf, wrapped } from "./rigging.js";

const RADIUS = 112;
const SPACE = "http://www.w3.org/2000/svg";
const HEAD = { width: 132, height: 172 };

function s(tag, attributes, ...children) {
  const element = document.createElementNS(SPACE, tag);
  Object.entries(attributes).forEach(([name, value]) => element.setAttribute(name, String(value)));
  element.append(...children);
  return element;
}

export function mountRig(root, host) {
  const handles = s("g", {});
  const beams = s("g", { "aria-hidden": "true" });
  const drawing = s("svg", { viewBox: "-152 -146 304 322", class: "fk-rig-drawing", role: "group", "aria-label": "Lights from above; the camera is below" }, ground(), beams, handles);
  const seen = h("canvas", { ...HEAD, class: "fk-rig-seen", role: "img" });
  const list = h("ul", { class: "fk-rig-list" });
  const clay = sculpt(HEAD.width, HEAD.height);
  let moving = null;
  let waiting = 0;
  root.classList.add("fk", "fk-rig");
  keepKeys(root);
  const head = h("figure", { class: "fk-rig-head" }, seen, h("figcaption", {}, "From the camera"));
  root.replaceChildren(h("div", { class: "fk-rig-view" }, drawing, head, list));
  drawing.addEventListener("pointermove", drag);
  ["pointerup", "pointercancel"].forEach((name) => drawing.addEventListener(name, () => (moving = null)));
  LIGHTS.forEach((name) => list.append(row(name)));
  host.onChange(draw);
  draw();

  function ground() {
    const circle = (r, style) => s("circle", { cx: 0, cy: 0, r, class: style });
    const heights = [[0, "level"], [45, "45°"]].map(([height, words]) => {
      const reach = reachOf(height, RADIUS);
      return s("text", { x: 0, y: -reach - 4, "text-anchor": "middle", class: "fk-rig-text" }, words);
    });
    const ticks = [-135, -90, -45, 0, 45, 90, 135, 180].map((azimuth) => {
      const angle = (azimuth * Math.PI) / 180;
      const [x, y] = [Math.sin(angle), Math.cos(angle)];
      return s("line", { x1: x * (RADIUS - 4), y1: y * (RADIUS - 4), x2: x * (RADIUS + 4), y2: y * (RADIUS + 4), class: "fk-rig-ring" });
    });
    return s(
      "g",
      { "aria-hidden": "true" },
      s("path", { d: "M 0 152 L -46 -118 A 127 127 0 0 1 46 -118 Z", class: "fk-rig-cone" }),
      circle(RADIUS, "fk-rig-ring"),
      circle(reachOf(45, RADIUS), "fk-rig-ring fk-rig-dashed"),
      circle(reachOf(90, RADIUS), "fk-rig-ring fk-rig-dashed"),
      ...ticks,
      ...heights,
      s("ellipse", { cx: 0, cy: 0, rx: 17, ry: 21, class: "fk-rig-skull" }),
      s("path", { d: "M -4 19 Q 0 30 4 19 Z", class: "fk-rig-skull" }),
      s("path", { d: "M -15 148 h 30 a 3 3 0 0 1 3 3 v 14 a 3 3 0 0 1 -3 3 h -30 a 3 3 0 0 1 -3 -3 v -14 a 3 3 0 0 1 3 -3 Z M -7 148 l 2 -8 h 10 l 2 8 Z", class: "fk-rig-camera" }),
      s("text", { x: 26, y: 162, class: "fk-rig-text" }, "camera"),
    );
  }

  function draw() {
    const lights = host.lights();
    const shown = LIGHTS.filter((name) => lights[name]);
    const focused = handles.querySelector(":focus")?.dataset.light;
    shown.reverse();
    beams.replaceChildren(...shown.map((name) => beam(name, lights[name])));
    handles.replaceChildren(...shown.map((name) => handle(name, lights[name])));
    if (focused) handles.querySelector(`[data-light="${focused}"]`)?.focus();
    for (const item of list.children) update(item, lights[item.dataset.light]);
    cancelAnimationFrame(waiting);
    waiting = requestAnimationFrame(relight);
  }

  function relight() {
    const lights = host.lights();
    const lamps = LIGHTS.filter((name) => lights[name]).map((name) => ({ ...lights[name], ...host.look()[name] }));
    if (lamps.length && host.look().around?.power) lamps.push({ azimuth: 0, elevation: 15, ...host.look().around });
    seen.getContext("2d").putImageData(new ImageData(shade(clay, lamps), HEAD.width, HEAD.height), 0, 0);
    const said = LIGHTS.filter((name) => lights[name]).map((name) => `${name} ${inWords(lights[name])}`);
    seen.setAttribute("aria-label", said.length ? `A clay head lit by: ${said.join("; ")}` : "A clay head without light");
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
      s("circle", { r: 20, class: "fk-rig-reach" }),
      s("rect", { x: -15, y: -4, width: 30, height: 7, rx: 1.5, transform: `rotate(${-light.azimuth}) translate(0 -13)`, class: "fk-rig-box" }),
      s("circle", { r: 12 }),
      s("text", { y: 4.2, "text-anchor": "middle" }, name[0].toUpperCase()),
    );
    group.addEventListener("pointerdown", (event) => {
      moving = name;
      drawing.setPointerCapture(event.pointerId);
      handles.querySelector(`[data-light="${name}"]`).focus();
      event.preventDefault();
    });
    group.addEventListener("keydown", (event) => {
      const moved = event.key === "Delete" ? undefined : nudged(light, event.key, event.shiftKey ? 1 : 5);
      if (moved === null) return;
      event.preventDefault();
      event.stopPropagation();
      host.move(name, moved ?? null);
    });
    return group;
  }

  function row(name) {
    const limits = { azimuth: [-180, 180], elevation: [-90, 90] };
    const number = (which, label) => {
      const [min, max] = limits[which];
      const input = h("input", { type: "number", class: "fk-number", min: String(min), max: String(max), step: "1", "data-which": which, "aria-label": `${name}: ${label} in degrees` });
      input.addEventListener("change", () => {
        const value = Number(input.value);
        const inside = which === "azimuth" ? wrapped(value) : Math.max(min, Math.min(max, value));
        host.move(name, { ...host.lights()[name], [which]: inside });
      });
      return input;
    };
    const toggle = h("input", { type: "checkbox", "aria-label": `${name} light` });
    toggle.addEventListener("change", () => host.move(name, toggle.checked ? FIRST_PLACES[name] : null));
    return h(
      "li",
      { class: `fk-rig-${name}`, "data-light": name },
      h("label", { class: "fk-rig-name" }, toggle, h("span", { class: "fk-rig-dot", "aria-hidden": "true" }), name),
      h("span", { class: "fk-rig-numbers" }, "around ", number("azimuth", "around the subject"), " height ", number("elevation", "height")),
      h("span", { class: "fk-rig-words" }),
    );
  }

  function update(item, light) {
    item.querySelector("input[type=checkbox]").checked = Boolean(light);
    item.querySelector(".fk-rig-words").textContent = light ? inWords(light) : "off";
    for (const input of item.querySelectorAll("input[type=number]")) {
      input.disabled = !light;
      if (input !== document.activeElement) input.value = light ? String(Math.round(light[input.dataset.which])) : "";
    }
  }

  function drag(event) {
    if (!moving) return;
    const point = new DOMPoint(event.clientX, event.clientY).matrixTransform(drawing.getScreenCTM().inverse());
    host.move(moving, dragged(host.lights()[moving], point.x, point.y, RADIUS, { hold: event.shiftKey }));
  }

  return () => cancelAnimationFrame(waiting);
}

export default {
  render({ model, el }) {
    const listeners = [];
    const changed = () => listeners.forEach((listener) => listener());
    ["change:lights", "change:look"].forEach((name) => model.on(name, changed));
    let unmount = () => {};
    try {
      unmount = mountRig(el, {
        lights: () => model.get("lights"),
        look: () => model.get("look"),
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
    return () => {
      ["change:lights", "change:look"].forEach((name) => model.off(name, changed));
      unmount();
    };
  },
};
