import { z } from "zod";
import { GpuDevice } from "../execution/runtime.ts";
import type { NodeState } from "../node/machine.ts";
import { AllocatedResources } from "../resources.ts";
import { onWire } from "../wire/meta.ts";
import { onWireResources } from "./execution.ts";

const resources = onWireResources(AllocatedResources);
const capacity = resources.extend({ gpuDevices: onWire(z.array(GpuDevice).optional(), { name: "GPUs" }) });

/** The version of the software, in Bacalhau's form. */
export const BuildVersion = z
  .object({
    major: z.string(),
    minor: z.string(),
    gitVersion: z.string(),
    gitCommit: z.string(),
    /** RFC 3339, as Bacalhau's clients require; `unknownBuildDate` where it is not known. */
    buildDate: z.string(),
    goos: onWire(z.string(), { name: "GOOS" }),
    goarch: onWire(z.string(), { name: "GOARCH" }),
  })
  .meta({ id: "Version" });
/** The build date that Bacalhau's builds report when they have none. */
export const unknownBuildDate = "1970-01-01T00:00:00Z";
export type BuildVersion = z.infer<typeof BuildVersion>;

/** The properties of a node, as the API shows them. */
export const NodeInfoEntity = z
  .object({
    nodeId: z.string(),
    nodeType: z.enum(["Requester", "Compute"]),
    labels: z.record(z.string(), z.string()),
    supportedProtocols: z.array(z.string()),
    computeNodeInfo: z
      .object({
        executionEngines: z.array(z.string()),
        publishers: z.array(z.string()),
        storageSources: z.array(z.string()),
        maxCapacity: capacity,
        queueCapacity: resources,
        availableCapacity: resources,
        maxJobRequirements: resources,
        runningExecutions: z.int(),
        enqueuedExecutions: z.int(),
        address: onWire(z.string(), { name: "address" }),
      })
      .optional(),
    /** Set for requesters; Bacalhau's clients leave it out. */
    requesterNodeInfo: z.object({ shards: z.array(z.int()) }).optional(),
    bacalhauVersion: BuildVersion,
  })
  .meta({ id: "NodeInfo" });

// A forgotten node is not listed.
const connection = z.enum(["connected", "disconnected"] satisfies readonly NodeState[]);

/** A node as the API shows it and the view stores it. */
export const NodeEntity = z
  .object({
    info: NodeInfoEntity,
    membership: z.enum(["PENDING", "APPROVED", "REJECTED"]),
    connection: onWire(connection, { as: { connected: "CONNECTED", disconnected: "DISCONNECTED" } }),
    connectionState: z.object({
      status: onWire(connection, { as: { connected: "CONNECTED", disconnected: "DISCONNECTED" } }),
      lastHeartbeat: onWire(z.number(), { as: "rfc3339" }),
      connectedSince: onWire(z.number(), { as: "rfc3339" }),
      disconnectedSince: onWire(z.number().optional(), { as: "rfc3339" }),
      lastError: onWire(z.string(), { omitEmpty: true }),
      /** How far its clock is ahead of the NATS server's, milliseconds; absent when that is not known. */
      clockOffsetMs: z.int().optional(),
    }),
  })
  .meta({ id: "Node" });
export type NodeEntity = z.infer<typeof NodeEntity>;
