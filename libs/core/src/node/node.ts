import {
  type Approval,
  type NodeDrain,
  type NodeEvent,
  type NodeInfo,
  type NodeState,
  next,
  nodeMachine,
} from "@shoal/proto";
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
  readonly approval: Approval;
  /** Why an operator approved or rejected it; empty when no operator did. */
  readonly approvalMessage: string;
  /** It becomes empty, since `since`; undefined for a node that gets work. */
  readonly drain: (NodeDrain & { readonly since: number }) | undefined;
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
  if (event.type === "NodeJoined") {
    const { info, startedAt } = event.data;
    const approval: Approval = event.data.approval ?? "approved";
    // What was known of a forgotten node does not apply to a new one of its id.
    const fresh = { approval, approvalMessage: "", drain: undefined };
    return { info, startedAt, state, ...fresh, ...connected(at, at), revision, seq };
  }
  if (node === undefined) return undefined;
  const change = changes[event.type] as (
    data: NodeEvent["data"],
    node: ClusterNode,
    at: number,
  ) => Partial<ClusterNode>;
  return { ...node, ...change(event.data, node, at), state, revision, seq };
}

const connected = (at: number, connectedSince: number) => ({
  connectedSince,
  disconnectedSince: undefined,
  lastSeenAt: at,
  message: "",
  forgetAt: undefined,
});

type EventOfKnown = Exclude<NodeEvent, { type: "NodeJoined" }>;

/** The changes of each event to a node, beside its state. */
const changes: {
  readonly [T in EventOfKnown["type"]]: (
    data: Extract<EventOfKnown, { type: T }>["data"],
    node: ClusterNode,
    at: number,
  ) => Partial<ClusterNode>;
} = {
  NodeChanged: (data, { connectedSince }, at) => ({ ...data, ...connected(at, connectedSince) }),
  NodeReconnected: (data, _, at) => ({ ...data, ...connected(at, at) }),
  NodeDisconnected: ({ why, lastSeenAt, forgetAt }, _, at) => ({
    disconnectedSince: at,
    lastSeenAt,
    message: why,
    forgetAt,
  }),
  NodeForgotten: () => ({ forgetAt: undefined }),
  NodeDeleted: ({ why }) => ({ forgetAt: undefined, message: why }),
  NodeApproved: ({ why }) => ({ approval: "approved", approvalMessage: why }),
  NodeRejected: ({ why }) => ({ approval: "rejected", approvalMessage: why }),
  NodeDrainStarted: (drain, { drain: before }, at) => ({ drain: { ...drain, since: before?.since ?? at } }),
  NodeDrainEnded: () => ({ drain: undefined }),
};
