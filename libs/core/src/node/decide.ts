import {
  type Heartbeat,
  NodeChanged,
  NodeDisconnected,
  type NodeEvent,
  type NodeInfo,
  NodeJoined,
  NodeReconnected,
} from "@shoal/proto";
import { type Decision, decideWith } from "../decider.ts";
import { type ClusterNode, evolveNode } from "./node.ts";

/** What happens to a node's membership. */
export type NodeCommand =
  | { readonly name: "Hear"; readonly heartbeat: Heartbeat }
  /** Nothing was heard for too long, or it said that it leaves. */
  | { readonly name: "Miss"; readonly why: string; readonly lastSeenAt: number };

/** What a command comes to, for a node as it stands. Pure; `now` in milliseconds since the epoch. */
export function decideNode(node: ClusterNode | undefined, command: NodeCommand, now: number): Decision<NodeEvent> {
  return decideWith<ClusterNode, NodeEvent>(evolveNode, node, {
    now,
    decide: (draft) => {
      if (command.name === "Miss") {
        if (node?.state === "connected")
          draft.emit(NodeDisconnected.of({ why: command.why, lastSeenAt: command.lastSeenAt }));
        return;
      }
      const { info, startedAt } = command.heartbeat;
      if (node === undefined) draft.emit(NodeJoined.of({ info, startedAt }));
      else if (node.state === "disconnected") draft.emit(NodeReconnected.of({ info, startedAt }));
      else if (node.startedAt !== startedAt || standing(node.info) !== standing(info))
        draft.emit(NodeChanged.of({ info, startedAt }));
    },
  });
}

/** What a node says of itself, without how busy it is just now. */
function standing({ available: _, running: __, ...lasting }: NodeInfo): string {
  return JSON.stringify(lasting);
}
