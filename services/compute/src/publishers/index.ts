import { type Clock, type Registry, registry } from "@shoal/core";
import { local } from "./local/local.ts";
import { nats, type ResultStore } from "./nats/nats.ts";
import type { Publisher } from "./publisher.ts";

/** What publishers need. */
export interface PublisherPorts {
  readonly clock: Clock;
  readonly results: ResultStore;
}

export interface PublisherSettings {
  readonly disabled: readonly string[];
  /** Limit of all files of one result together, in bytes. */
  readonly limitBytes: number;
  readonly local: {
    readonly folder: string;
    readonly address: string;
    readonly machine: string;
    readonly port: number;
    readonly keepMs: number;
    readonly keepBytes: number;
  };
}

/** Every publisher that this node can offer. */
export function createPublishers(settings: PublisherSettings, { clock, results }: PublisherPorts): Registry<Publisher> {
  const { limitBytes } = settings;
  const parts = [local({ clock, limitBytes, ...settings.local }), nats(results, { limitBytes })];
  return registry(
    "publisher",
    parts.filter(({ name }) => !settings.disabled.includes(name)),
  );
}
