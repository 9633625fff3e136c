import { z } from "zod";
import { defineEvent } from "../event.ts";
import { NodeInfo } from "./info.ts";

const info = NodeInfo.describe("what the node advertises");
const startedAt = z.number().describe("when the process of the node started, by its clock");

export const NodeJoined = defineEvent(
  "NodeJoined",
  z.object({ info, startedAt }).describe("The first heartbeat of a node was received."),
);
export const NodeChanged = defineEvent(
  "NodeChanged",
  z.object({ info, startedAt }).describe("What the node advertises has changed, apart from its load."),
);
export const NodeDisconnected = defineEvent(
  "NodeDisconnected",
  z
    .object({
      why: z.string().describe("the reason, for people"),
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
