// The buttons of a form: pressed ones act on what was typed before, also where its message is still on its way.

import { count, handled, open } from "./handled.js";

export default {
  render({ model, el }) {
    let box = null;
    let through = null;
    const waiting = new Set();
    el.style.display = "none";

    async function find() {
      const id = model.get("whole");
      if (!id) return;
      box = await model.widget_manager.get_model(id);
      count(box);
    }

    const ours = (event) => box && el.closest(".fk-in-order")?.contains(event.target);
    const touch = (event) => ours(event) && count(box);
    const press = (event) => {
      const button = ours(event) && event.target.closest(".jupyter-button");
      if (!button || button === through || !open(box)) return;
      event.preventDefault();
      event.stopImmediatePropagation();
      later(button);
    };

    async function later(button) {
      if (waiting.has(button)) return;
      waiting.add(button);
      button.setAttribute("aria-busy", "true");
      await handled(box);
      button.removeAttribute("aria-busy");
      waiting.delete(button);
      through = button;
      button.click();
      through = null;
    }

    const listened = { pointerdown: touch, focusin: touch, click: press };
    Object.entries(listened).forEach(([kind, listener]) => document.addEventListener(kind, listener, true));
    model.on("change:whole", find);
    find();
    return () => {
      Object.entries(listened).forEach(([kind, listener]) => document.removeEventListener(kind, listener, true));
      model.off("change:whole", find);
    };
  },
};
