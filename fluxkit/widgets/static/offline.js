// The offline page that a client opens: the same board, with the page itself as its host. Nothing leaves the page but
// the file that the client saves.

import { mountSheet } from "./board.js";

const data = JSON.parse(document.getElementById("fk-data").textContent);
const kept = `fluxkit-picks-${data.sheet}`;
const keptAnswers = `fluxkit-answers-${data.sheet}`;

/** Answers to blind pairs; `by` tells this reader's from others', so that picks saved twice count once. */
let answers = { votes: [], ties: [], by: Math.random().toString(36).slice(2), ...readKept(keptAnswers) };

mountSheet(document.getElementById("fk-sheet"), {
  key: "fk",
  title: data.title,
  subtitle: data.subtitle,
  sheet: data.sheet,
  layout: data.grid,
  marks: () => ({ ...data.marks, ...readKept(kept) }),
  onCards: (listener) => listener(0, data.cards, data.thumbnails),
  onMarks: () => {},
  start: () => {},
  save: (marks) => keep(kept, marks),
  choose: () => {},
  told: () => answers,
  voted: (votes, ties) => {
    answers = { ...answers, votes, ties };
    keep(keptAnswers, answers);
  },
  original: (id, put) => put(data.originals[id] ?? ""),
  sendBack: (picks) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(picks, null, 1)], { type: "application/json" }));
    link.download = "picks.json";
    link.click();
    URL.revokeObjectURL(link.href);
  },
});

function keep(name, value) {
  try {
    localStorage.setItem(name, JSON.stringify(value));
  } catch {
    // A browser may forbid storage for files; the picks then live until the page is closed.
  }
}

function readKept(name) {
  try {
    return JSON.parse(localStorage.getItem(name)) ?? {};
  } catch {
    return {};
  }
}
