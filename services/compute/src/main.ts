import { type Given, type Process, readConfig, runUntil, shownConfig } from "@shoal/core";
import { createCompute } from "./compute.ts";
import { ComputeConfig } from "./config.ts";
import { openHost } from "./host.ts";
import { openNotes } from "./pino-notes.ts";

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
 * Runs a compute node until it is told to quit, and resolves once it has stopped in order. Throws a Fault when the settings, the
 * data directory or the log do not allow it to start.
 */
export async function serveCompute({ given, quit, onReady }: ComputeServing): Promise<void> {
  const config = readConfig(ComputeConfig, given);
  const notes = openNotes(config.log.level);
  const host = await openHost(config, notes);
  const { nodeId, capacity } = host.settings;
  const ready: Process = {
    name: "ready",
    start: async () => {
      notes.info("ready", { nodeId, capacity });
      onReady({ nodeId });
    },
    stop: async () => notes.info("stopping", { nodeId }),
  };
  const open: Process = { name: "host", start: async () => {}, stop: host.close };
  notes.info("starting", { nodeId, config: shownConfig(ComputeConfig, config) });
  await runUntil(quit, [open, ...createCompute(host.settings, host.ports), ready]);
}
