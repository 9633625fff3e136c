import { createHash } from "node:crypto";
import { z } from "zod";
import type { Workload } from "../executor.ts";
import type { EngineReader } from "./engine-reader.ts";

const nodeLabel = "shoal.node";
// Node ids are unique in a cluster, and engines may serve several clusters: this id is stored in the node's data
// directory.
const instanceLabel = "shoal.instance";
const executionLabel = "shoal.execution";
const gatewayLabel = "shoal.gateway";

/** How a node identifies its containers on a shared engine: by labels, never by name. */
export interface Ownership {
  labels(workload: Workload): Record<string, string>;
  /** The same for the gateway of a workload's network. */
  gatewayLabels(workload: Workload): Record<string, string>;
  gatewayName(workload: Workload): string;
  /** One name for one execution on one node, so that the engine refuses to create a second container for it. */
  containerName(workload: Workload): string;
  /** This node's containers, of one execution or of all. */
  containers(executionId?: string): Promise<readonly OwnedContainer[]>;
}
/** The owner of containers: a node, and its instance among all nodes with that name. */
export interface ContainerOwner {
  readonly nodeId: string;
  /** Globally unique, and stored in the node's data directory. */
  readonly instanceId: string;
}

export interface OwnedContainer {
  readonly id: string;
  /** As it was created: by its digest. */
  readonly image: string;
  readonly executionId: string;
  /** It belongs to the network of the execution, and does not run its task. */
  readonly isGateway: boolean;
  /** The engine's state: created, running, paused, restarting, removing, exited or dead. */
  readonly state: string;
}

const Containers = z.array(
  z.object({
    Id: z.string(),
    Image: z.string(),
    Labels: z.record(z.string(), z.string()).nullish(),
    State: z.string(),
  }),
);

export function ownership(read: EngineReader, { nodeId, instanceId }: ContainerOwner): Ownership {
  const labels = (workload: Workload) => ({
    [nodeLabel]: nodeId,
    [instanceLabel]: instanceId,
    [executionLabel]: workload.id,
    "shoal.job": workload.jobId,
    "shoal.namespace": workload.namespace,
  });
  const containerName = (workload: Workload) => `shoal-${readable(workload.id)}-${digest(instanceId, workload.id)}`;
  return {
    labels,
    containerName,
    gatewayLabels: (workload) => ({ ...labels(workload), [gatewayLabel]: "http" }),
    gatewayName: (workload) => `${containerName(workload)}-gateway`,
    containers: async (executionId) => {
      const label = [`${nodeLabel}=${nodeId}`, `${instanceLabel}=${instanceId}`];
      if (executionId !== undefined) label.push(`${executionLabel}=${executionId}`);
      const query = new URLSearchParams({ all: "true", filters: JSON.stringify({ label }) });
      const found = Containers.parse(await read(`/containers/json?${query}`));
      return found.map(({ Id, Image, Labels, State }) => ({
        id: Id,
        image: Image,
        executionId: Labels?.[executionLabel] ?? "",
        isGateway: Labels?.[gatewayLabel] !== undefined,
        state: State,
      }));
    },
  };
}

/** Characters that the engine allows in a name; the appended hash distinguishes names that become equal. */
function readable(id: string): string {
  // 64: enough to recognise an execution in `docker ps`.
  return id.replace(/[^a-zA-Z0-9_.-]/g, "-").slice(0, 64);
}

function digest(instanceId: string, executionId: string): string {
  // 12 hexadecimal digits: the length of the engine's short ids.
  return createHash("sha256").update(`${instanceId}\0${executionId}`).digest("hex").slice(0, 12);
}
