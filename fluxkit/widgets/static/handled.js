// What Python has not handled yet. JupyterLab sends a page's first messages to the kernel's main thread and later ones to
// another, so a later message may be handled first: what must come after waits here until what was sent is handled.

const OPEN = Symbol.for("fluxkit.open");
const LOOK_MS = 10;

/** Begin to count what the controls within a box send; those that are counted already go on being counted. */
export function count(box) {
  for (const { comm } of within(box)) if (comm && !(OPEN in comm)) counted(comm);
}

/** How many messages of the controls within a box are still to be handled. */
export function open(box) {
  return within(box).reduce((sum, { comm }) => sum + (comm?.[OPEN] ?? 0), 0);
}

/** Resolves once Python has handled whatever the controls within a box sent, and what they held back meanwhile. */
export async function handled(box) {
  while (open(box)) await new Promise((done) => setTimeout(done, LOOK_MS));
}

function within(model) {
  return [model, ...(model.get("children") ?? []).flatMap(within)];
}

function counted(comm) {
  const send = comm.send;
  comm[OPEN] = 0;
  comm.send = (data, callbacks, ...rest) => {
    const told = callbacks?.iopub?.status;
    const status = (message) => {
      told?.(message); // here a control sends what it held back while this message was on its way
      if (message.content.execution_state === "idle") comm[OPEN] -= 1;
    };
    const sent = send.call(comm, data, { ...callbacks, iopub: { ...callbacks?.iopub, status } }, ...rest);
    comm[OPEN] += 1;
    return sent;
  };
}
