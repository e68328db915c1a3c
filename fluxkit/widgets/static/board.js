// The live contact sheet: a grid to cull by keyboard, a loupe, and blind pairs. The same module draws the notebook's
// widget and the offline page; `host` is what differs between the two.

import {
  actionOf,
  adoptMarks,
  blindPairs,
  createState,
  markOf,
  matches,
  moveCursor,
  picksFile,
  ranking,
  redo,
  setMark,
  spoken,
  tally,
  toggleChosen,
  undo,
  visible,
} from "./culling.js";
import { h, showError } from "./dom.js";
import { filterFields } from "./filters.js";
import { keysBox } from "./keys.js";
import { createLoupe } from "./loupe.js";

export function mountSheet(root, host) {
  let state = createState([], host.marks());
  let cells = [];
  let urls = new Map();
  let pairs = null;
  let waiting = false;
  let byAxes = Boolean(host.layout);
  const originals = new Map();

  const status = h("div", { class: "fk-status", role: "status", "aria-live": "polite" });
  const progress = h("div", { class: "fk-progress", hidden: true });
  const grid = h("div", {
    class: "fk-grid",
    role: "listbox",
    tabIndex: 0,
    "aria-label": host.title || "Contact sheet",
    "aria-multiselectable": "true",
  });
  const filters = h("div", { class: "fk-filters" });
  const loupe = createLoupe({ picture: loadLarge, onClose: closeLoupe, onStep: step });
  const help = keysBox();
  root.classList.add("fk", "fk-sheet");
  root.setAttribute("data-lm-suppress-shortcuts", "true");
  root.replaceChildren(head(), progress, filters, grid, status, loupe.element, help);
  root.addEventListener("keydown", onKey);
  host.onCards(addCards);
  host.onMarks((marks) => {
    state = adoptMarks(state, marks);
    refreshAll();
  });
  host.onProgress?.(showProgress);
  host.start();

  function head() {
    const button = (label, action, title) =>
      h("button", { type: "button", class: "fk-button", title, onclick: () => run({ kind: action }) }, label);
    return h(
      "div",
      { class: "fk-head" },
      h("div", { class: "fk-titles" }, h("h2", {}, host.title || "Contact sheet"), h("p", {}, host.subtitle || "")),
      h(
        "div",
        { class: "fk-tools" },
        host.layout ? button("Rows and columns", "axes", "Show by axes, or as one flow") : null,
        button("Compare", "compare", "Compare the chosen frames (c)"),
        button("Blind pairs", "pairs", "Choose between two, without captions (b)"),
        host.code ? button("Copy code", "code", "Copy the Python that makes this selection") : null,
        host.sendBack ? button("Save picks", "send", "Save picks.json, to send back") : null,
        button("Keys", "help", "Keys (?)"),
      ),
    );
  }

  // ---- cards arrive in batches; a card that was pending is replaced in place

  function addCards(start, cards, pictures) {
    cards.forEach((card, i) => {
      const index = start + i;
      state.cards[index] = card;
      if (pictures[i]) setPicture(index, pictures[i]);
      const cell = makeCell(card, index);
      if (cells[index]) cells[index].replaceWith(cell);
      cells[index] = cell;
    });
    schedule(layOut);
  }

  function setPicture(index, source) {
    const old = urls.get(index);
    if (old?.startsWith("blob:")) URL.revokeObjectURL(old);
    urls.set(index, typeof source === "string" ? source : URL.createObjectURL(new Blob([source])));
    originals.delete(state.cards[index].id);
  }

  function makeCell(card, index) {
    const url = urls.get(index);
    const cell = h(
      "div",
      { class: "fk-cell", role: "option", id: cellId(index), onclick: (event) => clicked(event, index) },
      url
        ? h("img", { src: url, alt: "", draggable: false, decoding: "async", style: `aspect-ratio:${card.aspect}` })
        : h("div", { class: "fk-empty", style: `aspect-ratio:${card.aspect}` }, card.fault || "…"),
      h("div", { class: "fk-marks", "aria-hidden": "true" }),
      card.name ? h("div", { class: "fk-caption fk-name", "aria-hidden": "true" }, parted(card.name)) : null,
      card.caption ? h("div", { class: "fk-caption fk-more", "aria-hidden": "true" }, parted(card.caption)) : null,
    );
    cell.addEventListener("dblclick", () => openLoupe([card]));
    refreshCell(cell, card);
    return cell;
  }

  /** A caption breaks between its parts, not inside "seed 3". */
  function parted(text) {
    const parts = text.split(" · ");
    return parts.flatMap((part, i) => [h("span", {}, i < parts.length - 1 ? `${part} ·` : part), " "]);
  }

  function cellId(index) {
    return `${host.key}-${index}`;
  }

  function refreshCell(cell, card) {
    const mark = markOf(state, card.id);
    const chosen = state.chosen.includes(card.id);
    cell.dataset.pick = mark.pick;
    cell.setAttribute("aria-selected", String(chosen));
    cell.setAttribute("aria-label", spoken(card, mark, chosen));
    const stars = mark.rating ? "★".repeat(mark.rating) : "";
    const pick = { pick: "✓ picked", reject: "✕ rejected" }[mark.pick] ?? "";
    cell.querySelector(".fk-marks").textContent = [pick, stars].filter(Boolean).join("  ");
  }

  // ---- layout: by the sheet's own axes, or one flow

  function layOut() {
    const shown = new Set(visible(state));
    if (byAxes && host.layout) grid.replaceChildren(...host.layout.sections.flatMap((s) => sectionOf(s, shown)));
    else {
      flowOf(cells.filter((_, index) => shown.has(index)));
    }
    grid.classList.toggle("fk-by-axes", byAxes);
    refreshFilters();
    focusCursor(false);
    refreshStatus();
  }

  /** Frames that arrive at the end are added to what is there: the rest of a long sheet is left alone. */
  function flowOf(wanted) {
    const flow = grid.firstElementChild;
    const there = flow?.classList.contains("fk-flow") ? [...flow.children] : null;
    if (there?.every((cell, i) => cell === wanted[i])) flow.append(...wanted.slice(there.length));
    else grid.replaceChildren(h("div", { class: "fk-flow", role: "group", "aria-label": "Frames" }, wanted));
  }

  function sectionOf(section, shown) {
    const wide = section.columns.length * section.span;
    const columns = `grid-template-columns: ${section.rows.some(Boolean) ? "var(--fk-gutter)" : "0"} repeat(${wide}, minmax(calc(var(--fk-cell) * 0.62), 1fr))`;
    const made = [];
    if (section.title) made.push(h("div", { class: "fk-section", "aria-hidden": "true" }, section.title));
    if (section.columns.some(Boolean)) {
      const heads = section.columns.map((label) =>
        h("div", { class: "fk-column", style: `grid-column: span ${section.span}` }, label),
      );
      made.push(h("div", { class: "fk-row", style: columns, "aria-hidden": "true" }, h("div"), heads));
    }
    section.rows.forEach((label, row) => {
      const line = h("div", { class: "fk-row", style: columns, role: "group", "aria-label": label || "Frames" });
      line.append(h("div", { class: "fk-label", "aria-hidden": "true" }, label));
      section.cells
        .filter((cell) => cell.row === row)
        .forEach(({ column, frames }) =>
          frames.forEach((index, slot) => {
            const cell = cells[index];
            if (!cell) return;
            cell.style.gridColumn = String(2 + column * section.span + (slot % section.span));
            cell.classList.toggle("fk-hidden", !shown.has(index));
            line.append(cell);
          }),
        );
      made.push(line);
    });
    return made;
  }

  function order() {
    const shown = visible(state);
    if (!byAxes || !host.layout) return shown;
    const open = new Set(shown);
    return host.layout.sections.flatMap((s) => s.cells.flatMap((cell) => cell.frames)).filter((i) => open.has(i));
  }

  function columnsShown() {
    const tops = order().map((index) => cells[index].offsetTop);
    const row = cells[state.cursor]?.offsetTop ?? tops[0];
    const first = tops.indexOf(row);
    return first < 0 ? 1 : Math.max(1, tops.filter((top) => top === row).length);
  }

  // ---- filters

  function refreshFilters() {
    if (filters.contains(document.activeElement)) return;
    filters.replaceChildren(...filterFields(() => state, setFilter));
  }

  function setFilter(change) {
    state = { ...state, filter: { ...state.filter, ...change } };
    layOut();
  }

  // ---- keys and actions

  function onKey(event) {
    if (event.target.matches?.("input, select, textarea, summary")) {
      if (event.key === "Escape") grid.focus();
      return;
    }
    if (event.target.matches?.("button") && ["Enter", " "].includes(event.key)) return;
    const action = pairs ? pairAction(event) : (zoomAction(event) ?? actionOf(event));
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    try {
      run(action);
    } catch (error) {
      showError(root, error);
    }
  }

  function zoomAction(event) {
    if (!loupe.isOpen()) return null;
    return { "+": { kind: "zoom", factor: 1.5 }, "=": { kind: "zoom", factor: 1.5 }, "-": { kind: "zoom", factor: 1 / 1.5 } }[event.key];
  }

  function run(action) {
    const actions = {
      move: () => moveTo(moveCursor(state.cursor, action.key, order(), loupe.isOpen() ? 1 : columnsShown())),
      mark: () => mark(action),
      undo: () => stepHistory(undo),
      redo: () => stepHistory(redo),
      choose,
      loupe: () => (loupe.isOpen() ? closeLoupe() : openLoupe([current()])),
      compare,
      mode: () => loupe.isOpen() && loupe.cycleMode(),
      zoom: () => loupe.zoom(action.factor),
      pairs: startPairs,
      vote: () => vote(action.side),
      filter: () => setFilter({ pick: state.filter.pick === "kept" ? "all" : "kept" }),
      axes: () => {
        byAxes = !byAxes;
        cells.forEach((cell) => {
          cell.classList.remove("fk-hidden");
          cell.style.gridColumn = "";
        });
        layOut();
      },
      help: () => (help.hidden = !help.hidden),
      code: copyCode,
      send: () => host.sendBack(picksFile(state, host.sheet)),
      close,
    };
    actions[action.kind]?.();
  }

  function current() {
    return state.cards[state.cursor];
  }

  function mark(action) {
    const ids = state.chosen.length && !loupe.isOpen() ? state.chosen : [current().id];
    const before = state.marks;
    state = setMark(state, ids, action.change);
    const next = action.advance ? moveCursor(state.cursor, "ArrowRight", order(), 1) : null;
    saved(before);
    if (next !== null) moveTo(next);
  }

  function stepHistory(how) {
    const before = state.marks;
    state = how(state);
    saved(before);
  }

  function saved(before) {
    const changed = state.cards.filter((card) => before[card.id] !== state.marks[card.id]);
    host.save(state.marks, Object.fromEntries(changed.map((card) => [card.id, markOf(state, card.id)])));
    const filtered = changed.some((card) => !matches(card, markOf(state, card.id), state.filter));
    changed.forEach((card) => refreshCell(cells[state.cards.indexOf(card)], card));
    if (filtered) layOut();
    refreshStatus();
  }

  function refreshAll() {
    cells.forEach((cell, index) => refreshCell(cell, state.cards[index]));
    refreshStatus();
  }

  function choose() {
    state = { ...state, chosen: toggleChosen(state.chosen, current().id) };
    refreshCell(cells[state.cursor], current());
    host.choose(state.chosen);
    refreshStatus();
  }

  function clicked(event, index) {
    state = { ...state, cursor: index };
    if (event.shiftKey || event.ctrlKey || event.metaKey) choose();
    focusCursor();
    grid.focus({ preventScroll: true });
  }

  function moveTo(index) {
    state = { ...state, cursor: index };
    if (loupe.isOpen()) openLoupe([current()]);
    focusCursor();
  }

  function focusCursor(scroll = true) {
    grid.querySelector(".fk-cursor")?.classList.remove("fk-cursor");
    const cell = cells[state.cursor];
    if (!cell?.isConnected) return;
    cell.classList.add("fk-cursor");
    grid.setAttribute("aria-activedescendant", cell.id);
    if (scroll) cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  function step(by) {
    moveTo(moveCursor(state.cursor, by < 0 ? "ArrowLeft" : "ArrowRight", order(), 1));
  }

  // ---- loupe and comparison

  function loadLarge(card, put) {
    const index = state.cards.indexOf(card);
    put(originals.get(card.id) ?? urls.get(index) ?? "");
    if (originals.has(card.id)) return;
    host.original(card.id, (source) => {
      const url = typeof source === "string" ? source : URL.createObjectURL(new Blob([source]));
      originals.set(card.id, url);
      put(url);
    });
  }

  function openLoupe(cards) {
    loupe.show(cards);
    root.classList.add("fk-looking");
    if (root.getBoundingClientRect().top < 0) root.scrollIntoView({ block: "start" });
    refreshStatus();
  }

  function closeLoupe() {
    loupe.hide();
    pairs = null;
    root.classList.remove("fk-looking");
    grid.focus({ preventScroll: true });
    refreshStatus();
  }

  function compare() {
    const chosen = state.chosen.length >= 2 ? state.chosen.slice(0, 4) : neighbours();
    openLoupe(chosen.map((id) => state.cards.find((card) => card.id === id)));
  }

  function neighbours() {
    const shown = order();
    const next = moveCursor(state.cursor, "ArrowRight", shown, 1);
    const other = next === state.cursor ? moveCursor(state.cursor, "ArrowLeft", shown, 1) : next;
    return [...new Set([state.cards[state.cursor].id, state.cards[other].id])];
  }

  function close() {
    if (!help.hidden) help.hidden = true;
    else if (pairs) endPairs();
    else if (loupe.isOpen()) closeLoupe();
    else if (state.chosen.length) {
      const ids = state.chosen;
      state = { ...state, chosen: [] };
      state.cards.forEach((card, index) => ids.includes(card.id) && refreshCell(cells[index], card));
      host.choose([]);
      refreshStatus();
    }
  }

  // ---- blind pairs

  function startPairs() {
    const ids = state.chosen.length >= 2 ? state.chosen : order().map((index) => state.cards[index].id);
    if (ids.length < 2) return;
    pairs = { ids, queue: blindPairs(ids, Math.floor(Math.random() * 2 ** 31)), at: 0, votes: [], ties: [] };
    showPair();
  }

  function showPair() {
    if (pairs.at >= pairs.queue.length) return endPairs();
    const shown = pairs.queue[pairs.at].map((id) => state.cards.find((card) => card.id === id));
    loupe.show(
      shown.map((card, i) => ({ ...card, alt: ["Left picture", "Right picture"][i], name: "" })),
      { blind: true },
    );
    root.classList.add("fk-looking");
    status.textContent = `Pair ${pairs.at + 1} of ${pairs.queue.length}: ← or → for the better one, ↓ for a tie, Esc to end`;
    return undefined;
  }

  function pairAction(event) {
    return {
      ArrowLeft: { kind: "vote", side: 0 },
      ArrowRight: { kind: "vote", side: 1 },
      ArrowDown: { kind: "vote", side: null },
      Escape: { kind: "close" },
    }[event.key];
  }

  function vote(side) {
    const pair = pairs.queue[pairs.at++];
    if (side === null) pairs.ties.push(pair);
    else pairs.votes.push([pair[side], pair[1 - side]]);
    showPair();
  }

  function endPairs() {
    const { ids, votes, ties } = pairs;
    closeLoupe();
    if (!votes.length && !ties.length) return;
    const order = ranking(ids, votes, ties).map(({ id }) => id);
    host.ranked?.(order);
    const best = order.slice(0, 5).map((id) => state.cards.find((card) => card.id === id).number);
    status.textContent = `After ${votes.length + ties.length} pairs, strongest first: frames ${best.join(", ")}`;
  }

  // ---- the rest

  function copyCode() {
    host.code(state.chosen).then((code) => {
      const done = () => (status.textContent = "The code is on the clipboard.");
      const shown = () => {
        const box = h("textarea", { class: "fk-code", readOnly: true, "aria-label": "Code" }, code);
        status.replaceChildren(box);
        box.select();
      };
      navigator.clipboard ? navigator.clipboard.writeText(code).then(done, shown) : shown();
    });
  }

  function showProgress({ text, share, preview, running }) {
    progress.hidden = !text;
    const bar = h("progress", { max: 1, value: share ?? 0, "aria-label": "Progress" });
    const stop = running ? h("button", { type: "button", class: "fk-button", onclick: () => host.cancel() }, "Cancel") : null;
    const making = preview ? h("img", { src: URL.createObjectURL(new Blob([preview])), alt: "The frame in the making" }) : null;
    progress.querySelectorAll("img").forEach((image) => URL.revokeObjectURL(image.src));
    progress.replaceChildren(...[making, bar, h("span", {}, text), stop].filter(Boolean));
  }

  function refreshStatus() {
    if (pairs) return;
    const { picked, rejected, rated, shown, total } = tally(state);
    const parts = [shown === total ? `${total} frames` : `${shown} of ${total} frames`];
    if (picked) parts.push(`${picked} picked`);
    if (rejected) parts.push(`${rejected} rejected`);
    if (rated) parts.push(`${rated} rated`);
    if (state.chosen.length) parts.push(`${state.chosen.length} chosen`);
    parts.push("? for keys");
    status.textContent = parts.join(" · ");
  }

  function schedule(work) {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      try {
        work();
      } catch (error) {
        showError(root, error);
      }
    });
  }

  return () => {
    root.removeEventListener("keydown", onKey);
    [...urls.values(), ...originals.values()].forEach((url) => url.startsWith("blob:") && URL.revokeObjectURL(url));
    urls = new Map();
    cells = [];
  };
}
