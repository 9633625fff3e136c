import type { Journal } from "./journal.ts";

/**
 * A journal that can be sealed. After that no write settles, so that code waiting for a write does not continue, as if
 * the process had died.
 */
export function fencedJournal(journal: Journal): { readonly journal: Journal; readonly seal: () => void } {
  let sealed = false;
  return {
    seal: () => {
      sealed = true;
    },
    journal: {
      load: () => journal.load(),
      write: async (entry) => {
        if (!sealed) await journal.write(entry);
        if (sealed) await new Promise(() => {});
      },
      forget: (executionId) => {
        if (!sealed) journal.forget(executionId);
      },
      close: () => journal.close(),
    },
  };
}
