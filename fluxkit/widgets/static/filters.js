// The filters above the grid: by rating, by pick, and by the values of each axis.

import { axesOf, toggleValue } from "./culling.js";
import { h } from "./dom.js";

const RATINGS = ["any", "1+", "2+", "3+", "4+", "5"];
const PICKS = ["all", "kept", "picked", "rejected", "undecided"];

/** One field for each filter; `change` takes what the user chose. The state is asked for anew at every change. */
export function filterFields(getState, change) {
  const state = getState();
  const { rating, pick } = state.filter;
  return [
    select("Rating", RATINGS, rating, (at) => change({ rating: at })),
    select("Show", PICKS, PICKS.indexOf(pick), (at) => change({ pick: PICKS[at] })),
    ...axesOf(state.cards).map((axis) => axisField(axis, getState, change)),
  ];
}

function select(label, labels, chosen, choose) {
  const options = labels.map((text, i) => h("option", { value: String(i), selected: i === chosen }, text));
  const onchange = (event) => choose(Number(event.target.value));
  return h("label", { class: "fk-field" }, label, " ", h("select", { onchange }, options));
}

function axisField(axis, getState, change) {
  const hidden = getState().filter.hidden[axis.path] ?? [];
  const values = h("div", { class: "fk-values" });
  // A thousand seeds are a thousand boxes: they are made when somebody looks at them.
  const open = (event) =>
    event.target.open && values.replaceChildren(...axis.labels.map((label) => valueBox(axis, label, getState, change)));
  const note = hidden.length ? ` (${axis.labels.length - hidden.length} of ${axis.labels.length})` : "";
  return h("details", { class: "fk-field", ontoggle: open }, h("summary", {}, axis.title + note), values);
}

function valueBox(axis, label, getState, change) {
  const hidden = getState().filter.hidden[axis.path] ?? [];
  const onchange = () => change(toggleValue(getState().filter, axis.path, label));
  return h("label", {}, h("input", { type: "checkbox", checked: !hidden.includes(label), onchange }), " ", label);
}
