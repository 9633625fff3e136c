import { createHash } from "node:crypto";
import type Docker from "dockerode";
import type { Work } from "../executor.ts";

const nodeLabel = "shoal.node";
// Node ids are unique in a cluster, and engines may serve several: this one is kept in the node's data directory.
const instanceLabel = "shoal.instance";
const executionLabel = "shoal.execution";

/** How a node knows its own containers on an engine that it may share: by labels, never by name. */
export interface Ownership {
  labels(work: Work): Record<string, string>;
  /** One name for one execution on one node, so that the engine itself refuses to make a second container for it. */
  containerName(work: Work): string;
  /** This node's containers, of one execution or of all. */
  containers(executionId?: string): Promise<readonly OwnedContainer[]>;
}
/** Whose containers they are: a node, and which of all nodes of that name. */
export interface ContainerOwner {
  readonly nodeId: string;
  /** Unique for ever, and kept for as long as the node's data directory. */
  readonly instanceId: string;
}

export interface OwnedContainer {
  readonly id: string;
  readonly executionId: string;
  /** The engine's word: created, running, paused, restarting, removing, exited or dead. */
  readonly state: string;
}

export function ownership(docker: Docker, { nodeId, instanceId }: ContainerOwner): Ownership {
  return {
    labels: (work) => ({
      [nodeLabel]: nodeId,
      [instanceLabel]: instanceId,
      [executionLabel]: work.id,
      "shoal.job": work.jobId,
      "shoal.namespace": work.namespace,
    }),
    containerName: (work) => `shoal-${readable(work.id)}-${digest(instanceId, work.id)}`,
    containers: async (executionId) => {
      const label = [`${nodeLabel}=${nodeId}`, `${instanceLabel}=${instanceId}`];
      if (executionId !== undefined) label.push(`${executionLabel}=${executionId}`);
      const found = await docker.listContainers({ all: true, filters: { label } });
      return found.map(({ Id, Labels, State }) => ({
        id: Id,
        executionId: Labels[executionLabel] ?? "",
        state: State,
      }));
    },
  };
}

/** What the engine allows in a name; what is lost here, the digest beside it keeps apart. */
function readable(id: string): string {
  // 64: enough to recognise an execution in `docker ps`.
  return id.replace(/[^a-zA-Z0-9_.-]/g, "-").slice(0, 64);
}

function digest(instanceId: string, executionId: string): string {
  // 12 hexadecimal digits: as many as the engine shows of its own ids.
  return createHash("sha256").update(`${instanceId}\0${executionId}`).digest("hex").slice(0, 12);
}
