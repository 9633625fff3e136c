import type { NodeEntity } from "@shoal/proto";

/** The sort keys of a list of nodes. */
const nodeOrders = [
  "id",
  "type",
  "available_cpu",
  "available_memory",
  "available_disk",
  "available_gpu",
  "approval",
  "status",
] as const;
export type NodeOrder = (typeof nodeOrders)[number];

const free = (node: NodeEntity) => node.info.computeNodeInfo?.availableCapacity;

const keys: Readonly<Record<NodeOrder, (node: NodeEntity) => string | number>> = {
  id: (node) => node.info.nodeId,
  type: (node) => node.info.nodeType,
  available_cpu: (node) => free(node)?.cpuCores ?? 0,
  available_memory: (node) => free(node)?.memoryBytes ?? 0,
  available_disk: (node) => free(node)?.diskBytes ?? 0,
  available_gpu: (node) => free(node)?.gpus ?? 0,
  approval: (node) => node.membership,
  status: (node) => node.connection,
};

/** Sorts nodes: text ascending, free resources descending, as Bacalhau's clients expect. The sort is stable. */
export function sortNodes(nodes: readonly NodeEntity[], order: NodeOrder, reverse: boolean): readonly NodeEntity[] {
  const key = keys[order];
  const falling = order.startsWith("available_") !== reverse;
  return nodes.toSorted((a, b) => {
    const [left, right] = falling ? [key(b), key(a)] : [key(a), key(b)];
    if (left === right) return 0;
    return left < right ? -1 : 1;
  });
}
