import { drills } from "./drills.ts";
import { jobTypes } from "./job-types.ts";
import { nodeLife } from "./node-life.ts";
import { promises } from "./promises.ts";
import { refusals } from "./refusals.ts";
import type { Scenario } from "./scenario.ts";

const args = (RunSeconds: number) => ({ params: { RunSeconds } });
const cores = (cpu: string) => ({ resources: { cpu } });

const basics: readonly Scenario[] = [
  {
    name: "two-partitions",
    description: "a job of two partitions runs on two nodes",
    requesters: ["requester-0"],
    nodes: { "node-0": 4, "node-1": 4 },
    acts: [[3, { handle: "submit", job: "pair", spec: { count: 2, ...args(5) } }]],
    untilSeconds: 12,
  },
  {
    name: "node-dies",
    description: "the executions of a failed node are retried on other nodes",
    requesters: ["requester-0"],
    nodes: { "node-0": 4, "node-1": 4 },
    acts: [
      [3, { handle: "submit", job: "pair", spec: { count: 2, ...args(20) } }],
      [8, { handle: "kill", whom: "node-1" }],
    ],
    untilSeconds: 60,
  },
  {
    name: "requester-dies",
    description: "another requester takes over the jobs of a failed one",
    requesters: ["requester-0", "requester-1"],
    nodes: { "node-0": 4 },
    acts: [
      [3, { handle: "submit", job: "first", spec: args(12) }],
      [3, { handle: "submit", job: "second", spec: args(12) }],
      [3, { handle: "submit", job: "third", spec: args(12) }],
      [6, { handle: "kill", whom: "requester-0" }],
    ],
    untilSeconds: 30,
  },
  {
    name: "waits-for-a-node",
    description: "a job without a suitable node waits up to its queue timeout, and starts when such a node joins",
    requesters: ["requester-0"],
    nodes: { "node-0": 2, "node-1": 8 },
    acts: [
      [3, { handle: "submit", job: "large", spec: { ...args(5), ...cores("6"), timeouts: { queueTimeout: 60 } } }],
      [20, { handle: "start", whom: "node-1" }],
    ],
    untilSeconds: 30,
  },
  {
    name: "fits-nowhere",
    description: "a job without a suitable node and without a queue timeout fails at once, with every reason",
    requesters: ["requester-0"],
    nodes: { "node-0": 2, "node-1": 4 },
    acts: [[3, { handle: "submit", job: "huge", spec: { ...args(5), ...cores("64") } }]],
    untilSeconds: 6,
  },
  {
    name: "waits-for-room",
    description: "queued jobs get free room by priority",
    requesters: ["requester-0"],
    nodes: { "node-0": 1 },
    acts: [
      [3, { handle: "submit", job: "now", spec: { ...args(4), ...cores("1") } }],
      [4, { handle: "submit", job: "low", spec: { ...args(4), ...cores("1") } }],
      [5, { handle: "submit", job: "high", spec: { ...args(4), ...cores("1"), priority: 10 } }],
    ],
    untilSeconds: 20,
  },
  {
    name: "fails-again-and-again",
    description: "a failing task is retried with growing delays, up to a limit",
    requesters: ["requester-0"],
    nodes: { "node-0": 4, "node-1": 4 },
    acts: [[3, { handle: "submit", job: "broken", spec: { params: { FailWith: "the disk is full" } } }]],
    untilSeconds: 120,
  },
  {
    name: "takes-too-long",
    description: "a job that exceeds its time limit is ended",
    requesters: ["requester-0"],
    nodes: { "node-0": 4 },
    acts: [
      [
        3,
        { handle: "submit", job: "slow", spec: { ...args(60), timeouts: { executionTimeout: 2, totalTimeout: 10 } } },
      ],
    ],
    untilSeconds: 30,
  },
  {
    name: "is-stopped",
    description: "a running job is stopped",
    requesters: ["requester-0"],
    nodes: { "node-0": 4 },
    acts: [
      [3, { handle: "submit", job: "long", spec: args(600) }],
      [8, { handle: "stop", job: "long" }],
    ],
    untilSeconds: 12,
  },
];

/** Every scenario. A new one is an entry in a list; `npm test -- test/scenarios -u` writes its transcript: read it before you commit it. */
export const scenarios: readonly Scenario[] = [
  ...basics,
  ...refusals,
  ...jobTypes,
  ...nodeLife,
  ...drills,
  ...promises,
];
