import { shardOf } from "./ids.ts";

/** The identity of an aggregate, as its subject has it. */
export interface AggregateRef {
  /** The name of a kind: `job`, `node`. */
  readonly kind: string;
  /** Empty for a kind without namespaces, such as a node. */
  readonly namespace: string;
  readonly id: string;
}

/** The streams, by name. */
export const streams = { events: "EVENTS", reports: "REPORTS", logs: "LOGS", parked: "PARKED" } as const;

/** The buckets, by name. */
export const buckets = {
  jobs: "jobs",
  nodes: "nodes",
  assignments: "assignments",
  /** Every aggregate that is not settled, whatever its kind, and every quarantined one. */
  open: "open",
  secrets: "secrets",
  shards: "shards",
} as const;

/** The object store bucket that only this node may write. */
export const resultsBucketOf = (nodeId: string): string => `results-${nodeId}`;

/** Every subject that Shoal uses. `*` may replace any argument. */
export const subjects = {
  job: (namespace: string, jobId: string, shard: number | "*" = shardOf(jobId)) =>
    `shoal.evt.${shard}.job.${namespace}.${jobId}`,
  node: (nodeId: string, shard: number | "*" = shardOf(nodeId)) => `shoal.evt.${shard}.node.${nodeId}`,
  eventsOfShard: (shard: number) => `shoal.evt.${shard}.>`,
  eventsOfKind: (kind: string) => `shoal.evt.*.${kind}.>`,
  allEvents: "shoal.evt.>",
  report: (nodeId: string, jobId: string, executionId: string) =>
    `shoal.rpt.${shardOf(jobId)}.${nodeId}.${jobId}.${executionId}`,
  reportsOfShard: (shard: number) => `shoal.rpt.${shard}.>`,
  allReports: "shoal.rpt.>",
  log: (nodeId: string, executionId: string) => `shoal.log.${nodeId}.${executionId}`,
  allLogs: "shoal.log.>",
  parked: (shard: number) => `shoal.parked.${shard}`,
  allParked: "shoal.parked.>",
  ask: (nodeId: string) => `shoal.ask.${nodeId}`,
  confirm: (nodeId: string) => `shoal.confirm.${nodeId}`,
  upload: (nodeId: string) => `shoal.upload.${nodeId}`,
  /** Answers to `confirm`, `upload` and `secrets`, one token below: requesters may not publish to inboxes. */
  confirmed: (nodeId: string) => `shoal.confirmed.${nodeId}`,
  /** A node asks for the secrets of an execution; the answer comes as those to `confirm` do. */
  secrets: (nodeId: string) => `shoal.secrets.${nodeId}`,
  heartbeat: (nodeId: string) => `shoal.hb.${nodeId}`,
  /** Commands for aggregates of a shard, for its owner. */
  command: (shard: number) => `shoal.cmd.${shard}`,
  /** The owner's answers, one token below: requesters may not publish to inboxes. */
  commandDone: (requesterId: string) => `shoal.done.${requesterId}`,
  /** What waits in a requester's queues, for the other requesters. */
  queue: (requesterId: string) => `shoal.queue.${requesterId}`,
  /** Where the server republishes each commit as it is stored, under the tokens after `shoal.evt`. */
  allLive: "shoal.live.>",
} as const;

/** The subject of an aggregate's commits. */
export function subjectOf(aggregate: AggregateRef): string {
  const { kind, namespace, id } = aggregate;
  return `${eventsPrefix}${shardOf(id)}.${kind}.${namespace === "" ? "" : `${namespace}.`}${id}`;
}

const eventsPrefix = "shoal.evt.";

/** Parses an aggregate's subject; undefined when the subject is not one. */
export function aggregateOf(subject: string): AggregateRef | undefined {
  if (!subject.startsWith(eventsPrefix)) return undefined;
  // Parsed without a list of tokens: a replay reads millions.
  const shardEnd = subject.indexOf(".", eventsPrefix.length);
  const kindEnd = subject.indexOf(".", shardEnd + 1);
  if (shardEnd === -1 || kindEnd === -1) return undefined;
  const kind = subject.slice(shardEnd + 1, kindEnd);
  const firstEnd = subject.indexOf(".", kindEnd + 1);
  if (firstEnd === -1) return { kind, namespace: "", id: subject.slice(kindEnd + 1) };
  if (subject.includes(".", firstEnd + 1)) return undefined;
  return { kind, namespace: subject.slice(kindEnd + 1, firstEnd), id: subject.slice(firstEnd + 1) };
}

/** The shard in an aggregate's subject; NaN when it has none. */
export function shardIn(subject: string): number {
  return Number.parseInt(subject.slice(eventsPrefix.length), 10);
}

/** The node, job and execution in a report's subject; undefined when the subject is not a report's. */
export function reporterOf(subject: string): { nodeId: string; jobId: string; executionId: string } | undefined {
  const [shoal, rpt, , nodeId, jobId, executionId, ...rest] = subject.split(".");
  if (shoal !== "shoal" || rpt !== "rpt" || rest.length > 0) return undefined;
  if (nodeId === undefined || jobId === undefined || executionId === undefined) return undefined;
  return { nodeId, jobId, executionId };
}
