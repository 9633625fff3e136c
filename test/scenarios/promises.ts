import type { Scenario } from "./scenario.ts";

const runs = (RunSeconds: number) => ({ params: { RunSeconds } });
const cpu = (cores: string) => ({ resources: { cpu: cores } });
const one = { requesters: ["requester-0"], nodes: { "node-0": 4 } } as const;

/** The promises of the decisions in docs/adr. */
export const promises: readonly Scenario[] = [
  {
    name: "small-before-large",
    description: "a small job starts on room that the large one before it cannot use (ADR 17)",
    ...one,
    acts: [
      [3, { handle: "submit", job: "running", spec: { ...runs(10), ...cpu("3") } }],
      [4, { handle: "submit", job: "large", spec: { ...runs(2), ...cpu("4") } }],
      [5, { handle: "submit", job: "small", spec: { ...runs(2), ...cpu("1") } }],
    ],
    untilSeconds: 20,
  },
  {
    name: "large-job-reserves",
    description: "a large job that has waited for long enough reserves the room of one node (ADR 17)",
    ...one,
    settings: { reserveAfterMs: 10_000 },
    acts: [
      [3, { handle: "submit", job: "small-1", spec: { ...runs(40), ...cpu("2") } }],
      [3, { handle: "submit", job: "small-2", spec: { ...runs(60), ...cpu("2") } }],
      [4, { handle: "submit", job: "large", spec: { ...runs(5), ...cpu("4") } }],
      [45, { handle: "submit", job: "small-3", spec: { ...runs(40), ...cpu("2") } }],
    ],
    untilSeconds: 130,
  },
  {
    name: "higher-priority-preempts",
    description:
      "a job of high priority ends as few executions of low priority as it needs, here of another requester's jobs, and these are placed again (ADR 27)",
    requesters: ["requester-0", "requester-1"],
    nodes: { "node-0": 4 },
    settings: { preemption: true },
    acts: [
      [3, { handle: "submit", job: "low-1", spec: { ...runs(20), ...cpu("1"), priority: 10 } }],
      [3.2, { handle: "submit", job: "low-2", spec: { ...runs(20), ...cpu("1"), priority: 10 } }],
      [3.4, { handle: "submit", job: "middle", spec: { ...runs(30), ...cpu("2"), priority: 45 } }],
      [6, { handle: "submit", job: "high", spec: { ...runs(10), ...cpu("1"), priority: 50 } }],
      [6.1, { handle: "submit", job: "rival", spec: { ...runs(5), ...cpu("1"), priority: 19 } }],
      [10, { handle: "explain", job: "high" }],
      [10.1, { handle: "explain", job: "low-2" }],
    ],
    untilSeconds: 60,
  },
  {
    name: "namespaces-take-turns",
    description: "jobs of equal priority get room by turns of their namespaces, not by age alone (ADR 17)",
    requesters: ["requester-0"],
    nodes: { "node-0": 1 },
    acts: [
      [3, { handle: "submit", job: "running", spec: { ...runs(5), ...cpu("1") } }],
      [4, { handle: "submit", job: "red-1", spec: { ...runs(2), ...cpu("1"), namespace: "red" } }],
      [4.1, { handle: "submit", job: "red-2", spec: { ...runs(2), ...cpu("1"), namespace: "red" } }],
      [4.2, { handle: "submit", job: "red-3", spec: { ...runs(2), ...cpu("1"), namespace: "red" } }],
      [5, { handle: "submit", job: "blue-1", spec: { ...runs(2), ...cpu("1"), namespace: "blue" } }],
    ],
    untilSeconds: 20,
  },
  {
    name: "effect-survives-its-sender",
    description: "an effect is data in the log: when its owner is dead, the next one delivers it, once (ADR 18)",
    requesters: ["requester-0", "requester-1"],
    nodes: {},
    release: "current",
    acts: [
      [3, { handle: "kill", whom: "requester-1" }],
      [4, { handle: "start-errand", errand: "parent", children: [{ errand: "child", runSeconds: 10 }] }],
    ],
    untilSeconds: 40,
  },
  {
    name: "effect-is-refused",
    description: "a refused effect is recorded at its sender, which then settles without it (ADR 18)",
    requesters: ["requester-0"],
    nodes: {},
    release: "current",
    acts: [
      [3, { handle: "start-errand", errand: "parent", children: [{ errand: "child", runSeconds: 1, refuses: true }] }],
    ],
    untilSeconds: 6,
  },
  {
    name: "ended-before-settled",
    description: "a job is stopped at once, also when its node does not answer; its execution ends later (ADR 18)",
    ...one,
    acts: [
      [3, { handle: "submit", job: "long", spec: runs(600) }],
      [6, { handle: "disconnect", whom: "node-0", forSeconds: 8 }],
      [7, { handle: "stop", job: "long" }],
    ],
    untilSeconds: 30,
  },
  {
    name: "assignments-are-deleted",
    description: "the absence of an assignment is not an order: work continues when the bucket is deleted (ADR 21)",
    ...one,
    acts: [
      [3, { handle: "submit", job: "work", spec: runs(40) }],
      [6, { handle: "delete-bucket", bucket: "assignments" }],
    ],
    untilSeconds: 60,
  },
  {
    name: "assignments-come-back",
    description: "an assignment that comes back after its end starts nothing: the node asks first (ADR 21)",
    ...one,
    acts: [
      [3, { handle: "submit", job: "done", spec: runs(2) }],
      [30, { handle: "restore-assignments" }],
    ],
    untilSeconds: 60,
  },
  {
    name: "stop-by-id",
    description: "a job is stopped by its id alone, in any namespace, through any requester (ADR 20)",
    requesters: ["requester-0", "requester-1"],
    nodes: { "node-0": 4 },
    acts: [
      [3, { handle: "submit", job: "red", spec: { ...runs(60), namespace: "red" } }],
      [3, { handle: "submit", job: "blue", spec: { ...runs(60), namespace: "blue" } }],
      [6, { handle: "stop", job: "red", via: "requester-0" }],
      [6, { handle: "stop", job: "blue", via: "requester-0" }],
      [7, { handle: "stop", job: "red", via: "requester-1" }],
      [7, { handle: "stop", job: "blue", via: "requester-1" }],
    ],
    untilSeconds: 10,
  },
  {
    name: "unreadable-job",
    description:
      "a job whose log cannot be read is quarantined: nothing is decided about it, and other jobs run (ADR 13)",
    ...one,
    logs: ["quarantined an aggregate", "refused a report"],
    acts: [
      [3, { handle: "submit", job: "later", spec: runs(4) }],
      [5, { handle: "append-unreadable", job: "later" }],
      [6, { handle: "stop", job: "later" }],
      [6, { handle: "submit", job: "other", spec: runs(2) }],
    ],
    untilSeconds: 10,
  },
];
