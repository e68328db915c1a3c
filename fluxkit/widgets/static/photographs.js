// Photographs one after the other: one large, with what is wrong with it, and all of them small on a strip.

import { guarded, h, keepKeys, showError } from "./dom.js";
import { handled } from "./handled.js";

const MARKS = {
  none: ["", "no caption"],
  captioned: ["✓", "captioned"],
  unsaved: ["●", "captioned, not saved"],
  wrong: ["!", "holds a value that is not taken"],
};
const SIGNS = { note: "i", warning: "!", error: "✕" };

export function mountPhotographs(root, host) {
  const back = h("button", { type: "button", class: "fk-button", title: "Page Up", onclick: () => go(asked() - 1) }, "← Previous");
  const on = h("button", { type: "button", class: "fk-button", title: "Page Down", onclick: () => go(asked() + 1) }, "Next →");
  const place = h("span", { class: "fk-photo-place", role: "status" });
  const count = h("span", { class: "fk-photo-count" });
  const large = h("img", { class: "fk-photo-large" });
  const lost = h("p", { class: "fk-photo-lost" }, "The file of this photograph cannot be read any more.");
  const name = h("figcaption", {});
  const wrong = h("ul", { class: "fk-photo-findings" });
  const strip = h("div", { class: "fk-photo-strip", role: "listbox", "aria-label": "Photographs", "aria-orientation": "horizontal" });
  const about = h("ul", { class: "fk-photo-findings fk-photo-about" });
  let held = null;
  let wanted = null;
  root.classList.add("fk", "fk-photos");
  keepKeys(root);
  root.replaceChildren(
    h("div", { class: "fk-photo-head" }, back, place, on, h("span", { class: "fk-grow" }), count),
    h("figure", { class: "fk-photo-figure" }, large, lost, name),
    wrong,
    strip,
    about,
  );
  const small = host.photographs().map((photograph, i) => cell(photograph, i));
  strip.replaceChildren(...small);
  about.replaceChildren(...host.about().map(finding));
  strip.addEventListener("keydown", guarded(step, root));
  const turn = guarded(page, root);
  document.addEventListener("keydown", turn, true);
  host.onChange(draw);
  draw();
  const adopting = requestAnimationFrame(adopt);

  // A click beside the fields leaves the focus in the form, so that the keys go on working.
  function adopt() {
    const whole = root.closest(".fk-captions");
    if (!whole || whole.hasAttribute("tabindex")) return;
    whole.tabIndex = -1;
    keepKeys(whole);
  }

  function cell(photograph, i) {
    return h(
      "button",
      { type: "button", class: "fk-photo-small", role: "option", tabindex: -1, onclick: () => go(i) },
      h("img", { src: photograph.small, alt: "" }),
      h("span", { class: "fk-photo-mark", "aria-hidden": "true" }),
    );
  }

  function finding({ severity, rule, words }) {
    return h("li", { class: `fk-photo-${severity}` }, h("b", { title: `${severity}: ${rule}` }, SIGNS[severity]), h("span", {}, words));
  }

  function draw() {
    const [at, photographs, marks] = [host.shown(), host.photographs(), host.marks()];
    const shown = photographs[at];
    if (!shown) return;
    place.textContent = `${at + 1} of ${photographs.length}`;
    const captioned = marks.filter((mark) => mark === "captioned" || mark === "unsaved").length;
    count.textContent = `${captioned} of ${photographs.length} captioned`;
    back.disabled = at === 0;
    on.disabled = at === photographs.length - 1;
    large.hidden = !host.picture();
    lost.hidden = !large.hidden;
    if (large.getAttribute("src") !== host.picture()) large.setAttribute("src", host.picture());
    large.alt = shown.name;
    name.textContent = `${shown.name}, ${shown.size} pixels`;
    wrong.replaceChildren(...shown.findings.map(finding));
    small.forEach((one, i) => {
      const [sign, words] = MARKS[marks[i]];
      const grave = photographs[i].findings.some(({ severity }) => severity !== "note");
      one.setAttribute("aria-selected", String(i === at));
      one.setAttribute("aria-label", `${photographs[i].name}: ${words}${grave ? ", something is wrong with it" : ""}`);
      one.title = one.getAttribute("aria-label");
      one.tabIndex = i === at ? 0 : -1;
      one.classList.toggle("fk-photo-grave", grave);
      one.lastChild.textContent = sign;
      one.lastChild.dataset.mark = marks[i];
    });
    reveal(small[at]);
    if (wanted === null && host.index() === at) release();
  }

  function reveal(one) {
    const [from, width] = [one.offsetLeft - strip.offsetLeft, one.offsetWidth];
    if (from < strip.scrollLeft) strip.scrollLeft = from - 8;
    else if (from + width > strip.scrollLeft + strip.clientWidth) strip.scrollLeft = from + width + 8 - strip.clientWidth;
  }

  // What was typed for this photograph is handled before the next one is asked for: it would be taken for the next's.
  function go(to) {
    if (to < 0 || to >= host.photographs().length || to === asked()) return;
    const waiting = wanted !== null;
    wanted = to;
    if (waiting) return;
    hold();
    host.handled().then(turned).catch((error) => showError(root, error));
  }

  function turned() {
    const next = wanted;
    wanted = null;
    if (next === host.index()) draw();
    else host.ask(next);
  }

  function asked() {
    return wanted ?? host.index();
  }

  // And so would be what is typed before Python has shown the next caption.
  function hold() {
    const fields = root.closest(".fk-captions")?.querySelector(".fk-captions-fields");
    if (!fields || held) return;
    held = { fields, focused: fields.contains(document.activeElement) ? document.activeElement : null };
    fields.inert = true;
  }

  function release() {
    if (!held) return;
    const { fields, focused } = held;
    held = null;
    fields.inert = false;
    focused?.focus({ preventScroll: true });
    if (focused?.matches("input[type=text], textarea")) focused.select();
  }

  function step(event) {
    const last = small.length - 1;
    const to = { ArrowLeft: asked() - 1, ArrowRight: asked() + 1, Home: 0, End: last }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = Math.max(0, Math.min(last, to));
    go(next);
    small[next].tabIndex = 0;
    small[next].focus({ preventScroll: true });
  }

  function page(event) {
    const by = { PageUp: -1, PageDown: 1 }[event.key];
    const whole = root.closest(".fk-captions") ?? root;
    if (!by || event.altKey || event.ctrlKey || event.metaKey || event.target.matches("select") || !whole.contains(event.target)) return;
    event.preventDefault();
    event.stopPropagation();
    go(asked() + by);
  }

  return () => {
    cancelAnimationFrame(adopting);
    document.removeEventListener("keydown", turn, true);
  };
}

const WATCHED = ["change:index", "change:shown", "change:picture", "change:marks"];

export default {
  render({ model, el }) {
    const listeners = [];
    const changed = () => listeners.forEach((listener) => listener());
    WATCHED.forEach((name) => model.on(name, changed));
    let unmount = () => {};
    try {
      unmount = mountPhotographs(el, {
        photographs: () => model.get("photographs"),
        about: () => model.get("about"),
        marks: () => model.get("marks"),
        picture: () => model.get("picture"),
        index: () => model.get("index"),
        shown: () => model.get("shown"),
        onChange: (listener) => listeners.push(listener),
        handled: async () => {
          const beside = model.get("beside");
          if (beside) await handled(await model.widget_manager.get_model(beside));
        },
        ask: (index) => {
          model.set("index", index);
          model.save_changes();
        },
      });
    } catch (error) {
      showError(el, error);
      throw error;
    }
    return () => {
      WATCHED.forEach((name) => model.off(name, changed));
      unmount();
    };
  },
};
