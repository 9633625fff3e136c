import type { Clock, EventLog, Kind, NamedCommand, Random, StoredCommit } from "@shoal/core";
import type { AggregateRef, StoredEvent } from "@shoal/proto";
import type { FeatureGate } from "./feature-gate.ts";

/** What an actor needs, and the callbacks for what it does. */
export interface ActorOptions<S, C extends NamedCommand, E extends StoredEvent> {
  /** The namespace may be `*` when the aggregate exists. */
  readonly ref: AggregateRef;
  readonly kind: Kind<S, C, E>;
  readonly log: EventLog;
  readonly clock: Clock;
  readonly random: Random;
  /** This requester's id. */
  readonly by: string;
  /** The lease's fencing number; 0 for a commit without a lease. */
  readonly epoch: number;
  /** An owner retries until the log answers. */
  readonly isOwner: boolean;
  /** What may be written at the cluster's feature level; everything when left out. */
  readonly features?: Pick<FeatureGate, "demandSupport" | "rejectionOf">;
  /** Called in order for every commit that is folded in, own or not. */
  readonly onCommit: (move: Move<S>) => void;
  /** Called when the aggregate's log cannot be read. */
  readonly onUnreadable?: (failure: unknown) => void;
  /** Called when `onCommit` has thrown after a commit of this actor: the caller's reply does not contain that error. */
  readonly onFailed?: (failure: unknown) => void;
  /** Called when it begins to decide or to read the log, after `onIdle` again. */
  readonly onBusy?: () => void;
  /** Called when no decision is in progress and no command waits. */
  readonly onIdle?: () => void;
}

/** One folded commit. */
export interface Move<S> {
  readonly before: S | undefined;
  readonly after: S;
  readonly stored: StoredCommit;
  /** This actor has just appended it. */
  readonly isOwn: boolean;
}
