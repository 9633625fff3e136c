import type { Running } from "../../executors/executor.ts";
import { outgoing, reportOf } from "../reports.ts";
import { journalled, type Run } from "../run.ts";
import type { Seen, SeenOf } from "../seen.ts";

/**
 * Writes down that a start is about to be tried, and tries it. A process that dies in between leaves `starting` behind: the
 * next one never starts it blindly.
 */
export async function start(run: Run, seen: SeenOf<"prepared">): Promise<Seen> {
  const { ports, assignment } = run;
  const { executionId } = assignment;
  await ports.journal.write({ phase: "starting", ...journalled(run) });
  if (run.stopped.aborted) return seen;
  try {
    const running = await seen.executor.start(seen.work);
    const startedAt = ports.clock.now();
    const state = { state: "running", running, startedAt, capture: seen.capture } as const;
    // One that is over already will say so itself, and `starting` says enough for a restart.
    if (await isOver(running)) return state;
    ports.journal.write({ phase: "running", ...journalled(run), startedAt }).then(
      () => ports.say(outgoing(run, reportOf(run, { kind: "running", startedAt }))),
      (failure: unknown) => ports.notes.warn("the journal refused an entry", { executionId, why: String(failure) }),
    );
    return state;
  } catch (failure) {
    seen.capture.close();
    throw failure;
  }
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
