import { eventKinds, executionMachine, jobMachine, next, nodeMachine } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { decideWith } from "../decider.ts";
import { evolveJob, type JobEvent } from "../job/evolve.ts";
import { executionsOf, type Job } from "../job/job.ts";
import { evolveNode } from "../node/node.ts";
import { folded } from "./given.ts";
import { sampleAt, sampleJobEvents, sampleNodeEvents, sampleSecretEvents } from "./samples.ts";

/** The shortest legal history, by kinds of events, that ends in each state. */
const shortestPaths = {
  job: {
    pending: ["JobSubmitted"],
    queued: ["JobSubmitted", "JobQueued"],
    running: ["JobSubmitted", "JobStarted"],
    completed: ["JobSubmitted", "JobCompleted"],
    failed: ["JobSubmitted", "JobFailed"],
    stopped: ["JobSubmitted", "JobStopped"],
  },
  execution: {
    assigned: ["JobSubmitted", "ExecutionAssigned"],
    running: ["JobSubmitted", "ExecutionAssigned", "ExecutionStarted"],
    publishing: ["JobSubmitted", "ExecutionAssigned", "ExecutionStarted", "ExecutionPublishing"],
    completed: ["JobSubmitted", "ExecutionAssigned", "ExecutionStarted", "ExecutionCompleted"],
    failed: ["JobSubmitted", "ExecutionAssigned", "ExecutionFailed"],
    stopping: ["JobSubmitted", "ExecutionAssigned", "ExecutionsStopping"],
    lost: ["JobSubmitted", "ExecutionAssigned", "ExecutionsLost"],
    stopped: ["JobSubmitted", "ExecutionAssigned", "ExecutionsStopping", "ExecutionStopped"],
  },
  node: {
    connected: ["NodeJoined"],
    disconnected: ["NodeJoined", "NodeDisconnected"],
    forgotten: ["NodeJoined", "NodeDisconnected", "NodeForgotten"],
  },
} as const satisfies {
  job: Record<(typeof jobMachine.states)[number], readonly string[]>;
  execution: Record<(typeof executionMachine.states)[number], readonly string[]>;
  node: Record<(typeof nodeMachine.states)[number], readonly string[]>;
};

function jobEvent(type: string): JobEvent {
  const found = sampleJobEvents.find((each) => each.type === type);
  if (found === undefined) throw new Error(`there is no sample of ${type}`);
  return found;
}

function nodeEvent(type: string) {
  const found = sampleNodeEvents.find((each) => each.type === type);
  if (found === undefined) throw new Error(`there is no sample of ${type}`);
  return found;
}

const moment = { at: sampleAt, seq: 99 };
const jobAt = (path: readonly string[]) => folded(evolveJob, path.map(jobEvent));
const kindsOf = (machine: { readonly moves: ReadonlyMap<string, unknown> }) => [...machine.moves.keys()];

/** Emits the event as a decider does. */
const emitted = (job: Job | undefined, type: string) =>
  decideWith<Job, JobEvent>(evolveJob, job, { now: sampleAt, decide: (draft) => draft.emit(jobEvent(type)) });

describe("every kind of event", () => {
  it("has a sample that its own schema reads back unchanged", () => {
    const samples = [...sampleJobEvents, ...sampleNodeEvents, ...sampleSecretEvents];
    expect(samples.map(({ type }) => type).toSorted()).toEqual([...eventKinds.keys()].toSorted());
    for (const { type, data } of samples) {
      expect(eventKinds.get(type)?.data.parse(JSON.parse(JSON.stringify(data)))).toEqual(data);
    }
  });
});

describe("the job's table", () => {
  for (const [state, path] of Object.entries(shortestPaths.job)) {
    it.each(kindsOf(jobMachine))(`of ${state} moves or refuses on %s as in the table`, (type) => {
      const to = next(jobMachine, jobAt(path)?.header.state, type);
      expect(evolveJob(jobAt(path), jobEvent(type), moment)?.header.state).toBe(to);
      const code = to === undefined ? { ok: false, rejection: { code: "ILLEGAL_TRANSITION" } } : { ok: true };
      expect(emitted(jobAt(path), type)).toMatchObject(code);
    });
  }
  it("begins with submission only", () => {
    for (const type of kindsOf(jobMachine)) {
      expect(evolveJob(undefined, jobEvent(type), moment)?.header.state).toBe(next(jobMachine, undefined, type));
    }
  });
});

describe("the execution's table", () => {
  for (const [state, path] of Object.entries(shortestPaths.execution)) {
    it.each(kindsOf(executionMachine))(`of ${state} moves or refuses on %s as in the table`, (type) => {
      const job = jobAt(path);
      const [execution] = job === undefined ? [] : executionsOf(job);
      expect(execution?.state).toBe(state);
      const to = next(executionMachine, execution?.state, type);
      const after = evolveJob(job, jobEvent(type), moment);
      expect((after === undefined ? [] : executionsOf(after))[0]?.state).toBe(to);
    });
  }
  it("has no event for an execution before its assignment", () => {
    for (const type of kindsOf(executionMachine).filter((each) => each !== "ExecutionAssigned")) {
      expect(evolveJob(jobAt(shortestPaths.job.running), jobEvent(type), moment)).toBeUndefined();
    }
  });
});

describe("an ended job", () => {
  const over = jobMachine.terminal.map((state) => [state, shortestPaths.job[state]] as const);
  it("has the documented terminal states", () => {
    expect(jobMachine.terminal).toEqual(["completed", "failed", "stopped"]);
    expect(executionMachine.terminal).toEqual(["completed", "failed", "lost", "stopped"]);
    expect(nodeMachine.terminal).toEqual([]);
  });
  it.each(over)("refuses every event but a new version when it is %s", (_, path) => {
    for (const { type } of sampleJobEvents) expect(emitted(jobAt(path), type).ok, type).toBe(type === "JobUpdated");
  });
});

describe("the node's table", () => {
  for (const [state, path] of Object.entries(shortestPaths.node)) {
    it.each(kindsOf(nodeMachine))(`of ${state} moves or refuses on %s as in the table`, (type) => {
      const node = folded(evolveNode, path.map(nodeEvent));
      expect(evolveNode(node, nodeEvent(type), moment)?.state).toBe(next(nodeMachine, node?.state, type));
    });
  }
});
