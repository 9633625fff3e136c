import { z } from "zod";
import { defineEvent } from "../event.ts";
import { NodeInfo } from "./info.ts";

/** Whether an operator lets a node work. */
export const approvals = ["pending", "approved", "rejected"] as const;
export type Approval = (typeof approvals)[number];

/** How a drained node gets rid of its work: it finishes what ends on its own until a deadline, or everything is moved at once. */
export const drainModes = ["finish", "move"] as const;

const info = NodeInfo.describe("what the node advertises");
const startedAt = z.number().describe("when the process of the node started, by its clock");
const why = z.string().describe("the reason, for people");

/** The order to a node to take no new work and to become empty. */
export const NodeDrain = z.object({
  mode: z.enum(drainModes).describe("whether its work ends by itself until the deadline, or is moved at once"),
  until: z.number().describe("when the rest of the work is moved"),
  why,
});
export type NodeDrain = z.infer<typeof NodeDrain>;

export const NodeJoined = defineEvent(
  "NodeJoined",
  z
    .object({
      info,
      startedAt,
      approval: z.literal("pending").optional().describe("it does no work before an operator approves it"),
    })
    .describe("The first heartbeat of a node was received."),
);
export const NodeChanged = defineEvent(
  "NodeChanged",
  z.object({ info, startedAt }).describe("What the node advertises has changed, apart from its load."),
);
export const NodeDisconnected = defineEvent(
  "NodeDisconnected",
  z
    .object({
      why,
      lastSeenAt: z.number().describe("when its last heartbeat was received"),
      forgetAt: z.number().describe("it is forgotten if it is not back by then"),
    })
    .describe("A node's heartbeats stopped, or it announced its shutdown."),
);
export const NodeReconnected = defineEvent(
  "NodeReconnected",
  z.object({ info, startedAt }).describe("A disconnected node sends heartbeats again."),
);
export const NodeForgotten = defineEvent(
  "NodeForgotten",
  z.object({}).describe("A node was disconnected until `forgetAt`. If it comes back it joins again."),
);
export const NodeApproved = defineEvent("NodeApproved", z.object({ why }).describe("An operator lets the node work."));
export const NodeRejected = defineEvent(
  "NodeRejected",
  z.object({ why }).describe("An operator excludes the node: its executions are lost, and it gets no others."),
);
export const NodeDeleted = defineEvent(
  "NodeDeleted",
  z
    .object({ why })
    .describe(
      "An operator removed the node from the cluster: its executions are lost. With its next heartbeat it joins as a new one.",
    ),
);
export const NodeDrainStarted = defineEvent(
  "NodeDrainStarted",
  NodeDrain.describe("The node gets no new work and becomes empty. A later one replaces the mode and the deadline."),
);
export const NodeDrainEnded = defineEvent("NodeDrainEnded", z.object({ why }).describe("The node gets work again."));
