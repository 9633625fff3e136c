import type { Process } from "@shoal/core";
import type { Sea } from "@shoal/core/testing";
import type { Catalog } from "../catalog/catalog.ts";
import { inMemory } from "../catalog/open-database.ts";
import { createCatalog } from "../catalog/sqlite-catalog.ts";
import type { Diary, RequesterPorts } from "../ports.ts";
import { sliceRebuilder } from "../verify/rebuild-slice.ts";

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
  const rebuild = sliceRebuilder({ ...ports, ensureBucket: async () => undefined });
  return { ...ports, logs, catalog, diary, rebuild };
}
