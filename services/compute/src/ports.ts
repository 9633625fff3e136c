import type { BidServer, Clock, Logger, LogSender, Random, Registry, ReportSender, ViewStore } from "@shoal/core";
import type { Resources } from "@shoal/proto";
import type { Executor } from "./executors/executor.ts";
import type { Journal } from "./journal/journal.ts";
import type { Publisher } from "./publishers/publisher.ts";
import type { Source } from "./sources/source.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** Everything outside that a compute node touches. Real in a service, in memory in simulations. */
export interface ComputePorts {
  readonly clock: Clock;
  readonly random: Random;
  /** The bucket of assignments. */
  readonly assignments: Pick<ViewStore, "watch">;
  readonly reports: ReportSender;
  readonly bidServer: BidServer;
  readonly logs: LogSender;
  readonly journal: Journal;
  readonly workspace: Workspace;
  readonly executors: Registry<Executor>;
  readonly sources: Registry<Source>;
  readonly publishers: Registry<Publisher>;
  /** The host's own environment. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  /** Another process uses this node's id and has the older right to it: this one must end. */
  readonly onDuplicate?: (why: string) => void;
}

/** What a node is and allows, all worked out: config, machine and defaults together. */
export interface NodeSettings {
  readonly nodeId: string;
  readonly labels: Readonly<Record<string, string>>;
  /** All that executions may use together. */
  readonly capacity: Resources;
  /** The most that one may ask for. */
  readonly perTask: Resources;
  /** Executions and held bids together. */
  readonly slotsMax: number;
  readonly heartbeatMs: number;
  readonly rejectNetworked: boolean;
  /** Whether tasks may have the network of the machine itself. */
  readonly hostNetwork: boolean;
  /** Names of host variables that tasks may read; `*` stands for any characters. */
  readonly envAllow: readonly string[];
  readonly version: string;
  /** Where people find this node, as they would write it; nothing connects to it. */
  readonly address: string;
  readonly inputsMs: number;
  readonly inputBytes: number;
  readonly inputsDefaultDiskBytes: number;
  readonly publishMs: number;
  readonly outputFileBytes: number;
  readonly outputBytesMax: number;
}
