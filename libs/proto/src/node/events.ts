import { z } from "zod";
import { defineEvent } from "../event.ts";
import { NodeInfo } from "./info.ts";

/** A node was heard of for the first time. */
export const NodeJoined = defineEvent("NodeJoined", z.object({ info: NodeInfo, startedAt: z.number() }));
/** What the node says of itself has changed, other than how busy it is. */
export const NodeChanged = defineEvent("NodeChanged", z.object({ info: NodeInfo, startedAt: z.number() }));
/** Nothing was heard of a node for too long, or it said that it leaves. */
export const NodeDisconnected = defineEvent("NodeDisconnected", z.object({ why: z.string(), lastSeenAt: z.number() }));
/** A node that was gone is heard of again. */
export const NodeReconnected = defineEvent("NodeReconnected", z.object({ info: NodeInfo, startedAt: z.number() }));
