import { describe, expect, it } from "vitest";
import type { Journal, JournalEntry } from "./journal.ts";

/** A place where journals are stored: every `open` is the node's next process. */
export interface JournalStore {
  open(): Journal;
}

const starting = (executionId: string): JournalEntry => ({ phase: "starting", executionId });
const running = (executionId: string): JournalEntry => ({ phase: "running", executionId, startedAt: 5 });
const settled = (executionId: string): JournalEntry => ({
  phase: "settled",
  executionId,
  report: {
    at: 7,
    namespace: "default",
    number: 2,
    saw: { kind: "failed", code: "ENGINE_FAILED", why: "it broke — “badly”\n", final: false },
  },
});

const byId = (entries: readonly JournalEntry[]) => entries.toSorted((a, b) => (a.executionId < b.executionId ? -1 : 1));

/** The suite that every journal passes. */
export function journalContract(name: string, place: () => Promise<JournalStore>): void {
  describe(`${name}, as a journal`, () => {
    it("is empty at first", async () => {
      const { open } = await place();
      const journal = open();
      expect(await journal.load()).toEqual([]);
      await journal.close();
    });

    it("returns the last entry of each execution after a restart", async () => {
      const { open } = await place();
      const first = open();
      await first.write(starting("e-1"));
      await first.write(starting("e-2"));
      await Promise.all([first.write(running("e-1")), first.write(settled("e-1")), first.write(running("e-3"))]);
      await first.close();
      const second = open();
      expect(byId(await second.load())).toEqual([settled("e-1"), starting("e-2"), running("e-3")]);
      await second.close();
    });

    it("forgets an entry, and may forget it twice", async () => {
      const { open } = await place();
      const first = open();
      await first.write(starting("e-1"));
      await first.write(starting("e-2"));
      first.forget("e-1");
      first.forget("e-1");
      first.forget("e-0");
      await first.close();
      const second = open();
      expect(await second.load()).toEqual([starting("e-2")]);
      await second.close();
    });

    it("keeps the order of writes and deletions of one execution", async () => {
      const { open } = await place();
      const first = open();
      first.forget("e-1");
      void first.write(starting("e-1"));
      void first.write(starting("e-2"));
      first.forget("e-2");
      await first.close();
      const second = open();
      expect(await second.load()).toEqual([starting("e-1")]);
      await second.close();
    });
  });
}
