// What a cull is, without a page: marks, undo, filters, movement, zoom, blind pairs and differences.
// Every function is pure: it returns a new value and touches neither the document nor the clock.

export const NO_MARK = Object.freeze({ rating: 0, pick: "" });
export const NO_FILTER = Object.freeze({ rating: 0, pick: "all", hidden: {} });

const KEPT_STEPS = 500;

export function createState(cards, marks = {}) {
  return { cards, marks, past: [], future: [], cursor: 0, chosen: [], filter: NO_FILTER };
}

export function markOf(state, id) {
  return { ...NO_MARK, ...state.marks[id] };
}

/** Give marks to frames. The same pick a second time takes it away; nothing else is ever removed. */
export function setMark(state, ids, change) {
  const marks = { ...state.marks };
  const allSame = "pick" in change && ids.every((id) => markOf(state, id).pick === change.pick);
  const wanted = allSame ? { ...change, pick: "" } : change;
  for (const id of ids) marks[id] = { ...markOf(state, id), ...wanted };
  return { ...state, marks, past: [...state.past, state.marks].slice(-KEPT_STEPS), future: [] };
}

export function undo(state) {
  if (!state.past.length) return state;
  const past = state.past.slice(0, -1);
  return { ...state, marks: state.past[state.past.length - 1], past, future: [state.marks, ...state.future] };
}

export function redo(state) {
  if (!state.future.length) return state;
  const [marks, ...future] = state.future;
  return { ...state, marks, past: [...state.past, state.marks], future };
}

/** Marks that came from elsewhere (Python, a file): not a step that undo takes back. */
export function adoptMarks(state, marks) {
  return { ...state, marks };
}

export function matches(card, mark, filter) {
  if (mark.rating < filter.rating) return false;
  if (filter.pick === "picked" && mark.pick !== "pick") return false;
  if (filter.pick === "rejected" && mark.pick !== "reject") return false;
  if (filter.pick === "undecided" && (mark.pick || mark.rating)) return false;
  if (filter.pick === "kept" && mark.pick === "reject") return false;
  return !card.values.some((value) => filter.hidden[value.path]?.includes(value.label));
}

export function visible(state) {
  const found = [];
  state.cards.forEach((card, index) => {
    if (matches(card, markOf(state, card.id), state.filter)) found.push(index);
  });
  return found;
}

/** A filter with one value of an axis shown or hidden. */
export function toggleValue(filter, path, label) {
  const hidden = filter.hidden[path] ?? [];
  const next = hidden.includes(label) ? hidden.filter((one) => one !== label) : [...hidden, label];
  return { ...filter, hidden: { ...filter.hidden, [path]: next } };
}

/** Each axis with its values in order of appearance. */
export function axesOf(cards) {
  const axes = new Map();
  for (const card of cards) {
    for (const { path, title, label } of card.values) {
      if (!axes.has(path)) axes.set(path, { path, title, labels: new Set() });
      axes.get(path).labels.add(label);
    }
  }
  return [...axes.values()].filter(({ labels }) => labels.size > 1).map((axis) => ({ ...axis, labels: [...axis.labels] }));
}

/** Where the cursor goes: `order` holds what is shown, `columns` how many stand in a row. */
export function moveCursor(cursor, key, order, columns) {
  if (!order.length) return cursor;
  const at = order.indexOf(cursor);
  if (at < 0) return order.find((index) => index > cursor) ?? order[order.length - 1];
  const last = order.length - 1;
  const steps = { ArrowLeft: -1, ArrowRight: 1, ArrowUp: -columns, ArrowDown: columns };
  if (key === "Home") return order[0];
  if (key === "End") return order[last];
  const next = at + (steps[key] ?? 0);
  return order[next < 0 || next > last ? at : next];
}

/** The same on lines as they are seen (null where nothing stands): up and down keep to the column. */
export function moveOnLines(cursor, key, lines) {
  const order = lines.flat().filter((index) => index !== null);
  const row = lines.findIndex((line) => line.includes(cursor));
  if (row < 0 || !["ArrowUp", "ArrowDown"].includes(key)) return moveCursor(cursor, key, order, 1);
  const column = lines[row].indexOf(cursor);
  const next = lines[row + (key === "ArrowUp" ? -1 : 1)];
  if (!next) return cursor;
  const distance = (at) => (next[at] === null ? Infinity : Math.abs(at - column));
  return next[next.map((_, at) => at).reduce((best, at) => (distance(at) < distance(best) ? at : best), 0)];
}

