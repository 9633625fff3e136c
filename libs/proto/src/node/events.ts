import { z } from "zod";
import { defineEvent } from "../event.ts";
import { NodeInfo } from "./info.ts";

/** Whether an operator lets a node work. */
export const approvals = ["pending", "approved", "rejected"] as const;
export type Approval = (typeof approvals)[number];

/** How a drained node gets rid of its work: it finishes what ends on its own until a deadline, or everything is moved at once. */
export const drainModes = ["finish", "move"] as const;

/** The order to a node to take no new work and to become empty. */
export const NodeDrain = z.object({
  mode: z.enum(drainModes),
  /** When the rest of the work is moved, milliseconds since the epoch. */
  until: z.number(),
  why: z.string(),
});
export type NodeDrain = z.infer<typeof NodeDrain>;

/** The first heartbeat of a node was received. With `approval` it does no work before an operator approves it. */
export const NodeJoined = defineEvent(
  "NodeJoined",
  z.object({ info: NodeInfo, startedAt: z.number(), approval: z.literal("pending").optional() }),
);
/** What the node advertises has changed, apart from its load. */
export const NodeChanged = defineEvent("NodeChanged", z.object({ info: NodeInfo, startedAt: z.number() }));
/** A node's heartbeats stopped, or it announced its shutdown. It is forgotten if it is not back by `forgetAt`. */
export const NodeDisconnected = defineEvent(
  "NodeDisconnected",
  z.object({ why: z.string(), lastSeenAt: z.number(), forgetAt: z.number() }),
);
/** A disconnected node sends heartbeats again. */
export const NodeReconnected = defineEvent("NodeReconnected", z.object({ info: NodeInfo, startedAt: z.number() }));
/** A node was disconnected until `forgetAt`. If it comes back it joins again. */
export const NodeForgotten = defineEvent("NodeForgotten", z.object({}));
/** An operator lets the node work. */
export const NodeApproved = defineEvent("NodeApproved", z.object({ why: z.string() }));
/** An operator excludes the node: its executions are lost, and it gets no others. */
export const NodeRejected = defineEvent("NodeRejected", z.object({ why: z.string() }));
/** An operator removed the node from the cluster: its executions are lost. With its next heartbeat it joins as a new one. */
export const NodeDeleted = defineEvent("NodeDeleted", z.object({ why: z.string() }));
/** The node gets no new work and becomes empty. A later one replaces the mode and the deadline. */
export const NodeDrainStarted = defineEvent("NodeDrainStarted", NodeDrain);
/** The node gets work again. */
export const NodeDrainEnded = defineEvent("NodeDrainEnded", z.object({ why: z.string() }));
