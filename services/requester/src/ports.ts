import type {
  BidClient,
  Clock,
  CommandBus,
  EventLog,
  Leases,
  Logger,
  LogReader,
  Positions,
  Random,
  ReportQueue,
  ViewStores,
} from "@shoal/core";
import type { Catalog } from "./catalog/catalog.ts";

/** Everything that a requester touches outside of itself. */
export interface RequesterPorts {
  readonly log: EventLog;
  /** One for each bucket that this service projects into or reads. */
  readonly views: ViewStores;
  readonly positions: Positions;
  readonly leases: Leases;
  readonly commands: CommandBus;
  readonly reports: ReportQueue;
  readonly bidClient: BidClient;
  readonly logs: LogReader;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly random: Random;
  /** Rebuilds a shard's part of a bucket from the log, and saves its position. The bucket is made again when it is gone. */
  readonly rebuild: (request: RebuildRequest) => Promise<void>;
  readonly logger: Logger;
}

/** A shard's part of a bucket. */
export interface RebuildRequest {
  readonly bucket: string;
  readonly shard: number;
  readonly signal: AbortSignal;
}
