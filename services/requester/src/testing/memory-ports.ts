import {
  type Aggregate,
  applyCommit,
  entries,
  entryOf,
  kinds,
  noAggregate,
  openKeyOf,
  openValueOf,
  type Process,
  type ViewStore,
} from "@shoal/core";
import type { Sea } from "@shoal/core/testing";
import { shardOf, subjectOf } from "@shoal/proto";
import type { Catalog } from "../catalog/catalog.ts";
import { inMemory } from "../catalog/open-database.ts";
import { createCatalog } from "../catalog/sqlite-catalog.ts";
import type { Diary, RebuildRequest, RequesterPorts } from "../ports.ts";

/** Every port of a requester of this id at the sea, with a catalog that is to be started before it. */
export interface MemoryPorts extends RequesterPorts {
  readonly catalog: Catalog & Process;
  readonly berth: ReturnType<Sea["requester"]>["berth"];
}

const silence: Diary = { info: () => undefined, warn: () => undefined };

/** Makes the ports of a new process of a requester; what it says goes to the diary. */
export function memoryPorts(sea: Sea, requesterId: string, diary: Diary = silence): MemoryPorts {
  const { logReader: logs, ...ports } = sea.requester(requesterId);
  const { views } = ports;
  const catalog = createCatalog({
    views: views.jobs,
    file: inMemory,
    // Without the machine's own order of things: the same seed gives the same run.
    pause: async () => undefined,
  });
  const rebuild = async ({ bucket, shard }: RebuildRequest) => {
    const upTo = await ports.log.lastSeq();
    const all = new Map<string, Aggregate>();
    await ports.log.scan(0, (stored) => {
      const { aggregate } = stored;
      if (shardOf(aggregate.id) !== shard) return;
      const subject = subjectOf(aggregate);
      all.set(subject, applyCommit(kinds.get(aggregate.kind), all.get(subject) ?? noAggregate, stored));
    });
    const store = (views as Readonly<Record<string, ViewStore>>)[bucket];
    for (const { ref, state, head } of all.values()) {
      if (ref === undefined || store === undefined) continue;
      const kind = kinds.get(ref.kind);
      for (const view of kind.views)
        if (view.bucket === bucket)
          for (const { key, seq, value } of entries(view, state)) await store.put(key, entryOf(seq, value));
      if (bucket === "open" && !kind.isSettled(state))
        await store.put(openKeyOf(ref), entryOf(head.seq, openValueOf(ref)));
    }
    await ports.positions.save(bucket, shard, { eventsSeq: upTo, reportsSeq: 0, revision: 0 });
  };
  return { ...ports, logs, catalog, diary, rebuild };
}
