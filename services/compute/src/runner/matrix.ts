import type { Run } from "./run.ts";
import type { Seen, SeenOf, SeenState, Wanted } from "./seen.ts";
import { discard } from "./steps/discard.ts";
import { halt } from "./steps/halt.ts";
import { prepare } from "./steps/prepare.ts";
import { publish } from "./steps/publish.ts";
import { start } from "./steps/start.ts";
import { stop } from "./steps/stop.ts";
import { tell } from "./steps/tell.ts";
import { wait } from "./steps/wait.ts";

/** Does one thing to an execution in this state, and answers with what is seen afterwards. */
export type Step<S extends SeenState> = (run: Run, seen: SeenOf<S>) => Promise<Seen>;

/** Nothing to do until the want changes. */
export const rest = async (_run: Run, seen: Seen): Promise<Seen> => seen;

/** What a runner does next: wanted (rows) against seen (columns). A missing cell does not compile. */
// biome-ignore format: a matrix is read in rows and columns
export const matrix: { readonly [W in Wanted]: { readonly [S in SeenState]: Step<S> } } = {
  run:  { idle: prepare, prepared: start,   running: wait, exited: publish, published: tell,    settled: rest,    gone: rest },
  stop: { idle: stop,    prepared: stop,    running: halt, exited: stop,    published: tell,    settled: rest,    gone: rest },
  forget: { idle: discard, prepared: discard, running: halt, exited: discard, published: discard, settled: discard, gone: rest },
};

/** Takes the one step that the matrix names. */
export function takeStep<S extends SeenState>(run: Run, wanted: Wanted, seen: SeenOf<S>): Promise<Seen> {
  const step: Step<S> = matrix[wanted][seen.state];
  return step(run, seen);
}

/** True when the matrix has nothing to do. */
export const rests = (wanted: Wanted, state: SeenState): boolean => matrix[wanted][state] === rest;
