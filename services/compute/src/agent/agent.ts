import type { Process, ViewChange, ViewEntry, ViewStore } from "@shoal/core";
import type { ExecutionRuntime } from "@shoal/proto";
import type { Journal, JournalEntry } from "../journal/journal.ts";
import { createFollower, type Follower, type FollowerOptions, isConfirmable } from "./follower.ts";

export interface AgentOptions extends FollowerOptions {
  readonly assignments: Pick<ViewStore, "watch">;
  readonly journal: Pick<Journal, "load" | "forget">;
  /** Removes the folders of all executions that are not in `keep`. */
  readonly sweepFolders: (keep: ReadonlySet<string>) => Promise<void>;
  /** Records what an execution has had on this node since an earlier process. */
  readonly adopt: (executionId: string, runtime: ExecutionRuntime) => void;
  /** Fences the journal: no write completes after this call. */
  readonly seal: () => void;
}

export interface Agent extends Process, Pick<Follower, "confirm" | "executions"> {}

/** The desired state of one execution, with the change that delivered it. */
interface DesiredEntry {
  readonly value: ViewEntry;
  readonly change: ViewChange;
}

/** Reconciles this node with its assignments: one runner for each assignment. */
export function createAgent(options: AgentOptions): Agent {
  const { nodeId, journal } = options;
  const follower = createFollower(options);
  // Desired states that arrive before the agent opens.
  const desired = new Map<string, DesiredEntry>();
  let isOpen = false;
  let watching: { close(): Promise<void> } | undefined;

  /** Resolves once `desired` holds all assignments; `desired` is kept current until the agent opens. */
  async function watch(): Promise<void> {
    const { promise: initial, resolve } = Promise.withResolvers<void>();
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
    return initial;
  }
  return {
    name: "agent",
    confirm: follower.confirm,
    executions: follower.executions,
    start: async () => {
      const entries = await journal.load();
      await watch();
      const retained = entries.filter((entry) => desired.has(entry.executionId) || isConfirmable(entry));
      await options.sweepFolders(new Set(retained.map(({ executionId }) => executionId)));
      // Before anything new begins; also those whose assignment is gone, which may still run.
      for (const { executionId, phase, runtime } of entries)
        if (phase !== "settled" && runtime !== undefined) options.adopt(executionId, runtime);
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
  readonly desired: ReadonlyMap<string, DesiredEntry>;
}

/** Joins the journal of an earlier process with the current assignments. */
function join({ follower, entries, desired }: Join): void {
  // Resumed executions already use resources, so they come before new ones.
  for (const entry of entries) follower.resume(entry, desired.get(entry.executionId)?.value);
  const known = new Set(entries.map(({ executionId }) => executionId));
  for (const [executionId, { value, change }] of desired) {
    if (!known.has(executionId)) follower.follow(executionId, value, change);
  }
  follower.sweep();
}
