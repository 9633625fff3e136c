import { type BucketDefinition, type Kinds, kinds, viewBuckets } from "@shoal/core";
import { buckets, streams, subjects } from "@shoal/proto";

const second = 1_000;
const minute = 60 * second;
const hour = 60 * minute;
const day = 24 * hour;
const mebibyte = 1_048_576;

/** How long a removed entry is remembered, so that a late older write cannot bring it back: six times the publisher's patience. */
export const markerMs = minute;

/** How long the end of a lease stays visible to watchers: the shortest that the server knows. */
export const leaseMarkerMs = second;

/** One stream as Shoal wants it. Sizes in bytes, durations in milliseconds, -1 and 0 for "no limit" as the server has it. */
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
  /** 0: an entry whose time is up vanishes without a word. */
  readonly markerMs: number;
  /** How its files are written. Limits count what is stored before compression. */
  readonly compression: "none" | "s2";
  /** The server publishes each message again, for those who listen live: from its subject to another that ends alike. */
  readonly republish?: { readonly src: string; readonly dest: string };
}

const plain = {
  maxMsgs: -1,
  maxMsgsPerSubject: -1,
  maxBytes: -1,
  maxAgeMs: 0,
  discard: "old",
  // The server's default; a retry within it is recognised on every kind of stream.
  duplicateWindowMs: 2 * minute,
  denyDelete: false,
  denyPurge: false,
  allowRollup: false,
  allowMessageTtl: false,
  markerMs: 0,
  compression: "none",
} as const;

/** A bucket is a stream of a fixed form: one message for each key, the latest. */
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

/** What may be stored beside the log, in bytes: the server sets this room aside, and nothing of it is taken from the log. */
export interface StorageLimits {
  /** Reports that have not been decided on. */
  readonly reportsBytes: number;
  /** Output of executions. */
  readonly logsBytes: number;
  /** Results of each node that publishes into the object store. */
  readonly resultsBytes: number;
}

/** The limits when nobody asks for others. */
export const storageDefaults: StorageLimits = {
  // 600,000 reports of some 400 bytes on disk: minutes at the fastest rate measured, and without a requester nothing new begins.
  reportsBytes: 256 * mebibyte,
  // What any disk can spare: output is shed before anything else.
  logsBytes: 256 * mebibyte,
  // Twenty nodes fit on a small disk; larger results belong into a store of their own.
  resultsBytes: 1024 * mebibyte,
};

/** What is kept of a message that cannot be read: enough to see what it was meant to be. */
export const parkedHeadBytes = 4_096;

const parkedMax = 10_000;
// Headers and the server's own overhead beside a head: about 400 bytes (measured), and room for long subjects.
const parkedExtraBytes = 2_048;

/** Every stream of a cluster, and a bucket for each view of its kinds. All are kept in files, with limits retention, readable from every replica. */
export const topologyPlan = (storage: StorageLimits = storageDefaults, known: Kinds = kinds): readonly StreamPlan[] => [
  // The truth: nothing is ever dropped from it, by age, by size or by hand.
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
    // Refused and said again when there is no room, never dropped: what one node floods would displace what others reported.
    discard: "new",
    // A report is worked off in milliseconds and purged by its owner; a day bridges an outage of all requesters.
    maxAgeMs: day,
    maxMsgs: 10_000_000,
    maxBytes: storage.reportsBytes,
  },
  {
    ...plain,
    name: streams.logs,
    subjects: [subjects.allLogs],
    // Output is shed before anything else: what a person reads of one execution.
    maxMsgsPerSubject: 10_000,
    maxBytes: storage.logsBytes,
    maxAgeMs: day,
  },
  // What nobody could read, for a person to look at: a month of it, at most this many, of each the head.
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
