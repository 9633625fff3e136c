import { z } from "zod";
import { AllocatedResources } from "../resources.ts";

/** What a node says of itself with every heartbeat. */
export const NodeInfo = z.object({
  nodeId: z.string(),
  labels: z.record(z.string(), z.string()),
  engines: z.array(z.string()),
  publishers: z.array(z.string()),
  sources: z.array(z.string()),
  /** All that the node gives to executions. */
  capacity: AllocatedResources,
  /** What is not held by a bid or an execution now, without what is being gathered for a job that waits for more. */
  available: AllocatedResources,
  /** The most that one task may ask for. */
  perTask: AllocatedResources,
  running: z.int().min(0),
  version: z.string(),
  address: z.string(),
  /** The version of asks, assignments, reports and confirmations that the node speaks; absent where only the log is known. */
  protocol: z.int().min(1).optional(),
});
export type NodeInfo = z.infer<typeof NodeInfo>;

/** Said every heartbeat interval, and at once when room comes free that somebody was refused for. */
export const Heartbeat = z.object({
  info: NodeInfo,
  /** When this process of the node started, milliseconds since the epoch: tells a restart from a pause. */
  startedAt: z.number(),
  at: z.number(),
  /** The version of asks, assignments, reports and confirmations that the node speaks. */
  protocol: z.int().min(1),
  /** The node is going away on purpose. */
  leaving: z.boolean().optional(),
  /** Drawn by each process at its start: tells two processes apart that use one node id. */
  instanceId: z.string().max(64).optional(),
  /** A process that starts asks whether another one uses its node id already. Nobody else is meant. */
  isProbe: z.boolean().optional(),
});
export type Heartbeat = z.infer<typeof Heartbeat>;
