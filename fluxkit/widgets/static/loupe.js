// The loupe: one to four pictures, zoomed and panned together; two can be compared by slider, fade or difference.

import { COMPARE_MODES, clampView, nextMode, panBy, zoomAt } from "./culling.js";
import { h } from "./dom.js";
import { explained } from "./legend.js";

const FIT = { scale: 1, x: 0, y: 0 };
const START_AMOUNT = { slider: 50, fade: 50, difference: 25 };

/** `on` has `close`, `step(by)`, `vote(side)`; `picture(card, put)` brings the picture of a card. */
export function createLoupe({ picture, on, markbar }) {
  const button = (label, action, more = {}) =>
    h("button", { type: "button", class: "fk-button", onclick: action, ...more }, label);
  const stage = h("div", { class: "fk-stage" });
  const legend = h("div", { class: "fk-legend" });
  const title = h("span", { class: "fk-loupe-title", "aria-live": "polite" });
  const mode = h("div", { class: "fk-segments", role: "radiogroup", "aria-label": "How to compare" });
  const amount = h("input", { type: "range", min: "0", max: "100", value: "50", class: "fk-amount", oninput: apply });
  const zoomed = h("span", { class: "fk-zoom", "aria-live": "polite" });
  const steps = h(
    "span",
    { class: "fk-group" },
    button("←", () => on.step(-1), { "aria-label": "Previous frame" }),
    button("→", () => on.step(1), { "aria-label": "Next frame" }),
  );
  const votes = h(
    "div",
    { class: "fk-votes", role: "group", "aria-label": "Which is better" },
    button("← Left is better", () => on.vote(0)),
    button("↓ Tie", () => on.vote(null)),
    button("Right is better →", () => on.vote(1)),
  );
  const bar = h(
    "div",
    { class: "fk-loupe-bar" },
    steps,
    title,
    mode,
    amount,
    h("span", { class: "fk-grow" }),
    zoomed,
    button("Fit", () => setView(FIT), { title: "The whole picture" }),
    button("Close", () => on.close(), { title: "Close (Esc)" }),
  );
  const element = h(
    "div",
    { class: "fk-loupe", hidden: true, role: "dialog", "aria-label": "Loupe", tabIndex: -1 },
    bar,
    h("div", { class: "fk-looked" }, stage, legend),
    votes,
    markbar,
  );
  const pointers = new Map();
  let cards = [];
  let current = COMPARE_MODES[0];
  let view = FIT;
  let panes = [];
  let blind = false;

  function show(shown, { unseen = false, words = "" } = {}) {
    cards = shown;
    blind = unseen;
    if (cards.length !== 2 || blind) current = COMPARE_MODES[0];
    element.hidden = false;
    element.classList.toggle("fk-blind", blind);
    element.setAttribute("aria-label", blind ? "Blind pairs" : cards.length > 1 ? "Compare" : "Loupe");
    title.textContent = words;
    steps.hidden = blind;
    votes.hidden = !blind;
    markbar.hidden = blind;
    layOut();
    legend.replaceChildren(...(blind ? [] : explained(cards)));
    legend.hidden = !legend.childElementCount;
  }

  function hide() {
    element.hidden = true;
    stage.replaceChildren();
    pointers.clear();
    view = FIT;
    current = COMPARE_MODES[0];
  }

  function stacked() {
    return cards.length === 2 && current !== COMPARE_MODES[0];
  }

  function layOut() {
    const over = stacked();
    stage.className = `fk-stage fk-${current.replaceAll(" ", "-")} fk-panes-${over ? 1 : cards.length}`;
    mode.replaceChildren(...(cards.length === 2 && !blind ? COMPARE_MODES.map(modeButton) : []));
    mode.hidden = !mode.childElementCount;
    amount.hidden = !over;
    amount.setAttribute("aria-label", `Amount: ${current}`);
    const images = cards.map((card) => {
      const image = h("img", { alt: card.alt, draggable: false, class: "fk-large" });
      picture(card, (url) => (image.src = url));
      return image;
    });
    panes = over ? [pane(images, cards)] : images.map((image, i) => pane([image], [cards[i]]));
    stage.replaceChildren(...panes);
    apply();
  }

  function pane(images, shown) {
    const words = shown.map((card) => h("span", {}, card.name || (blind ? "" : `Frame ${card.number}`)));
    const window = h("div", { class: "fk-window", onwheel: wheel, onpointerdown: grab, ondblclick: doubled }, images);
    return h("figure", { class: "fk-pane" }, window, h("figcaption", {}, words));
  }

  function modeButton(name) {
    const checked = { role: "radio", "aria-checked": String(name === current) };
    return button(name, () => setMode(name), checked);
  }

  function setMode(name) {
    current = name;
    if (stacked()) amount.value = String(START_AMOUNT[name]);
    layOut();
  }

  function nudge(by) {
    amount.value = String(Number(amount.value) + by);
    apply();
  }

  function setView(next) {
    view = clampView(next);
    apply();
  }

  function apply() {
    const transform = `translate(${view.x * 100}%, ${view.y * 100}%) scale(${view.scale})`;
    const images = [...stage.querySelectorAll(".fk-large")];
    images.forEach((image) => {
      image.style.transform = transform;
      image.classList.toggle("fk-pixels", view.scale > 6);
    });
    zoomed.textContent = view.scale > 1 ? `${view.scale.toFixed(1)} ×` : "";
    const top = images[1];
    if (!top || panes.length !== 1) return;
    const share = Number(amount.value);
    top.parentElement.style.setProperty("--fk-share", `${share}%`);
    top.style.clipPath = current === "slider" ? sliderClip(share) : "";
    top.style.opacity = current === "fade" ? String(share / 100) : "";
    top.parentElement.style.filter = current === "difference" ? `brightness(${1 + share / 8})` : "";
  }

  /** The cut stands still in the pane while the picture moves under it. */
  function sliderClip(share) {
    const left = (share / 100 - view.x) / view.scale;
    return `inset(0 0 0 ${Math.max(0, Math.min(1, left)) * 100}%)`;
  }

  function fractions(event, box = event.currentTarget.getBoundingClientRect()) {
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  function wheel(event) {
    event.preventDefault();
    setView(zoomAt(view, Math.exp(-event.deltaY * 0.0022), ...fractions(event)));
  }

  function doubled(event) {
    setView(view.scale > 1 ? FIT : zoomAt(view, 4, ...fractions(event)));
  }

  // One pointer moves the picture (or the slider), two zoom it about the point between them.
  function grab(event) {
    const target = event.currentTarget;
    const box = target.getBoundingClientRect();
    target.setPointerCapture(event.pointerId);
    pointers.set(event.pointerId, fractions(event, box));
    if (pointers.size > 1) return;
    const move = (moved) => {
      const before = pointers.get(moved.pointerId);
      if (!before) return;
      const now = fractions(moved, box);
      const other = [...pointers].find(([id]) => id !== moved.pointerId)?.[1];
      if (other) pinched(before, now, other);
      else if (current === "slider" && panes.length === 1 && view.scale === 1) amount.value = String(now[0] * 100);
      else view = panBy(view, now[0] - before[0], now[1] - before[1]);
      pointers.set(moved.pointerId, now);
      apply();
    };
    const release = (up) => {
      pointers.delete(up.pointerId);
      if (pointers.size) return;
      target.removeEventListener("pointermove", move);
      target.removeEventListener("pointerup", release);
      target.removeEventListener("pointercancel", release);
    };
    target.addEventListener("pointermove", move);
    target.addEventListener("pointerup", release);
    target.addEventListener("pointercancel", release);
    move(event);
  }

  function pinched(before, now, other) {
    const far = (point) => Math.hypot(point[0] - other[0], point[1] - other[1]) || 1e-6;
    view = zoomAt(view, far(now) / far(before), (now[0] + other[0]) / 2, (now[1] + other[1]) / 2);
  }

  return {
    element,
    show,
    hide,
    nudge,
    stacked,
    isOpen: () => !element.hidden,
    cards: () => cards,
    cycleMode: () => setMode(nextMode(current, cards.length)),
    zoom: (factor) => setView(zoomAt(view, factor, 0.5, 0.5)),
  };
}
