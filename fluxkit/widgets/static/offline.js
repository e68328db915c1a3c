// The offline page that a client opens: the same board, with the page itself as its host. Nothing leaves the page but
// the file that the client saves.

import { mountSheet } from "./board.js";

const data = JSON.parse(document.getElementById("fk-data").textContent);
const kept = `fluxkit-picks-${data.sheet}`;

mountSheet(document.getElementById("fk-sheet"), {
  key: "fk",
  title: data.title,
  subtitle: data.subtitle,
  sheet: data.sheet,
  layout: data.grid,
  marks: () => ({ ...data.marks, ...readKept() }),
  onCards: (listener) => listener(0, data.cards, data.thumbnails),
  onMarks: () => {},
  start: () => {},
  save: (marks) => {
    try {
      localStorage.setItem(kept, JSON.stringify(marks));
    } catch {
      // A browser may forbid storage for files; the picks then live until the page is closed.
    }
  },
  choose: () => {},
  original: (id, put) => put(data.originals[id] ?? ""),
  sendBack: (picks) => {
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(picks, null, 1)], { type: "application/json" }));
    link.download = "picks.json";
    link.click();
    URL.revokeObjectURL(link.href);
  },
});

function readKept() {
  try {
    return JSON.parse(localStorage.getItem(kept)) ?? {};
  } catch {
    return {};
  }
}
