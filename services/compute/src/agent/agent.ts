import type { Process, ViewEntry, ViewStore } from "@shoal/core";
import type { Journal, JournalEntry } from "../journal/journal.ts";
import { createRunners, type Runners, type RunnersOptions } from "./runners.ts";

export interface AgentOptions extends RunnersOptions {
  readonly assignments: Pick<ViewStore, "watch">;
  readonly journal: Pick<Journal, "load" | "forget">;
  /** Removes the folders of executions that are not kept. */
  readonly sweepFolders: (keep: ReadonlySet<string>) => Promise<void>;
  /** From now on nobody acts any more. */
  readonly seal: () => void;
}

/** Follows what this node should be doing, and walks towards it: one runner for each assignment. */
export function createAgent(options: AgentOptions): Process {
  const { nodeId, journal } = options;
  const runners = createRunners(options);
  // What is wanted, for as long as nobody acts on it.
  const wanted = new Map<string, ViewEntry>();
  let isOpen = false;
  let watching: { close(): Promise<void> } | undefined;

  /** Resolves with the first full picture in `wanted`; it is kept up to date until the agent opens. */
  async function watch(): Promise<void> {
    const { promise: told, resolve } = Promise.withResolvers<void>();
    watching = await options.assignments.watch(`${nodeId}.>`, {
      changed(key, value) {
        const executionId = key.slice(nodeId.length + 1);
        if (isOpen) runners.follow(executionId, value);
        else if (value === undefined) wanted.delete(executionId);
        else wanted.set(executionId, value);
      },
      ready() {
        // The connection was away: what was said last may not have been heard by whoever reads now.
        if (isOpen) runners.repeat();
        resolve();
      },
    });
    return told;
  }
  return {
    name: "agent",
    start: async () => {
      const entries = await journal.load();
      await watch();
      const known = entries.map(({ executionId }) => executionId);
      await options.sweepFolders(new Set(known.filter((executionId) => wanted.has(executionId))));
      isOpen = true;
      join({ runners, journal, entries, wanted });
      wanted.clear();
    },
    stop: async () => {
      options.seal();
      await watching?.close();
    },
  };
}

interface Join extends Pick<AgentOptions, "journal"> {
  readonly runners: Runners;
  readonly entries: readonly JournalEntry[];
  readonly wanted: ReadonlyMap<string, ViewEntry>;
}

/** Joins what an earlier process knew with what is wanted now. */
function join({ runners, journal, entries, wanted }: Join): void {
  // What they use is used already, so they come before anything new.
  for (const entry of entries) {
    const value = wanted.get(entry.executionId);
    if (value === undefined) journal.forget(entry.executionId);
    else runners.resume(entry, value);
  }
  for (const [executionId, value] of wanted) runners.follow(executionId, value);
  runners.sweep();
}
