import { drainModes, type NodeEvent, nodeMachine } from "@shoal/proto";
import { z } from "zod";
import { type Kind, noReaction, type Reaction, type World } from "../kind.ts";
import { nodeViews } from "../views/index.ts";
import { decideNode, forgottenAt, type NodeCommand } from "./decide.ts";
import { type ClusterNode, evolveNode } from "./node.ts";

// A sentence that the log stores permanently.
const whyCharsMax = 1_024;
// As long as a node may be disconnected by default, and longer than any batch task may run by default.
const drainMsMax = 30 * 24 * 3_600_000;

const why = z.string().max(whyCharsMax, `expected a message of at most ${whyCharsMax} characters`);

/** A command of an operator that has only a message. */
const messaged = <N extends string>(name: N) => z.object({ name: z.literal(name), why });

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
  accepts: {
    Approve: messaged("Approve"),
    Reject: messaged("Reject"),
    Delete: messaged("Delete"),
    Undrain: messaged("Undrain"),
    Drain: z.object({
      name: z.literal("Drain"),
      why,
      mode: z.enum(drainModes),
      withinMs: z.int().min(0).max(drainMsMax, "expected a deadline of at most 30 days"),
    }),
  },
};

function react(node: ClusterNode, _: World, now: number): Reaction<NodeCommand> {
  const at = forgottenAt(node);
  if (at === undefined) return noReaction;
  return { ...noReaction, commands: at <= now ? [{ name: "Forget" }] : [], nextAt: at };
}
