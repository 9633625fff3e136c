import type { Leases, Logger, Process } from "@shoal/core";
import { connectRequester, type NatsRequesterPorts } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import type { Catalog } from "../../services/requester/src/catalog/catalog.ts";
import { inMemory } from "../../services/requester/src/catalog/open-database.ts";
import { createCatalog } from "../../services/requester/src/catalog/sqlite-catalog.ts";
import {
  createRequester,
  type Requester,
  type RequesterSettings,
} from "../../services/requester/src/create-requester.ts";
import { sliceRebuilder } from "../../services/requester/src/verify/rebuild-slice.ts";

export interface RequesterOptions extends Partial<RequesterSettings> {
  readonly url: string;
  readonly requesterId: string;
  /** Its user, if the server has users. */
  readonly login?: { readonly user: string; readonly pass: string };
  /** The file of its catalog; by default in memory. */
  readonly catalogFile?: string;
  /** How long removal markers exist; by default as in production. */
  readonly markerMs?: number;
  /** Called with each message that it logs. */
  readonly onLine?: (sentence: string) => void;
  /** Its logger; by default `onLine` alone. */
  readonly logger?: Logger;
  /** Called with changes of its leases. */
  readonly leases?: (own: Leases) => Leases;
}

/** A requester that runs in this process, on a connection to a real server. */
export interface RunningRequester {
  readonly requester: Requester;
  readonly nats: NatsRequesterPorts;
  readonly catalog: Catalog;
  /** Stops it in order, once. */
  stop(): Promise<void>;
}

// One round of bids is enough when every node has room.
const defaults = {
  auction: { width: 1, rounds: 1, waitMs: 300 },
  nodes: { disconnectAfterMs: 60_000, settleMs: 500 },
  positionsMs: 200,
} as const;

/** Starts a requester without an API. */
export async function startRequester(options: RequesterOptions): Promise<RunningRequester> {
  const { url, requesterId, login, markerMs, catalogFile = inMemory, ...rest } = options;
  const { onLine = () => undefined, leases = (own) => own, logger, ...settings } = rest;
  const nats = await connectRequester({
    clock: systemClock(),
    random: systemRandom,
    requesterId,
    servers: [url],
    replicas: 1,
    ...login,
    ...(markerMs === undefined ? {} : { markerMs }),
    ...(settings.kinds === undefined ? {} : { kinds: settings.kinds }),
    onParked: (count) => onLine(`parked ${count}`),
    onNatsError: () => undefined,
  });
  const catalog = createCatalog({ views: nats.views.jobs, file: catalogFile });
  const note = (_: unknown, sentence: string) => onLine(sentence);
  const requester = createRequester(
    { ...defaults, ...settings, requesterId },
    {
      ...nats,
      ...{ catalog, clock: systemClock(), random: systemRandom, logger: logger ?? { info: note, warn: note } },
      leases: leases(nats.leases),
      rebuild: sliceRebuilder({ ...nats, ...(settings.kinds === undefined ? {} : { kinds: settings.kinds }) }),
    },
  );
  const processes: readonly Process[] = [catalog, ...requester.processes];
  for (const each of processes) await each.start();
  let stopped: Promise<void> | undefined;
  const end = async () => {
    for (const each of processes.toReversed()) await each.stop();
    await nats.close();
  };
  return {
    requester,
    nats,
    catalog,
    stop: () => {
      stopped ??= end();
      return stopped;
    },
  };
}
