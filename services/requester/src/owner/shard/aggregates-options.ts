import type { Kinds } from "@shoal/core";
import type { RequesterPorts } from "../../ports.ts";
import type { FeatureGate } from "../aggregate/feature-gate.ts";
import type { Reconciler } from "../aggregate/reconciler.ts";
import type { Projector } from "../views/projector.ts";

/** What the aggregates of a shard need from it. */
export interface AggregatesOptions {
  readonly ports: Pick<RequesterPorts, "log" | "clock" | "random" | "logger">;
  readonly kinds: Kinds;
  readonly reconciler: Reconciler;
  readonly projector: Projector;
  /** This requester's id. */
  readonly by: string;
  readonly features: FeatureGate;
  /** The lease's fencing number. */
  readonly epoch: number;
  /** The position up to which all views are written. */
  readonly projectedSeq: () => number;
  /** The number of aggregates in memory has changed by one. */
  readonly onSize: () => void;
}
