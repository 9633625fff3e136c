import type { EventOf } from "../event.ts";
import { defineMachine } from "../machine.ts";
import {
  NodeApproved,
  NodeChanged,
  NodeDeleted,
  NodeDisconnected,
  NodeDrainEnded,
  NodeDrainStarted,
  NodeForgotten,
  NodeJoined,
  NodeReconnected,
  NodeRejected,
} from "./events.ts";

const states = ["connected", "disconnected", "forgotten"] as const;
const known = ["connected", "disconnected"] as const;

/** The membership of a node. A node may always come back, so no state is terminal. */
// biome-ignore format: a table
export const nodeMachine = defineMachine(states, [
  // from            event             to
  ["nothing",        NodeJoined,       "connected"],
  [["forgotten"],    NodeJoined,       "connected"],
  [["connected"],    NodeChanged,      "connected"],
  [["connected"],    NodeDisconnected, "disconnected"],
  [["disconnected"], NodeReconnected,  "connected"],
  [["disconnected"], NodeForgotten,    "forgotten"],
  [known,            NodeApproved,     "same"],
  [known,            NodeRejected,     "same"],
  [known,            NodeDrainStarted, "same"],
  [known,            NodeDrainEnded,   "same"],
  [known,            NodeDeleted,      "forgotten"],
]);

export type NodeState = (typeof states)[number];
export type NodeEvent = EventOf<(typeof nodeMachine.rows)[number][1]>;
