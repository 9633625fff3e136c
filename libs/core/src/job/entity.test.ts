import {
  ExecutionFailed,
  ExecutionStarted,
  type ExecutionState,
  eventText,
  JobFailed,
  JobStarted,
  JobSubmitted,
} from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { givenJob } from "../testing/given.ts";
import {
  sampleAssigned,
  sampleAt,
  sampleExecutionId,
  sampleJobId,
  sampleOutput,
  sampleResources,
  sampleSpec,
} from "../testing/samples.ts";
import { executionEntities, executionEntity, jobEntity } from "./entity.ts";
import { executionOf } from "./job.ts";

const executionId = sampleExecutionId();
const submitted = JobSubmitted.of({ jobId: sampleJobId, spec: sampleSpec({ count: 2 }), version: 1 });
const history = [
  submitted,
  sampleAssigned(),
  JobStarted.of({}),
  ExecutionStarted.of({ executionId, startedAt: sampleAt }),
];
const failed = ExecutionFailed.of({ executionId, code: "TASK_FAILED", why: "it broke", output: sampleOutput });

const { state: job = expect.unreachable() } = givenJob(...history);
const running = executionOf(job, executionId) ?? expect.unreachable();

describe("an execution as the API shows it", () => {
  it.each([
    ["assigned", "running", ""],
    ["running", "running", ""],
    ["publishing", "running", ""],
    ["completed", "running", ""],
    ["stopping", "stopped", "why"],
    ["stopped", "stopped", "why"],
    ["failed", "stopped", "why"],
    ["lost", "stopped", "why"],
  ] as const satisfies readonly (readonly [ExecutionState, string, string])[])(
    "that is %s is to be %s",
    (state, stateType, message) => {
      const entity = executionEntity(job, { ...running, state, message: "why" });
      expect(entity.computeState).toEqual({ stateType: state, message: "why", details: {} });
      expect(entity.desiredState).toEqual({ stateType, message, details: {} });
    },
  );

  it("shows in its details what it got on its node", () => {
    const runtime = {
      image: "held@sha256:1",
      ports: [
        { name: "web", hostPort: 20_000, target: 80, address: "0.0.0.0" },
        { name: "raw", hostPort: 20_001, address: "::1" },
      ],
      gpus: [{ index: 1, name: "Tesla T4", vendor: "NVIDIA" as const, memoryMiB: 1, pciAddress: "0:0" }],
    };
    const started = ExecutionStarted.of({ executionId, startedAt: sampleAt, runtime });
    const { state = expect.unreachable() } = givenJob(...history.slice(0, 3), started);
    const details = {
      Image: "held@sha256:1",
      Ports: "web 0.0.0.0:20000 -> 80, raw [::1]:20001",
      GPUs: "1 Tesla T4",
    };
    expect(executionEntities(state)[0]?.computeState.details).toEqual(details);
    expect(eventText(started).details).toEqual({ NewState: "Running", ...details });
  });

  it("has its node, its place and its resources, and no outcome before it ends", () => {
    const entity = executionEntity(job, running);
    expect(entity).toMatchObject({
      ...{ id: executionId, jobId: sampleJobId, nodeId: "n-one", namespace: "default", evalId: "a-1" },
      ...{ partitionIndex: 0, attempt: 1, jobVersion: 1, revision: 2, createTime: sampleAt, modifyTime: sampleAt },
      ...{ previousExecution: "", nextExecution: "", publishedResult: { type: "", params: {} } },
      allocatedResources: { tasks: { main: sampleResources } },
    });
    expect(entity).not.toHaveProperty("runOutput");
  });

  it("has its output and its error code when it failed, and the attempts before and after it", () => {
    const { state: retried = expect.unreachable() } = givenJob(...history, failed, sampleAssigned({ attempt: 2 }));
    const [first, second] = executionEntities(retried);
    expect(first).toMatchObject({
      computeState: { stateType: "failed", message: "it broke", details: { ErrorCode: "TASK_FAILED" } },
      runOutput: sampleOutput,
      nextExecution: sampleExecutionId(0, 2),
    });
    expect(second).toMatchObject({ previousExecution: executionId, attempt: 2 });
  });
});

describe("a job as the API shows it", () => {
  it("has its id as its name when it has none, and its error code when it failed", () => {
    expect(jobEntity(job)).toMatchObject({ id: sampleJobId, name: sampleJobId, version: 1, revision: 2 });
    expect(jobEntity(job).state).toEqual({ stateType: "running", message: "", details: {} });
    const spec = { ...sampleSpec(), name: "hello" };
    const { state: named = expect.unreachable() } = givenJob(
      JobSubmitted.of({ jobId: sampleJobId, spec, version: 1 }),
      JobFailed.of({ code: "NO_NODE_FITS", why: "no node" }),
    );
    expect(jobEntity(named)).toMatchObject({
      name: "hello",
      state: { stateType: "failed", message: "no node", details: { ErrorCode: "NO_NODE_FITS" } },
    });
  });
});
