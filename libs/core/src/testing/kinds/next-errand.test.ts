import { describe, expect, it } from "vitest";
import { commitReader } from "../../read-commit.ts";
import { sampleAt } from "../samples.ts";
import { nextErrandKind } from "./next-errand.ts";
import { releases } from "./releases.ts";

const commitOf = (events: readonly unknown[]) => ({
  v: 1,
  id: "c-1",
  at: sampleAt,
  by: "r",
  actor: { type: "client", id: "" },
  cause: { command: "Note" },
  epoch: 0,
  prev: "",
  events,
});

describe("the next version of the kinds", () => {
  const plan = { namespace: "default", id: "e", children: [], endsAt: sampleAt + 1 };
  const started = nextErrandKind.decide(undefined, { name: "Start", plan }, sampleAt);
  const state = started.ok
    ? started.events.reduce<ReturnType<typeof nextErrandKind.evolve>>(
        (before, event) => nextErrandKind.evolve(before, event, { at: sampleAt, seq: 1 }),
        undefined,
      )
    : undefined;
  const noted = nextErrandKind.decide(state, { name: "Note", note: "n" }, sampleAt);

  it("writes what this version reads, until a client requests a new event", () => {
    const read = commitReader(releases.current.kinds);
    expect(read("errand", commitOf(started.ok ? started.events : []))).toHaveProperty("commit");
    expect(read("errand", commitOf(noted.ok ? noted.events : []))).toMatchObject({ code: "LOG_NEWER" });
    expect(read("pebble", commitOf(started.ok ? started.events : []))).toMatchObject({ code: "LOG_NEWER" });
  });
  it("reads everything that this version writes, and the new event", () => {
    const read = commitReader(releases.next.kinds);
    for (const decision of [started, noted])
      expect(read("errand", commitOf(decision.ok ? decision.events : []))).toHaveProperty("commit");
  });
  it("refuses a note of an ended errand", () => {
    const ended = nextErrandKind.decide(state, { name: "Stop", why: "" }, sampleAt);
    const after = ended.ok
      ? ended.events.reduce((before, event) => nextErrandKind.evolve(before, event, { at: 0, seq: 2 }), state)
      : state;
    expect(nextErrandKind.decide(after, { name: "Note", note: "n" }, sampleAt)).toMatchObject({
      ok: false,
      rejection: { code: "ILLEGAL_TRANSITION" },
    });
  });
});
