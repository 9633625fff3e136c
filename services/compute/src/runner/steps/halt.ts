import { causeOf, pause } from "@shoal/core";
import { desiredOf, type Run } from "../run.ts";
import type { RunState, RunStateOf } from "../run-state.ts";
import { discard } from "./discard.ts";
import { stop } from "./stop.ts";

/** The time between the request to end and the forced end of a task; the default of container engines. */
export const graceMs = 10_000;
// Pause between two attempts to end what an engine could not end: the engine may be restarting. The requester's own
// deadline bounds the attempts.
const haltAgainMs = 5_000;

/**
 * Ends what runs. When the execution is to be forgotten, a failure is left to the executor's sweep; when it is to be
 * reported as stopped, the attempts repeat until it has ended or its assignment is removed.
 */
export async function halt(run: Run, observed: RunStateOf<"running">): Promise<RunState> {
  const { ports, assignment, forgotten } = run;
  try {
    await observed.running.halt(graceMs);
  } catch (failure) {
    ports.logger.warn(
      {
        executionId: assignment.executionId,
        why: causeOf(failure).why,
      },
      "halting an execution failed",
    );
    if (desiredOf(run) === "stop") {
      await pause(ports.clock, haltAgainMs, forgotten);
      return observed;
    }
  }
  return desiredOf(run) === "stop" ? stop(run, observed) : discard(run, observed);
}
