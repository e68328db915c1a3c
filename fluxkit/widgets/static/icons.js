// Line icons of the tools, 20 by 20.

const SPACE = "http://www.w3.org/2000/svg";
const PATHS = {
  brush: "M16.5 3.5 8.6 11.4M7.4 11.2c-2 0-3 1.4-3.2 3.2-.1.9-.7 1.5-1.5 1.8 2.8 1 6.4.4 6.5-2.6z",
  eraser: "m3.6 11.6 7.2-7.2 4.8 4.8-6.4 6.4H6.4zM7 8.2l4.8 4.8M11 15.6h5.5",
  rectangle: "M3.5 5h13v10h-13z",
  lasso: "M10 3.7c4 0 7 1.9 7 4.5s-3 4.5-7 4.5-7-1.9-7-4.5 3-4.5 7-4.5zM5.6 11.5c-1.6 1.2-1.2 2.8.3 2.8s2 1.4.6 2.4",
  undo: "M7.5 4 4 7.5 7.5 11M4.3 7.5h7a4.3 4.3 0 0 1 0 8.6H8",
  redo: "M12.5 4 16 7.5 12.5 11M15.7 7.5h-7a4.3 4.3 0 0 0 0 8.6H12",
};

export function icon(name) {
  const drawing = document.createElementNS(SPACE, "svg");
  drawing.setAttribute("viewBox", "0 0 20 20");
  drawing.setAttribute("class", "fk-icon");
  drawing.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(SPACE, "path");
  path.setAttribute("d", PATHS[name]);
  drawing.append(path);
  return drawing;
}
