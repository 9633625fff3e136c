import type { Journal, JournalEntry } from "./journal.ts";

/**
 * A journal in a map that outlives it: a new journal on the same map is the node's next process. Once `isAlive` returns
 * false, the process is dead: it writes nothing, and its pending writes never settle. For simulations and tests.
 */
export function memoryJournal(entries: Map<string, JournalEntry> = new Map(), isAlive = () => true): Journal {
  return {
    load: async () => [...entries.values()],
    write: async (entry) => {
      if (isAlive()) entries.set(entry.executionId, entry);
      else await new Promise(() => {});
    },
    forget: (executionId) => {
      if (isAlive()) entries.delete(executionId);
    },
    close: async () => {},
  };
}
