import { buckets } from "@shoal/proto";
import { nodeEntity } from "../node/entity.ts";
import type { ClusterNode } from "../node/node.ts";
import type { View } from "./view.ts";

/** The membership of every node that is not forgotten: as the API shows it, and as a new requester needs it. */
export const nodes: View<ClusterNode> = {
  bucket: { name: buckets.nodes, keys: "<nodeId>" },
  pace: "at once",
  parts: (node) => (node.state === "forgotten" ? [] : [{ key: node.info.nodeId, of: node, seq: node.seq }]),
  render: (_, node) => ({
    node: nodeEntity(node),
    info: node.info,
    state: node.state,
    startedAt: node.startedAt,
    approval: node.approval,
    ...(node.drain === undefined ? {} : { drain: node.drain }),
  }),
};
