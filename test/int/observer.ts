import type { EventLog, StoredCommit } from "@shoal/core";
import { createTrace, type Trace } from "./invariants.ts";

/** Follows the log, so that a test waits for a condition and never for time. */
export interface Observer {
  readonly trace: Trace;
  /** Every commit so far, in log order. */
  readonly commits: readonly StoredCommit[];
  /** Resolves as soon as the condition holds; it is checked after every commit. Rejects after withinMs, with a description. */
  until(what: string, holds: (observer: Observer) => boolean, withinMs?: number): Promise<void>;
  close(): Promise<void>;
}

// Long enough for a lease to expire and be taken over on a busy machine; a test that waits longer has failed.
const patienceMs = 100_000;

export async function createObserver(log: EventLog): Promise<Observer> {
  const trace = createTrace();
  const commits: StoredCommit[] = [];
  const waiting = new Set<() => void>();
  const following = await log.follow({}, 0, (stored) => {
    trace.take(stored);
    commits.push(stored);
    for (const check of [...waiting]) check();
  });
  const observer: Observer = {
    trace,
    commits,
    until: (what, holds, withinMs = patienceMs) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => {
          waiting.delete(check);
          reject(new Error(`waited ${withinMs / 1000} s for: ${what}\n${violations(trace).join("\n")}`));
        }, withinMs);
        function check(): void {
          if (!holds(observer)) return;
          waiting.delete(check);
          clearTimeout(late);
          resolve();
        }
        waiting.add(check);
        check();
      }),
    close: () => following.close(),
  };
  return observer;
}

// Enough to diagnose the failure.
const shownMax = 8;

/** The jobs that have not ended, for the error message. */
function violations({ jobs, broken, commits }: Trace): readonly string[] {
  const open = [...jobs].filter(([, job]) => job.end() === undefined || job.live().length > 0);
  return [
    `the log has ${commits} commits and ${jobs.size} jobs, ${open.length} of them open`,
    ...broken.slice(0, shownMax),
    ...open.slice(0, shownMax).map(([id, job]) => {
      const tries = [...job.placed.values()].map(
        ({ partition, attempt, state, nodeId }) => `${partition}/${attempt} ${state} on ${nodeId}`,
      );
      return `${id}: ${tries.join("; ") || "not assigned yet"}`;
    }),
  ];
}
