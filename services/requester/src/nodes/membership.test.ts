import { noStreamPosition, type ViewWatcher } from "@shoal/core";
import { createSimulatedCluster, sampleHeartbeat, sampleInfo } from "@shoal/core/testing";
import {
  commitVersion,
  type Heartbeat,
  NodeDisconnected,
  NodeForgotten,
  NodeJoined,
  protocolLevel,
  type StoredEvent,
} from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { LiveMembership } from "./membership.ts";

const settleMs = 2500;
const disconnectAfterMs = 6000;

/** A running membership; the test controls its heartbeats and the nodes view. */
async function running() {
  const sim = createSimulatedCluster({ startAt: 0 });
  const { clock } = sim;
  let deliver: (heartbeat: Heartbeat) => void = () => undefined;
  let view: ViewWatcher | undefined;
  let settledCalls = 0;
  const gone: string[] = [];
  const log = sim.requester("r").log;
  const membership = new LiveMembership({
    clock,
    log,
    settleMs,
    disconnectAfterMs,
    bidClient: {
      onHeartbeat: async (to) => {
        deliver = to;
        return { close: async () => undefined };
      },
    },
    nodes: {
      watch: async (_pattern, watcher) => {
        view = watcher;
        return { caughtUp: async () => undefined, close: async () => undefined };
      },
    },
    watcher: {
      received: () => undefined,
      gone: (nodeId) => void gone.push(nodeId),
      known: () => undefined,
      resumed: () => undefined,
      settled: () => void settledCalls++,
    },
  });
  await membership.start();
  const beat = (): void => deliver(sampleHeartbeat());
  const { nodeId } = sampleHeartbeat().info;
  const change = { isInitial: false, isAbsent: false, storedAt: 1 };
  const entryChanged = (state: "connected" | "disconnected", orders: object = {}): void =>
    view?.changed(nodeId, { seq: 1, state, ...orders }, change);
  const vanish = (isAbsent: boolean): void => view?.changed(nodeId, undefined, { ...change, isAbsent });
  return { sim, clock, membership, nodeId, beat, entryChanged, vanish, gone, settledCalls: () => settledCalls };
}

describe("whether 'no node fits' is recorded", () => {
  it("is not before the nodes had time to send heartbeats", async () => {
    const { clock, membership, settledCalls } = await running();
    expect(membership.settled()).toBe(false);
    await clock.advanceTo(settleMs);
    expect([membership.settled(), settledCalls()]).toEqual([true, 1]);
  });

  it("is not while a node that the log records as connected is silent: this requester may be cut off", async () => {
    const { clock, membership, beat, entryChanged } = await running();
    entryChanged("connected");
    beat();
    await clock.advanceTo(settleMs);
    expect(membership.settled()).toBe(true);
    await clock.advanceTo(disconnectAfterMs);
    expect(membership.settled()).toBe(false);
    beat();
    expect(membership.settled()).toBe(true);
  });

  it("is not while a node sends heartbeats that the log does not know yet; nor is that node asked", async () => {
    const { clock, membership, beat, entryChanged } = await running();
    const { nodeId } = sampleHeartbeat().info;
    await clock.advanceTo(settleMs);
    beat();
    expect([membership.settled(), membership.candidate(nodeId)]).toEqual([false, undefined]);
    entryChanged("connected");
    expect([membership.settled(), membership.candidate(nodeId)]).toEqual([
      true,
      { ...sampleHeartbeat().info, protocol: protocolLevel },
    ]);
  });

  it("is not at once when a node is lost, which may return; the waiting jobs are notified later", async () => {
    const { clock, membership, entryChanged, settledCalls } = await running();
    await clock.advanceTo(60_000);
    entryChanged("disconnected");
    expect(membership.settled()).toBe(false);
    await clock.advanceTo(60_000 + settleMs);
    expect([membership.settled(), settledCalls()]).toEqual([true, 2]);
  });

  it("leaves no timer when it stops", async () => {
    const { clock, membership, entryChanged } = await running();
    await membership.stop();
    entryChanged("disconnected");
    expect(clock.planned()).toBe(0);
  });
});