export function toggleChosen(chosen, id) {
  return chosen.includes(id) ? chosen.filter((one) => one !== id) : [...chosen, id];
}

/** What a key means, or null. `event` needs key, code and the modifier flags only. */
export function actionOf(event) {
  const { key, code = "" } = event;
  const command = event.ctrlKey || event.metaKey;
  if (command) {
    if (key.toLowerCase() === "z") return { kind: event.shiftKey ? "redo" : "undo" };
    if (key.toLowerCase() === "y") return { kind: "redo" };
    return null;
  }
  if (event.altKey) return null;
  const digit = /^(?:Digit|Numpad)([0-5])$/.exec(code)?.[1] ?? (/^[0-5]$/.test(key) ? key : null);
  if (digit !== null) return { kind: "mark", change: { rating: Number(digit) }, advance: Boolean(event.shiftKey) };
  if (key.startsWith("Arrow") || key === "Home" || key === "End") return { kind: "move", key };
  const letters = {
    p: { kind: "mark", change: { pick: "pick" } },
    x: { kind: "mark", change: { pick: "reject" } },
    u: { kind: "mark", change: { pick: "", rating: 0 }, plain: true },
    z: { kind: event.shiftKey ? "redo" : "undo" },
    e: { kind: "loupe" },
    c: { kind: "compare" },
    m: { kind: "mode" },
    b: { kind: "pairs" },
    f: { kind: "filter" },
    g: { kind: "axes" },
    "+": { kind: "size", by: 1 },
    "=": { kind: "size", by: 1 },
    "-": { kind: "size", by: -1 },
    "?": { kind: "help" },
    " ": { kind: "choose" },
    enter: { kind: "loupe" },
    escape: { kind: "close" },
  };
  const found = letters[key.toLowerCase()];
  if (!found) return null;
  return found.kind === "mark" ? { ...found, advance: Boolean(event.shiftKey) } : found;
}

/** Zoom about a point given as fractions of the pane; 1 is fitted. The point under the pointer stays where it is. */
export function zoomAt(view, factor, x, y) {
  const scale = Math.min(32, Math.max(1, view.scale * factor));
  const ratio = scale / view.scale;
  return clampView({ scale, x: x - (x - view.x) * ratio, y: y - (y - view.y) * ratio });
}

export function panBy(view, dx, dy) {
  return clampView({ ...view, x: view.x + dx, y: view.y + dy });
}

/** The picture never leaves its pane. */
export function clampView({ scale, x, y }) {
  const low = 1 - scale;
  return { scale, x: Math.min(0, Math.max(low, x)), y: Math.min(0, Math.max(low, y)) };
}

export const COMPARE_MODES = ["side by side", "slider", "fade", "difference"];

export function nextMode(mode, count) {
  if (count !== 2) return COMPARE_MODES[0];
  return COMPARE_MODES[(COMPARE_MODES.indexOf(mode) + 1) % COMPARE_MODES.length];
}

/** The axes along which some cards differ, with each card's value. */
export function differences(cards) {
  const paths = new Map();
  for (const card of cards) for (const value of card.values) paths.set(value.path, value.title);
  const rows = [];
  for (const [path, title] of paths) {
    const labels = cards.map((card) => card.values.find((value) => value.path === path)?.label ?? "");
    if (new Set(labels).size > 1) rows.push({ path, title, labels });
  }
  return rows;
}

/** The words of two prompts as runs that are in both, only in the first, or only in the second. */
export function wordDiff(first, second) {
  const a = first.split(/\s+/).filter(Boolean);
  const b = second.split(/\s+/).filter(Boolean);
  const common = Array.from({ length: a.length + 1 }, () => new Uint16Array(b.length + 1));
  for (let i = a.length - 1; i >= 0; i--) {
    for (let j = b.length - 1; j >= 0; j--) {
      common[i][j] = a[i] === b[j] ? common[i + 1][j + 1] + 1 : Math.max(common[i + 1][j], common[i][j + 1]);
    }
  }
  const runs = [];
  const put = (kind, word) => {
    const last = runs[runs.length - 1];
    if (last?.kind === kind) last.text += ` ${word}`;
    else runs.push({ kind, text: word });
  };
  let i = 0;
  let j = 0;
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      put("same", a[i++]);
      j++;
    } else if (i < a.length && (j === b.length || common[i + 1][j] >= common[i][j + 1])) put("first", a[i++]);
    else put("second", b[j++]);
  }
  return runs;
}

