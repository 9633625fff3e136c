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
  type QueueSummaries,
  type ReportQueue,
  type UploadServer,
  type ViewStores,
} from "@shoal/core";
import { buckets } from "@shoal/proto";
import { createBidClient } from "./bidding/bid-client.ts";
import { answerNodes, uploadRequests } from "./bidding/node-requests.ts";
import { createCommandBus } from "./command-bus.ts";
import { type ConnectOptions, connect } from "./connection/connect.ts";
import type { NatsSession } from "./connection/nats-session.ts";
import { startOver } from "./connection/stopping.ts";
import { createEventLog } from "./event-log/event-log.ts";
import { type ScanReader, scanLog } from "./event-log/scan.ts";
import { createLeases } from "./leases/leases.ts";
import { createLogReader } from "./logs/log-reader.ts";
import { createPositions } from "./positions.ts";
import { createQueueSummaries } from "./queue-summaries.ts";
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

/** Options of a requester's connection. */
export interface RequesterOptions extends Omit<ConnectOptions, "name" | "inboxPrefix"> {
  /** A token of keys and commits. */
  readonly requesterId: string;
  /** Replicas of every stream: 1, or 3 on a cluster. */
  readonly replicas: number;
  /** Storage limits of the other streams; `storageDefaults` when left out. Existing streams keep their limits. */
  readonly storage?: StorageLimits;
  /** Time to live of removal markers, in milliseconds; shorter than the default only in tests. */
  readonly markerMs?: number;
  /** The known kinds of aggregates; all kinds of this version when left out. Other kinds in the log are of a later version. */
  readonly kinds?: Kinds;
  /** Called when an unreadable report was parked, with the number so far. */
  readonly onParked: (count: number) => void;
}

/** A requester's ports over one NATS connection. */
export interface NatsRequesterPorts {
  readonly log: EventLog;
  readonly views: ViewStores;
  readonly leases: Leases;
  readonly positions: Positions;
  /** Commands between requesters; replies reach this one under its id. */
  readonly commands: CommandBus;
  readonly reports: ReportQueue;
  readonly bidClient: BidClient;
  readonly uploads: UploadServer;
  readonly summaries: QueueSummaries;
  readonly logs: LogReader;
  /** Result of the topology check at the start. */
  readonly topology: TopologyReport;
  /** Reads the log from its start, as `scanLog` does: for a replay. */
  readLog(reader: ScanReader): Promise<number>;
  /** As `newestKnown`: the latest position of the log in any view. */
  newestKnown(): Promise<KnownPosition>;
  /** As `lastAcceptedLoss`. */
  acceptedLoss(): Promise<AcceptedLoss | undefined>;
  /** As `readAll`: for a comparison with a replay. */
  readAll(bucket: string, reader: BucketReader): Promise<void>;
  /** Creates a bucket that was deleted; no effect when it exists. Throws as `ensureTopology` does. */
  ensureBucket(bucket: string): Promise<void>;
  /** Creates a node's results bucket; no effect when it exists. */
  ensureResultsBucket(nodeId: string): Promise<void>;
  /** As `removeResultsBucket`. */
  removeResultsBucket(nodeId: string): Promise<void>;
  /** As `nodesWithResults`. */
  nodesWithResults(): Promise<readonly string[]>;
  /** Opens a node's results bucket. */
  results(nodeId: string): Promise<Results>;
  /** For measurements and tools. */
  readonly session: NatsSession;
  /** Flushes and closes the connection. */
  close(): Promise<void>;
}

/** Connects a requester, checks the server and its streams, creates missing ones. Throws as `connect` and `ensureTopology` do. */
export async function connectRequester(options: RequesterOptions): Promise<NatsRequesterPorts> {
  const { requesterId, replicas, storage, kinds } = options;
  const session = await connect({
    ...options,
    name: `shoal requester ${requesterId}`,
    inboxPrefix: requesterInboxPrefix,
  });
  const start = () => ensureTopology(session, { replicas, plan: topologyPlan(storage, kinds) });
  return portsOver(session, options, await startOver(session, options.signal, start));
}

function portsOver(session: NatsSession, options: RequesterOptions, topology: TopologyReport): NatsRequesterPorts {
  const { requesterId, replicas, onParked, storage = storageDefaults, kinds = allKinds } = options;
  const marker = options.markerMs === undefined ? {} : { markerMs: options.markerMs };
  return {
    log: createEventLog(session, kinds),
    views: byBucket(kinds, (bucket) => createViewStore(session, { bucket, ...marker })),
    leases: createLeases(session, requesterId),
    positions: purging(createPositions(session), createReportPurger(session)),
    commands: createCommandBus(session, requesterId),
    reports: createReportQueue(session, onParked),
    bidClient: createBidClient(session),
    uploads: { onUpload: (answer) => answerNodes(session, uploadRequests, answer) },
    summaries: createQueueSummaries(session),
    logs: createLogReader(session),
    topology,
    readLog: (reader) => scanLog(session, 0, reader),
    newestKnown: () => newestKnown(session, kinds),
    acceptedLoss: () => lastAcceptedLoss(session),
    readAll: (bucket, reader) => readAll(session, bucket, reader),
    async ensureBucket(bucket) {
      const plan = topologyPlan(storage, kinds).filter(({ name }) => name === streamOfBucket(bucket));
      await ensureTopology(session, { replicas, plan });
    },
    ensureResultsBucket: (nodeId) => ensureResultsBucket(session, nodeId, { replicas, maxBytes: storage.resultsBytes }),
    removeResultsBucket: (nodeId) => removeResultsBucket(session, nodeId),
    nodesWithResults: () => nodesWithResults(session),
    results: (nodeId) => openResults(session, nodeId),
    session,
    close: () => session.close(),
  };
}

/** Purges the reports before a stored position. */
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
