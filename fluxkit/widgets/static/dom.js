// Two small helpers for making elements.

/** An element: attributes by name, `on...` as listeners, `class` as a string, children as nodes or text. */
export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), guarded(value, element));
    else if (name in element && name !== "list" && typeof value !== "string") element[name] = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined && child !== false));
  return element;
}

/** The same listener, whose errors are shown in the cell rather than only in the console. */
export function guarded(listener, element) {
  return (event) => {
    try {
      return listener(event);
    } catch (error) {
      showError(element.closest(".fk") ?? element, error);
      throw error;
    }
  };
}

/**
 * Keep JupyterLab and Notebook from taking the keys. Their bindings are matched from the focused element upwards until
 * one has this attribute, so the focused element itself has to have it.
 */
export function keepKeys(root) {
  const keep = (element) => element.setAttribute("data-lm-suppress-shortcuts", "true");
  keep(root);
  root.addEventListener("focusin", (event) => keep(event.target));
}

export function showError(root, error) {
  let box = root.querySelector(".fk-error");
  if (!box) {
    box = h("pre", { class: "fk-error", role: "alert" });
    root.prepend(box);
  }
  box.textContent = `fluxkit: ${error?.stack ?? error}`;
}
