import {
  ExecutionAssigned,
  ExecutionCompleted,
  ExecutionFailed,
  ExecutionPublishing,
  ExecutionStarted,
  ExecutionStopped,
  ExecutionsLost,
  ExecutionsStopping,
  JobCompleted,
  JobFailed,
  JobQueued,
  JobStarted,
  JobStopped,
  JobSubmitted,
  SlotsQueued,
} from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { folded } from "../testing/given.ts";
import {
  sampleAt,
  sampleExecutionId,
  sampleJobId,
  sampleOutput,
  sampleResources,
  sampleSpec,
} from "../testing/samples.ts";
import { evolveJob, type JobEvent } from "./evolve.ts";

const executionId = sampleExecutionId();
const until = sampleAt + 60_000;

const job = {
  JobSubmitted: JobSubmitted.of({ jobId: sampleJobId, spec: sampleSpec(), version: 1 }),
  JobQueued: JobQueued.of({ why: "no room", answers: [] }),
  SlotsQueued: SlotsQueued.of({ slots: ["0"], why: "no room", answers: [] }),
  JobStarted: JobStarted.of({}),
  JobCompleted: JobCompleted.of({}),
  JobFailed: JobFailed.of({ code: "NO_NODE_FITS", why: "no", answers: [] }),
  JobStopped: JobStopped.of({ why: "enough" }),
} as const;

const execution = {
  ExecutionAssigned: ExecutionAssigned.of({
    ...{ executionId, slot: "0", attempt: 1, version: 1, nodeId: "n-one", askId: "a-1" },
    ...{ resources: sampleResources, startBy: until, answers: [] },
  }),
  ExecutionStarted: ExecutionStarted.of({ executionId, startedAt: sampleAt }),
  ExecutionPublishing: ExecutionPublishing.of({ executionId, publishBy: until }),
  ExecutionCompleted: ExecutionCompleted.of({ executionId, output: sampleOutput }),
  ExecutionFailed: ExecutionFailed.of({ executionId, code: "ENGINE_FAILED", why: "it broke" }),
  ExecutionsStopping: ExecutionsStopping.of({ slots: ["0"], why: "enough", until }),
  ExecutionsLost: ExecutionsLost.of({ slots: ["0"], code: "NODE_LOST", why: "gone" }),
  ExecutionStopped: ExecutionStopped.of({ executionId }),
} as const;

const all: Readonly<Record<string, JobEvent>> = { ...job, ...execution };
type Name = keyof typeof job | keyof typeof execution;

const begun: readonly Name[] = ["JobSubmitted", "ExecutionAssigned", "JobStarted"];
const running: readonly Name[] = [...begun, "ExecutionStarted"];
const stopping: readonly Name[] = [...running, "ExecutionsStopping"];

// Written by hand, independent of the machines: what each state must refuse.
const forbidden: Readonly<Record<string, { readonly history: readonly Name[]; readonly moves: readonly Name[] }>> = {
  "no job": {
    history: [],
    moves: [
      "JobQueued",
      "JobStarted",
      "JobCompleted",
      "JobFailed",
      "JobStopped",
      "ExecutionAssigned",
      "ExecutionStarted",
    ],
  },
  "a pending job": {
    history: ["JobSubmitted"],
    moves: [
      "JobSubmitted",
      "SlotsQueued",
      "ExecutionStarted",
      "ExecutionCompleted",
      "ExecutionStopped",
      "ExecutionsLost",
    ],
  },
  "a queued job": {
    history: ["JobSubmitted", "JobQueued"],
    moves: ["JobSubmitted", "SlotsQueued", "ExecutionStarted", "ExecutionsStopping"],
  },
  "a running job": { history: begun, moves: ["JobSubmitted", "JobStarted"] },
  "a completed job": {
    history: [...running, "ExecutionCompleted", "JobCompleted"],
    moves: [
      "JobSubmitted",
      "JobQueued",
      "SlotsQueued",
      "JobStarted",
      "JobCompleted",
      "JobFailed",
      "JobStopped",
      "ExecutionAssigned",
    ],
  },
  "a failed job": {
    history: ["JobSubmitted", "JobFailed"],
    moves: ["JobSubmitted", "JobQueued", "JobStarted", "JobCompleted", "JobFailed", "JobStopped", "ExecutionAssigned"],
  },
  "a stopped job": {
    history: ["JobSubmitted", "JobStopped"],
    moves: ["JobSubmitted", "JobQueued", "JobStarted", "JobCompleted", "JobFailed", "JobStopped", "ExecutionAssigned"],
  },
  "an assigned execution": {
    history: begun,
    moves: ["ExecutionAssigned", "ExecutionPublishing", "ExecutionCompleted", "ExecutionStopped"],
  },
  "a running execution": { history: running, moves: ["ExecutionAssigned", "ExecutionStarted", "ExecutionStopped"] },
  "a publishing execution": {
    history: [...running, "ExecutionPublishing"],
    moves: ["ExecutionAssigned", "ExecutionStarted", "ExecutionPublishing", "ExecutionStopped"],
  },
  "a stopping execution": {
    history: stopping,
    moves: [
      ...(["ExecutionAssigned", "ExecutionStarted", "ExecutionPublishing"] as const),
      ...(["ExecutionCompleted", "ExecutionFailed", "ExecutionsStopping"] as const),
    ],
  },
  ...Object.fromEntries(
    (
      [
        ["a completed execution", [...running, "ExecutionCompleted"]],
        ["a failed execution", [...begun, "ExecutionFailed"]],
        ["a lost execution", [...begun, "ExecutionsLost"]],
        ["a stopped execution", [...stopping, "ExecutionStopped"]],
      ] as const
    ).map(([name, history]) => [name, { history, moves: Object.keys(execution) as readonly Name[] }]),
  ),
  "a stopping execution of a job that is over": {
    history: [...stopping, "JobStopped"],
    moves: ["ExecutionStarted", "ExecutionCompleted", "ExecutionFailed", "ExecutionsStopping", "JobCompleted"],
  },
  "a running execution of a job that is over": {
    history: [...running, "JobFailed"],
    moves: ["ExecutionStarted", "ExecutionPublishing", "ExecutionCompleted", "ExecutionFailed", "ExecutionsStopping"],
  },
};

const rows = Object.entries(forbidden).flatMap(([state, { history, moves }]) =>
  moves.map((move) => [state, move, history] as const),
);

describe("a forbidden move", () => {
  it.each(rows)("%s refuses %s", (_, move, history) => {
    const state = folded(
      evolveJob,
      history.flatMap((name) => all[name] ?? []),
    );
    const event = all[move];
    if (event === undefined) throw new Error(`no sample of ${move}`);
    expect(evolveJob(state, event, { at: sampleAt, seq: 99 })).toBeUndefined();
  });
});
