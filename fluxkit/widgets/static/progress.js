// Where a job stands: words, a bar, the frame in the making, and a button that stops it.

import { h } from "./dom.js";

/** The elements stay the same from report to report: a button that is replaced under the pointer loses its click. */
export function createProgress(cancel) {
  const bar = h("progress", { max: 1, value: 0, "aria-label": "Progress" });
  const words = h("span", { class: "fk-told", role: "status" });
  const making = h("img", { alt: "The frame in the making", hidden: true });
  const stop = h("button", { type: "button", class: "fk-button", onclick: stopped }, "Cancel");
  const element = h("div", { class: "fk-progress", hidden: true }, making, h("div", {}, words, bar), stop);

  function stopped() {
    stop.disabled = true;
    stop.textContent = "Cancelling…";
    cancel();
  }

  function show({ text, share, preview, running }) {
    element.hidden = !text;
    words.textContent = text ?? "";
    bar.value = share ?? 0;
    stop.hidden = !running;
    if (preview) {
      URL.revokeObjectURL(making.src);
      making.src = URL.createObjectURL(new Blob([preview]));
    }
    making.hidden = !running || !making.src;
  }

  return { element, show };
}
