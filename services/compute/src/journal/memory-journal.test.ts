import type { JournalEntry } from "./journal.ts";
import { journalContract } from "./journal-contract.ts";
import { memoryJournal } from "./memory-journal.ts";

journalContract("a journal in memory", async () => {
  const entries = new Map<string, JournalEntry>();
  return { open: () => memoryJournal(entries) };
});
