import type { Run } from "./run.ts";
import type { DesiredState, RunState, RunStateName, RunStateOf } from "./run-state.ts";
import { discard } from "./steps/discard.ts";
import { halt } from "./steps/halt.ts";
import { prepare } from "./steps/prepare.ts";
import { publish } from "./steps/publish.ts";
import { sendReport } from "./steps/report.ts";
import { start } from "./steps/start.ts";
import { stop } from "./steps/stop.ts";
import { wait } from "./steps/wait.ts";

/** Takes one step for an execution in this state, and returns the next state. */
export type RunStep<S extends RunStateName> = (run: Run, observed: RunStateOf<S>) => Promise<RunState>;

/** Nothing to do until the desired state changes. */
export const idle = async (_run: Run, observed: RunState): Promise<RunState> => observed;

/** A runner's next step: desired state (rows) by current state (columns). A missing cell does not compile. */
// biome-ignore format: a matrix is read in rows and columns
export const matrix: { readonly [W in DesiredState]: { readonly [S in RunStateName]: RunStep<S> } } = {
  run:  { idle: prepare, prepared: start,   running: wait, exited: publish, published: sendReport,    settled: idle,    gone: idle },
  stop: { idle: stop,    prepared: stop,    running: halt, exited: stop,    published: sendReport,    settled: idle,    gone: idle },
  forget: { idle: discard, prepared: discard, running: halt, exited: discard, published: discard, settled: discard, gone: idle },
};

/** Takes the step that the matrix names. */
export function takeStep<S extends RunStateName>(
  run: Run,
  desired: DesiredState,
  observed: RunStateOf<S>,
): Promise<RunState> {
  const step: RunStep<S> = matrix[desired][observed.state];
  return step(run, observed);
}

/** True when the matrix has nothing to do. */
export const isIdle = (desired: DesiredState, state: RunStateName): boolean => matrix[desired][state] === idle;
