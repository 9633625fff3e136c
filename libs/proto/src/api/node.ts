import { z } from "zod";
import { GpuDevice } from "../execution/runtime.ts";
import { drainModes } from "../node/events.ts";
import type { NodeState } from "../node/machine.ts";
import { AllocatedResources } from "../resources.ts";
import { onWire } from "../wire/meta.ts";
import { onWireResources } from "./execution.ts";

const resources = onWireResources(AllocatedResources);
const capacity = resources.extend({
  gpuDevices: onWire(z.array(GpuDevice).optional().describe("its GPUs"), { name: "GPUs" }),
});

/** The version of the software, in Bacalhau's form. */
export const BuildVersion = z
  .object({
    major: z.string().describe("the first number of the version"),
    minor: z.string().describe("the second number"),
    gitVersion: z.string().describe("the version that Bacalhau's clients compare with theirs"),
    gitCommit: z.string().describe("the commit that it was built from"),
    buildDate: z.string().describe("RFC 3339; 1970 when it is not known"),
    goos: onWire(z.string().describe("the operating system, in Go's words"), { name: "GOOS" }),
    goarch: onWire(z.string().describe("the processor architecture, in Go's words"), { name: "GOARCH" }),
  })
  .meta({ id: "Version", description: "a release, in Bacalhau's form" });
/** The build date that Bacalhau's builds report when they have none. */
export const unknownBuildDate = "1970-01-01T00:00:00Z";
export type BuildVersion = z.infer<typeof BuildVersion>;

/** The properties of a node, as the API shows them. */
export const NodeInfoEntity = z
  .object({
    nodeId: z.string().describe("the id of the node"),
    nodeType: z.enum(["Requester", "Compute"]).describe("what it does"),
    labels: z.record(z.string(), z.string()).describe("its labels, which constraints match"),
    supportedProtocols: z.array(z.string()).describe("the protocols that it speaks"),
    computeNodeInfo: z
      .object({
        executionEngines: z.array(z.string()).describe("the engines that it has"),
        publishers: z.array(z.string()).describe("the publishers that it has"),
        storageSources: z.array(z.string()).describe("the sources that it has"),
        maxCapacity: capacity.describe("what it offers to executions"),
        queueCapacity: resources.describe("what executions that wait on it request"),
        availableCapacity: resources.describe("what no bid and no execution holds"),
        maxJobRequirements: resources.describe("the most that one task may request"),
        runningExecutions: z.int().describe("executions that run"),
        enqueuedExecutions: z.int().describe("executions that wait on it"),
        address: onWire(z.string().describe("the host of its result server"), { name: "address" }),
      })
      .optional()
      .describe("for a compute node"),
    requesterNodeInfo: z
      .object({ shards: z.array(z.int()).describe("the shards that it owns") })
      .optional()
      .describe("for a requester"),
    bacalhauVersion: BuildVersion,
  })
  .meta({ id: "NodeInfo", description: "the properties of a node" });

// A forgotten node is not listed.
const connection = z.enum(["connected", "disconnected"] satisfies readonly NodeState[]);

/** A node as the API shows it and the view stores it. */
export const NodeEntity = z
  .object({
    info: NodeInfoEntity,
    membership: z.enum(["PENDING", "APPROVED", "REJECTED"]).describe("whether it may run jobs"),
    membershipMessage: z.string().optional().describe("the message of the operator who approved or rejected it"),
    drain: z
      .object({
        mode: z.enum(drainModes).describe("whether its work ends by itself until the deadline, or is moved at once"),
        message: z.string().describe("the message of the operator who drains it"),
        since: onWire(z.number().describe("since when"), { as: "rfc3339" }),
        deadline: onWire(z.number().describe("when the rest of its work is moved"), { as: "rfc3339" }),
      })
      .optional()
      .describe("present while it gets no new work and becomes empty"),
    connection: onWire(connection.describe("as in connectionState, for Bacalhau's clients"), {
      as: { connected: "CONNECTED", disconnected: "DISCONNECTED" },
    }),
    connectionState: z
      .object({
        status: onWire(connection.describe("whether its heartbeats arrive"), {
          as: { connected: "CONNECTED", disconnected: "DISCONNECTED" },
        }),
        lastHeartbeat: onWire(z.number().describe("when the last one arrived"), { as: "rfc3339" }),
        connectedSince: onWire(z.number().describe("when it connected last"), { as: "rfc3339" }),
        disconnectedSince: onWire(z.number().optional().describe("since when it is disconnected"), { as: "rfc3339" }),
        lastError: onWire(z.string().describe("why it was disconnected last"), { omitEmpty: true }),
        clockOffsetMs: z
          .int()
          .optional()
          .describe("how far its clock is ahead of the NATS server's, milliseconds; absent when that is not known"),
      })
      .describe("its connection"),
  })
  .meta({ id: "Node", description: "a node" });
export type NodeEntity = z.infer<typeof NodeEntity>;
