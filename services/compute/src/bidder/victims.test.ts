import { describe, expect, it } from "vitest";
import { type AssignmentOverrides, askOf, assignmentOf, testResources } from "../testing/assignments.ts";
import { victimsOf } from "./victims.ts";

const ending = { isEnding: () => true };
const going = { isEnding: () => false };
const none = { ...testResources, cpuCores: 0 };
const ask = askOf({ priority: 50, preemptsUpTo: 40 });

const execution = (executionId: string, overrides: AssignmentOverrides = {}, runner = going) => ({
  runner,
  assignment: assignmentOf({ executionId, ...overrides }),
});

function found(executions: readonly ReturnType<typeof execution>[], { settled = "", of = ask } = {}) {
  const ledger = { isTaken: (executionId: string) => executionId !== settled };
  return victimsOf({ executions: () => executions, ledger }, of, none)?.map(({ executionId }) => executionId);
}

describe("the victims of a node", () => {
  it("are executions of low priority, with what their job's owner needs to know", () => {
    const executions = [execution("e-1", { jobId: "j-low", namespace: "blue", priority: 40, assignedAt: 7 })];
    const ledger = { isTaken: () => true };
    expect(victimsOf({ executions: () => executions, ledger }, ask, none)).toEqual([
      { executionId: "e-1", jobId: "j-low", namespace: "blue", priority: 40, assignedAt: 7 },
    ]);
  });
  it("are not looked for when the ask allows none", () => {
    expect(found([execution("e-1")], { of: askOf() })).toBeUndefined();
  });
  it("are none while the end of another execution makes room anyway", () => {
    expect(found([execution("e-1"), execution("e-2", { priority: 90 }, ending)])).toEqual([]);
  });
  it("have resources: an execution that is done has none to free", () => {
    expect(found([execution("e-1")], { settled: "e-1" })).toBeUndefined();
    expect(found([execution("e-1", {}, ending)], { settled: "e-1" })).toBeUndefined();
  });
  it("can run elsewhere", () => {
    expect(found([execution("e-1", { slot: "n-one" })])).toBeUndefined();
  });
});
