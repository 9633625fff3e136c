import type { Scenario } from "./scenario.ts";

const takes = (RunSeconds: number) => ({ params: { RunSeconds } });
const cores = (cpu: string) => ({ resources: { cpu } });

/** Every play. A new one is an entry here; `npx vitest run test/scenarios -u` writes its transcript, to be read before it is kept. */
export const scenarios: readonly Scenario[] = [
  {
    name: "two-partitions",
    shows: "a job of two partitions runs on two nodes",
    requesters: ["requester-0"],
    nodes: { "node-0": 4, "node-1": 4 },
    acts: [[3, { does: "submit", job: "pair", spec: { count: 2, ...takes(5) } }]],
    untilSeconds: 12,
  },
  {
    name: "node-dies",
    shows: "what ran on a node that died is tried again elsewhere",
    requesters: ["requester-0"],
    nodes: { "node-0": 4, "node-1": 4 },
    acts: [
      [3, { does: "submit", job: "pair", spec: { count: 2, ...takes(20) } }],
      [8, { does: "kill", whom: "node-1" }],
    ],
    untilSeconds: 60,
  },
  {
    name: "requester-dies",
    shows: "another requester goes on with the jobs of one that died",
    requesters: ["requester-0", "requester-1"],
    nodes: { "node-0": 4 },
    acts: [
      [3, { does: "submit", job: "first", spec: takes(12) }],
      [3, { does: "submit", job: "second", spec: takes(12) }],
      [3, { does: "submit", job: "third", spec: takes(12) }],
      [6, { does: "kill", whom: "requester-0" }],
    ],
    untilSeconds: 30,
  },
  {
    name: "waits-for-a-node",
    shows: "a job that no known node fits waits as long as it may, and starts when one comes",
    requesters: ["requester-0"],
    nodes: { "node-0": 2, "node-1": 8 },
    acts: [
      [3, { does: "submit", job: "large", spec: { ...takes(5), ...cores("6"), timeouts: { queueTimeout: 60 } } }],
      [20, { does: "start", whom: "node-1" }],
    ],
    untilSeconds: 30,
  },
  {
    name: "fits-nowhere",
    shows: "a job that no node fits and that does not want to wait fails at once, with every reason",
    requesters: ["requester-0"],
    nodes: { "node-0": 2, "node-1": 4 },
    acts: [[3, { does: "submit", job: "huge", spec: { ...takes(5), ...cores("64") } }]],
    untilSeconds: 6,
  },
  {
    name: "waits-for-room",
    shows: "who waits for room gets it by priority",
    requesters: ["requester-0"],
    nodes: { "node-0": 1 },
    acts: [
      [3, { does: "submit", job: "now", spec: { ...takes(4), ...cores("1") } }],
      [4, { does: "submit", job: "low", spec: { ...takes(4), ...cores("1") } }],
      [5, { does: "submit", job: "high", spec: { ...takes(4), ...cores("1"), priority: 10 } }],
    ],
    untilSeconds: 20,
  },
  {
    name: "fails-again-and-again",
    shows: "a task that fails is tried again, later each time, and then given up",
    requesters: ["requester-0"],
    nodes: { "node-0": 4, "node-1": 4 },
    acts: [[3, { does: "submit", job: "broken", spec: { params: { FailWith: "the disk is full" } } }]],
    untilSeconds: 120,
  },
  {
    name: "takes-too-long",
    shows: "a job that takes too long is ended",
    requesters: ["requester-0"],
    nodes: { "node-0": 4 },
    acts: [
      [3, { does: "submit", job: "slow", spec: { ...takes(60), timeouts: { executionTimeout: 2, totalTimeout: 10 } } }],
    ],
    untilSeconds: 30,
  },
  {
    name: "is-stopped",
    shows: "a job is stopped while it runs",
    requesters: ["requester-0"],
    nodes: { "node-0": 4 },
    acts: [
      [3, { does: "submit", job: "long", spec: takes(600) }],
      [8, { does: "stop", job: "long" }],
    ],
    untilSeconds: 12,
  },
];
