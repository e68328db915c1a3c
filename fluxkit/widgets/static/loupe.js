// The loupe: one to four pictures, zoomed and panned together; two can be compared by slider, fade or difference.

import { COMPARE_MODES, clampView, differences, nextMode, panBy, wordDiff, zoomAt } from "./culling.js";
import { h } from "./dom.js";

const FIT = { scale: 1, x: 0, y: 0 };

export function createLoupe({ picture, onClose, onStep }) {
  const stage = h("div", { class: "fk-stage" });
  const legend = h("div", { class: "fk-legend" });
  const mode = h("div", { class: "fk-modes", role: "radiogroup", "aria-label": "How to compare" });
  const amount = h("input", { type: "range", min: "0", max: "100", value: "50", class: "fk-amount", oninput: apply });
  const zoomed = h("span", { class: "fk-zoom", "aria-live": "polite" });
  const bar = h(
    "div",
    { class: "fk-loupe-bar" },
    h("button", { type: "button", class: "fk-button", onclick: () => onStep(-1), "aria-label": "Previous frame" }, "←"),
    h("button", { type: "button", class: "fk-button", onclick: () => onStep(1), "aria-label": "Next frame" }, "→"),
    mode,
    amount,
    h("span", { class: "fk-grow" }),
    zoomed,
    h("button", { type: "button", class: "fk-button", onclick: () => setView(FIT) }, "Fit"),
    h("button", { type: "button", class: "fk-button", onclick: () => onClose() }, "Close (Esc)"),
  );
  const element = h("div", { class: "fk-loupe", hidden: true }, bar, stage, legend);
  const self = { element, show, hide, cycleMode, isOpen: () => !element.hidden, zoom, mode: () => current };
  let cards = [];
  let current = COMPARE_MODES[0];
  let view = FIT;
  let panes = [];

  function show(shown, { blind = false } = {}) {
    cards = shown;
    if (cards.length !== 2 || blind) current = COMPARE_MODES[0];
    element.hidden = false;
    element.classList.toggle("fk-blind", blind);
    layOut();
    legend.replaceChildren(...(blind ? [] : explained(cards)));
  }

  function hide() {
    element.hidden = true;
    stage.replaceChildren();
    view = FIT;
  }

  function layOut() {
    const stacked = cards.length === 2 && current !== COMPARE_MODES[0];
    stage.className = `fk-stage fk-${current.replaceAll(" ", "-")} fk-panes-${stacked ? 1 : cards.length}`;
    mode.replaceChildren(...(cards.length === 2 && !element.classList.contains("fk-blind") ? modes() : []));
    amount.hidden = !stacked;
    amount.setAttribute("aria-label", `Amount: ${current}`);
    if (stacked) amount.value = current === "difference" ? "25" : "50";
    const images = cards.map((card) => {
      const image = h("img", { alt: card.alt, draggable: false, class: "fk-large" });
      picture(card, (url) => (image.src = url));
      return image;
    });
    const groups = stacked ? [images] : images.map((image) => [image]);
    panes = groups.map((group, i) =>
      h(
        "figure",
        { class: "fk-pane" },
        h("div", { class: "fk-window", onwheel: wheel, onpointerdown: grab, ondblclick: doubled }, group),
        h("figcaption", {}, stacked ? cards.map((card) => card.name).join("  |  ") : (cards[i].name ?? "")),
      ),
    );
    stage.replaceChildren(...panes);
    apply();
  }

  function modes() {
    return COMPARE_MODES.map((name) =>
      h(
        "button",
        {
          type: "button",
          class: "fk-button",
          role: "radio",
          "aria-checked": String(name === current),
          onclick: () => setMode(name),
        },
        name,
      ),
    );
  }

  function setMode(name) {
    current = name;
    layOut();
  }

  function cycleMode() {
    setMode(nextMode(current, cards.length));
  }

  function setView(next) {
    view = clampView(next);
    apply();
  }

  function zoom(factor) {
    setView(zoomAt(view, factor, 0.5, 0.5));
  }

  function apply() {
    const transform = `translate(${view.x * 100}%, ${view.y * 100}%) scale(${view.scale})`;
    stage.querySelectorAll(".fk-large").forEach((image) => {
      image.style.transform = transform;
      image.classList.toggle("fk-pixels", view.scale > 6);
    });
    zoomed.textContent = view.scale > 1 ? `${view.scale.toFixed(1)} ×` : "";
    const top = stage.querySelectorAll(".fk-large")[1];
    if (!top || panes.length !== 1) return;
    const share = Number(amount.value);
    top.parentElement.style.setProperty("--fk-share", `${share}%`);
    top.style.clipPath = "";
    if (current === "slider") top.style.clipPath = sliderClip(share);
    top.style.opacity = current === "fade" ? String(share / 100) : "";
    top.parentElement.style.filter = current === "difference" ? `brightness(${1 + share / 8})` : "";
  }

  /** The cut stands still in the pane while the picture moves under it. */
  function sliderClip(share) {
    const left = (share / 100 - view.x) / view.scale;
    return `inset(0 0 0 ${Math.max(0, Math.min(1, left)) * 100}%)`;
  }

  function fractions(event) {
    const box = event.currentTarget.getBoundingClientRect();
    return [(event.clientX - box.left) / box.width, (event.clientY - box.top) / box.height];
  }

  function wheel(event) {
    event.preventDefault();
    setView(zoomAt(view, Math.exp(-event.deltaY * 0.0022), ...fractions(event)));
  }

  function doubled(event) {
    setView(view.scale > 1 ? FIT : zoomAt(view, 4, ...fractions(event)));
  }

  function grab(event) {
    const target = event.currentTarget;
    const box = target.getBoundingClientRect();
    let last = [event.clientX, event.clientY];
    const onSlider = current === "slider" && panes.length === 1;
    target.setPointerCapture(event.pointerId);
    const move = (moved) => {
      if (onSlider && view.scale === 1) amount.value = String(((moved.clientX - box.left) / box.width) * 100);
      else view = panBy(view, (moved.clientX - last[0]) / box.width, (moved.clientY - last[1]) / box.height);
      last = [moved.clientX, moved.clientY];
      apply();
    };
    target.addEventListener("pointermove", move);
    target.addEventListener("pointerup", () => target.removeEventListener("pointermove", move), { once: true });
    move(event);
  }

  return self;
}

/** What differs between the pictures, and between the prompts of two of them. */
function explained(cards) {
  if (cards.length < 2) return cards[0]?.prompt ? [h("p", { class: "fk-prompt" }, cards[0].prompt)] : [];
  const head = h("tr", {}, h("td"), cards.map((card) => h("th", { scope: "col" }, `Frame ${card.number}`)));
  const rows = differences(cards).map((row) =>
    h("tr", {}, h("th", { scope: "row" }, row.title), row.labels.map((label) => h("td", {}, label))),
  );
  const parts = [h("table", {}, h("caption", {}, "What differs"), h("thead", {}, head), h("tbody", {}, rows))];
  if (cards.length === 2 && cards[0].prompt && cards[1].prompt !== cards[0].prompt) {
    const tags = { same: "span", first: "del", second: "ins" };
    const runs = wordDiff(cards[0].prompt, cards[1].prompt);
    parts.push(h("p", { class: "fk-prompt" }, runs.flatMap((run) => [h(tags[run.kind], {}, run.text), " "])));
  }
  return parts;
}
