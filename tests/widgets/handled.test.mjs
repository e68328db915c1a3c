// Waiting until Python has handled what was sent, whichever message is answered first.
import assert from "node:assert/strict";
import { test } from "node:test";

import { count, handled, open } from "../../fluxkit/widgets/static/handled.js";

/** A control as ipywidgets' models are: one message at a time; what changes meanwhile is held back and sent after it. */
function control(children) {
  const sent = [];
  let held = null;
  let waiting = false;
  const comm = { send: (data, callbacks) => sent.push({ data, callbacks }) && "id" };
  const change = (value) => {
    if (waiting) {
      held = value;
      return;
    }
    waiting = true;
    comm.send({ value }, { iopub: { status } });
  };
  const status = ({ content }) => {
    if (content.execution_state !== "idle") return;
    waiting = false;
    if (held !== null) change(held);
    held = null;
  };
  const answer = (i, state) => sent[i].callbacks.iopub.status({ content: { execution_state: state } });
  return { comm, change, sent, answer, get: (name) => (name === "children" ? children : undefined) };
}

const soon = () => new Promise((done) => setTimeout(done, 40));

test("a box is handled when each of its controls is, and what they held back too", async () => {
  const [place, lens] = [control(), control()];
  const box = control([control([place]), lens]);
  count(box);
  count(box);
  assert.equal(open(box), 0);
  place.change("on");
  place.change("on a plinth");
  lens.change("85");
  let done = false;
  handled(box).then(() => (done = true));
  lens.answer(0, "busy");
  lens.answer(0, "idle");
  place.answer(0, "busy");
  await soon();
  assert.equal(done, false);
  place.answer(0, "idle");
  assert.deepEqual(place.sent.map(({ data }) => data.value), ["on", "on a plinth"]);
  await soon();
  assert.equal(done, false, "what was held back is on its way");
  place.answer(1, "idle");
  await soon();
  assert.equal(done, true);
});

test("a press, which nothing answers but the kernel, is counted too, with and without listeners of its own", async () => {
  const button = control();
  count(button);
  assert.equal(button.comm.send({ event: "click" }), "id");
  assert.equal(open(button), 1);
  button.answer(0, "idle");
  assert.equal(open(button), 0);
  await handled(button);
});

test("a message that could not be sent is not waited for", () => {
  const broken = control();
  broken.comm.send = () => {
    throw new Error("closed");
  };
  count(broken);
  assert.throws(() => broken.comm.send({}));
  assert.equal(open(broken), 0);
});
