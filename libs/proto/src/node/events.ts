import { z } from "zod";
import { defineEvent } from "../event.ts";
import { NodeInfo } from "./info.ts";

export const NodeJoined = defineEvent("NodeJoined", z.object({ info: NodeInfo, startedAt: z.number() }));
/** What the node says of itself has changed, other than how busy it is. */
export const NodeChanged = defineEvent("NodeChanged", z.object({ info: NodeInfo, startedAt: z.number() }));
export const NodeDisconnected = defineEvent("NodeDisconnected", z.object({ why: z.string(), lastSeenAt: z.number() }));
export const NodeReconnected = defineEvent("NodeReconnected", z.object({ info: NodeInfo, startedAt: z.number() }));
