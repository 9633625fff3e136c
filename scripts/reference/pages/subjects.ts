import { kinds, viewBuckets } from "@shoal/core";
import { buckets, shardCount, streams, subjects } from "@shoal/proto";
import { code, table } from "../markdown.ts";
import type { ReferencePage } from "../page.ts";

interface Spoken {
  readonly subject: string;
  readonly summary: string;
}

// One row for each entry of the table of subjects; a missing row is a compile error.
const spoken: Readonly<Record<keyof typeof subjects, Spoken>> = {
  job: { subject: subjects.job("<namespace>", "<jobId>"), summary: "the commits of one job and its executions" },
  node: { subject: subjects.node("<nodeId>"), summary: "the commits of one node's membership" },
  eventsOfShard: { subject: subjects.eventsOfShard(0), summary: "all commits of a shard" },
  eventsOfKind: { subject: subjects.eventsOfKind("<kind>"), summary: "all commits of a kind" },
  allEvents: { subject: subjects.allEvents, summary: "all commits" },
  report: {
    subject: subjects.report("<nodeId>", "<jobId>", "<executionId>"),
    summary: "a node's reports on an execution",
  },
  reportsOfShard: { subject: subjects.reportsOfShard(0), summary: "all reports of a shard" },
  allReports: { subject: subjects.allReports, summary: "all reports" },
  log: { subject: subjects.log("<nodeId>", "<executionId>"), summary: "the output of an execution" },
  allLogs: { subject: subjects.allLogs, summary: "the output of all executions" },
  parked: { subject: subjects.parked(0), summary: "messages of a shard that no requester could read, with the reason" },
  allParked: { subject: subjects.allParked, summary: "all parked messages" },
  ask: { subject: subjects.ask("<nodeId>"), summary: "asks a node for bids" },
  confirm: {
    subject: subjects.confirm("<nodeId>"),
    summary: "a node asks whether executions are still assigned to it",
  },
  upload: {
    subject: subjects.upload("<nodeId>"),
    summary: "a node asks where it may store the result of an execution that it holds",
  },
  confirmed: {
    subject: `${subjects.confirmed("<nodeId>")}.>`,
    summary: "replies to confirm, upload and secrets: one subject for each request",
  },
  secrets: {
    subject: subjects.secrets("<nodeId>"),
    summary: "a node asks for the secrets of an execution that it is about to start",
  },
  heartbeat: { subject: subjects.heartbeat("<nodeId>"), summary: "a node is alive, and its free room" },
  command: { subject: subjects.command(0), summary: "commands for aggregates of a shard, for its owner" },
  commandDone: {
    subject: `${subjects.commandDone("<requesterId>")}.>`,
    summary: "the owner's replies to commands: one subject for each command",
  },
  queue: {
    subject: subjects.queue("<requesterId>"),
    summary: "what waits in a requester's queues and uses a quota, every second, for the other requesters",
  },
  allLive: {
    subject: subjects.allLive,
    summary: "each commit as it is stored, republished by the server under the tokens after `shoal.evt`",
  },
};

/** Every subject, stream and bucket. */
export const subjectsPage: ReferencePage = {
  file: "subjects.md",
  title: "Subjects, streams and buckets",
  summary: "every subject that Shoal uses, its streams and its buckets",
  from: "libs/proto/src/subjects.ts",
  body: () =>
    [
      `\`<shard>\` is 0 to ${shardCount - 1} and follows from the id of the job or node.`,
      table(
        ["name", "subject", "carries"],
        Object.entries(spoken).map(([name, { subject, summary }]) => [code(name), code(withShard(subject)), summary]),
      ),
      "## Streams",
      Object.values(streams).map(code).join(", "),
      "## Buckets",
      table(
        ["bucket", "keys"],
        [...viewBuckets(kinds), { name: buckets.shards, keys: "<shard>" }].map(({ name, keys }) => [
          code(name),
          code(keys),
        ]),
      ),
    ].join("\n\n"),
};

// The table's functions compute the shard from the id; for a placeholder that number has no meaning.
function withShard(subject: string): string {
  return subject.replace(/^shoal\.(evt|rpt|parked)\.\d+/, "shoal.$1.<shard>");
}
