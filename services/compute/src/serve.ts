import { type ConfigSources, causeOf, Fault, type Process, readConfig, runUntil, shownConfig } from "@shoal/core";
import { abandonOn, createLogHealthWatch, signalOf, summaryOf } from "@shoal/nats";
import { type ServiceHealth, type ServiceLogger, serviceLogger } from "@shoal/node";
import { resultsBucketOf } from "@shoal/proto";
import { ComputeConfig } from "./config.ts";
import { createCompute } from "./create-compute.ts";
import { createHealthServer } from "./health/health-server.ts";
import { createNodeHealth } from "./health/node-health.ts";
import { type NodeHost, openHost } from "./open-host.ts";
import type { ComputePorts } from "./ports.ts";

const name = "shoal-compute";

/** What a compute node is started with. */
export interface ComputeServing {
  /** The sources of its settings. */
  readonly given: ConfigSources;
  /** Resolves when the node is to stop. */
  readonly quit: Promise<void>;
  /** Called once the node bids, with its status for the operator. */
  readonly onReady: (facts: { readonly nodeId: string }, health: () => ServiceHealth) => void;
}

/**
 * Runs a compute node until it is asked to stop, and resolves once it has stopped. Throws a Fault, after logging it,
 * when the settings, the data directory or the log prevent the start, and when another process uses its node id.
 */
export async function serveCompute(serving: ComputeServing): Promise<void> {
  let logger = serviceLogger({ name, level: "info" });
  const signal = signalOf(serving.quit);
  try {
    const config = readConfig(ComputeConfig, serving.given);
    logger = serviceLogger({ name, level: config.log.level });
    const host = await openHost(config, logger, signal);
    logger.info({ config: shownConfig(ComputeConfig, config) }, "starting");
    const endWatch = abandonOn(signal, host.session);
    await runCompute(host, { config, logger }, serving).finally(endWatch);
  } catch (failure) {
    // Being asked to end during the start, or without a server, is not a failure.
    if (signal.aborted) return logger.info(causeOf(failure), "stopped before the shutdown was complete");
    logger.fatal(failure);
    throw failure;
  }
}

async function runCompute(host: NodeHost, { config, logger }: Settings, serving: ComputeServing): Promise<void> {
  const { settings, ports, session, dataDir } = host;
  const { nodeId, capacity, heartbeatMs } = settings;
  const watch = createLogHealthWatch(session, `OBJ_${resultsBucketOf(nodeId)}`);
  const health = createNodeHealth({ watch, clock: ports.clock, logger, dataDir, heartbeatMs });
  const server = createHealthServer({
    listen: config.health.listen,
    health,
    onListening: (url) => logger.info({ url }, "health endpoints listening"),
  });
  const bidServer: ComputePorts["bidServer"] = {
    ...ports.bidServer,
    heartbeat(heartbeat) {
      health.beat();
      ports.bidServer.heartbeat(heartbeat);
    },
  };
  const ready: Process = {
    name: "ready",
    start: async () => {
      health.open(true);
      logger.info({ capacity }, "ready");
      serving.onReady({ nodeId }, () => ({ alive: health.alive(), summary: summaryOf(health.checks()) }));
    },
    stop: async () => {
      health.open(false);
      logger.info({}, "stopping");
    },
  };
  const open: Process = { name: "host", start: async () => {}, stop: host.close };
  const { promise: taken, reject } = Promise.withResolvers<never>();
  const onDuplicate = (why: string) => reject(new Fault("NODE_ID_IN_USE", why));
  const over = Promise.race([serving.quit, taken]);
  over.catch(() => undefined); // It may reject while the node starts, before anything awaits it.
  const compute = createCompute(settings, { ...ports, bidServer, onDuplicate });
  await runUntil(over, [open, server, health, ...compute, ready]);
}

interface Settings {
  readonly config: ComputeConfig;
  readonly logger: ServiceLogger;
}
