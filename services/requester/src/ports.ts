import type {
  BidClient,
  Clock,
  CommandBus,
  EventLog,
  Leases,
  Logger,
  LogReader,
  Positions,
  QueueSummaries,
  Random,
  ReportQueue,
  ViewStores,
} from "@shoal/core";
import type { Catalog } from "./catalog/catalog.ts";

/** All I/O of a requester. */
export interface RequesterPorts {
  readonly log: EventLog;
  /** One store for each bucket that this service projects into or reads. */
  readonly views: ViewStores;
  readonly positions: Positions;
  readonly leases: Leases;
  readonly commands: CommandBus;
  readonly reports: ReportQueue;
  readonly bidClient: BidClient;
  readonly summaries: QueueSummaries;
  readonly logs: LogReader;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly random: Random;
  /** Rebuilds a shard's part of a bucket from the log and saves its position. A missing bucket is created. */
  readonly rebuild: (request: RebuildRequest) => Promise<void>;
  readonly logger: Logger;
}

/** A shard's part of a bucket. */
export interface RebuildRequest {
  readonly bucket: string;
  readonly shard: number;
  readonly signal: AbortSignal;
}
