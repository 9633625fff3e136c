import { type EventLog, Fault } from "@shoal/core";
import { createSea, sampleHeartbeat } from "@shoal/core/testing";
import { shardOf } from "@shoal/proto";
import { expect, it } from "vitest";
import { inMemory } from "../catalog/open-database.ts";
import { createCatalog } from "../catalog/sqlite-catalog.ts";
import { Registrar } from "./registrar.ts";

const disconnectAfterMs = 6_000;
const { nodeId } = sampleHeartbeat().info;

/** A registrar that owns every shard, over a log that the test may spoil. */
function bench(sea: ReturnType<typeof createSea>, spoil: (log: EventLog) => EventLog = (log) => log) {
  const { berth: _, logReader, log, ...ports } = sea.requester("a");
  const catalog = createCatalog({
    views: ports.views.jobs,
    clock: ports.clock,
    requesterId: "a",
    file: inMemory,
  });
  const diary = { info: () => undefined, warn: () => undefined };
  return new Registrar({
    ports: { ...ports, log: spoil(log), logs: logReader, catalog, diary },
    by: "a",
    disconnectAfterMs,
    leaseOf: () => ({ shard: shardOf(nodeId), epoch: 1 }),
  });
}

it("misses a silent node later when the log did not answer at the moment in which it was missed", async () => {
  const sea = createSea();
  const kinds = () => sea.log.entries.flatMap(({ commit }) => commit.events.map(({ type }) => type));
  const before = bench(sea);
  before.heard(sampleHeartbeat());
  await sea.clock.advance(100);
  before.close();
  let refused = 0;
  const after = bench(sea, (log) => ({
    ...log,
    load: (aggregate, afterSeq) => {
      if (refused > 0) return log.load(aggregate, afterSeq);
      refused++;
      return Promise.reject(new Fault("LOG_UNREACHABLE", "no answer came"));
    },
  }));
  after.expect(nodeId);
  await sea.clock.advance(disconnectAfterMs + 1_000);
  expect([refused, kinds()]).toEqual([1, ["NodeJoined"]]);
  await sea.clock.advance(disconnectAfterMs + 1_000);
  expect(kinds()).toEqual(["NodeJoined", "NodeDisconnected"]);
  after.close();
});
