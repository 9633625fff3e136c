import type { Journal, JournalEntry } from "./journal.ts";

/** A journal in a map that outlives it: a new journal on the same map is the node's next process. For simulations and tests. */
export function memoryJournal(entries: Map<string, JournalEntry> = new Map()): Journal {
  return {
    load: async () => [...entries.values()],
    write: async (entry) => {
      entries.set(entry.executionId, entry);
    },
    forget: (executionId) => {
      entries.delete(executionId);
    },
    close: async () => {},
  };
}
