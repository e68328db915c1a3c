// What stands beside the pictures of the loupe: prompt, light meter, and what differs between two frames.

import { differences, wordDiff } from "./culling.js";
import { h } from "./dom.js";

/** The parts of the legend for one to four cards. */
export function explained(cards) {
  return cards.length === 1 ? aboutOne(cards[0]) : aboutSeveral(cards);
}

function aboutOne(card) {
  const rows = card.values.map(({ title, label }) => h("tr", {}, h("th", { scope: "row" }, title), h("td", {}, label)));
  return [
    rows.length ? h("table", {}, h("caption", {}, `Frame ${card.number}`), h("tbody", {}, rows)) : null,
    card.badge ? part("Light meter", h("ul", {}, card.badge.details.map((line) => h("li", {}, line)))) : null,
    card.prompt ? part("Prompt", h("p", { class: "fk-prompt" }, card.prompt)) : null,
  ].filter(Boolean);
}

function aboutSeveral(cards) {
  const heads = cards.map((card) => h("th", { scope: "col" }, `Frame ${card.number}`));
  const rows = differences(cards).map((row) =>
    h("tr", {}, h("th", { scope: "row" }, row.title), row.labels.map((label) => h("td", {}, label))),
  );
  const table = h(
    "table",
    {},
    h("caption", {}, rows.length ? "What differs" : "Nothing that was asked for differs"),
    rows.length ? h("thead", {}, h("tr", {}, h("td"), heads)) : null,
    h("tbody", {}, rows),
  );
  return [table, cards.length === 2 ? promptDifference(cards[0].prompt, cards[1].prompt) : null].filter(Boolean);
}

function promptDifference(first, second) {
  if (!first || first === second) return null;
  const tags = { same: "span", first: "del", second: "ins" };
  const runs = wordDiff(first, second).flatMap((run) => [h(tags[run.kind], {}, run.text), " "]);
  return part("From the first prompt to the second", h("p", { class: "fk-prompt" }, runs));
}

function part(title, ...content) {
  return h("section", {}, h("h3", {}, title), content);
}
