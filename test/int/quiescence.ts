import { expect } from "vitest";
import type { FaultCluster } from "./fault-cluster.ts";
import { type Acknowledgements, brokenPromises, readTrace } from "./invariants.ts";

/** Expects a quiescent cluster to keep every promise. */
export async function expectAllPromisesHold(cluster: FaultCluster, acknowledgements: Acknowledgements): Promise<void> {
  const { ports, news } = cluster;
  // Executions of an ended job stop a moment later.
  await expect
    .poll(async () => brokenPromises(await readTrace(ports.log), acknowledgements), { timeout: restMs })
    .toEqual([]);
  await nothingAssigned(cluster);
  await nothingRuns(cluster);
  expect(await cluster.replay()).toMatchObject({
    ok: true,
    problems: { count: 0 },
    mismatches: { count: 0 },
    aggregates: { job: acknowledgements.acknowledged.size },
  });
  expect(news.all.filter(({ name }) => name === "log")).toEqual([]);
}

// The last write of the views follows the end of a job by a moment, or by a takeover.
const restMs = 10_000;

/** Resolves when the bucket of assignments is empty. */
async function nothingAssigned({ ports }: FaultCluster): Promise<void> {
  const assigned = new Set<string>();
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = setTimeout(() => reject(new Error(`still assigned: ${[...assigned].join(", ")}`)), restMs);
  let isWhole = false;
  const check = () => isWhole && assigned.size === 0 && resolve();
  const watch = await ports.views.assignments.watch(">", {
    changed(key, value) {
      if (value === undefined) assigned.delete(key);
      else assigned.add(key);
      check();
    },
    ready() {
      isWhole = true;
      check();
    },
  });
  await promise.finally(() => {
    clearTimeout(late);
    return watch.close();
  });
}

/** Resolves when every live node reports that all of its room is free. */
async function nothingRuns({ ports, devstack, news }: FaultCluster): Promise<void> {
  const isBack = (name: string, after: number) =>
    news.all.some((each, index) => index > after && each.name === name && each.what === "back");
  const dead = new Set(
    news.all.flatMap(({ name, what }, index) => (what === "died" && !isBack(name, index) ? [name] : [])),
  );
  const nodes = Object.keys(devstack.pids()).filter((name) => name.startsWith("node-") && !dead.has(name));
  const busy = new Map(nodes.map((name) => [name, "no heartbeat"]));
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const late = setTimeout(() => reject(new Error(`still busy: ${JSON.stringify([...busy])}`)), restMs);
  const listening = await ports.bidClient.onHeartbeat(({ info }) => {
    const isFree = info.running === 0 && info.available.cpuCores === info.capacity.cpuCores;
    if (isFree) busy.delete(info.nodeId);
    else if (busy.has(info.nodeId)) busy.set(info.nodeId, `${info.running} run`);
    if (busy.size === 0) resolve();
  });
  await promise.finally(() => {
    clearTimeout(late);
    return listening.close();
  });
}
