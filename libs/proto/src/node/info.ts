import { z } from "zod";
import { GpuDevice } from "../execution/runtime.ts";
import { AllocatedResources } from "../resources.ts";

/** What a node advertises in every heartbeat. */
export const NodeInfo = z.object({
  nodeId: z.string(),
  labels: z.record(z.string(), z.string()),
  engines: z.array(z.string()),
  publishers: z.array(z.string()),
  sources: z.array(z.string()),
  /** The resources that the node offers to executions. */
  capacity: AllocatedResources,
  /** What neither a bid nor an execution holds now, minus what is reserved for a job that waits for more. */
  available: AllocatedResources,
  /** The most that one task may request. */
  perTask: AllocatedResources,
  running: z.int().min(0),
  /** Its GPUs; absent when it has none. */
  gpus: z.array(GpuDevice).optional(),
  version: z.string(),
  address: z.string(),
  /** The protocol level of asks, assignments, reports and confirmations; absent in data read from the log. */
  protocol: z.int().min(1).optional(),
});
export type NodeInfo = z.infer<typeof NodeInfo>;

/** Sent every heartbeat interval, and at once when capacity becomes free that a job was refused for. */
export const Heartbeat = z.object({
  info: NodeInfo,
  /** When this process of the node started, milliseconds since the epoch: distinguishes a restart from a pause. */
  startedAt: z.number(),
  at: z.number(),
  /** The protocol level of asks, assignments, reports and confirmations. */
  protocol: z.int().min(1),
  /** The node shuts down. */
  leaving: z.boolean().optional(),
  /** Drawn by each process at its start: distinguishes two processes that use one node id. */
  instanceId: z.string().max(64).optional(),
  /** A starting process checks whether another one uses its node id. Other receivers ignore it. */
  isProbe: z.boolean().optional(),
});
export type Heartbeat = z.infer<typeof Heartbeat>;
