import { type NodeEntity, type NodeInfo, type Requirements, type Resources, shortage } from "@shoal/proto";
import { evaluateAll } from "../policy.ts";
import { filters } from "../schedule/filters/index.ts";
import { type NodeRefusal, refusalOf } from "./refusals.ts";

/** A compute node as the list of nodes has it now. */
export interface PresentNode {
  readonly info: NodeInfo;
  readonly entity: NodeEntity;
}

/** The compute nodes of a list. */
export function presentNodes(entities: readonly NodeEntity[]): readonly PresentNode[] {
  return entities.flatMap((entity) => {
    const { nodeId, labels, computeNodeInfo: compute, bacalhauVersion } = entity.info;
    if (compute === undefined) return [];
    const info: NodeInfo = {
      ...{ nodeId, labels, version: bacalhauVersion.gitVersion, address: compute.address },
      engines: compute.executionEngines,
      publishers: compute.publishers,
      sources: compute.storageSources,
      capacity: compute.maxCapacity,
      available: compute.availableCapacity,
      perTask: compute.maxJobRequirements,
      running: compute.runningExecutions,
    };
    return [{ info, entity }];
  });
}

/** What keeps a node from running one slot now; undefined when nothing does. The first of these applies. */
const obstacles: readonly ((
  node: PresentNode,
  requirements: Requirements,
) => Omit<NodeRefusal, "nodeId"> | undefined)[] = [
  ({ entity: { membership } }) =>
    membership === "PENDING" ? { name: "pending", why: "waits for an operator's approval" } : undefined,
  ({ entity: { membership } }) =>
    membership === "REJECTED" ? { name: "rejected", why: "was rejected by an operator" } : undefined,
  ({ entity: { connection } }) =>
    connection === "connected" ? undefined : { name: "disconnected", why: "is disconnected" },
  ({ entity: { drain } }) => drain && { name: "draining", why: "drains and gets no new work" },
  misfitOf,
  ({ info }, { resources }) => {
    const short = shortage(resources, info.available);
    return short === undefined ? undefined : { name: "capacity", why: short };
  },
];

/** Why a node never runs a slot, whatever its state and its load are; undefined when it fits. */
export function misfitOf({ info }: PresentNode, requirements: Requirements): NodeRefusal | undefined {
  const verdict = evaluateAll(filters, { requirements, info });
  return verdict.fit ? undefined : refusalOf({ nodeId: info.nodeId, accepted: false, why: verdict.why });
}

/** What keeps a node from running one slot of these requirements now; undefined when nothing does. */
export function obstacleOf(node: PresentNode, requirements: Requirements): NodeRefusal | undefined {
  const { nodeId } = node.info;
  for (const find of obstacles) {
    const obstacle = find(node, requirements);
    if (obstacle !== undefined) return { ...obstacle, nodeId };
  }
  return undefined;
}

/** The most of each resource that one of these nodes has. */
export function mostOf(nodes: readonly PresentNode[], of: (info: NodeInfo) => Resources): Resources {
  const most = (kind: keyof Resources) => Math.max(0, ...nodes.map(({ info }) => of(info)[kind]));
  return {
    cpuCores: most("cpuCores"),
    memoryBytes: most("memoryBytes"),
    diskBytes: most("diskBytes"),
    gpus: most("gpus"),
  };
}
