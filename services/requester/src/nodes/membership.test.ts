import type { ViewWatcher } from "@shoal/core";
import { createHandClock, sampleHeartbeat } from "@shoal/core/testing";
import { type Heartbeat, protocolLevel } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { LiveMembership } from "./membership.ts";

const settleMs = 2500;
const disconnectAfterMs = 6000;

/** A membership that runs, with heartbeats and the nodes view in the test's hands. */
async function running() {
  const clock = createHandClock(0);
  let deliver: (heartbeat: Heartbeat) => void = () => undefined;
  let view: ViewWatcher | undefined;
  let settledCalls = 0;
  const membership = new LiveMembership({
    clock,
    settleMs,
    disconnectAfterMs,
    market: {
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
      heard: () => undefined,
      gone: () => undefined,
      known: () => undefined,
      resumed: () => undefined,
      settled: () => void settledCalls++,
    },
  });
  await membership.start();
  const beat = (): void => deliver(sampleHeartbeat());
  const { nodeId } = sampleHeartbeat().info;
  const change = { isInitial: false, isAbsent: false, storedAt: 1 };
  const say = (state: "connected" | "disconnected"): void => view?.changed(nodeId, { seq: 1, state }, change);
  return { clock, membership, beat, say, settledCalls: () => settledCalls };
}

describe("whether 'no node fits' is worth saying", () => {
  it("is not before the nodes had time to speak", async () => {
    const { clock, membership, settledCalls } = await running();
    expect(membership.settled()).toBe(false);
    await clock.advanceTo(settleMs);
    expect([membership.settled(), settledCalls()]).toEqual([true, 1]);
  });

  it("is not while a node that the log calls connected is not heard: the silence may be ours", async () => {
    const { clock, membership, beat, say } = await running();
    say("connected");
    beat();
    await clock.advanceTo(settleMs);
    expect(membership.settled()).toBe(true);
    await clock.advanceTo(disconnectAfterMs);
    expect(membership.settled()).toBe(false);
    beat();
    expect(membership.settled()).toBe(true);
  });

  it("is not while a node is heard that the log does not know yet; nor is that one asked", async () => {
    const { clock, membership, beat, say } = await running();
    const { nodeId } = sampleHeartbeat().info;
    await clock.advanceTo(settleMs);
    beat();
    expect([membership.settled(), membership.candidate(nodeId)]).toEqual([false, undefined]);
    say("connected");
    expect([membership.settled(), membership.candidate(nodeId)]).toEqual([
      true,
      { ...sampleHeartbeat().info, protocol: protocolLevel },
    ]);
  });

  it("is not at once when a node is lost, which may be back in a moment; then whoever waits is told", async () => {
    const { clock, membership, say, settledCalls } = await running();
    await clock.advanceTo(60_000);
    say("disconnected");
    expect(membership.settled()).toBe(false);
    await clock.advanceTo(60_000 + settleMs);
    expect([membership.settled(), settledCalls()]).toEqual([true, 2]);
  });

  it("leaves no timer behind when it stops", async () => {
    const { clock, membership, say } = await running();
    await membership.stop();
    say("disconnected");
    expect(clock.planned()).toBe(0);
  });
});
