// One frame on the grid: its picture, its marks and its words.

import { markOf, spoken } from "./culling.js";
import { h } from "./dom.js";

/** The element of a frame; `on` has `click` and `open`. */
export function makeCell(card, url, id, on) {
  const shape = `aspect-ratio:${card.aspect}`;
  const picture = url ? pictureOf(url) : h("div", { class: card.fault ? "fk-empty fk-fault" : "fk-empty" }, card.fault);
  return h(
    "div",
    { class: "fk-cell", role: "option", id, onclick: on.click, ondblclick: on.open },
    h(
      "div",
      { class: "fk-shot", style: shape },
      picture,
      h("span", { class: "fk-chip fk-flag", "aria-hidden": "true" }),
      h("span", { class: "fk-chip fk-order", "aria-hidden": "true" }),
      h("span", { class: "fk-chip fk-stars", "aria-hidden": "true" }),
      card.badge ? badgeChip(card.badge) : null,
    ),
    card.name ? h("div", { class: "fk-caption fk-name", "aria-hidden": "true" }, parted(card.name)) : null,
    card.caption ? h("div", { class: "fk-caption fk-more", "aria-hidden": "true" }, parted(card.caption)) : null,
  );
}

/** Put a picture where its place was kept. */
export function showPicture(cell, url) {
  cell.querySelector(".fk-shot").firstElementChild.replaceWith(pictureOf(url));
}

function pictureOf(url) {
  return h("img", { decoding: "async", src: url, alt: "", draggable: false });
}

/** Show what was said about a frame; `place` is its number among the chosen, or 0. */
export function refreshCell(cell, card, state) {
  const mark = markOf(state, card.id);
  const place = state.chosen.indexOf(card.id) + 1;
  cell.dataset.pick = mark.pick;
  cell.setAttribute("aria-selected", String(place > 0));
  cell.setAttribute("aria-label", spoken(card, mark, place > 0));
  cell.querySelector(".fk-flag").textContent = { pick: "✓", reject: "✕" }[mark.pick] ?? "";
  cell.querySelector(".fk-stars").textContent = "★".repeat(mark.rating);
  cell.querySelector(".fk-order").textContent = place ? String(place) : "";
}

/** What the light meter says, in signs and words: the colour only repeats it. */
function badgeChip(badge) {
  const verdict = (badge.verdict ?? "").replaceAll(" ", "-");
  return h("span", { class: `fk-chip fk-badge fk-${verdict}`, title: badge.details.join("\n") }, badge.text);
}

/** A caption breaks between its parts, not inside "seed 3"; space keeps the parts apart, on one line or two. */
function parted(text) {
  return text.split(" · ").flatMap((part) => [h("span", {}, part), " "]);
}
