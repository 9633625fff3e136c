import {
  type ClusterNode,
  type Decision,
  decideJob,
  decideNode,
  type Evolve,
  evolveJob,
  evolveNode,
  type Job,
  type JobCommand,
  type JobEvent,
  jobViews,
  type NodeCommand,
  nodeViews,
  type View,
} from "@shoal/core";
import type { NodeEvent, StoredEvent } from "@shoal/proto";

/** What there is to know about one kind of aggregate: how it decides, how it folds, and what is shown of it. */
export interface Craft<S, C, E extends StoredEvent> {
  decide(state: S | undefined, command: C, now: number): Decision<E>;
  readonly evolve: Evolve<S, E>;
  readonly views: readonly View<S>[];
}

export const jobCraft: Craft<Job, JobCommand, JobEvent> = { decide: decideJob, evolve: evolveJob, views: jobViews };
export const nodeCraft: Craft<ClusterNode, NodeCommand, NodeEvent> = {
  decide: decideNode,
  evolve: evolveNode,
  views: nodeViews,
};
