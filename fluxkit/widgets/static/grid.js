// How the cells stand: by the sheet's own axes, or in one flow.

import { h } from "./dom.js";

/** The lines of a sheet as they are seen: indices of frames, with null where nothing stands. */
export function linesOf(layout, shown, columns) {
  if (!layout) {
    const lines = [];
    for (let i = 0; i < shown.length; i += columns) lines.push(shown.slice(i, i + columns));
    return lines;
  }
  const open = new Set(shown);
  return layout.sections.flatMap((section) => section.rows.flatMap((_, row) => linesOfRow(section, row, open)));
}

function linesOfRow(section, row, open) {
  const lines = [];
  for (const { column, frames } of section.cells.filter((cell) => cell.row === row)) {
    frames.forEach((index, slot) => {
      const line = (lines[Math.floor(slot / section.span)] ??= Array(section.columns.length * section.span).fill(null));
      if (open.has(index)) line[column * section.span + (slot % section.span)] = index;
    });
  }
  return lines.filter((line) => line.some((index) => index !== null));
}

/** Put cells into one flow. Frames that arrive at the end are added to what is there: the rest is left alone. */
export function flowInto(grid, wanted) {
  const flow = grid.firstElementChild;
  const there = flow?.classList.contains("fk-flow") ? [...flow.children] : null;
  if (there?.every((cell, i) => cell === wanted[i])) flow.append(...wanted.slice(there.length));
  else grid.replaceChildren(h("div", { class: "fk-flow", role: "group", "aria-label": "Frames" }, wanted));
}

/** How many cells stand in a row of the flow. */
export function flowColumns(grid) {
  const flow = grid.firstElementChild;
  return flow ? Math.max(1, getComputedStyle(flow).gridTemplateColumns.split(" ").length) : 1;
}

/** Put cells where the sheet's axes have them; hidden ones leave their places empty. */
export function sectionsInto(grid, layout, cells, shown) {
  const open = new Set(shown);
  grid.replaceChildren(...layout.sections.flatMap((section) => sectionOf(section, cells, open)));
}

function sectionOf(section, cells, open) {
  const wide = section.columns.length * section.span;
  const gutter = section.rows.some(Boolean) ? "var(--fk-gutter)" : "0";
  const columns = `grid-template-columns: ${gutter} repeat(${wide}, minmax(calc(var(--fk-cell) * 0.62), calc(var(--fk-cell) * 1.8)))`;
  const made = [];
  if (section.title) made.push(h("div", { class: "fk-section", "aria-hidden": "true" }, section.title));
  if (section.columns.some(Boolean)) {
    const heads = section.columns.map((label) =>
      h("div", { class: "fk-column", style: `grid-column: span ${section.span}` }, label),
    );
    made.push(h("div", { class: "fk-row fk-heads", style: columns, "aria-hidden": "true" }, h("div"), heads));
  }
  section.rows.forEach((label, row) => made.push(rowOf(section, label, row, columns, cells, open)));
  return made;
}

function rowOf(section, label, row, columns, cells, open) {
  const line = h("div", { class: "fk-row", style: columns, role: "group", "aria-label": label || "Frames" });
  line.append(h("div", { class: "fk-label", "aria-hidden": "true" }, h("span", {}, label)));
  for (const { column, frames } of section.cells.filter((cell) => cell.row === row)) {
    frames.forEach((index, slot) => {
      const cell = cells[index];
      if (!cell) return;
      cell.style.gridColumn = String(2 + column * section.span + (slot % section.span));
      cell.classList.toggle("fk-hidden", !open.has(index));
      line.append(cell);
    });
  }
  return line;
}
