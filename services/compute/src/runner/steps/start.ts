import { causeOf } from "@shoal/core";
import type { Running } from "../../executors/executor.ts";
import { breakOff } from "../break-off.ts";
import { outgoing, reportOf } from "../reports.ts";
import { letGo, type Run, record } from "../run.ts";
import type { RunState, RunStateOf } from "../run-state.ts";

/**
 * Writes down that a start is about to be tried, and tries it. A process that dies in between leaves `starting` behind: the
 * next one never starts it blindly.
 */
export async function start(run: Run, seen: RunStateOf<"prepared">): Promise<RunState> {
  const { ports, stopped } = run;
  const { limit, capture } = seen;
  await record(run, { phase: "starting" });
  if (stopped.aborted) return seen;
  const starting = seen.executor.start(seen.work, limit.signal);
  try {
    const running = await breakOff(ports.clock, limit.signal, starting);
    limit.cancel();
    const startedAt = ports.clock.now();
    // One that is over already will say so itself, and `starting` says enough for a restart.
    if (!(await isOver(running))) reportStart(run, startedAt);
    return { state: "running", running, startedAt, capture };
  } catch (failure) {
    // Nobody waits for it any more: what starts after all is ended at once, and swept.
    starting.then((late) => late.halt(0)).catch(() => {});
    if (stopped.aborted) return seen;
    letGo(seen);
    throw limit.why() ?? failure;
  }
}

/** Reports that it runs, once that is written down. */
function reportStart(run: Run, startedAt: number): void {
  const { executionId } = run.assignment;
  const report = reportOf(run, { kind: "running", startedAt });
  record(run, { phase: "running", startedAt }, report).then(
    () => run.ports.outbox.say(outgoing(run, report)),
    (failure: unknown) =>
      run.ports.logger.warn({ executionId, why: causeOf(failure).why }, "the journal refused an entry"),
  );
}

/** Whether it has ended in the moment in which it started. */
async function isOver({ exit }: Running): Promise<boolean> {
  let over = false;
  void exit.then(() => {
    over = true;
  });
  // Twice through the queue of what is ready: an exit that is known by now has been told by then.
  await undefined;
  await undefined;
  return over;
}
