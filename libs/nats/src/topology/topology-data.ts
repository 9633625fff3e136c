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
  readonly allowRollup: boolean;
  readonly allowMessageTtl: boolean;
  /** 0: an entry whose time is up vanishes without a word. */
  readonly markerMs: number;
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
  allowRollup: false,
  allowMessageTtl: false,
  markerMs: 0,
} as const;

/** A bucket is a stream of a fixed form: one message for each key, the latest. */
function bucket(name: string, markerTime = 0): StreamPlan {
  return {
    ...plain,
    name: `KV_${name}`,
    subjects: [`$KV.${name}.>`],
    maxMsgsPerSubject: 1,
    discard: "new",
    denyDelete: true,
    allowRollup: true,
    allowMessageTtl: true,
    markerMs: markerTime,
  };
}

/** Every stream and bucket of a cluster. All are kept in files, with limits retention, readable from every replica. */
export const topologyPlan: readonly StreamPlan[] = [
  // The truth: nothing is ever dropped from it, by age, by size or by hand.
  { ...plain, name: streams.events, subjects: [subjects.allEvents], discard: "new", denyDelete: true },
  {
    ...plain,
    name: streams.reports,
    subjects: [subjects.allReports],
    // A report is worked off in milliseconds; a day bridges an outage of all requesters.
    maxAgeMs: day,
    // About an hour at a thousand jobs a second with three reports each, and some 4 GiB.
    maxMsgs: 10_000_000,
  },
  {
    ...plain,
    name: streams.logs,
    subjects: [subjects.allLogs],
    // Output is shed before anything else: what a person reads of one execution, and what any disk can spare.
    maxMsgsPerSubject: 10_000,
    maxBytes: 256 * mebibyte,
    maxAgeMs: day,
  },
  // What nobody could read, for somebody to look at: a month of it, at most this many.
  { ...plain, name: streams.parked, subjects: [subjects.allParked], maxMsgs: 10_000, maxAgeMs: 30 * day },
  bucket(buckets.jobs),
  bucket(buckets.executions),
  bucket(buckets.nodes),
  bucket(buckets.assignments),
  bucket(buckets.checkpoints),
  bucket(buckets.shards, leaseMarkerMs),
];
