// The live contact sheet as a Jupyter widget: the board, with a model in a kernel as its host.

import { mountSheet } from "./board.js";
import { showError } from "./dom.js";

/** What anywidget calls: the host is a model in a kernel. */
export default {
  render({ model, el }) {
    const listeners = { cards: () => {}, progress: () => {}, original: new Map(), code: [] };
    const onMessage = (message, buffers) => {
      if (message.kind === "cards") {
        let next = 0;
        const pictures = message.cards.map((card) => (card.picture ? buffers[next++] : null));
        listeners.cards(message.start, message.cards, pictures);
      } else if (message.kind === "original") {
        listeners.original.get(message.id)?.(buffers[0]);
        listeners.original.delete(message.id);
      } else if (message.kind === "code") listeners.code.shift()?.(message.code);
      else if (message.kind === "progress") listeners.progress({ ...message, preview: buffers?.[0] });
    };
    const host = {
      key: `fk-${model.model_id ?? Math.random().toString(36).slice(2)}`,
      title: model.get("title"),
      subtitle: model.get("subtitle"),
      sheet: model.get("sheet"),
      layout: model.get("grid"),
      marks: () => model.get("marks"),
      onCards: (listener) => (listeners.cards = listener),
      onMarks: (listener) => model.on("change:marks", () => listener(model.get("marks"))),
      onProgress: (listener) => (listeners.progress = listener),
      start: () => model.send({ kind: "ready" }),
      save: (marks) => {
        model.set("marks", marks);
        model.save_changes();
      },
      choose: (ids) => {
        model.set("chosen", ids);
        model.save_changes();
      },
      ranked: (ids) => {
        model.set("ranking", ids);
        model.save_changes();
      },
      original: (id, put) => {
        listeners.original.set(id, put);
        model.send({ kind: "original", id });
      },
      code: () =>
        new Promise((resolve) => {
          listeners.code.push(resolve);
          model.send({ kind: "code" });
        }),
      cancel: () => model.send({ kind: "cancel" }),
    };
    model.on("msg:custom", onMessage);
    try {
      const unmount = mountSheet(el, host);
      return () => {
        model.off("msg:custom", onMessage);
        unmount();
      };
    } catch (error) {
      showError(el, error);
      throw error;
    }
  },
};
