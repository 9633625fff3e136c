import {
  NodeApproved,
  NodeChanged,
  NodeDeleted,
  NodeDisconnected,
  NodeDrainEnded,
  NodeDrainStarted,
  type NodeEvent,
  NodeForgotten,
  NodeJoined,
  NodeReconnected,
  NodeRejected,
} from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { givenNode } from "../testing/given.ts";
import { sampleAt, sampleHeartbeat, sampleInfo } from "../testing/samples.ts";
import { nodeEntity } from "./entity.ts";
import { nodeKind } from "./kind.ts";

const info = sampleInfo();
const started = { info, startedAt: sampleAt };
const joined = NodeJoined.of(started);
const pending = NodeJoined.of({ ...started, approval: "pending" });
const gone = NodeDisconnected.of({ why: "silent", lastSeenAt: sampleAt, forgetAt: sampleAt + 1_000 });
const heartbeat = { name: "RecordHeartbeat", heartbeat: sampleHeartbeat() } as const;
const order = (name: "Approve" | "Reject" | "Delete" | "Undrain", why = "") => ({ name, why }) as const;
const drain = { name: "Drain", why: "new kernel", mode: "finish", withinMs: 600_000 } as const;
const draining = NodeDrainStarted.of({ mode: "finish", until: sampleAt + 600_000, why: "new kernel" });

const stateOf = (...history: readonly NodeEvent[]) => {
  const { state = expect.unreachable("no node") } = givenNode(...history);
  return state;
};

describe("the approval of a node", () => {
  it("is given when it joins, unless an operator must give it", () => {
    givenNode().when(heartbeat).then(joined);
    givenNode()
      .when({ ...heartbeat, isManual: true })
      .then(pending);
    expect(stateOf(joined).approval).toBe("approved");
    expect(stateOf(pending).approval).toBe("pending");
  });
  it("is not asked for again while the cluster knows the node", () => {
    givenNode(joined)
      .when({ ...heartbeat, isManual: true })
      .then();
    givenNode(joined, gone)
      .when({ ...heartbeat, isManual: true })
      .then(NodeReconnected.of(started));
  });
  it("is changed by an operator, once", () => {
    givenNode(pending)
      .when(order("Approve", "checked"))
      .then(NodeApproved.of({ why: "checked" }));
    givenNode(joined).when(order("Approve")).refused("NODE_CONFLICT");
    givenNode(joined)
      .when(order("Reject", "not ours"))
      .then(NodeRejected.of({ why: "not ours" }));
    givenNode(joined, NodeRejected.of({ why: "" }))
      .when(order("Reject"))
      .refused("NODE_CONFLICT");
    givenNode(joined, NodeRejected.of({ why: "" }))
      .when(order("Approve"))
      .then(NodeApproved.of({ why: "" }));
  });
  it("outlives a change, a disconnection and the return of the node", () => {
    const rejected = [joined, NodeRejected.of({ why: "not ours" })];
    const lasting = [NodeChanged.of(started), gone, NodeReconnected.of(started)];
    for (let count = 0; count <= lasting.length; count++)
      expect(nodeEntity(stateOf(...rejected, ...lasting.slice(0, count)))).toMatchObject({
        membership: "REJECTED",
        membershipMessage: "not ours",
      });
  });
  it("keeps a rejected node from being forgotten: it would join as a new one", () => {
    const rejected = [joined, NodeRejected.of({ why: "" }), gone] as const;
    givenNode(...rejected)
      .when({ name: "Forget" }, sampleAt + 5_000)
      .then();
    const world = { isGone: () => false, nodes: () => [], settled: () => true };
    expect(nodeKind.react(stateOf(...rejected), world, sampleAt + 5_000)).toMatchObject({
      commands: [],
      nextAt: undefined,
    });
    expect(nodeKind.react(stateOf(joined, gone), world, sampleAt + 5_000).commands).toEqual([{ name: "Forget" }]);
  });
});

describe("a deleted node", () => {
  it("is settled, and joins as a new one without its approval and its drain", () => {
    givenNode(joined)
      .when(order("Delete", "replaced"))
      .then(NodeDeleted.of({ why: "replaced" }));
    const deleted = [joined, draining, NodeRejected.of({ why: "" }), NodeDeleted.of({ why: "" })] as const;
    expect(nodeKind.isSettled(stateOf(...deleted))).toBe(true);
    givenNode(...deleted)
      .when({ ...heartbeat, isManual: true })
      .then(pending);
    expect(stateOf(...deleted, joined)).toMatchObject({ approval: "approved", drain: undefined });
  });
  it("takes no orders, nor does one that never joined", () => {
    for (const history of [[], [joined, NodeDeleted.of({ why: "" })], [joined, gone, NodeForgotten.of({})]]) {
      for (const command of [order("Approve"), order("Reject"), order("Delete"), order("Undrain"), drain])
        givenNode(...history)
          .when(command)
          .refused("NODE_NOT_FOUND");
    }
  });
});

describe("the drain of a node", () => {
  it("has a deadline from its start; a move has none", () => {
    givenNode(joined).when(drain).then(draining);
    givenNode(joined)
      .when({ ...drain, mode: "move" })
      .then(NodeDrainStarted.of({ mode: "move", until: sampleAt, why: "new kernel" }));
  });
  it("is replaced by a later order, and ends by an order", () => {
    const sooner = { mode: "finish", until: sampleAt + 5, why: "now" } as const;
    expect(stateOf(joined, draining, NodeDrainStarted.of(sooner)).drain).toEqual({ ...sooner, since: sampleAt });
    givenNode(joined, draining)
      .when(order("Undrain", "done"))
      .then(NodeDrainEnded.of({ why: "done" }));
    expect(stateOf(joined, draining, NodeDrainEnded.of({ why: "" })).drain).toBeUndefined();
    givenNode(joined).when(order("Undrain")).refused("NODE_CONFLICT");
  });
  it("outlives a restart of the node, its disconnection and its return", () => {
    const lasting = [NodeChanged.of({ ...started, startedAt: 9 }), gone, NodeReconnected.of(started)];
    for (let count = 0; count <= lasting.length; count++)
      expect(nodeEntity(stateOf(joined, draining, ...lasting.slice(0, count))).drain).toEqual({
        ...{ mode: "finish", message: "new kernel", since: sampleAt, deadline: sampleAt + 600_000 },
      });
  });
});
