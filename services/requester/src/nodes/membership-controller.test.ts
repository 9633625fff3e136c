import { createSimulatedCluster, sampleHeartbeat } from "@shoal/core/testing";
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

it("records a silent node as disconnected as soon as the log answers, after a failed attempt", async () => {
  const sim = createSimulatedCluster();
  const ports = memoryPorts(sim, "a");
  const requester = createRequester(settings, ports);
  for (const process of [ports.catalog, ...requester.processes]) {
    const started = process.start();
    await sim.clock.advance(500);
    await started;
  }
  const { nodeId } = sampleHeartbeat().info;
  sim.node(nodeId).bidServer.heartbeat(sampleHeartbeat());
  await sim.clock.advance(1_000);
  const recorded = () => sim.log.entries.flatMap(({ commit }) => commit.events.map(({ type }) => type));
  expect(recorded()).toEqual(["NodeJoined"]);
  ports.proc.cutUntil(sim.clock.now() + 3 * disconnectAfterMs);
  await sim.clock.advance(3 * disconnectAfterMs - 1);
  expect(recorded()).toEqual(["NodeJoined"]);
  await sim.clock.advance(2 * disconnectAfterMs);
  expect(recorded()).toEqual(["NodeJoined", "NodeDisconnected"]);
});

it("forgets a disconnected node after the configured time", async () => {
  const sim = createSimulatedCluster();
  const ports = memoryPorts(sim, "a");
  const nodes = { ...settings.nodes, forgetAfterMs: 60_000 };
  const requester = createRequester({ ...settings, nodes }, ports);
  for (const process of [ports.catalog, ...requester.processes]) {
    const started = process.start();
    await sim.clock.advance(500);
    await started;
  }
  const { nodeId } = sampleHeartbeat().info;
  sim.node(nodeId).bidServer.heartbeat(sampleHeartbeat());
  const recorded = () => sim.log.entries.flatMap(({ commit }) => commit.events.map(({ type }) => type));
  await sim.clock.advance(disconnectAfterMs + 59_000);
  expect(recorded()).toEqual(["NodeJoined", "NodeDisconnected"]);
  await sim.clock.advance(3_000);
  expect(recorded()).toEqual(["NodeJoined", "NodeDisconnected", "NodeForgotten"]);
  expect(requester.membership.isGone(nodeId)).toBe(true);
});

it("records a node that joins as waiting for approval when an operator must give it", async () => {
  const sim = createSimulatedCluster();
  const ports = memoryPorts(sim, "a");
  const requester = createRequester({ ...settings, nodes: { ...settings.nodes, manualApproval: true } }, ports);
  for (const process of [ports.catalog, ...requester.processes]) {
    const started = process.start();
    await sim.clock.advance(500);
    await started;
  }
  const { nodeId } = sampleHeartbeat().info;
  const beat = () => sim.node(nodeId).bidServer.heartbeat(sampleHeartbeat());
  beat();
  await sim.clock.advance(1_000);
  expect(sim.log.entries.flatMap(({ commit }) => commit.events)).toMatchObject([
    { type: "NodeJoined", data: { approval: "pending" } },
  ]);
  const { membership, commands } = requester;
  expect([membership.candidate(nodeId), membership.isExcluded(nodeId), membership.isGone(nodeId)]).toEqual([
    undefined,
    true,
    false,
  ]);
  const order = { why: "", mode: "finish", withinMs: 0, actor: { type: "client", id: "" } } as const;
  const approved = commands.updateNode(nodeId, { ...order, action: "approve" });
  await sim.clock.advance(1_000);
  await approved;
  beat();
  await sim.clock.advance(500);
  expect([membership.candidate(nodeId)?.nodeId, membership.isExcluded(nodeId)]).toEqual([nodeId, false]);
});
