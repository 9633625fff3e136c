import { Fault } from "@shoal/core";
import { createSea, entriesOf, sampleHeartbeat } from "@shoal/core/testing";
import { shardOf } from "@shoal/proto";
import { expect, it } from "vitest";
import type { RequesterPorts } from "../ports.ts";
import { memoryPorts } from "../testing/memory-ports.ts";
import { Registrar } from "./registrar.ts";

const disconnectAfterMs = 6_000;
const { nodeId } = sampleHeartbeat().info;

type Spoil = (ports: RequesterPorts) => RequesterPorts;

/** A registrar that owns every shard, over ports that the test may spoil. */
function bench(sea: ReturnType<typeof createSea>, spoil: Spoil = (ports) => ports) {
  return new Registrar({
    ports: spoil(memoryPorts(sea, "a")),
    by: "a",
    disconnectAfterMs,
    leaseOf: () => ({ shard: shardOf(nodeId), epoch: 1 }),
  });
}

const joined = async (sea: ReturnType<typeof createSea>, spoilt?: Spoil) => {
  const before = bench(sea, spoilt);
  before.heard(sampleHeartbeat());
  await sea.clock.advance(100);
  before.close();
};
const kinds = (sea: ReturnType<typeof createSea>) =>
  sea.log.entries.flatMap(({ commit }) => commit.events.map(({ type }) => type));

it("misses a silent node as soon as the log answers, when it did not at the moment of missing", async () => {
  const sea = createSea();
  await joined(sea);
  let answers = false;
  const after = bench(sea, ({ log, ...ports }) => ({
    ...ports,
    log: {
      ...log,
      load: (aggregate, afterSeq) =>
        answers ? log.load(aggregate, afterSeq) : Promise.reject(new Fault("LOG_UNREACHABLE", "no answer came")),
    },
  }));
  after.expect(nodeId);
  await sea.clock.advance(3 * disconnectAfterMs);
  expect(kinds(sea)).toEqual(["NodeJoined"]);
  answers = true;
  await sea.clock.advance(disconnectAfterMs);
  expect(kinds(sea)).toEqual(["NodeJoined", "NodeDisconnected"]);
  after.close();
});

it("shows what a former owner wrote into the log and did not live to show, and says when that is done", async () => {
  const sea = createSea();
  const never = new Promise<void>(() => undefined);
  await joined(sea, (ports) => ({
    ...ports,
    views: { ...ports.views, nodes: { ...ports.views.nodes, put: () => never } },
  }));
  const [stored] = sea.log.entries;
  if (stored === undefined) expect.unreachable("nothing was written");
  expect(entriesOf(sea.views.nodes).size).toBe(0);
  const after = bench(sea);
  let done = false;
  void after.noticed(stored).then(() => {
    expect([...entriesOf(sea.views.nodes).keys()]).toEqual([nodeId]);
    done = true;
  });
  await sea.clock.advance(100);
  expect(done).toBe(true);
  after.close();
});
