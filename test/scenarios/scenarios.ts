import type { Scenario } from "./scenario.ts";

const args = (RunSeconds: number) => ({ params: { RunSeconds } });
const cores = (cpu: string) => ({ resources: { cpu } });

/** Every play. A new one is an entry here; `npx vitest run test/scenarios -u` writes its transcript, to be read before it is kept. */
export const scenarios: readonly Scenario[] = [
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
    description: "what ran on a node that died is tried again elsewhere",
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
    description: "another requester goes on with the jobs of one that died",
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
    description: "a job that no known node fits waits as long as it may, and starts when one comes",
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
    description: "a job that no node fits and that does not want to wait fails at once, with every reason",
    requesters: ["requester-0"],
    nodes: { "node-0": 2, "node-1": 4 },
    acts: [[3, { handle: "submit", job: "huge", spec: { ...args(5), ...cores("64") } }]],
    untilSeconds: 6,
  },
  {
    name: "waits-for-room",
    description: "who waits for room gets it by priority",
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
    description: "a task that fails is tried again, later each time, and then given up",
    requesters: ["requester-0"],
    nodes: { "node-0": 4, "node-1": 4 },
    acts: [[3, { handle: "submit", job: "broken", spec: { params: { FailWith: "the disk is full" } } }]],
    untilSeconds: 120,
  },
  {
    name: "takes-too-long",
    description: "a job that takes too long is ended",
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
    description: "a job is stopped while it runs",
    requesters: ["requester-0"],
    nodes: { "node-0": 4 },
    acts: [
      [3, { handle: "submit", job: "long", spec: args(600) }],
      [8, { handle: "stop", job: "long" }],
    ],
    untilSeconds: 12,
  },
];
