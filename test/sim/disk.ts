import type { Prng, SimulatedProcess } from "@shoal/core/testing";
import type { Journal, JournalEntry } from "../../services/compute/src/journal/journal.ts";

/** The data of a node that outlives its process. */
export type Disk = Map<string, JournalEntry>;

/** A journal on a disk that outlives the process: a write takes a moment, and the process may die before or after it. */
export function diskJournal(
  proc: SimulatedProcess,
  disk: Disk,
  onProblem: { readonly prng: Prng; crash(): number },
): Journal {
  const mayDie = () => {
    if (onProblem.prng.happens(onProblem.crash())) proc.kill();
    return !proc.isAlive();
  };
  return {
    load: () => (proc.isAlive() ? Promise.resolve([...disk.values()]) : new Promise(() => undefined)),
    write: (entry) =>
      new Promise((resolve) => {
        if (mayDie()) return;
        disk.set(entry.executionId, entry);
        if (!mayDie()) proc.clock.at(proc.clock.now() + onProblem.prng.between(0, 2), resolve);
      }),
    forget(executionId) {
      if (proc.isAlive()) disk.delete(executionId);
    },
    close: async () => undefined,
  };
}
