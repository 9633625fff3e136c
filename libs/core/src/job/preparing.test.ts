import {
  ExecutionPreparing,
  ExecutionStarted,
  JobStarted,
  JobSubmitted,
  type Preparation,
  type Report,
} from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { givenJob } from "../testing/given.ts";
import {
  sampleAssigned,
  sampleAt,
  sampleExecutionId,
  sampleJobId,
  sampleReport,
  sampleSpec,
} from "../testing/samples.ts";
import type { JobCommand } from "./commands.ts";

const executionId = sampleExecutionId();
const assigned = [
  JobSubmitted.of({ jobId: sampleJobId, spec: sampleSpec({ count: 1 }), version: 1 }),
  sampleAssigned(),
  JobStarted.of({}),
];
const input = { target: "/in", source: "s3", sizeBytes: 0, isCached: false, tries: 1 };
const fetching: Preparation = { stage: "inputs", inputs: [{ ...input, state: "fetching" }] };
const ready: Preparation = { stage: "inputs", inputs: [{ ...input, state: "ready" }] };
const report = (saw: Report["saw"], number: number, preparation: Preparation): JobCommand => ({
  ...{ name: "Report" as const, nodeId: "n-one", executionId },
  report: { ...sampleReport(saw, number), preparation },
});

describe("a node's report of what it prepares", () => {
  it("is recorded, and shown as the message of the execution until it runs", () => {
    const preparing = ExecutionPreparing.of({ executionId, ...fetching, report: 1 });
    givenJob(...assigned)
      .when(report({ kind: "preparing" }, 1, fetching))
      .then(preparing);
    const { state } = givenJob(...assigned, preparing);
    expect(state?.live.get(executionId)).toMatchObject({
      state: "assigned",
      message: "Downloading inputs, 0 of 1 ready: /in from s3",
      report: 1,
    });
    const started = ExecutionStarted.of({ executionId, startedAt: sampleAt, report: 2 });
    const { state: after } = givenJob(...assigned, preparing, started);
    expect(after?.live.get(executionId)).toMatchObject({ state: "running", message: "" });
  });

  it("comes with the first report that it runs, and has no effect later", () => {
    const running = { kind: "running", startedAt: sampleAt } as const;
    const started = ExecutionStarted.of({ executionId, startedAt: sampleAt, report: 1 });
    givenJob(...assigned)
      .when(report(running, 1, ready))
      .then(ExecutionPreparing.of({ executionId, ...ready }), started);
    givenJob(...assigned, started)
      .when(report({ kind: "preparing" }, 2, fetching))
      .then();
  });
});
