import type { Scenario } from "./scenario.ts";

const args = (seconds: number) => ({ params: { RunSeconds: seconds } });

/** Operators' orders about nodes, and nodes that are cut off for a while. */
export const nodeLife: readonly Scenario[] = [
  {
    name: "node-is-drained",
    description:
      "a drained node finishes batch work until the deadline, loses services and daemons at once, and gets work again after it",
    requesters: ["requester-0"],
    nodes: { "node-0": 4, "node-1": 4 },
    acts: [
      [2, { handle: "submit", job: "short", spec: args(8) }],
      [2.2, { handle: "submit", job: "long", spec: args(30) }],
      [2.4, { handle: "submit", job: "web", spec: args(600), over: { type: "service" } }],
      [2.6, { handle: "submit", job: "agent", spec: args(600), over: { type: "daemon" } }],
      [4, { handle: "start", whom: "node-1" }],
      [7, { handle: "update-node", node: "node-0", action: "drain", order: { deadlineSeconds: 10 } }],
      [9, { handle: "crash", whom: "requester-0", downSeconds: 1 }],
      [18, { handle: "crash", whom: "node-0", downSeconds: 1 }],
      [20, { handle: "submit", job: "later", spec: args(1) }],
      [22, { handle: "update-node", node: "node-0", action: "undrain" }],
      [55, { handle: "stop", job: "web" }],
      [55.2, { handle: "stop", job: "agent" }],
    ],
    untilSeconds: 60,
  },
  {
    name: "node-is-moved-at-once",
    description: "a drain in the mode `move` places all work again at once, without counting against its retries",
    requesters: ["requester-0"],
    nodes: { "node-0": 4, "node-1": 4 },
    acts: [
      [2, { handle: "submit", job: "wide", spec: { ...args(8), count: 4 } }],
      [5, { handle: "update-node", node: "node-0", action: "drain", order: { mode: "move" } }],
    ],
    untilSeconds: 20,
  },
  {
    name: "node-is-approved",
    description:
      "a node that joins waits for approval; one that is rejected loses its work, and a deleted one joins again",
    requesters: ["requester-0"],
    nodes: { "node-0": 4, "node-1": 4 },
    acts: [
      [2, { handle: "submit", job: "early", spec: { ...args(10), timeouts: { queueTimeout: 60 } } }],
      [4, { handle: "update-node", node: "node-0", action: "approve" }],
      [6, { handle: "update-node", node: "node-0", action: "approve" }],
      [8, { handle: "update-node", node: "node-1", action: "approve" }],
      [9, { handle: "update-node", node: "node-0", action: "reject" }],
      [10, { handle: "report", from: "node-0", job: "early", execution: "" }],
      [25, { handle: "update-node", node: "node-0", action: "delete" }],
    ],
    untilSeconds: 30,
    logs: ["refused a report"],
    settings: { manualApproval: true },
  },
  {
    name: "node-is-back-in-time",
    description: "an execution waits for its cut-off node as long as its task allows, and continues when it is back",
    requesters: ["requester-0"],
    nodes: { "node-0": 4, "node-1": 4 },
    acts: [
      [2, { handle: "submit", job: "patient", spec: args(40), over: { disconnect: { lostAfter: 30, stopAfter: 0 } } }],
      [3, { handle: "submit", job: "impatient", spec: args(40) }],
      [5, { handle: "start", whom: "node-1" }],
      [6, { handle: "disconnect", whom: "node-0", forSeconds: 25 }],
    ],
    untilSeconds: 65,
  },
  {
    name: "job-is-explained",
    description:
      "a job is explained while it runs, while it waits for room, for a drained node and for a label, and when it has failed",
    requesters: ["requester-0"],
    nodes: { "node-0": 4, "node-1": 2 },
    acts: [
      [2, { handle: "submit", job: "first", spec: { ...args(20), resources: { cpu: "3" } } }],
      [3, { handle: "submit", job: "large", spec: { ...args(5), resources: { cpu: "3" } } }],
      [5, { handle: "explain", job: "first" }],
      [5.1, { handle: "explain", job: "large" }],
      [6, { handle: "update-node", node: "node-0", action: "drain" }],
      [7, { handle: "explain", job: "large" }],
      [8, { handle: "stop", job: "large" }],
      [
        9,
        {
          handle: "submit",
          job: "labelled",
          spec: { ...args(5), timeouts: { queueTimeout: 60 } },
          over: { constraints: [{ key: "pool", operator: "=", values: ["gpu"] }] },
        },
      ],
      [11, { handle: "explain", job: "labelled" }],
      [12, { handle: "submit", job: "broken", spec: { params: { FailWith: "the disk is full" } } }],
      [30, { handle: "explain", job: "broken" }],
    ],
    untilSeconds: 31,
  },
  {
    name: "node-stops-by-itself",
    description:
      "a cut-off node stops an execution by itself before the cluster replaces it: it never runs twice at once",
    requesters: ["requester-0"],
    nodes: { "node-0": 4, "node-1": 4 },
    acts: [
      [2, { handle: "submit", job: "single", spec: args(60), over: { disconnect: { lostAfter: 30, stopAfter: 20 } } }],
      [5, { handle: "start", whom: "node-1" }],
      [6, { handle: "disconnect", whom: "node-0", forSeconds: 50 }],
    ],
    untilSeconds: 120,
    logs: ["cut off"],
  },
];
