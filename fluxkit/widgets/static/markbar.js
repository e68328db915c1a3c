// Buttons that do what the keys do, for a mouse, a finger and a reader: pick, reject, stars, choose, undo.

import { h } from "./dom.js";

/** `run` takes an action of the board. `show(mark, chosen, what)` tells the bar what it would act on. */
export function createMarkBar(run) {
  const button = (label, name, action, title) =>
    h("button", { type: "button", class: "fk-button", "aria-label": name, title, onclick: () => run(action) }, label);
  const pick = button("✓ Pick", "Pick", { kind: "mark", change: { pick: "pick" } }, "Pick (p)");
  const reject = button("✕ Reject", "Reject", { kind: "mark", change: { pick: "reject" } }, "Reject (x)");
  const stars = [1, 2, 3, 4, 5].map((count) =>
    h(
      "button",
      {
        type: "button",
        class: "fk-star",
        title: `${count} of 5 (${count})`,
        "aria-label": `Rate ${count}`,
        onclick: () => run({ kind: "mark", change: { rating: rated === count ? 0 : count } }),
      },
      "☆",
    ),
  );
  const choose = button("Choose", "Choose for comparing", { kind: "choose" }, "Choose for comparing (Space)");
  const undo = button("↶ Undo", "Undo", { kind: "undo" }, "Undo (z)");
  const what = h("span", { class: "fk-what" });
  const element = h(
    "div",
    { class: "fk-markbar", role: "toolbar", "aria-label": "Marks" },
    what,
    h("span", { class: "fk-group" }, pick, reject),
    h("span", { class: "fk-group fk-rate", role: "group", "aria-label": "Rating" }, stars),
    h("span", { class: "fk-group" }, choose, undo),
  );
  let rated = 0;

  function show(mark, chosen, words) {
    rated = mark.rating;
    what.textContent = words;
    pick.setAttribute("aria-pressed", String(mark.pick === "pick"));
    reject.setAttribute("aria-pressed", String(mark.pick === "reject"));
    choose.setAttribute("aria-pressed", String(chosen));
    stars.forEach((star, i) => {
      star.textContent = i < mark.rating ? "★" : "☆";
      star.setAttribute("aria-pressed", String(i + 1 === mark.rating));
    });
  }

  return { element, show };
}
