// Blind pairs: two pictures without words, which is better; the answers are kept as they are given.

import { blindPairs, ranking } from "./culling.js";

/** A run of pairs over `ids`; `seed` decides order and sides. */
export function startPairs(ids, seed) {
  return { ids, queue: blindPairs(ids, seed), at: 0, votes: [], ties: [] };
}

export function currentPair(run) {
  return run.queue[run.at] ?? null;
}

/** The run after one answer: side 0 or 1 is the better one, null is a tie. */
export function answered(run, side) {
  const pair = currentPair(run);
  const votes = side === null ? run.votes : [...run.votes, [pair[side], pair[1 - side]]];
  const ties = side === null ? [...run.ties, pair] : run.ties;
  return { ...run, at: run.at + 1, votes, ties };
}

/** What a key means while pairs are shown. */
export function pairAction(event) {
  return {
    ArrowLeft: { kind: "vote", side: 0 },
    ArrowRight: { kind: "vote", side: 1 },
    ArrowDown: { kind: "vote", side: null },
    Escape: { kind: "close" },
  }[event.key];
}

/** The ids of the frames that were seen, strongest first. */
export function strongest(run) {
  const seen = new Set([...run.votes, ...run.ties].flat());
  return ranking([...seen], run.votes, run.ties).map(({ id }) => id);
}
