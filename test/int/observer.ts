import type { EventLog, StoredCommit } from "@shoal/core";
import { createTrace, type Trace } from "./invariants.ts";

/** Watches the log from outside, so that a test waits for what becomes true and never for time. */
export interface Observer {
  readonly trace: Trace;
  /** Every commit so far, in log order. */
  readonly commits: readonly StoredCommit[];
  /** Resolves as soon as it holds; it is looked at after every commit. Rejects after withinMs, with what was waited for. */
  until(what: string, holds: (observer: Observer) => boolean, withinMs?: number): Promise<void>;
  close(): Promise<void>;
}

// Long enough for a lease to end and be taken over on a machine that does other things too; a test that waits this long has failed.
const patienceMs = 40_000;

export async function createObserver(log: EventLog): Promise<Observer> {
  const trace = createTrace();
  const commits: StoredCommit[] = [];
  const waiting = new Set<() => void>();
  const following = await log.follow({}, 0, (stored) => {
    trace.take(stored);
    commits.push(stored);
    for (const look of [...waiting]) look();
  });
  const observer: Observer = {
    trace,
    commits,
    until: (what, holds, withinMs = patienceMs) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          waiting.delete(look);
          reject(new Error(`waited ${withinMs / 1000} s in vain for: ${what}\n${violations(trace).join("\n")}`));
        }, withinMs);
        function look(): void {
          if (!holds(observer)) return;
          waiting.delete(look);
          clearTimeout(late);
          resolve();
        }
        waiting.add(look);
        look();
      }),
    close: () => following.close(),
  };
  return observer;
}

// Enough to see what kind of thing is stuck.
const shownMax = 8;

/** What has not ended, for whoever has to find out why. */
function violations({ jobs, broken, commits }: Trace): readonly string[] {
  const open = [...jobs].filter(([, job]) => job.end() === undefined || job.live().length > 0);
  return [
    `the log has ${commits} commits and ${jobs.size} jobs, ${open.length} of them open`,
    ...broken.slice(0, shownMax),
    ...open.slice(0, shownMax).map(([id, job]) => {
      const tries = [...job.placed.values()].map(
        ({ partition, attempt, state, nodeId }) => `${partition}/${attempt} ${state} on ${nodeId}`,
      );
      return `${id}: ${tries.join("; ") || "no place yet"}`;
    }),
  ];
}
