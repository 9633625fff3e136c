import type { Scenario } from "./scenario.ts";

const runs = (RunSeconds: number) => ({ params: { RunSeconds } });
const one = { requesters: ["requester-0"], nodes: { "node-0": 4 } } as const;
const two = { requesters: ["requester-0"], nodes: { "node-0": 4, "node-1": 4 } } as const;

/** A process, a machine or NATS fails, is stopped or comes back. */
export const drills: readonly Scenario[] = [
  {
    name: "node-restarts",
    description: "a node that is killed and restarts reports its lost executions at once; they are retried",
    ...one,
    acts: [
      [3, { handle: "submit", job: "work", spec: runs(10) }],
      [6, { handle: "crash", whom: "node-0", downSeconds: 1 }],
    ],
    untilSeconds: 60,
  },
  {
    name: "node-shuts-down",
    description:
      "a node that is shut down announces it: its executions are retried elsewhere without a wait for its silence",
    ...two,
    acts: [
      [3, { handle: "submit", job: "pair", spec: { count: 2, ...runs(10) } }],
      [6, { handle: "shut-down", whom: "node-1", downSeconds: 120 }],
    ],
    untilSeconds: 40,
  },
  {
    name: "requester-shuts-down",
    description: "a requester that is shut down releases its leases: another one continues its jobs at once",
    requesters: ["requester-0", "requester-1"],
    nodes: { "node-0": 4 },
    acts: [
      [3, { handle: "submit", job: "first", spec: runs(6) }],
      [3, { handle: "submit", job: "second", spec: runs(6) }],
      [3, { handle: "submit", job: "third", spec: runs(6) }],
      [5, { handle: "shut-down", whom: "requester-1", downSeconds: 120 }],
    ],
    untilSeconds: 25,
  },
  {
    name: "requester-is-paused",
    description: "a requester that was paused for longer than its leases records nothing a second time",
    requesters: ["requester-0", "requester-1"],
    nodes: { "node-0": 4 },
    acts: [
      [3, { handle: "submit", job: "first", spec: runs(8) }],
      [3, { handle: "submit", job: "second", spec: runs(8) }],
      [3, { handle: "submit", job: "third", spec: runs(8) }],
      [5, { handle: "pause", whom: "requester-0", forSeconds: 25 }],
    ],
    untilSeconds: 45,
  },
  {
    name: "node-is-disconnected",
    description:
      "work of a node that is disconnected for too long is retried once; its end on the old node changes nothing",
    ...two,
    acts: [
      [3, { handle: "submit", job: "pair", spec: { count: 2, ...runs(15) } }],
      [6, { handle: "disconnect", whom: "node-1", forSeconds: 20 }],
    ],
    untilSeconds: 50,
  },
  {
    name: "nats-is-down",
    description: "running work survives an outage of NATS: the nodes report its end when NATS is back",
    ...two,
    acts: [
      [3, { handle: "submit", job: "pair", spec: { count: 2, ...runs(10) } }],
      [6, { handle: "outage", forSeconds: 30 }],
    ],
    untilSeconds: 60,
  },
  {
    name: "all-nodes-restart",
    description: "a restart of all nodes fails no job: a job that has run waits for its nodes (ADR 7)",
    requesters: ["requester-0"],
    nodes: { "node-0": 4, "node-1": 4 },
    acts: [
      [3, { handle: "submit", job: "pair", spec: { count: 2, ...runs(10) } }],
      [6, { handle: "crash", whom: "node-0", downSeconds: 30 }],
      [6, { handle: "crash", whom: "node-1", downSeconds: 30 }],
    ],
    untilSeconds: 80,
  },
  {
    name: "clock-of-a-node-jumps",
    description: "a node whose clock jumps by an hour runs and ends its work as before",
    ...one,
    acts: [
      [3, { handle: "submit", job: "work", spec: { ...runs(10), timeouts: { executionTimeout: 60 } } }],
      [6, { handle: "set-clock", whom: "node-0", bySeconds: -3_600 }],
      [9, { handle: "submit", job: "next", spec: runs(1) }],
    ],
    untilSeconds: 30,
  },
  {
    name: "node-is-forgotten",
    description: "a node that stays away is forgotten, and joins as a new one when it comes back",
    ...one,
    settings: { forgetAfterMs: 60_000 },
    acts: [[3, { handle: "crash", whom: "node-0", downSeconds: 90 }]],
    untilSeconds: 110,
  },
];
