import { describe, expect, it } from "vitest";
import { matrix, rests } from "./matrix.ts";
import type { SeenState, Wanted } from "./seen.ts";

// biome-ignore format: a matrix is read in rows and columns
const wantedSteps: Readonly<Record<Wanted, Readonly<Record<SeenState, string>>>> = {
  run:  { idle: "prepare", prepared: "start",   running: "wait", exited: "publish", published: "tell",    settled: "rest",    gone: "rest" },
  stop: { idle: "stop", prepared: "stop", running: "halt", exited: "stop", published: "tell", settled: "rest", gone: "rest" },
  forget: { idle: "discard", prepared: "discard", running: "halt", exited: "discard", published: "discard", settled: "discard", gone: "rest" },
};

describe("the runner's matrix", () => {
  it.each(Object.entries(wantedSteps))("says what to do when the want is %s, in every state", (wanted, row) => {
    const found = Object.entries(matrix[wanted as Wanted]).map(([state, step]) => [state, step.name]);
    expect(Object.fromEntries(found)).toEqual(row);
  });

  it("rests when it is done, and never while something runs", () => {
    const states = Object.keys(wantedSteps.run) as SeenState[];
    expect(states.filter((state) => rests("run", state))).toEqual(["settled", "gone"]);
    expect(states.filter((state) => rests("stop", state))).toEqual(["settled", "gone"]);
    expect(states.filter((state) => rests("forget", state))).toEqual(["gone"]);
  });
});
