import { type PartPorts, type PartSettings, partRegistry } from "../parts.ts";
import { local } from "./local/local.ts";
import { nats, type ResultStore } from "./nats/nats.ts";
import type { Publisher } from "./publisher.ts";

/** What publishers need. */
export interface PublisherPorts extends PartPorts {
  readonly results: ResultStore;
}

export interface PublisherSettings extends PartSettings {
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

/** Every publisher that a node can offer. */
export const createPublishers = partRegistry<Publisher, PublisherSettings, PublisherPorts>("publisher", {
  local: ({ limitBytes, local: settings }, { clock }) => local({ ...settings, clock, limitBytes }),
  nats: ({ limitBytes }, { results }) => nats({ results, limitBytes }),
});
