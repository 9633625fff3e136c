import { causeOf } from "@shoal/core";
import type { Running } from "../../executors/executor.ts";
import { breakOff } from "../break-off.ts";
import { outgoing, reportOf } from "../reports.ts";
import { keepImage, type Run, record, releaseState, runtimeOf } from "../run.ts";
import type { RunState, RunStateOf } from "../run-state.ts";

/**
 * Journals that a start is about to be attempted, and attempts it. A process that dies in between leaves `starting`
 * behind: the next process never starts the workload without a check.
 */
export async function start(run: Run, observed: RunStateOf<"prepared">): Promise<RunState> {
  const { ports, stopped } = run;
  const { limit, capture } = observed;
  await record(run, { phase: "starting" });
  if (stopped.aborted) return observed;
  run.progress?.begin("environment");
  const starting = observed.executor.start(observed.workload, limit.signal);
  try {
    const running = await breakOff(ports.clock, limit.signal, starting);
    limit.cancel();
    run.progress?.end();
    keepImage(run, running);
    const startedAt = ports.clock.now();
    // A workload that has already ended reports its end, and `starting` is enough for a restart.
    if (!(await isOver(running))) reportStart(run, startedAt);
    return { state: "running", running, startedAt, capture };
  } catch (failure) {
    run.progress?.end();
    // Nothing waits for the start any more: a late start is ended at once, and swept.
    starting.then((late) => late.halt(0)).catch(() => {});
    if (stopped.aborted) return observed;
    releaseState(observed);
    throw limit.why() ?? failure;
  }
}

/** Reports `running` after it is journalled. */
function reportStart(run: Run, startedAt: number): void {
  const { executionId } = run.assignment;
  const report = reportOf(run, { kind: "running", startedAt, ...runtimeOf(run) });
  record(run, { phase: "running", startedAt }, report).then(
    () => run.ports.outbox.send(outgoing(run, report)),
    (failure: unknown) =>
      run.ports.logger.warn({ executionId, why: causeOf(failure).why }, "writing a journal entry failed"),
  );
}

/** Whether the workload ended in the tick in which it started. */
async function isOver({ exit }: Running): Promise<boolean> {
  let over = false;
  void exit.then(() => {
    over = true;
  });
  // Two turns of the event loop: an exit that is already known settles within them.
  await undefined;
  await undefined;
  return over;
}
