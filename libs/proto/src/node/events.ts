import { z } from "zod";
import { defineEvent } from "../event.ts";
import { NodeInfo } from "./info.ts";

/** A node was heard of for the first time. */
export const NodeJoined = defineEvent("NodeJoined", z.object({ info: NodeInfo, startedAt: z.number() }));
/** What the node says of itself has changed, other than how busy it is. */
export const NodeChanged = defineEvent("NodeChanged", z.object({ info: NodeInfo, startedAt: z.number() }));
/** No heartbeat of a node came for too long, or it announced that it leaves. It is forgotten when it is not back by `forgetAt`. */
export const NodeDisconnected = defineEvent(
  "NodeDisconnected",
  z.object({ why: z.string(), lastSeenAt: z.number(), forgetAt: z.number() }),
);
/** A node that was gone is heard of again. */
export const NodeReconnected = defineEvent("NodeReconnected", z.object({ info: NodeInfo, startedAt: z.number() }));
/** A node has been away for so long that it is not expected back. One that comes back joins again. */
export const NodeForgotten = defineEvent("NodeForgotten", z.object({}));
