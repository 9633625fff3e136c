import type { Slot } from "@shoal/core";
import type { Answer, JobSpec, Requirements } from "@shoal/proto";
import type { QueuePosition } from "./pending-queue.ts";
import type { Placeable } from "./placeable.ts";

/** A refusal that time does not change. */
export interface PermanentRefusal {
  /** The node's revision at that time: a changed node is asked again. */
  readonly revision: number;
  /** Undefined when the explanations have enough reasons. */
  readonly why: string | undefined;
}

/** The slots of one job that wait in one lane. */
export interface PendingEntry extends QueuePosition {
  /** When the job was created, or got its last nodes: a job with many slots takes turns with the others. */
  since: number;
  readonly target: Placeable;
  readonly spec: JobSpec;
  readonly requirements: Requirements;
  /** The time since which it waits in its lane, milliseconds since the epoch. */
  readonly queuedAt: number;
  /** Replaced whenever the job needs other slots. */
  slots: readonly Slot[];
  /** Why its last try found too few nodes. */
  shortage: { readonly why: string; readonly answers: readonly Answer[] } | undefined;
  /** Nodes that refused this job for a reason that time does not change. */
  readonly refusedBy: Map<string, PermanentRefusal>;
}
