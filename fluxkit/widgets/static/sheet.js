// The live contact sheet as a Jupyter widget: the board, with a model in a kernel as its host.

import { mountSheet } from "./board.js";
import { showError } from "./dom.js";

/** What arrived for a model so far: pictures travel once, and every view of the model shows them. */
const inboxes = new WeakMap();

function inboxOf(model) {
  if (!inboxes.has(model)) {
    const inbox = { cards: new Map(), progress: null, asked: false, views: new Set() };
    inboxes.set(model, inbox);
    model.on("msg:custom", (message, buffers) => receive(inbox, message, buffers ?? []));
  }
  return inboxes.get(model);
}

function receive(inbox, message, buffers) {
  if (message.kind === "cards") {
    let next = 0;
    message.cards.forEach((card, i) => {
      inbox.cards.set(message.start + i, [card, card.picture ? buffers[next++] : null]);
    });
  }
  if (message.kind === "pictures") message.at.forEach((index, i) => (inbox.cards.get(index)[1] = buffers[i]));
  if (message.kind === "progress") inbox.progress = { ...message, preview: buffers[0] };
  inbox.views.forEach((view) => view(message, buffers));
}

const BUSY = "The kernel is busy with a cell and cannot be told. Interrupt the cell: that stops the job too.";

/**
 * Kernels before ipykernel 7 cannot listen while a cell runs. The cell is interrupted then, as the notebook's own stop
 * button does; the message that waits behind it is heard at once. `failed` is called where no kernel can be reached.
 */
function interrupt(model, failed) {
  const kernel = model.widget_manager?.kernel;
  if (kernel?.interrupt) kernel.interrupt().catch(failed);
  else failed();
}

function hostOf(model, inbox, trouble) {
  const waiting = { originals: new Map(), code: [], acknowledged: false };
  let cards = () => {};
  let picture = () => {};
  let progress = () => {};
  const view = (message, buffers) => {
    if (message.kind === "cards") {
      const arrived = message.cards.map((_, i) => inbox.cards.get(message.start + i));
      cards(message.start, arrived.map(([card]) => card), arrived.map(([, picture]) => picture));
    } else if (message.kind === "pictures") {
      message.at.forEach((index) => picture(index, inbox.cards.get(index)[1]));
    } else if (message.kind === "original") {
      waiting.originals.get(message.id)?.(buffers[0]);
      waiting.originals.delete(message.id);
    } else if (message.kind === "code") waiting.code.shift()?.(message.code);
    else if (message.kind === "progress") progress(inbox.progress);
    else if (message.kind === "cancelling") waiting.acknowledged = true;
    else if (message.kind === "trouble") trouble(message.text);
  };
  const save = (name, value) => {
    model.set(name, value);
    model.save_changes();
  };
  return {
    key: `fk-${Math.random().toString(36).slice(2)}`,
    title: model.get("title"),
    subtitle: model.get("subtitle"),
    sheet: model.get("sheet"),
    layout: model.get("grid"),
    marks: () => model.get("marks"),
    onCards: (listener) => (cards = listener),
    onPicture: (listener) => (picture = listener),
    onMarks: (listener) => model.on("change:marks", () => listener(model.get("marks"))),
    onProgress: (listener) => (progress = listener),
    start: () => {
      inbox.views.add(view);
      const places = model.get("places");
      if (places.length) cards(0, places, places.map(() => null));
      inbox.cards.forEach(([card, picture], index) => cards(index, [card], [picture]));
      if (inbox.progress) progress(inbox.progress);
      // A notebook may draw a widget more than once; its pictures are asked for once.
      if (!inbox.asked) model.send({ kind: "ready" });
      inbox.asked = true;
    },
    stop: () => inbox.views.delete(view),
    save: (marks) => save("marks", marks),
    choose: (ids) => save("chosen", ids),
    told: () => ({ votes: model.get("votes"), ties: model.get("ties") }),
    voted: (votes, ties, ranked) => {
      model.set("ties", ties);
      model.set("ranking", ranked);
      save("votes", votes);
    },
    original: (id, put) => {
      waiting.originals.set(id, put);
      model.send({ kind: "original", id });
    },
    code: (chosen) =>
      new Promise((resolve) => {
        waiting.code.push(resolve);
        model.send({ kind: "code", chosen });
      }),
    cancel: () => {
      waiting.acknowledged = false;
      model.send({ kind: "cancel" });
      setTimeout(() => waiting.acknowledged || interrupt(model, () => progress({ ...inbox.progress, text: BUSY })), 600);
    },
  };
}

export default {
  initialize({ model }) {
    inboxOf(model);
  },
  render({ model, el }) {
    try {
      const host = hostOf(model, inboxOf(model), (text) => showError(el, text));
      const unmount = mountSheet(el, host);
      return () => {
        host.stop();
        unmount();
      };
    } catch (error) {
      showError(el, error);
      throw error;
    }
  },
};
