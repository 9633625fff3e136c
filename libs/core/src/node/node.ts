import { type NodeEvent, type NodeInfo, type NodeState, next, nodeMachine } from "@shoal/proto";
import type { Moment } from "../decider.ts";

/** A node's membership. A new object whenever one of its fields changes. */
export interface ClusterNode {
  readonly info: NodeInfo;
  readonly state: NodeState;
  /** When the node's present process started, by its own clock. */
  readonly startedAt: number;
  readonly connectedSince: number;
  readonly disconnectedSince: number | undefined;
  readonly lastSeenAt: number;
  readonly message: string;
  /** When a disconnected node is forgotten, milliseconds since the epoch. */
  readonly forgetAt: number | undefined;
  readonly revision: number;
  readonly seq: number;
}

/** Folds one event of a node in; undefined when the machine does not allow it. */
export function evolveNode(
  node: ClusterNode | undefined,
  event: NodeEvent,
  { at, seq }: Moment,
): ClusterNode | undefined {
  const state = next(nodeMachine, node?.state, event.type);
  if (state === undefined) return undefined;
  const revision = (node?.revision ?? 0) + 1;
  if (event.type === "NodeDisconnected") {
    if (node === undefined) return undefined;
    const { why, lastSeenAt, forgetAt } = event.data;
    return { ...node, state, disconnectedSince: at, lastSeenAt, message: why, forgetAt, revision, seq };
  }
  if (event.type === "NodeForgotten") return node && { ...node, state, forgetAt: undefined, revision, seq };
  const connectedSince = event.type === "NodeChanged" ? (node?.connectedSince ?? at) : at;
  return {
    ...event.data,
    state,
    connectedSince,
    disconnectedSince: undefined,
    lastSeenAt: at,
    message: "",
    forgetAt: undefined,
    revision,
    seq,
  };
}