describe("a node that has no entry in the view", () => {
  const joined = NodeJoined.of({ info: sampleInfo("n-one"), startedAt: 1 });
  const left = NodeDisconnected.of({ why: "silent", lastSeenAt: 1, forgetAt: 2 });

  async function withLog(...events: readonly StoredEvent[]) {
    const here = await running();
    const aggregate = { kind: "node", namespace: "", id: here.nodeId };
    here.sim.log.append(aggregate, noStreamPosition, {
      ...{ v: commitVersion, id: "c-1", at: 1, by: "r", epoch: 1, prev: "", events },
      actor: { type: "requester", id: "r" },
      cause: { command: "test" },
    });
    return here;
  }

  it("is gone after the time to list it, when the log has forgotten it", async () => {
    const { clock, membership, nodeId, gone } = await withLog(joined, left, NodeForgotten.of({}));
    expect(membership.isGone(nodeId)).toBe(false);
    await clock.advanceTo(settleMs - 1);
    expect(membership.isGone(nodeId)).toBe(false);
    await clock.advanceTo(settleMs + 100);
    expect([membership.isGone(nodeId), gone]).toEqual([true, [nodeId]]);
  });

  it("is not gone when the log knows it: the view may be incomplete", async () => {
    const { clock, membership, nodeId, gone } = await withLog(joined);
    await clock.advanceTo(settleMs);
    expect(membership.isGone(nodeId)).toBe(false);
    await clock.advanceTo(settleMs + 100);
    expect([membership.isGone(nodeId), gone]).toEqual([false, []]);
  });

  it.each([true, false])("is compared with the log when its entry vanishes (absent: %s)", async (isAbsent) => {
    const known = await withLog(joined);
    known.entryChanged("connected");
    known.vanish(isAbsent);
    await known.clock.advanceTo(100);
    expect([known.membership.isGone(known.nodeId), known.membership.connected()]).toEqual([false, [known.nodeId]]);
    const forgotten = await withLog(joined, left, NodeForgotten.of({}));
    forgotten.entryChanged("connected");
    forgotten.vanish(isAbsent);
    await forgotten.clock.advanceTo(100);
    expect([forgotten.membership.isGone(forgotten.nodeId), forgotten.membership.connected()]).toEqual([true, []]);
    forgotten.entryChanged("connected");
    expect(forgotten.membership.isGone(forgotten.nodeId)).toBe(false);
  });
});

describe("a node about which an operator has decided", () => {
  it.each([
    ["waits for approval", { approval: "pending" }, { isExcluded: true, isGone: false, removal: undefined }],
    ["is rejected", { approval: "rejected" }, { isExcluded: true, isGone: true, removal: "node was rejected" }],
    [
      "drains",
      { drain: { mode: "move", until: 1, why: "", since: 1 } },
      { isExcluded: false, isGone: false, removal: undefined },
    ],
  ])("is not asked while it %s, and is asked again after that", async (_what, orders, expected) => {
    const { clock, membership, nodeId, beat, entryChanged, gone } = await running();
    entryChanged("connected");
    beat();
    await clock.advanceTo(settleMs);
    expect(membership.candidate(nodeId)).toBeDefined();
    entryChanged("connected", orders);
    expect(membership.candidate(nodeId)).toBeUndefined();
    expect({
      isExcluded: membership.isExcluded(nodeId),
      isGone: membership.isGone(nodeId),
      removal: membership.removalOf(nodeId),
    }).toEqual(expected);
    expect(gone).toEqual(expected.isGone ? [nodeId] : []);
    // The refusals of other nodes are still recorded: this one is not in doubt.
    expect(membership.settled()).toBe(true);
    entryChanged("connected", { approval: "approved" });
    expect([membership.candidate(nodeId)?.nodeId, membership.drainOf(nodeId)]).toEqual([nodeId, undefined]);
  });
});

it("a node that the log records as disconnected is not asked, whatever heartbeats still arrive", async () => {
  const { clock, membership, nodeId, beat, entryChanged } = await running();
  entryChanged("connected");
  beat();
  await clock.advanceTo(settleMs);
  expect(membership.candidate(nodeId)?.nodeId).toBe(nodeId);
  entryChanged("disconnected");
  beat();
  expect(membership.candidate(nodeId)).toBeUndefined();
});
