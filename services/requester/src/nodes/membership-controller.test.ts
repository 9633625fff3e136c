import { createSea, sampleHeartbeat } from "@shoal/core/testing";
import { expect, it } from "vitest";
import { createRequester } from "../create-requester.ts";
import { memoryPorts } from "../testing/memory-ports.ts";

const disconnectAfterMs = 6_000;
const settings = {
  requesterId: "a",
  auction: { width: 3, rounds: 1, waitMs: 100, queueBefore: 64 },
  nodes: { disconnectAfterMs, settleMs: 1_000 },
  positionsMs: 1_000,
};

it("records a silent node as disconnected as soon as the log answers, when it did not at that moment", async () => {
  const sea = createSea();
  const ports = memoryPorts(sea, "a");
  const requester = createRequester(settings, ports);
  for (const process of [ports.catalog, ...requester.processes]) {
    const started = process.start();
    await sea.clock.advance(500);
    await started;
  }
  const { nodeId } = sampleHeartbeat().info;
  sea.node(nodeId).stall.heartbeat(sampleHeartbeat());
  await sea.clock.advance(1_000);
  const recorded = () => sea.log.entries.flatMap(({ commit }) => commit.events.map(({ type }) => type));
  expect(recorded()).toEqual(["NodeJoined"]);
  ports.berth.cutUntil(sea.clock.now() + 3 * disconnectAfterMs);
  await sea.clock.advance(3 * disconnectAfterMs - 1);
  expect(recorded()).toEqual(["NodeJoined"]);
  await sea.clock.advance(2 * disconnectAfterMs);
  expect(recorded()).toEqual(["NodeJoined", "NodeDisconnected"]);
});

it("has a node that stays away forgotten after the time that is set", async () => {
  const sea = createSea();
  const ports = memoryPorts(sea, "a");
  const nodes = { ...settings.nodes, forgetAfterMs: 60_000 };
  const requester = createRequester({ ...settings, nodes }, ports);
  for (const process of [ports.catalog, ...requester.processes]) {
    const started = process.start();
    await sea.clock.advance(500);
    await started;
  }
  const { nodeId } = sampleHeartbeat().info;
  sea.node(nodeId).stall.heartbeat(sampleHeartbeat());
  const recorded = () => sea.log.entries.flatMap(({ commit }) => commit.events.map(({ type }) => type));
  await sea.clock.advance(disconnectAfterMs + 59_000);
  expect(recorded()).toEqual(["NodeJoined", "NodeDisconnected"]);
  await sea.clock.advance(3_000);
  expect(recorded()).toEqual(["NodeJoined", "NodeDisconnected", "NodeForgotten"]);
  expect(requester.membership.isGone(nodeId)).toBe(true);
});
