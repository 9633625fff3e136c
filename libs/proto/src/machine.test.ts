import { describe, expect, it } from "vitest";
import { z } from "zod";
import { eventKinds } from "./commit.ts";
import { defineEvent } from "./event.ts";
import { executionMachine } from "./execution/machine.ts";
import { jobMachine } from "./job/machine.ts";
import { defineMachine, next } from "./machine.ts";
import { nodeMachine } from "./node/machine.ts";
import { secretMachine } from "./secret/machine.ts";

const machines = Object.entries({
  job: jobMachine,
  execution: executionMachine,
  node: nodeMachine,
  secret: secretMachine,
});

describe.each(machines)("the table of a %s", (_, machine) => {
  it("has at least one initial event", () => {
    expect(machine.rows.some(([from]) => from === "nothing")).toBe(true);
  });
  it("reaches every state", () => {
    const reached = new Set([...machine.moves.values()].flatMap((byFrom) => [...byFrom.values()]));
    expect([...reached].toSorted()).toEqual([...machine.states].toSorted());
  });
  it("reaches a terminal state from every state, if it has one", () => {
    const ends = new Set<string>(machine.terminal);
    for (let before = -1; before !== ends.size; ) {
      before = ends.size;
      for (const byFrom of machine.moves.values())
        for (const [from, to] of byFrom) if (from !== "nothing" && ends.has(to)) ends.add(from);
    }
    if (machine.terminal.length > 0) expect([...ends].toSorted()).toEqual([...machine.states].toSorted());
  });
  it("has one row for each state and event", () => {
    const seen = new Set<string>();
    for (const [from, event] of machine.rows) {
      for (const state of from === "nothing" ? ["nothing"] : from) {
        expect(seen.has(`${state} ${event.name}`), `${state} ${event.name}`).toBe(false);
        seen.add(`${state} ${event.name}`);
      }
    }
  });
});

describe("machines", () => {
  it("share no event, so that an event identifies its machine", () => {
    const kinds = machines.flatMap(([, machine]) => [...machine.moves.keys()]);
    expect(new Set(kinds).size).toBe(kinds.length);
    expect([...eventKinds.keys()].toSorted()).toEqual(kinds.toSorted());
  });
  it("count a state as an end that only a reopening event leaves, and leave the state alone where a row says so", () => {
    const Opened = defineEvent("Opened", z.object({}));
    const Closed = defineEvent("Closed", z.object({}));
    const Painted = defineEvent("Painted", z.object({}));
    const door = defineMachine(
      ["open", "closed"],
      [
        ["nothing", Opened, "open"],
        [["closed"], Opened, "open"],
        [["open"], Painted, "same"],
        [["open"], Closed, "closed"],
      ],
      { reopenedBy: [Opened] },
    );
    expect(door.terminal).toEqual(["closed"]);
    expect(next(door, "closed", "Opened")).toBe("open");
    expect(next(door, "open", "Painted")).toBe("open");
    expect(next(door, "closed", "Painted")).toBeUndefined();
  });
  it("derive their terminal states from their rows, and refuse events without a row", () => {
    const Opened = defineEvent("Opened", z.object({}));
    const Closed = defineEvent("Closed", z.object({}));
    const door = defineMachine(
      ["open", "closed"],
      [
        ["nothing", Opened, "open"],
        [["open"], Closed, "closed"],
      ],
    );
    expect(door.terminal).toEqual(["closed"]);
    expect(next(door, undefined, "Opened")).toBe("open");
    expect(next(door, undefined, "Closed")).toBeUndefined();
    expect(next(door, "open", "Opened")).toBeUndefined();
    expect(next(door, "open", "Burnt")).toBeUndefined();
  });
});
