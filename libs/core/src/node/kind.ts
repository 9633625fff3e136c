import { type NodeEvent, nodeMachine } from "@shoal/proto";
import { type Kind, noReaction, type Reaction, type World } from "../kind.ts";
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
  react,
  isEnded: ({ state }) => state === "forgotten",
  isSettled: ({ state }) => state === "forgotten",
  nodesOf: () => [],
  views: nodeViews,
  creates: [],
  accepts: {},
};

function react({ forgetAt }: ClusterNode, _: World, now: number): Reaction<NodeCommand> {
  if (forgetAt === undefined) return noReaction;
  return { ...noReaction, commands: forgetAt <= now ? [{ name: "Forget" }] : [], nextAt: forgetAt };
}
