import { type BucketDefinition, type Kinds, kinds, viewBuckets } from "@shoal/core";
import { buckets, streams, subjects } from "@shoal/proto";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const mebibyte = 1_048_576;

/** Time to live of removal markers, so that a late older write cannot restore the entry: about six times the append window. */
export const markerMs = minute;

/** Time to live of the marker of an expired lease: the server's minimum. */
export const leaseMarkerMs = second;

/** The planned configuration of a stream. Sizes in bytes, durations in milliseconds; "no limit" is -1 or 0, as in the server. */
export interface StreamPlan {
  readonly name: string;
  readonly subjects: readonly string[];
  readonly maxMsgs: number;
  readonly maxMsgsPerSubject: number;
  readonly maxBytes: number;
  readonly maxAgeMs: number;
  readonly discard: "old" | "new";
  readonly duplicateWindowMs: number;
  readonly denyDelete: boolean;
  readonly denyPurge: boolean;
  readonly allowRollup: boolean;
  readonly allowMessageTtl: boolean;
  /** 0: an expired entry leaves no marker. */
  readonly markerMs: number;
  /** Compression of the files. Limits apply to the size before compression. */
  readonly compression: "none" | "s2";
  /** The server republishes each message for live subscribers: from its subject to another with the same ending. */
  readonly republish?: { readonly src: string; readonly dest: string };
}

const plain = {
  maxMsgs: -1,
  maxMsgsPerSubject: -1,
  maxBytes: -1,
  maxAgeMs: 0,
  discard: "old",
  // The server's default. A retry within it is recognized as a duplicate on every stream.
  duplicateWindowMs: 2 * minute,
  denyDelete: false,
  denyPurge: false,
  allowRollup: false,
  allowMessageTtl: false,
  markerMs: 0,
  compression: "none",
} as const;

/** A bucket is a stream that stores the latest message of each key. */
function bucketPlan({ name, maxBytes }: Omit<BucketDefinition, "keys">, markerTime = 0): StreamPlan {
  return {
    ...plain,
    name: `KV_${name}`,
    subjects: [`$KV.${name}.>`],
    maxMsgsPerSubject: 1,
    maxBytes: maxBytes ?? plain.maxBytes,
    discard: "new",
    denyDelete: true,
    allowRollup: true,
    allowMessageTtl: true,
    markerMs: markerTime,
  };
}

/** Storage limits of the other streams, in bytes: the server reserves this space, so that it does not reduce the log's. */
export interface StorageLimits {
  /** Reports that have not been decided on. */
  readonly reportsBytes: number;
  /** The output of executions. */
  readonly logsBytes: number;
  /** The results of each node that publishes into the object store. */
  readonly resultsBytes: number;
}

/** The default limits. */
export const storageDefaults: StorageLimits = {
  // 600,000 reports of about 400 bytes on disk: minutes at the fastest rate measured. Without a requester no execution starts.
  reportsBytes: 256 * mebibyte,
  // Small enough for any disk: output is shed before other data.
  logsBytes: 256 * mebibyte,
  // Twenty nodes fit on a small disk; larger results belong into a separate store.
  resultsBytes: 1024 * mebibyte,
};

/** The part of an unreadable message that is stored: enough to recognize it. */
export const parkedHeadBytes = 4_096;

const parkedMax = 10_000;
// Headers and the server's overhead per message: about 400 bytes (measured), and space for long subjects.
const parkedExtraBytes = 2_048;

/**
 * Every stream of a cluster, and a bucket for each view of its kinds. All use file storage, limits retention and direct gets from
 * every replica.
 */
export const topologyPlan = (storage: StorageLimits = storageDefaults, known: Kinds = kinds): readonly StreamPlan[] => [
  // The event log: messages are never removed, by age, by size or by hand.
  {
    ...plain,
    name: streams.events,
    subjects: [subjects.allEvents],
    discard: "new",
    denyDelete: true,
    denyPurge: true,
    // Commits of JSON shrink to two fifths of their size.
    compression: "s2",
    republish: { src: subjects.allEvents, dest: subjects.allLive },
  },
  {
    ...plain,
    name: streams.reports,
    subjects: [subjects.allReports],
    // A full stream refuses reports, and nodes retry them. With "old" a node that floods it would displace other nodes' reports.
    discard: "new",
    // A report is processed in milliseconds and purged by its owner; a day covers an outage of all requesters.
    maxAgeMs: day,
    maxMsgs: 10_000_000,
    maxBytes: storage.reportsBytes,
  },
  {
    ...plain,
    name: streams.logs,
    subjects: [subjects.allLogs],
    // Output is shed before other data: this is what a person reads of one execution.
    maxMsgsPerSubject: 10_000,
    maxBytes: storage.logsBytes,
    maxAgeMs: day,
  },
  // Heads of unreadable messages for an operator to inspect: limited in age and number.
  {
    ...plain,
    name: streams.parked,
    subjects: [subjects.allParked],
    maxMsgs: parkedMax,
    maxBytes: parkedMax * (parkedHeadBytes + parkedExtraBytes),
    maxAgeMs: 30 * day,
  },
  ...viewBuckets(known).map((bucket) => bucketPlan(bucket)),
  bucketPlan({ name: buckets.shards }, leaseMarkerMs),
];
