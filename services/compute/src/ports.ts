import type { BidServer, Clock, Logger, LogSender, Random, Registry, ReportSender, ViewStore } from "@shoal/core";
import type { GpuDevice, Resources } from "@shoal/proto";
import type { Executor } from "./executors/executor.ts";
import type { PortRange } from "./grants/port-range.ts";
import type { Journal } from "./journal/journal.ts";
import type { Publisher } from "./publishers/publisher.ts";
import type { Source } from "./sources/source.ts";
import type { UnpublishedResults } from "./workspace/unpublished-results.ts";
import type { Workspace } from "./workspace/workspace.ts";

/** All external dependencies of a compute node. Real in a service, in memory in simulations. */
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
  /** Ports of the machine for tasks; none when left out. */
  readonly portRange?: PortRange;
  /** The host's environment variables. */
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly logger: Logger;
  /** Keeps results that could not be published; without it they are removed. */
  readonly unpublished?: UnpublishedResults | undefined;
  /** Another process uses this node's id and has precedence: this process must end. */
  readonly onDuplicate?: (why: string) => void;
}

/** How a node's operator selects jobs. */
export interface SelectionSettings {
  readonly locality: "anywhere" | "local";
  readonly rejectStateless: boolean;
  /** A command; empty for none. */
  readonly probeExec: string;
  /** A URL; empty for none. */
  readonly probeHttp: string;
  /** The longest that a probe may take. */
  readonly probeMs: number;
}

/** The resolved settings of a node: config, machine and defaults combined. */
export interface NodeSettings {
  readonly nodeId: string;
  readonly labels: Readonly<Record<string, string>>;
  /** All resources that executions may use together. */
  readonly capacity: Resources;
  /** The GPUs of the machine that executions may have; none when left out. */
  readonly gpus?: readonly GpuDevice[];
  /** The limit for one execution. */
  readonly perTask: Resources;
  /** Executions and held bids together. */
  readonly slotsMax: number;
  readonly heartbeatMs: number;
  readonly rejectNetworked: boolean;
  /** Whether tasks may use the host network. */
  readonly hostNetwork: boolean;
  /** What the operator selects jobs by; everything is accepted when it is left out. */
  readonly selection?: SelectionSettings;
  /** Names of host variables that tasks may read; `*` matches any characters. */
  readonly envAllow: readonly string[];
  readonly version: string;
  /** The node's address for people; nothing connects to it. */
  readonly address: string;
  readonly inputsMs: number;
  readonly inputBytes: number;
  readonly inputsDefaultDiskBytes: number;
  readonly publishMs: number;
  readonly outputFileBytes: number;
  readonly outputBytesMax: number;
}
