import { z } from "zod";
import type { NodeState } from "../node/machine.ts";
import { AllocatedResources } from "../resources.ts";
import { onWire } from "../wire/meta.ts";
import { onWireResources } from "./execution.ts";

const resources = onWireResources(AllocatedResources);

/** What version of the software speaks, in the field's form. */
export const BuildVersion = z
  .object({
    major: z.string(),
    minor: z.string(),
    gitVersion: z.string(),
    gitCommit: z.string(),
    /** RFC 3339, as the field's clients insist; `unknownBuildDate` where it is not known. */
    buildDate: z.string(),
    goos: onWire(z.string(), { name: "GOOS" }),
    goarch: onWire(z.string(), { name: "GOARCH" }),
  })
  .meta({ id: "Version" });
/** What builds of the field that know no date of their own say. */
export const unknownBuildDate = "1970-01-01T00:00:00Z";
export type BuildVersion = z.infer<typeof BuildVersion>;

/** What a node is and offers, as the API shows it. */
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
        maxCapacity: resources,
        queueCapacity: resources,
        availableCapacity: resources,
        maxJobRequirements: resources,
        runningExecutions: z.int(),
        enqueuedExecutions: z.int(),
        address: onWire(z.string(), { name: "address" }),
      })
      .optional(),
    /** Of requesters; the field's own clients leave it out. */
    requesterNodeInfo: z.object({ shards: z.array(z.int()) }).optional(),
    bacalhauVersion: BuildVersion,
  })
  .meta({ id: "NodeInfo" });

// A forgotten node is not shown.
const connection = z.enum(["connected", "disconnected"] satisfies readonly NodeState[]);

/** A node as the API shows it and the view keeps it. */
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
