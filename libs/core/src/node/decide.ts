import {
  type Heartbeat,
  NodeApproved,
  NodeChanged,
  NodeDeleted,
  NodeDisconnected,
  type NodeDrain,
  NodeDrainEnded,
  NodeDrainStarted,
  type NodeEvent,
  NodeForgotten,
  type NodeInfo,
  NodeJoined,
  NodeReconnected,
  NodeRejected,
} from "@shoal/proto";
import { type Decision, type Draft, decideWith } from "../decider.ts";
import { type ClusterNode, evolveNode } from "./node.ts";

/** A command of an operator, with a message for the history. */
interface Messaged<N extends string> {
  readonly name: N;
  readonly why: string;
}

/** The commands of a node's membership. */
export type NodeCommand =
  | {
      readonly name: "RecordHeartbeat";
      readonly heartbeat: Heartbeat;
      /** A node that joins waits for an operator's approval. */
      readonly isManual?: boolean;
    }
  /** Heartbeats stopped, or the node announced its shutdown. */
  | {
      readonly name: "Miss";
      readonly why: string;
      readonly lastSeenAt: number;
      /** How long it may be disconnected; `forgetAfterMs` when left out. */
      readonly forgetAfterMs?: number;
    }
  /** Time has passed: a node that was disconnected for too long is forgotten. */
  | { readonly name: "Forget" }
  | Messaged<"Approve">
  | Messaged<"Reject">
  | Messaged<"Delete">
  | Messaged<"Undrain">
  | { readonly name: "Drain"; readonly why: string; readonly mode: NodeDrain["mode"]; readonly withinMs: number };

/** Seven days: longer than a weekend's repair, short enough to bound the nodes that an autoscaled cluster accumulates. */
export const forgetAfterMs = 7 * 24 * 3_600_000;

/** The result of a command for a node in its present state. Pure; `now` in milliseconds since the epoch. */
export function decideNode(node: ClusterNode | undefined, command: NodeCommand, now: number): Decision<NodeEvent> {
  return decideWith<ClusterNode, NodeEvent>(evolveNode, node, {
    now,
    decide: (draft) => {
      const handle = handlers[command.name] as (command: NodeCommand, draft: NodeDraft) => void;
      handle(command, draft);
    },
  });
}

type NodeDraft = Draft<ClusterNode, NodeEvent>;

const handlers: {
  readonly [C in NodeCommand["name"]]: (command: Extract<NodeCommand, { name: C }>, draft: NodeDraft) => void;
} = {
  RecordHeartbeat({ heartbeat: { info, startedAt }, isManual }, draft) {
    const node = draft.state;
    if (node === undefined || node.state === "forgotten")
      draft.emit(NodeJoined.of({ info, startedAt, ...(isManual === true ? { approval: "pending" } : {}) }));
    else if (node.state === "disconnected") draft.emit(NodeReconnected.of({ info, startedAt }));
    else if (node.startedAt !== startedAt || standing(node.info) !== standing(info))
      draft.emit(NodeChanged.of({ info, startedAt }));
  },
  Miss({ why, lastSeenAt, forgetAfterMs: afterMs = forgetAfterMs }, draft) {
    if (draft.state?.state !== "connected") return;
    draft.emit(NodeDisconnected.of({ why, lastSeenAt, forgetAt: draft.now + afterMs }));
  },
  Forget(_, draft) {
    const at = draft.state === undefined ? undefined : forgottenAt(draft.state);
    if (at !== undefined && at <= draft.now) draft.emit(NodeForgotten.of({}));
  },
  Approve({ why }, draft) {
    if (knownNode(draft).approval === "approved") draft.refuse("NODE_CONFLICT", "the node is already approved");
    draft.emit(NodeApproved.of({ why }));
  },
  Reject({ why }, draft) {
    if (knownNode(draft).approval === "rejected") draft.refuse("NODE_CONFLICT", "the node is already rejected");
    draft.emit(NodeRejected.of({ why }));
  },
  Delete({ why }, draft) {
    knownNode(draft);
    draft.emit(NodeDeleted.of({ why }));
  },
  Drain({ why, mode, withinMs }, draft) {
    knownNode(draft);
    draft.emit(NodeDrainStarted.of({ mode, until: draft.now + (mode === "move" ? 0 : withinMs), why }));
  },
  Undrain({ why }, draft) {
    if (knownNode(draft).drain === undefined) draft.refuse("NODE_CONFLICT", "the node is not draining");
    draft.emit(NodeDrainEnded.of({ why }));
  },
};

/** The node of an operator's command; refuses when the cluster does not know it. */
function knownNode(draft: NodeDraft): ClusterNode {
  const node = draft.state;
  if (node === undefined || node.state === "forgotten")
    return draft.refuse("NODE_NOT_FOUND", "no node has this id: it never joined, or was forgotten or deleted");
  return node;
}

/** When a node is forgotten; undefined while it may not be: a rejected one would join again as a new one. */
export const forgottenAt = ({ forgetAt, approval }: ClusterNode): number | undefined =>
  approval === "rejected" ? undefined : forgetAt;

/** What a node advertises, without its load. */
function standing({ available: _, running: __, ...lasting }: NodeInfo): string {
  return JSON.stringify(lasting);
}
