import { z } from "zod";
import { defineEvent } from "../event.ts";
import { NodeInfo } from "./info.ts";

/** The first heartbeat of a node was received. */
export const NodeJoined = defineEvent("NodeJoined", z.object({ info: NodeInfo, startedAt: z.number() }));
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
