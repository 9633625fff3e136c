import {
  type Heartbeat,
  NodeChanged,
  NodeDisconnected,
  type NodeEvent,
  NodeForgotten,
  type NodeInfo,
  NodeJoined,
  NodeReconnected,
} from "@shoal/proto";
import { type Decision, type Draft, decideWith } from "../decider.ts";
import { type ClusterNode, evolveNode } from "./node.ts";

/** The commands of a node's membership. */
export type NodeCommand =
  | { readonly name: "RecordHeartbeat"; readonly heartbeat: Heartbeat }
  /** Heartbeats stopped, or the node announced its shutdown. */
  | {
      readonly name: "Miss";
      readonly why: string;
      readonly lastSeenAt: number;
      /** How long it may be disconnected; `forgetAfterMs` when left out. */
      readonly forgetAfterMs?: number;
    }
  /** Time has passed: a node that was disconnected for too long is forgotten. */
  | { readonly name: "Forget" };

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
  RecordHeartbeat({ heartbeat: { info, startedAt } }, draft) {
    const node = draft.state;
    if (node === undefined || node.state === "forgotten") draft.emit(NodeJoined.of({ info, startedAt }));
    else if (node.state === "disconnected") draft.emit(NodeReconnected.of({ info, startedAt }));
    else if (node.startedAt !== startedAt || standing(node.info) !== standing(info))
      draft.emit(NodeChanged.of({ info, startedAt }));
  },
  Miss({ why, lastSeenAt, forgetAfterMs: afterMs = forgetAfterMs }, draft) {
    if (draft.state?.state !== "connected") return;
    draft.emit(NodeDisconnected.of({ why, lastSeenAt, forgetAt: draft.now + afterMs }));
  },
  Forget(_, draft) {
    if (draft.state?.forgetAt !== undefined && draft.state.forgetAt <= draft.now) draft.emit(NodeForgotten.of({}));
  },
};

/** What a node advertises, without its load. */
function standing({ available: _, running: __, ...lasting }: NodeInfo): string {
  return JSON.stringify(lasting);
}
