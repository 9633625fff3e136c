import type { NodeInfo, Requirements, Resources } from "@shoal/proto";
import { misfitOf, mostOf, obstacleOf, type PresentNode } from "./present-nodes.ts";

interface Stuck {
  readonly requirements: Requirements;
  /** The nodes that this obstacle keeps from running a slot. */
  readonly nodes: readonly PresentNode[];
}

const nodesInWords = (nodes: readonly PresentNode[]): string =>
  nodes.length === 1 ? (nodes[0]?.info.nodeId ?? "") : `${nodes.length} nodes`;
const bytes = (count: number): string => `${Math.round((count / 1e6) * 10) / 10} MB`;

const amounts: readonly (readonly [keyof Resources, (count: number) => string])[] = [
  ["cpuCores", (count) => `${count} CPU cores`],
  ["memoryBytes", (count) => `${bytes(count)} of memory`],
  ["diskBytes", (count) => `${bytes(count)} of disk`],
  ["gpus", (count) => `${count} GPUs`],
];

/** What one node needs of each resource that is too small everywhere, and the most that one has. */
function lacking({ requirements, nodes }: Stuck, of: (info: NodeInfo) => Resources) {
  const most = mostOf(nodes, of);
  const { resources } = requirements;
  const missing = amounts.filter(([kind]) => resources[kind] > most[kind]);
  // Each is there, but not on one node.
  const named = missing.length > 0 ? missing : amounts.filter(([kind]) => resources[kind] > 0);
  const inWords = (from: Resources) => named.map(([kind, words]) => words(from[kind])).join(" and ");
  return { needed: inWords(resources), most: inWords(most), isApart: missing.length === 0 };
}

const offered = (nodes: readonly PresentNode[], of: (info: NodeInfo) => readonly string[]): string =>
  [...new Set(nodes.flatMap(({ info }) => of(info)))].toSorted().join(", ") || "none";

const quoted = (values: readonly string[]): string => values.map((value) => `"${value}"`).join(", ");

/** What would let a slot start on nodes with this obstacle; in the order of the least effort. */
const sentences: Readonly<Record<string, (stuck: Stuck) => string>> = {
  capacity: (stuck) => {
    const { needed, most, isApart } = lacking(stuck, ({ available }) => available);
    return isApart
      ? `one node with ${needed} free at the same time; no node has all of it`
      : `a node with ${needed} free; the most that one has free is ${most}`;
  },
  pending: ({ nodes }) => `the approval of ${nodesInWords(nodes)}: shoal node approve ${nodes[0]?.info.nodeId}`,
  draining: ({ nodes }) =>
    `the end of the drain of ${nodesInWords(nodes)}: shoal node undrain ${nodes[0]?.info.nodeId}`,
  disconnected: ({ nodes }) => `the return of ${nodesInWords(nodes)}: disconnected now`,
  size: (stuck) => {
    const { needed, most } = lacking(stuck, ({ perTask }) => perTask);
    return `a node that runs tasks of ${needed}; the largest of these allows ${most}`;
  },
  labels: ({ requirements, nodes }) => {
    const conditions = requirements.constraints
      .filter(({ key }) => !key.startsWith("favour_"))
      .map(({ key, operator, values }) => `${key} ${operator} ${quoted(values)}`.trim());
    return `a node whose labels meet ${conditions.join(" and ")}; ${nodesInWords(nodes)} ${nodes.length === 1 ? "does" : "do"} not`;
  },
  engine: ({ requirements, nodes }) =>
    `a node with the engine ${requirements.engine.type}; these have ${offered(nodes, ({ engines }) => engines)}`,
  publisher: ({ requirements, nodes }) =>
    `a node with the publisher ${requirements.publisher.type}; these have ${offered(nodes, ({ publishers }) => publishers)}`,
  sources: ({ requirements, nodes }) =>
    `a node with the sources ${requirements.sources.map(({ type }) => type).join(", ")}; these have ${offered(nodes, ({ sources }) => sources)}`,
  protocol: ({ nodes }) => `an upgrade of ${nodesInWords(nodes)}, or of the requesters`,
  rejected: ({ nodes }) => `the approval of ${nodesInWords(nodes)}, which an operator rejected`,
};

/** What would let a slot start, by what keeps each present node from running it; the least effort first. */
export function unblockedBy(requirements: Requirements, nodes: readonly PresentNode[]): readonly string[] {
  if (nodes.length === 0) return ["a compute node: the cluster has none"];
  // The end of a drain helps no job that the node does not fit.
  const groups = Map.groupBy(
    nodes,
    (node) => (misfitOf(node, requirements) ?? obstacleOf(node, requirements))?.name ?? "",
  );
  const free = groups.get("") ?? [];
  if (free.length > 0) return [`nothing: ${nodesInWords(free)} can run it now, and is asked within half a minute`];
  return Object.entries(sentences).flatMap(([name, sentence]) => {
    const stuck = groups.get(name);
    return stuck === undefined ? [] : [sentence({ requirements, nodes: stuck })];
  });
}
