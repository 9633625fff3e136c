import { describe, expect, it } from "vitest";
import type { executionMachine } from "../execution/machine.ts";
import { fromWire, toWire } from "../wire/codec.ts";
import { ExecutionEntity } from "./execution.ts";

const entity = (stateType: (typeof executionMachine.states)[number]): ExecutionEntity => ({
  id: "e-1",
  namespace: "default",
  evalId: "",
  name: "",
  nodeId: "n-one",
  jobId: "j-1",
  jobVersion: 1,
  allocatedResources: { tasks: {} },
  desiredState: { stateType: "stopped", message: "", details: {} },
  computeState: { stateType, message: "", details: {} },
  publishedResult: { type: "", params: {} },
  previousExecution: "",
  nextExecution: "",
  followupEvalId: "",
  partitionIndex: 0,
  attempt: 1,
  revision: 1,
  createTime: 0,
  modifyTime: 0,
});

describe("an execution on the wire", () => {
  it.each([
    ["stopping", 11, "stopped"],
    ["stopped", 11, "stopped"],
    ["lost", 10, "failed"],
    ["completed", 9, "completed"],
  ] as const)("that is %s has Bacalhau's state %d, which is read as %s", (state, int, read) => {
    const wire = toWire(ExecutionEntity, entity(state));
    expect(wire).toMatchObject({ ComputeState: { StateType: int }, DesiredState: { StateType: 2 } });
    expect(fromWire(ExecutionEntity, wire)).toMatchObject({ ok: true, value: { computeState: { stateType: read } } });
  });
});
