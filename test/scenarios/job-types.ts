import type { Scenario } from "./scenario.ts";

const runs = (RunSeconds: number) => ({ params: { RunSeconds } });
const two = { requesters: ["requester-0"], nodes: { "node-0": 4, "node-1": 4 } } as const;
const update = { maxParallel: 1, minHealthyTime: 5, autoRevert: true } as const;

/** What each job type does that no other one does, and what a new version replaces. */
export const jobTypes: readonly Scenario[] = [
  {
    name: "service-is-replaced",
    description: "an execution of a service that ends is replaced, at once first and then after growing pauses",
    ...two,
    acts: [
      [3, { handle: "submit", job: "web", spec: runs(4), over: { type: "service" } }],
      [30, { handle: "stop", job: "web" }],
    ],
    untilSeconds: 35,
  },
  {
    name: "service-rolls-out",
    description:
      "a new version of a service replaces one execution at a time, each once the one before has run for a while",
    ...two,
    acts: [
      [3, { handle: "submit", job: "web", spec: { count: 2, ...runs(600) }, over: { type: "service", update } }],
      [10, { handle: "submit", job: "web", spec: { count: 2, ...runs(700) }, over: { type: "service", update } }],
    ],
    untilSeconds: 30,
  },
  {
    name: "service-rolls-back",
    description: "a version whose execution fails is rolled back, and the executions of the version before go on",
    ...two,
    acts: [
      [3, { handle: "submit", job: "web", spec: { count: 2, ...runs(600) }, over: { type: "service", update } }],
      [
        10,
        {
          handle: "submit",
          job: "web",
          spec: { count: 2, params: { FailWith: "no such image" } },
          over: { type: "service", update },
        },
      ],
    ],
    untilSeconds: 40,
  },
  {
    name: "daemon-follows-the-nodes",
    description:
      "a daemon runs on every node that fits, on one that joins within a second, and again on one that returns",
    requesters: ["requester-0"],
    nodes: { "node-0": 4, "node-1": 4 },
    acts: [
      [3, { handle: "submit", job: "agent", spec: runs(600), over: { type: "daemon" } }],
      [10, { handle: "start", whom: "node-1" }],
      [20, { handle: "crash", whom: "node-0", downSeconds: 20 }],
    ],
    untilSeconds: 60,
  },
  {
    name: "ops-runs-everywhere",
    description: "an ops job runs once on every node of the moment; one that joins later gets nothing",
    requesters: ["requester-0"],
    nodes: { "node-0": 4, "node-1": 4, "node-2": 4 },
    acts: [
      [5, { handle: "submit", job: "clean", spec: runs(5), over: { type: "ops" } }],
      [7, { handle: "start", whom: "node-2" }],
    ],
    untilSeconds: 20,
  },
  {
    name: "job-is-run-again",
    description: "an ended job runs again as a new version: with another spec, or with that of an earlier version",
    ...two,
    acts: [
      [3, { handle: "submit", job: "report", spec: runs(2) }],
      [8, { handle: "submit", job: "report", spec: runs(3) }],
      [15, { handle: "rerun", job: "report", version: 1 }],
    ],
    untilSeconds: 22,
  },
];
