import { type Kinds, type Logger, type Process, kinds as productKinds, silentLogger } from "@shoal/core";
import type { SimulatedCluster } from "@shoal/core/testing";
import type { Catalog } from "../catalog/catalog.ts";
import { inMemory } from "../catalog/open-database.ts";
import { createCatalog } from "../catalog/sqlite-catalog.ts";
import type { RequesterPorts } from "../ports.ts";
import { sliceRebuilder } from "../verify/rebuild-slice.ts";

/**
 * All ports of a requester with this id in the simulated cluster, with a catalog to be started before the requester.
 */
export interface MemoryPorts extends RequesterPorts {
  readonly catalog: Catalog & Process;
  readonly proc: ReturnType<SimulatedCluster["requester"]>["proc"];
}

export interface MemoryPortsOptions {
  /** The logger; silent when left out. */
  readonly logger?: Logger;
  /** The kinds that it knows; those of the product when left out. */
  readonly kinds?: Kinds;
}

/** Creates the ports of a new requester process. */
export function memoryPorts(
  sim: SimulatedCluster,
  requesterId: string,
  { logger = silentLogger, kinds = productKinds }: MemoryPortsOptions = {},
): MemoryPorts {
  const { logReader: logs, ...ports } = sim.requester(requesterId, kinds);
  const { views } = ports;
  const catalog = createCatalog({
    views: views.jobs,
    file: inMemory,
    // Without the machine's scheduling: the same seed gives the same run.
    pause: async () => undefined,
  });
  const rebuild = sliceRebuilder({ ...ports, kinds, ensureBucket: async () => undefined });
  return { ...ports, logs, catalog, logger, rebuild };
}
