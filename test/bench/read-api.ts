import { Fault, silentLogger } from "@shoal/core";
import { connectRequester, type NatsRequesterPorts } from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import { wellHealth } from "../../services/requester/src/health/requester-health.ts";

/** The options of an API that only the bench calls. */
export const httpOptions = { host: "127.0.0.1", port: 0, requestsPerSecond: 1e6, connectionsMax: 2_000, origins: [] };

const never = async (): Promise<never> => {
  throw new Fault("NOT_READY", "the bench only reads");
};

const failNow = (): never => {
  throw new Fault("NOT_READY", "the bench only reads");
};

/** The ports of a requester over this server. */
export const openPorts = (url: string): Promise<NatsRequesterPorts> =>
  connectRequester({
    clock: systemClock(),
    random: systemRandom,
    requesterId: "bench",
    servers: [url],
    replicas: 1,
    onParked: () => undefined,
    onNatsError: () => undefined,
  });

/** Parts that an API needs and reads of jobs do not use. */
export const unusedParts = {
  requesterId: "bench",
  publicUrl: "",
  secret: "bench",
  commands: { submit: never, stop: never, rerun: never, updateNode: never, withDefaults: failNow },
  secrets: { put: never, delete: never, list: never, reseal: never, requireAll: never, valuesOf: never },
  nodes: { all: () => [] },
  cluster: { status: failNow, holdings: failNow, isRebuilding: () => false, finishUpgrade: never },
  results: { open: never },
  resultStores: new Map(),
  clock: systemClock(),
  random: systemRandom,
  logger: silentLogger,
  health: wellHealth,
};
