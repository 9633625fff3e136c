import { Fault } from "@shoal/core";
import type { NodeEntity } from "@shoal/proto";
import type { NodeList } from "./node-list.ts";

/** Finds a node by its full id or a prefix of it. Throws Fault NODE_NOT_FOUND, MULTIPLE_NODES. */
export function findNode(nodes: NodeList, called: string): NodeEntity {
  const all = nodes.all();
  const exact = all.find((node) => node.info.nodeId === called);
  const begun = all.filter((node) => node.info.nodeId.startsWith(called));
  if (exact === undefined && begun.length > 1)
    throw new Fault("MULTIPLE_NODES", `${begun.length} nodes have the prefix ${called}`);
  const node = exact ?? begun[0];
  if (node === undefined) throw new Fault("NODE_NOT_FOUND", `node not found: ${called}`);
  return node;
}
