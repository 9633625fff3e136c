import { causeOf, Fault, type Given, type Process, readConfig, runUntil, shownConfig } from "@shoal/core";
import { abandonOn, signalOf } from "@shoal/nats";
import { createCompute } from "./compute.ts";
import { ComputeConfig } from "./config.ts";
import { type Host, openHost } from "./host.ts";
import { openNotes, type ServiceLog } from "./pino-notes.ts";

/** What a compute node is started with. */
export interface ComputeServing {
  /** Where its settings come from. */
  readonly given: Given;
  /** Resolves when the node is to stop. */
  readonly quit: Promise<void>;
  /** Called once the node bids, with what is worth knowing about it. */
  readonly onReady: (facts: { readonly nodeId: string }) => void;
}

/**
 * Runs a compute node until it is told to quit, and resolves once it has stopped. Throws a Fault when the settings, the data directory
 * or the log do not allow it to start, and when another process uses its node id; it has logged it then.
 */
export async function serveCompute(serving: ComputeServing): Promise<void> {
  let notes = openNotes("info");
  const signal = signalOf(serving.quit);
  try {
    const config = readConfig(ComputeConfig, serving.given);
    notes = openNotes(config.log.level);
    const host = await openHost(config, notes, signal);
    notes.info("starting", { config: shownConfig(ComputeConfig, config) });
    const endWatch = abandonOn(signal, host.link);
    await runCompute(host, notes, serving).finally(endWatch);
  } catch (failure) {
    // Who was asked to end while it started, or without a server, is not a failure.
    if (signal.aborted) return notes.info("ended before everything was done in order", causeOf(failure));
    notes.fatal(failure);
    throw failure;
  }
}

async function runCompute(host: Host, notes: ServiceLog, { quit, onReady }: ComputeServing): Promise<void> {
  const { nodeId, capacity } = host.settings;
  const ready: Process = {
    name: "ready",
    start: async () => {
      notes.info("ready", { capacity });
      onReady({ nodeId });
    },
    stop: async () => notes.info("stopping"),
  };
  const open: Process = { name: "host", start: async () => {}, stop: host.close };
  const { promise: taken, reject } = Promise.withResolvers<never>();
  const ports = { ...host.ports, onDuplicate: (why: string) => reject(new Fault("NODE_ID_IN_USE", why)) };
  const over = Promise.race([quit, taken]);
  over.catch(() => undefined); // It may come while the node starts, before anybody waits for it.
  await runUntil(over, [open, ...createCompute(host.settings, ports), ready]);
}
