import {
  kinds as allKinds,
  type BidClient,
  byBucket,
  type CommandBus,
  type EventLog,
  type Kinds,
  type Leases,
  type LogReader,
  type Positions,
  type ReportQueue,
  type ViewStores,
} from "@shoal/core";
import { buckets } from "@shoal/proto";
import { createBidClient } from "./bidding/bid-client.ts";
import { createCommandBus } from "./command-bus.ts";
import { type ConnectOptions, connect } from "./connection/connect.ts";
import type { NatsSession } from "./connection/nats-session.ts";
import { startOver } from "./connection/stopping.ts";
import { createEventLog } from "./event-log/event-log.ts";
import { type ScanReader, scanLog } from "./event-log/scan.ts";
import { createLeases } from "./leases/leases.ts";
import { createLogReader } from "./logs/log-reader.ts";
import { createPositions } from "./positions.ts";
import { type AcceptedLoss, lastAcceptedLoss } from "./repair/accepted-loss.ts";
import { createReportPurger, type ReportPurger } from "./reports/purge-reports.ts";
import { createReportQueue } from "./reports/report-queue.ts";
import { nodesWithResults, removeResultsBucket } from "./results/remove-results.ts";
import { ensureResultsBucket, openResults, type Results } from "./results/results.ts";
import { requesterInboxPrefix } from "./rights/rights.ts";
import { ensureTopology, type TopologyReport } from "./topology/topology.ts";
import { type StorageLimits, storageDefaults, topologyPlan } from "./topology/topology-data.ts";
import { streamOfBucket } from "./views/bucket.ts";
import { type KnownPosition, newestKnown } from "./views/newest-known.ts";
import { type BucketReader, readAll } from "./views/read-all.ts";
import { createViewStore } from "./views/view-store.ts";

/** How a requester connects. */
export interface RequesterOptions extends Omit<ConnectOptions, "name" | "inboxPrefix"> {
  /** A token: it stands in keys and commits. */
  readonly requesterId: string;
  /** How many servers keep a copy of every stream: 1, or 3 on a cluster. */
  readonly replicas: number;
  /** What may be stored beside the log; `storageDefaults` when left out. Streams that exist keep their limits. */
  readonly storage?: StorageLimits;
  /** How long a removed entry is remembered, milliseconds; shorter than usual only in tests. */
  readonly markerMs?: number;
  /** The kinds of aggregates that it knows: what else is in the log, a later version wrote. All of this version when left out. */
  readonly kinds?: Kinds;
  /** A report could not be read and was parked: how many there are so far. */
  readonly onParked: (count: number) => void;
}

/** Everything a requester reaches through NATS, over one connection. */
export interface NatsRequesterPorts {
  readonly log: EventLog;
  readonly views: ViewStores;
  readonly leases: Leases;
  readonly positions: Positions;
  /** Commands between requesters; answers reach this one under its id. */
  readonly commands: CommandBus;
  readonly reports: ReportQueue;
  readonly bidClient: BidClient;
  readonly logs: LogReader;
  /** What was made and found when the streams were looked at. */
  readonly topology: TopologyReport;
  /** As `scanLog`, from the log's beginning: for a replay. */
  readLog(reader: ScanReader): Promise<number>;
  /** As `newestKnown`: what views and their positions know of the log's end. */
  newestKnown(): Promise<KnownPosition>;
  /** As `lastAcceptedLoss`. */
  acceptedLoss(): Promise<AcceptedLoss | undefined>;
  /** As `readAll`: for comparing with a replay. */
  readAll(bucket: string, reader: BucketReader): Promise<void>;
  /** Makes a bucket again that was deleted; harmless when it is there. Throws as `ensureTopology` does. */
  ensureBucket(bucket: string): Promise<void>;
  /** Makes the bucket into which a node puts results; harmless when it is there. */
  ensureResultsBucket(nodeId: string): Promise<void>;
  /** As `removeResultsBucket`. */
  removeResultsBucket(nodeId: string): Promise<void>;
  /** As `nodesWithResults`. */
  nodesWithResults(): Promise<readonly string[]>;
  /** What a node keeps of results. */
  results(nodeId: string): Promise<Results>;
  /** For measuring and for tools. */
  readonly link: NatsSession;
  /** Says what is still to be said and closes the connection. */
  close(): Promise<void>;
}

/** Connects a requester: looks at the server and its streams, makes what is missing. Throws as `connect` and `ensureTopology` do. */
export async function connectRequester(options: RequesterOptions): Promise<NatsRequesterPorts> {
  const { requesterId, replicas, storage, kinds } = options;
  const link = await connect({ ...options, name: `shoal requester ${requesterId}`, inboxPrefix: requesterInboxPrefix });
  const start = () => ensureTopology(link, { replicas, plan: topologyPlan(storage, kinds) });
  return portsOver(link, options, await startOver(link, options.signal, start));
}

function portsOver(link: NatsSession, options: RequesterOptions, topology: TopologyReport): NatsRequesterPorts {
  const { requesterId, replicas, onParked, storage = storageDefaults, kinds = allKinds } = options;
  const marker = options.markerMs === undefined ? {} : { markerMs: options.markerMs };
  return {
    log: createEventLog(link, kinds),
    views: byBucket(kinds, (bucket) => createViewStore(link, { bucket, ...marker })),
    leases: createLeases(link, requesterId),
    positions: purging(createPositions(link), createReportPurger(link)),
    commands: createCommandBus(link, requesterId),
    reports: createReportQueue(link, onParked),
    bidClient: createBidClient(link),
    logs: createLogReader(link),
    topology,
    readLog: (reader) => scanLog(link, 0, reader),
    newestKnown: () => newestKnown(link, kinds),
    acceptedLoss: () => lastAcceptedLoss(link),
    readAll: (bucket, reader) => readAll(link, bucket, reader),
    async ensureBucket(bucket) {
      const plan = topologyPlan(storage, kinds).filter(({ name }) => name === streamOfBucket(bucket));
      await ensureTopology(link, { replicas, plan });
    },
    ensureResultsBucket: (nodeId) => ensureResultsBucket(link, nodeId, { replicas, maxBytes: storage.resultsBytes }),
    removeResultsBucket: (nodeId) => removeResultsBucket(link, nodeId),
    nodesWithResults: () => nodesWithResults(link),
    results: (nodeId) => openResults(link, nodeId),
    link,
    close: () => link.close(),
  };
}

/** Reports that a stored position has left behind are not needed any more. */
function purging(positions: Positions, purger: ReportPurger): Positions {
  return {
    load: (bucket, shard) => positions.load(bucket, shard),
    async save(bucket, shard, position) {
      const revision = await positions.save(bucket, shard, position);
      if (bucket === buckets.open) purger.decided(shard, position.reportsSeq);
      return revision;
    },
  };
}
