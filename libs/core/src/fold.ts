import type { NodeEvent, StoredEvent } from "@shoal/proto";
import type { Evolve } from "./decider.ts";
import { Fault } from "./fault.ts";
import { evolveJob, type JobEvent } from "./job/evolve.ts";
import type { Job } from "./job/job.ts";
import { type ClusterNode, evolveNode } from "./node/node.ts";
import type { StoredCommit } from "./ports/event-log.ts";

/**
 * Folds one commit into a state. Throws Fault LOG_DAMAGED when the log has an event that the machine does not allow: either the log or
 * this version of the code is wrong, and the code cannot tell which.
 */
export function foldCommit<S, E extends StoredEvent>(
  evolve: Evolve<S, E>,
  before: S | undefined,
  stored: StoredCommit,
): S | undefined {
  return folding(evolve)(before, stored);
}

/**
 * Folds commits one after another, for a caller that uses the last state only: each state may change the maps of the one before it, so
 * that a job of ten thousand executions is not copied for each of its commits. The first `before` is not changed. Throws as `foldCommit`.
 */
export function folding<S, E extends StoredEvent>(
  evolve: Evolve<S, E>,
): (before: S | undefined, stored: StoredCommit) => S | undefined {
  const fresh = new Set<object>();
  return (before, stored) => {
    const moment = { at: stored.commit.at, seq: stored.seq, fresh };
    let state = before;
    for (const event of stored.commit.events) {
      // The log's events are not checked again: their form was checked when they were decided, and the hash chain protects the bytes.
      const after = evolve(state, event as E, moment);
      if (after === undefined)
        throw new Fault(
          "LOG_DAMAGED",
          `${event.type} at ${stored.seq} cannot follow the preceding events of ${stored.aggregate.id}`,
        );
      state = after;
    }
    return state;
  };
}

/** Folds a job from its commits, oldest first; undefined when there are none. */
export function foldJob(stored: readonly StoredCommit[], before?: Job): Job | undefined {
  return stored.reduce(folding<Job, JobEvent>(evolveJob), before);
}

/** Folds a node from its commits, oldest first; undefined when there are none. */
export function foldNode(stored: readonly StoredCommit[], before?: ClusterNode): ClusterNode | undefined {
  return stored.reduce(folding<ClusterNode, NodeEvent>(evolveNode), before);
}
