import type { Berth, Dice } from "@shoal/core/testing";
import type { Journal, JournalEntry } from "../../services/compute/src/journal/journal.ts";

/** What a node keeps when its process dies. */
export type Disk = Map<string, JournalEntry>;

/** A journal on a disk that outlives the process: a write takes a moment, and the process may die before or after it. */
export function diskJournal(berth: Berth, disk: Disk, trouble: { readonly dice: Dice; crash(): number }): Journal {
  const mayDie = () => {
    if (trouble.dice.chance(trouble.crash())) berth.kill();
    return !berth.isAlive();
  };
  return {
    load: () => (berth.isAlive() ? Promise.resolve([...disk.values()]) : new Promise(() => undefined)),
    write: (entry) =>
      new Promise((resolve) => {
        if (mayDie()) return;
        disk.set(entry.executionId, entry);
        if (!mayDie()) berth.clock.at(berth.clock.now() + trouble.dice.between(0, 2), resolve);
      }),
    forget(executionId) {
      if (berth.isAlive()) disk.delete(executionId);
    },
    close: async () => undefined,
  };
}
