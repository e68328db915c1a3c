// The live contact sheet: a grid to cull by keyboard, mouse or finger, a loupe, and blind pairs. The same module draws
// the notebook's widget and the offline page; `host` is what differs between the two.

import { makeCell, refreshCell, showPicture } from "./cells.js";
import {
  actionOf,
  adoptMarks,
  createState,
  markOf,
  matches,
  moveCursor,
  moveOnLines,
  picksFile,
  redo,
  setMark,
  tally,
  toggleChosen,
  undo,
  visible,
} from "./culling.js";
import { guarded, h, keepKeys, showError } from "./dom.js";
import { filterFields } from "./filters.js";
import { flowColumns, flowInto, linesOf, sectionsInto } from "./grid.js";
import { keysBox } from "./keys.js";
import { createLoupe } from "./loupe.js";
import { createMarkBar } from "./markbar.js";
import { answered, currentPair, pairAction, startPairs, strongest } from "./pairs.js";
import { createProgress } from "./progress.js";

const SMALLEST_PX = 80;
const LARGEST_PX = 360;

export function mountSheet(root, host) {
  let state = createState([], host.marks());
  let cells = [];
  let pairs = null;
  let waiting = false;
  let stale = true;
  let byAxes = Boolean(host.layout);
  const urls = new Map();
  const originals = new Map();
  const indexOf = new Map();

  const status = h("div", { class: "fk-status", role: "status", "aria-live": "polite" });
  const progress = createProgress(() => host.cancel());
  const grid = h("div", {
    class: "fk-grid",
    role: "listbox",
    tabIndex: 0,
    "aria-label": host.title || "Contact sheet",
    "aria-multiselectable": "true",
  });
  const filters = h("div", { class: "fk-filters" });
  const bars = [createMarkBar(run), createMarkBar(run)];
  const on = { close: closeLoupe, step: (by) => step(by), vote: (side) => vote(side) };
  const loupe = createLoupe({ picture: loadLarge, on, markbar: bars[1].element });
  const help = keysBox();
  const foot = h("div", { class: "fk-foot" }, bars[0].element, status);
  const listen = guarded(onKey, root);
  root.classList.add("fk", "fk-sheet");
  keepKeys(root);
  root.replaceChildren(head(), progress.element, filters, grid, foot, loupe.element, help);
  root.addEventListener("keydown", listen);
  host.onCards(addCards);
  host.onPicture?.(addPicture);
  host.onMarks((marks) => {
    state = adoptMarks(state, marks);
    refreshAll();
  });
  host.onProgress?.(progress.show);
  host.start();

  function head() {
    const button = (label, kind, title, more = "") =>
      h("button", { type: "button", class: `fk-button ${more}`, title, onclick: () => run({ kind }) }, label);
    return h(
      "div",
      { class: "fk-head" },
      h("div", { class: "fk-titles" }, h("h2", {}, host.title || "Contact sheet"), h("p", {}, host.subtitle || "")),
      h(
        "div",
        { class: "fk-tools" },
        button("Compare", "compare", "Compare the chosen frames (c)"),
        button("Blind pairs", "pairs", "Choose between two, without captions (b)"),
        host.code ? button("Copy code", "code", "Copy the Python that makes this selection") : null,
        host.sendBack ? button("Save picks", "send", "Save picks.json, to send back") : null,
        document.fullscreenEnabled ? button("Full screen", "full", "The whole screen, and back", "fk-wide") : null,
        button("Keys", "help", "What the keys do (?)", "fk-wide"),
      ),
    );
  }

  /** How the frames stand and how large they are: beside the filters. */
  function viewFields() {
    const way = (label, wanted) => {
      const checked = { role: "radio", "aria-checked": String(byAxes === wanted) };
      const onclick = () => byAxes !== wanted && run({ kind: "axes" });
      return h("button", { type: "button", class: "fk-button", onclick, ...checked }, label);
    };
    const ways = [way("Rows and columns", true), way("One flow", false)];
    const size = { type: "range", min: String(SMALLEST_PX), max: String(LARGEST_PX), step: "4", value: String(cellSize()) };
    const oninput = (event) => setCellSize(Number(event.target.value));
    return [
      h("span", { class: "fk-grow" }),
      host.layout ? h("div", { class: "fk-segments", role: "radiogroup", "aria-label": "How frames stand" }, ways) : null,
      h("input", { ...size, class: "fk-size", "aria-label": "Size of the pictures", oninput }),
    ].filter(Boolean);
  }

  // ---- cards arrive in batches; a card that was pending is replaced in place

  function addCards(start, cards, pictures) {
    cards.forEach((card, i) => {
      const index = start + i;
      state.cards[index] = card;
      indexOf.set(card.id, index);
      if (pictures[i]) setPicture(index, pictures[i]);
      const clicks = { click: (event) => clicked(event, index), open: () => openLoupe([state.cards[index]]) };
      const cell = makeCell(card, urls.get(index), `${host.key}-${index}`, clicks);
      refreshCell(cell, card, state);
      if (cells[index]) replaceCell(cells[index], cell, index);
      else stale = true;
      cells[index] = cell;
    });
    schedule();
  }

  /** A picture for a card that is on the grid already: nothing else is made anew. */
  function addPicture(index, source) {
    setPicture(index, source);
    showPicture(cells[index], urls.get(index));
  }

  function replaceCell(old, cell, index) {
    cell.style.gridColumn = old.style.gridColumn;
    cell.className = old.className;
    if (old.isConnected) old.replaceWith(cell);
    else stale = true;
    if (index === state.cursor) showCursor(false);
  }

  function setPicture(index, source) {
    const old = urls.get(index);
    if (old?.startsWith("blob:")) URL.revokeObjectURL(old);
    urls.set(index, typeof source === "string" ? source : URL.createObjectURL(new Blob([source])));
    originals.delete(state.cards[index].id);
  }

  // ---- layout

  function layOut() {
    const shown = visible(state);
    if (byAxes) sectionsInto(grid, host.layout, cells, shown);
    else flowInto(grid, shown.map((index) => cells[index]));
    grid.classList.toggle("fk-by-axes", byAxes);
    grid.classList.toggle("fk-mixed", new Set(state.cards.map((card) => card.aspect)).size > 1);
    stale = false;
    refreshFilters();
    showCursor(false);
    refreshFoot();
  }

  function order() {
    return lines(1).flat().filter((index) => index !== null);
  }

  function lines(columns = flowColumns(grid)) {
    return linesOf(byAxes ? host.layout : null, visible(state), columns);
  }

  function cellSize() {
    return parseFloat(getComputedStyle(root).getPropertyValue("--fk-cell")) || 132;
  }

  function setCellSize(pixels) {
    root.style.setProperty("--fk-cell", `${Math.max(SMALLEST_PX, Math.min(LARGEST_PX, pixels))}px`);
  }

  function refreshFilters() {
    if (filters.contains(document.activeElement)) return;
    filters.replaceChildren(...filterFields(() => state, setFilter), ...viewFields());
  }

  function setFilter(change) {
    state = { ...state, filter: { ...state.filter, ...change } };
    layOut();
  }

  // ---- keys and actions

  function onKey(event) {
    const on = event.target;
    if (on.matches?.("input, select, textarea, summary")) {
      if (event.key === "Escape") grid.focus();
      return;
    }
    if (on.matches?.("button") && ["Enter", " "].includes(event.key)) return;
    const action = pairs ? pairAction(event) : (loupeAction(event) ?? actionOf(event));
    if (!action) return;
    event.preventDefault();
    event.stopPropagation();
    run(action);
  }

  function loupeAction(event) {
    if (!loupe.isOpen()) return null;
    const across = { ArrowUp: { kind: "nudge", by: 5 }, ArrowDown: { kind: "nudge", by: -5 } }[event.key];
    return loupe.stacked() ? (across ?? null) : null;
  }

  function run(action) {
    const actions = {
      move: () => (loupe.isOpen() ? step(["ArrowLeft", "ArrowUp", "Home"].includes(action.key) ? -1 : 1) : move(action.key)),
      mark: () => mark(action),
      undo: () => stepHistory(undo),
      redo: () => stepHistory(redo),
      choose,
      loupe: () => (loupe.isOpen() ? closeLoupe() : openLoupe([current()])),
      compare,
      mode: () => loupe.isOpen() && loupe.cycleMode(),
      nudge: () => loupe.nudge(action.by),
      size: () => (loupe.isOpen() ? loupe.zoom(action.by > 0 ? 1.5 : 1 / 1.5) : setCellSize(cellSize() * (1 + action.by * 0.2))),
      pairs: beginPairs,
      vote: () => vote(action.side),
      filter: () => setFilter({ pick: state.filter.pick === "kept" ? "all" : "kept" }),
      axes: turn,
      help: () => (help.hidden = !help.hidden),
      full: () => (document.fullscreenElement ? document.exitFullscreen() : root.requestFullscreen()),
      code: copyCode,
      send: () => host.sendBack(picksFile(state, host.sheet, host.told())),
      close,
    };
    actions[action.kind]?.();
  }

  function turn() {
    if (!host.layout) return;
    byAxes = !byAxes;
    cells.forEach((cell) => {
      cell.classList.remove("fk-hidden");
      cell.style.gridColumn = "";
    });
    filters.replaceChildren();
    layOut();
  }

  function current() {
    return state.cards[state.cursor];
  }

  function move(key) {
    setCursor(moveOnLines(state.cursor, key, lines()));
  }

  function mark(action) {
    const ids = state.chosen.length && !loupe.isOpen() ? state.chosen : [current().id];
    const before = state.marks;
    state = setMark(state, ids, action.change);
    saved(before);
    if (action.advance) loupe.isOpen() ? step(1) : setCursor(moveCursor(state.cursor, "ArrowRight", order(), 1));
  }

  function stepHistory(how) {
    const before = state.marks;
    state = how(state);
    saved(before);
  }

  function saved(before) {
    const changed = state.cards.filter((card) => before[card.id] !== state.marks[card.id]);
    host.save(state.marks, Object.fromEntries(changed.map((card) => [card.id, markOf(state, card.id)])));
    changed.forEach((card) => refreshCell(cells[indexOf.get(card.id)], card, state));
    if (changed.some((card) => !matches(card, markOf(state, card.id), state.filter))) layOut();
    refreshFoot();
  }

  function refreshAll() {
    cells.forEach((cell, index) => refreshCell(cell, state.cards[index], state));
    refreshFoot();
  }

  function choose() {
    setChosen(toggleChosen(state.chosen, current().id));
  }

  function setChosen(chosen) {
    const touched = new Set([...state.chosen, ...chosen]);
    state = { ...state, chosen };
    touched.forEach((id) => refreshCell(cells[indexOf.get(id)], state.cards[indexOf.get(id)], state));
    host.choose(chosen);
    refreshFoot();
  }

  function clicked(event, index) {
    grid.focus({ preventScroll: true });
    setCursor(index);
    if (event.shiftKey || event.ctrlKey || event.metaKey) choose();
  }

  function setCursor(index) {
    state = { ...state, cursor: index };
    showCursor();
    refreshFoot();
  }

  function showCursor(scroll = true) {
    grid.querySelector(".fk-cursor")?.classList.remove("fk-cursor");
    const cell = cells[state.cursor];
    if (!cell?.isConnected) return;
    cell.classList.add("fk-cursor");
    grid.setAttribute("aria-activedescendant", cell.id);
    if (scroll) cell.scrollIntoView({ block: "nearest", inline: "nearest" });
  }

  /** To the next frame: of the loupe, of the second side of a comparison, or of the grid. */
  function step(by) {
    const shown = loupe.isOpen() ? loupe.cards() : [];
    const kept = shown.slice(0, -1).map((card) => card.id);
    const open = order().filter((index) => !kept.includes(state.cards[index].id));
    setCursor(moveCursor(state.cursor, by < 0 ? "ArrowLeft" : "ArrowRight", open, 1));
    if (loupe.isOpen()) openLoupe([...shown.slice(0, -1), current()]);
  }

  // ---- loupe and comparison

  function loadLarge(card, put) {
    put(originals.get(card.id) ?? urls.get(indexOf.get(card.id)) ?? "");
    if (originals.has(card.id)) return;
    host.original(card.id, (source) => {
      const url = typeof source === "string" ? source : URL.createObjectURL(new Blob([source]));
      originals.set(card.id, url);
      put(url);
    });
  }

  function openLoupe(cards) {
    const shown = order();
    const at = shown.indexOf(indexOf.get(cards[cards.length - 1].id)) + 1;
    look(cards, { words: cards.length === 1 ? `${at} of ${shown.length}` : "" });
    state = { ...state, cursor: indexOf.get(cards[cards.length - 1].id) };
    refreshFoot();
  }

  function look(cards, options) {
    const opening = !loupe.isOpen();
    loupe.show(cards, options);
    root.classList.add("fk-looking");
    if (!opening) return;
    loupe.element.focus({ preventScroll: true });
    if (root.getBoundingClientRect().top < 0) root.scrollIntoView({ block: "start" });
  }

  function closeLoupe() {
    if (pairs) return endPairs();
    loupe.hide();
    root.classList.remove("fk-looking");
    grid.focus({ preventScroll: true });
    showCursor();
    return refreshFoot();
  }

  function compare() {
    const ids = state.chosen.length >= 2 ? state.chosen.slice(0, 4) : neighbours();
    openLoupe(ids.map((id) => state.cards[indexOf.get(id)]));
  }

  function neighbours() {
    const shown = order();
    const next = moveCursor(state.cursor, "ArrowRight", shown, 1);
    const other = next === state.cursor ? moveCursor(state.cursor, "ArrowLeft", shown, 1) : next;
    return [...new Set([current().id, state.cards[other].id])];
  }

  function close() {
    if (!help.hidden) help.hidden = true;
    else if (loupe.isOpen()) closeLoupe();
    else if (state.chosen.length) setChosen([]);
  }

  // ---- blind pairs

  function beginPairs() {
    const ids = state.chosen.length >= 2 ? state.chosen : order().map((index) => state.cards[index].id);
    if (ids.length < 2) return;
    pairs = startPairs(ids, Math.floor(Math.random() * 2 ** 31));
    showPair();
  }

  function showPair() {
    const pair = currentPair(pairs);
    if (!pair) return endPairs();
    const cards = pair.map((id, i) => ({
      ...state.cards[indexOf.get(id)],
      alt: ["Left picture", "Right picture"][i],
      name: "",
    }));
    return look(cards, { unseen: true, words: `Which is better?  Pair ${pairs.at + 1} of ${pairs.queue.length}` });
  }

  /** An answer is kept at once, behind those that the host knows of: from before the page was opened, or another view. */
  function vote(side) {
    const pair = currentPair(pairs);
    pairs = answered(pairs, side);
    const { votes, ties } = host.told();
    const [better, worse] = side === null ? [] : [pair[side], pair[1 - side]];
    host.voted(better ? [...votes, [better, worse]] : votes, better ? ties : [...ties, pair], strongest(pairs));
    showPair();
  }

  function endPairs() {
    const ended = pairs;
    pairs = null;
    closeLoupe();
    if (!ended.at) return;
    const best = strongest(ended).slice(0, 5).map((id) => state.cards[indexOf.get(id)].number);
    status.textContent = `After ${ended.at} ${ended.at === 1 ? "pair" : "pairs"}, strongest first: frames ${best.join(", ")}`;
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

  function refreshFoot() {
    const card = current();
    if (!card) return;
    const { picked, rejected, rated, shown, total } = tally(state);
    const parts = [shown === total ? `${total} frames` : `${shown} of ${total} frames`];
    if (picked) parts.push(`${picked} picked`);
    if (rejected) parts.push(`${rejected} rejected`);
    if (rated) parts.push(`${rated} rated`);
    if (state.chosen.length) parts.push(`${state.chosen.length} chosen`);
    status.textContent = parts.join(" · ");
    const several = state.chosen.length > 1 && !loupe.isOpen();
    const words = several ? `${state.chosen.length} chosen` : `Frame ${card.number}`;
    const id = several ? state.chosen[0] : card.id;
    bars.forEach((bar) => bar.show(markOf(state, id), state.chosen.includes(card.id), words));
  }

  function schedule() {
    if (waiting) return;
    waiting = true;
    requestAnimationFrame(() => {
      waiting = false;
      try {
        if (stale) layOut();
        else refreshFoot();
      } catch (error) {
        showError(root, error);
      }
    });
  }

  return () => {
    root.removeEventListener("keydown", listen);
    [...urls.values(), ...originals.values()].forEach((url) => url.startsWith("blob:") && URL.revokeObjectURL(url));
    urls.clear();
    cells = [];
  };
}
