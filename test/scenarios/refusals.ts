import type { Scenario } from "./scenario.ts";

const runs = (RunSeconds: number) => ({ params: { RunSeconds } });
const one = { requesters: ["requester-0"], nodes: { "node-0": 4 } } as const;

/** What is refused, by whom and why. */
export const refusals: readonly Scenario[] = [
  {
    name: "name-is-taken",
    description:
      "a name belongs to one job of its namespace: the same spec is refused, also when the job has ended (ADR 3)",
    ...one,
    acts: [
      [3, { handle: "submit", job: "report", spec: runs(5) }],
      [5, { handle: "submit", job: "report", spec: runs(5) }],
      [10, { handle: "submit", job: "report", spec: runs(5) }],
      [11, { handle: "submit", job: "report", spec: { ...runs(1), namespace: "blue" } }],
    ],
    untilSeconds: 14,
  },
  {
    name: "token-repeats",
    description: "a repeated idempotency token returns the first job; with another spec it is refused (ADR 3)",
    ...one,
    acts: [
      [3, { handle: "submit", job: "once", spec: runs(5), token: "t-1" }],
      [4, { handle: "submit", job: "once", spec: runs(5), token: "t-1" }],
      [5, { handle: "submit", job: "once", spec: runs(60), token: "t-1" }],
    ],
    untilSeconds: 10,
  },
  {
    name: "unknown-job-type",
    description: "a job of a type that this version does not run is refused, and leaves nothing in the log",
    ...one,
    acts: [[3, { handle: "submit", job: "server", spec: runs(5), isOfNextType: true }]],
    untilSeconds: 5,
  },
  {
    name: "ended-job-is-stopped",
    description: "a stop of a completed job is refused; a stop of a stopped job changes nothing",
    ...one,
    acts: [
      [3, { handle: "submit", job: "short", spec: runs(2) }],
      [3, { handle: "submit", job: "long", spec: runs(60) }],
      [7, { handle: "stop", job: "short" }],
      [8, { handle: "stop", job: "long" }],
      [9, { handle: "stop", job: "long" }],
    ],
    untilSeconds: 12,
  },
  {
    name: "unknown-job-is-stopped",
    description: "a stop of a job that was never submitted is refused",
    ...one,
    acts: [[3, { handle: "stop", job: "j-00000000-0000-8000-8000-000000000000" }]],
    untilSeconds: 5,
  },
  {
    name: "too-many-jobs",
    description: "a shard at its limit of open jobs refuses further ones, until one has ended",
    requesters: ["requester-0"],
    nodes: { "node-0": 4 },
    // One for each of the 16 shards.
    settings: { openMax: 16 },
    acts: [
      // Both are in the same shard.
      [3, { handle: "submit", job: "job-0", spec: runs(5) }],
      [4, { handle: "submit", job: "job-6", spec: runs(5) }],
      [10, { handle: "submit", job: "job-6", spec: runs(5) }],
    ],
    untilSeconds: 17,
  },
  {
    name: "foreign-report",
    description: "a report about another node's execution is refused, and changes nothing",
    requesters: ["requester-0"],
    nodes: { "node-0": 4, "node-1": 0.25 },
    logs: ["refused a report"],
    acts: [
      [3, { handle: "submit", job: "mine", spec: { ...runs(5), resources: { cpu: "1" } } }],
      [5, { handle: "report", from: "node-1", job: "mine", execution: "" }],
    ],
    untilSeconds: 10,
  },
  {
    name: "unknown-execution-report",
    description: "a report about an execution that the log does not have is refused, and changes nothing",
    ...one,
    logs: ["refused a report"],
    acts: [
      [3, { handle: "submit", job: "mine", spec: runs(5) }],
      [5, { handle: "report", from: "node-0", job: "mine", execution: "e-00000000-0000-8000-8000-000000000000" }],
    ],
    untilSeconds: 10,
  },
  {
    name: "late-report",
    description: "a report about an execution that has ended is refused: an end is final",
    ...one,
    logs: ["refused a report"],
    acts: [
      [3, { handle: "submit", job: "done", spec: runs(2) }],
      [7, { handle: "report", from: "node-0", job: "done", execution: "" }],
    ],
    untilSeconds: 10,
  },
  {
    name: "no-node-has-the-engine",
    description: "a job whose engine no node has fails at once, and names the reason",
    requesters: ["requester-0"],
    nodes: { "node-0": 4, "node-1": 4 },
    acts: [[3, { handle: "submit", job: "exotic", spec: {}, over: { engine: "wasm" } }]],
    untilSeconds: 5,
  },
  {
    name: "constraint-excludes-nodes",
    description: "a job whose constraint no node's labels meet fails at once, and names the constraint",
    ...one,
    acts: [
      [
        3,
        {
          handle: "submit",
          job: "picky",
          spec: {},
          over: { constraints: [{ key: "pool", operator: "=", values: ["gpu"] }] },
        },
      ],
    ],
    untilSeconds: 5,
  },
  {
    name: "queue-timeout",
    description: "a job that fits no node waits for its queue timeout, and then fails (ADR 7)",
    requesters: ["requester-0"],
    nodes: { "node-0": 2 },
    acts: [
      [
        3,
        {
          handle: "submit",
          job: "large",
          spec: { ...runs(5), resources: { cpu: "6" }, timeouts: { queueTimeout: 20 } },
        },
      ],
    ],
    untilSeconds: 40,
  },
  {
    name: "level-is-too-low",
    description: "what the release before cannot read is refused until the upgrade of the cluster is finished (ADR 22)",
    ...one,
    release: "next",
    acts: [
      [3, { handle: "submit", job: "new", spec: runs(1), isOfNextType: true }],
      [4, { handle: "submit", job: "old", spec: runs(1) }],
    ],
    untilSeconds: 8,
  },
];
