import { describe, expect, it } from "vitest";
import { isIdle, matrix } from "./matrix.ts";
import type { DesiredState, RunStateName } from "./run-state.ts";

// biome-ignore format: a matrix is read in rows and columns
const expectedSteps: Readonly<Record<DesiredState, Readonly<Record<RunStateName, string>>>> = {
  run:  { idle: "prepare", prepared: "start",   running: "wait", exited: "publish", published: "sendReport",    settled: "idle",    gone: "idle" },
  stop: { idle: "stop", prepared: "stop", running: "halt", exited: "stop", published: "sendReport", settled: "idle", gone: "idle" },
  forget: { idle: "discard", prepared: "discard", running: "halt", exited: "discard", published: "discard", settled: "discard", gone: "idle" },
};

describe("the runner's matrix", () => {
  it.each(Object.entries(expectedSteps))("has a step for every state when the desired state is %s", (desired, row) => {
    const actual = Object.entries(matrix[desired as DesiredState]).map(([state, step]) => [state, step.name]);
    expect(Object.fromEntries(actual)).toEqual(row);
  });

  it("is idle only when nothing is left to do", () => {
    const states = Object.keys(expectedSteps.run) as RunStateName[];
    expect(states.filter((state) => isIdle("run", state))).toEqual(["settled", "gone"]);
    expect(states.filter((state) => isIdle("stop", state))).toEqual(["settled", "gone"]);
    expect(states.filter((state) => isIdle("forget", state))).toEqual(["gone"]);
  });
});
