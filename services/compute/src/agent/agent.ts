import type { Process, ViewChange, ViewEntry, ViewStore } from "@shoal/core";
import type { Journal, JournalEntry } from "../journal/journal.ts";
import { createFollower, type Follower, type FollowerOptions, isConfirmable } from "./follower.ts";

export interface AgentOptions extends FollowerOptions {
  readonly assignments: Pick<ViewStore, "watch">;
  readonly journal: Pick<Journal, "load" | "forget">;
  /** Removes the folders of executions that are not kept. */
  readonly sweepFolders: (keep: ReadonlySet<string>) => Promise<void>;
  /** From now on nobody acts any more. */
  readonly seal: () => void;
}

export interface Agent extends Process, Pick<Follower, "confirm"> {}

/** What is wanted, with how it was heard of. */
interface NodeWish {
  readonly value: ViewEntry;
  readonly change: ViewChange;
}

/** Follows what this node should be doing, and walks towards it: one runner for each assignment. */
export function createAgent(options: AgentOptions): Agent {
  const { nodeId, journal } = options;
  const follower = createFollower(options);
  // What is wanted, for as long as nobody acts on it.
  const desired = new Map<string, NodeWish>();
  let isOpen = false;
  let watching: { close(): Promise<void> } | undefined;

  /** Resolves with the first full picture in `wanted`; it is kept up to date until the agent opens. */
  async function watch(): Promise<void> {
    const { promise: collected, resolve } = Promise.withResolvers<void>();
    watching = await options.assignments.watch(`${nodeId}.>`, {
      changed(key, value, change) {
        const executionId = key.slice(nodeId.length + 1);
        if (isOpen) follower.follow(executionId, value, change);
        else if (value === undefined) desired.delete(executionId);
        else desired.set(executionId, { value, change });
      },
      ready() {
        if (isOpen) follower.ready();
        resolve();
      },
    });
    return collected;
  }
  return {
    name: "agent",
    confirm: follower.confirm,
    start: async () => {
      const entries = await journal.load();
      await watch();
      const saved = entries.filter((entry) => desired.has(entry.executionId) || isConfirmable(entry));
      await options.sweepFolders(new Set(saved.map(({ executionId }) => executionId)));
      isOpen = true;
      join({ follower, entries, desired });
      desired.clear();
    },
    stop: async () => {
      options.seal();
      follower.close();
      await watching?.close();
    },
  };
}

interface Join {
  readonly follower: Follower;
  readonly entries: readonly JournalEntry[];
  readonly desired: ReadonlyMap<string, NodeWish>;
}

/** Joins what an earlier process knew with what is wanted now. */
function join({ follower, entries, desired }: Join): void {
  // What they use is used already, so they come before anything new.
  for (const entry of entries) follower.resume(entry, desired.get(entry.executionId)?.value);
  const known = new Set(entries.map(({ executionId }) => executionId));
  for (const [executionId, { value, change }] of desired) {
    if (!known.has(executionId)) follower.follow(executionId, value, change);
  }
  follower.sweep();
}
