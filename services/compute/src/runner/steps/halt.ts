import { causeOf, pause } from "@shoal/core";
import { expectedOf, type Run } from "../run.ts";
import type { RunState, RunStateOf } from "../run-state.ts";
import { discard } from "./discard.ts";
import { stop } from "./stop.ts";

/** How long a task has between being asked to end and being ended; what container engines give by default. */
export const graceMs = 10_000;
// Between two tries to end what an engine could not end: it may be restarting. The requester gives up on it by its own deadline.
const haltAgainMs = 5_000;

/**
 * Ends what runs. Where it is to be forgotten, what cannot be ended is left to the executor's sweep; where it is to be reported as
 * stopped, it is tried again until it has ended or its assignment goes.
 */
export async function halt(run: Run, seen: RunStateOf<"running">): Promise<RunState> {
  const { ports, assignment, forgotten } = run;
  try {
    await seen.running.halt(graceMs);
  } catch (failure) {
    ports.logger.warn(
      {
        executionId: assignment.executionId,
        why: causeOf(failure).why,
      },
      "an execution could not be halted",
    );
    if (expectedOf(run) === "stop") {
      await pause(ports.clock, haltAgainMs, forgotten);
      return seen;
    }
  }
  return expectedOf(run) === "stop" ? stop(run, seen) : discard(run, seen);
}
