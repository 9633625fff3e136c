import { mkdirSync } from "node:fs";
import { resolve } from "node:path";
import {
  type ConfigSources,
  causeOf,
  Fault,
  type Logger,
  type Process,
  readConfig,
  runUntil,
  shownConfig,
} from "@shoal/core";
import { abandonOn, connectionOf, connectRequester, type NatsRequesterPorts, signalOf, summaryOf } from "@shoal/nats";
import { persistedValue, type ServiceHealth, serviceLogger, systemClock, systemRandom } from "@shoal/node";
import { assemble, type RequesterResources } from "./assemble.ts";
import { RequesterConfig } from "./config.ts";
import { checkLog } from "./log-check.ts";
import { guardLog } from "./log-guard.ts";
import { sharedWatch } from "./nodes/shared-watch.ts";

const name = "shoal-requester";

/** How a requester is configured and stopped, and where it reports that it is ready. */
export interface RequesterServing {
  /** The sources of its settings. */
  readonly given: ConfigSources;
  /** Resolves when the requester is to stop. */
  readonly quit: Promise<void>;
  /** Called once the API serves requests. */
  readonly onReady: (facts: RequesterFacts, health: () => ServiceHealth) => void;
}

/** The facts of a running requester. */
export interface RequesterFacts {
  readonly requesterId: string;
  /** The address of the API: `http://127.0.0.1:1234`. */
  readonly api: string;
}

/**
 * Runs a requester until `quit` resolves, and resolves once it has stopped. Throws a Fault, which it has logged, when
 * the settings, the data directory, the address or the log do not allow a start.
 */
export async function serveRequester(serving: RequesterServing): Promise<void> {
  let logger = serviceLogger({ name, level: "info" });
  const signal = signalOf(serving.quit);
  try {
    const config = readConfig(RequesterConfig, serving.given);
    const dataDir = openDataDir(config.dataDir);
    const requesterId =
      config.requesterId || persistedValue({ folder: dataDir, name: "requester-id", make: newRequesterId });
    logger = serviceLogger({ name, level: config.log.level });
    logger.identify({ requesterId });
    logger.info({ config: shownConfig(RequesterConfig, config) }, "starting");
    const nats = await connectPorts({ config, requesterId, logger, signal });
    const endWatch = abandonOn(signal, nats.session);
    await runRequester({ config, dataDir, requesterId, logger, nats }, serving).finally(endWatch);
  } catch (failure) {
    // A requester that is stopped while it starts, or while no server answers, has not failed.
    if (signal.aborted) return logger.info(causeOf(failure), "stopped before the shutdown was complete");
    logger.fatal(failure);
    throw failure;
  }
}

async function runRequester(opened: RequesterResources, { quit, onReady }: RequesterServing): Promise<void> {
  const { requesterId, logger, nats } = opened;
  for (const difference of nats.topology.differences)
    logger.warn(
      difference,
      "a stream's configuration differs from the expected one; it is left unchanged: edit it with the nats CLI",
    );
  const guard = guardLog(nats.log, systemClock());
  nats.session.onChange((up) => (up ? guard.reconnected() : undefined));
  const connection: Process = {
    name: "connection",
    start: () => checkLog({ ...nats, dataDir: opened.dataDir, clock: systemClock() }),
    stop: () => nats.close(),
  };
  const views = { ...nats.views, nodes: sharedWatch(nats.views.nodes) };
  const { processes, api, health } = assemble({ ...opened, nats: { ...nats, views, log: guard.log } });
  const ready: Process = {
    name: "ready",
    async start() {
      logger.info({ api: api.url() }, "ready");
      onReady({ requesterId, api: api.url() }, () => ({
        alive: health.alive(),
        summary: summaryOf(health.checks()),
      }));
    },
    stop: async () => logger.info({}, "stopping"),
  };
  await runUntil(Promise.race([quit, guard.damaged]), [connection, ...processes, ready]);
}

const newRequesterId = (): string => `r-${systemRandom.uuid().slice(0, 8)}`;

function openDataDir(path: string): string {
  const dataDir = resolve(path);
  try {
    mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    return dataDir;
  } catch (failure) {
    throw new Fault("CONFIG_INVALID", `dataDir ${dataDir}: ${causeOf(failure).why}`, { cause: failure });
  }
}

interface Connecting {
  readonly config: RequesterConfig;
  readonly requesterId: string;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

function connectPorts({ config, requesterId, logger, signal }: Connecting): Promise<NatsRequesterPorts> {
  return connectRequester({
    requesterId,
    ...connectionOf(config.nats),
    replicas: config.nats.replicas,
    signal,
    clock: systemClock(),
    random: systemRandom,
    storage: config.storage,
    onParked: (count) => logger.warn({ count }, "parked a report that cannot be read"),
    onNatsError: (what, level) => logger[level]({ what }, "NATS error"),
  });
}
