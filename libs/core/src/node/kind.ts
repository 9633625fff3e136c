import { type NodeEvent, nodeMachine } from "@shoal/proto";
import { type Kind, noReaction } from "../kind.ts";
import { nodeViews } from "../views/index.ts";
import { decideNode, type NodeCommand } from "./decide.ts";
import { type ClusterNode, evolveNode } from "./node.ts";

/** Compute nodes and their membership. */
export const nodeKind: Kind<ClusterNode, NodeCommand, NodeEvent> = {
  name: "node",
  isNamespaced: false,
  events: nodeMachine.rows.map(([, event]) => event),
  decide: decideNode,
  evolve: evolveNode,
  react: () => noReaction,
  isEnded: () => false,
  isSettled: () => false,
  nodesOf: () => [],
  views: nodeViews,
  creates: [],
  accepts: {},
};
