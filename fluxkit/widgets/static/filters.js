// The filters above the grid: by rating, by pick, and by the values of each axis; and the size of the pictures.

import { axesOf, toggleValue } from "./culling.js";
import { h } from "./dom.js";

const RATINGS = ["any rating", "★ or more", "★★ or more", "★★★ or more", "★★★★ or more", "★★★★★"];
const PICKS = { all: "all frames", kept: "not rejected", picked: "picked", rejected: "rejected", undecided: "undecided" };

/** One field for each filter; `change` takes what the user chose. The state is asked for anew at every change. */
export function filterFields(getState, change) {
  const state = getState();
  const { rating, pick } = state.filter;
  const names = Object.keys(PICKS);
  return [
    select("Rating", RATINGS, rating, (at) => change({ rating: at })),
    select("Show", Object.values(PICKS), names.indexOf(pick), (at) => change({ pick: names[at] })),
    ...axesOf(state.cards).map((axis) => axisField(axis, getState, change)),
  ];
}

function select(label, labels, chosen, choose) {
  const options = labels.map((text, i) => h("option", { value: String(i), selected: i === chosen }, text));
  const onchange = (event) => choose(Number(event.target.value));
  return h("select", { onchange, class: "fk-select", "aria-label": label }, options);
}

function axisField(axis, getState, change) {
  const hidden = getState().filter.hidden[axis.path] ?? [];
  const values = h("div", { class: "fk-values" });
  // A thousand seeds are a thousand boxes: they are made when somebody looks at them.
  const open = (event) =>
    event.target.open && values.replaceChildren(...axis.labels.map((label) => valueBox(axis, label, getState, change)));
  const note = hidden.length ? ` (${axis.labels.length - hidden.length} of ${axis.labels.length})` : "";
  const title = axis.title.charAt(0).toUpperCase() + axis.title.slice(1);
  return h("details", { class: "fk-field", ontoggle: open }, h("summary", {}, title + note), values);
}

function valueBox(axis, label, getState, change) {
  const hidden = getState().filter.hidden[axis.path] ?? [];
  const onchange = () => change(toggleValue(getState().filter, axis.path, label));
  return h("label", {}, h("input", { type: "checkbox", checked: !hidden.includes(label), onchange }), " ", label);
}