/** A small generator of numbers in [0, 1): the same seed gives the same order. */
export function randomFrom(seed) {
  let state = seed >>> 0 || 1;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = state;
    t = Math.imul(t ^ (t >>> 15), t | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Blind pairs in a random order and on random sides: every frame is seen about equally often. */
export function blindPairs(ids, seed, rounds = 3) {
  const random = randomFrom(seed);
  const all = [];
  for (let i = 0; i < ids.length; i++) for (let j = i + 1; j < ids.length; j++) all.push([ids[i], ids[j]]);
  for (let i = all.length - 1; i > 0; i--) {
    const j = Math.floor(random() * (i + 1));
    [all[i], all[j]] = [all[j], all[i]];
  }
  const seen = Object.fromEntries(ids.map((id) => [id, 0]));
  const chosen = [];
  const wanted = Math.min(all.length, Math.ceil((rounds * ids.length) / 2));
  while (chosen.length < wanted) {
    let best = 0;
    for (let k = 1; k < all.length; k++) {
      if (seen[all[k][0]] + seen[all[k][1]] < seen[all[best][0]] + seen[all[best][1]]) best = k;
    }
    const [pair] = all.splice(best, 1);
    pair.forEach((id) => seen[id]++);
    chosen.push(random() < 0.5 ? pair : [pair[1], pair[0]]);
  }
  return chosen;
}

/**
 * Strengths after Bradley and Terry (1952), by Hunter's minorise-maximise steps (2004), strongest first.
 * `votes` are [winner, loser]; a tie counts half a win for both. One shared half win keeps strengths finite.
 */
export function ranking(ids, votes, ties = []) {
  const at = Object.fromEntries(ids.map((id, index) => [id, index]));
  const wins = ids.map(() => 0.5);
  const met = ids.map(() => ids.map(() => 0));
  const meet = (a, b) => {
    met[a][b]++;
    met[b][a]++;
  };
  for (const [winner, loser] of votes) {
    wins[at[winner]] += 1;
    meet(at[winner], at[loser]);
  }
  for (const [a, b] of ties) {
    wins[at[a]] += 0.5;
    wins[at[b]] += 0.5;
    meet(at[a], at[b]);
  }
  let strength = ids.map(() => 1);
  for (let step = 0; step < 200; step++) {
    const next = ids.map((_, i) => {
      let sum = 1 / (strength[i] + 1);
      for (let j = 0; j < ids.length; j++) if (met[i][j]) sum += met[i][j] / (strength[i] + strength[j]);
      return wins[i] / sum;
    });
    strength = next;
  }
  return ids.map((id, i) => ({ id, strength: strength[i] })).sort((a, b) => b.strength - a.strength);
}

/** The file that a client sends back; `told` holds the answers to blind pairs. */
export function picksFile(state, sheet, told = { votes: [], ties: [] }) {
  const marks = {};
  for (const card of state.cards) {
    const mark = markOf(state, card.id);
    if (mark.rating || mark.pick) marks[card.id] = mark;
  }
  const pairs = told.votes.length || told.ties.length ? { votes: told.votes, ties: told.ties, by: told.by } : {};
  return { format: "fluxkit-picks-1", sheet, marks, ...pairs };
}

/** A frame in words, for a screen reader. */
export function spoken(card, mark, chosen) {
  const said = [card.alt];
  if (mark.rating) said.push(`rated ${mark.rating}`);
  if (mark.pick) said.push(mark.pick === "pick" ? "picked" : "rejected");
  if (chosen) said.push("chosen");
  if (card.badge) said.push(`light meter: ${card.badge.spoken}`);
  return said.join(", ");
}

/** How a cull stands: counts for the status line. */
export function tally(state) {
  let picked = 0;
  let rejected = 0;
  let rated = 0;
  for (const card of state.cards) {
    const mark = markOf(state, card.id);
    if (mark.pick === "pick") picked++;
    if (mark.pick === "reject") rejected++;
    if (mark.rating) rated++;
  }
  return { picked, rejected, rated, shown: visible(state).length, total: state.cards.length };
}
