import { CommitEnvelope, commitVersion, defineEvent } from "@shoal/proto";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { jobKind } from "./job/kind.ts";
import type { Kind } from "./kind.ts";
import { kinds } from "./kinds.ts";
import { commitReader } from "./read-commit.ts";
import { registry } from "./registry.ts";

const commit = {
  v: commitVersion,
  id: "c",
  at: 1,
  by: "r",
  actor: { type: "client", id: "alice", address: "192.0.2.1", requestId: "q" },
  cause: { command: "Submit", id: "cmd" },
  epoch: 0,
  prev: "",
  events: [{ type: "JobStarted", v: 1, data: {} }],
};

describe("a commit's envelope", () => {
  const read = commitReader(kinds);
  it("is read exactly when its schema accepts it", () => {
    const odd = fc.oneof(
      fc.constantFrom<unknown>(undefined, "", 0, 1, -1, 1.5, null, [], {}, "x"),
      // Only the first one has all fields of an event.
      fc.constantFrom([{ type: "JobStarted", v: 1, data: null }], [{ type: "JobStarted", v: 1 }]),
      fc.array(fc.record({ type: fc.constantFrom("JobStarted", 7), v: fc.constantFrom(1, 0, 1.5, "1") })),
      fc.record({ type: fc.constantFrom("client", "other"), id: fc.constantFrom("a", 1), address: fc.constant(7) }),
      fc.record({ command: fc.constantFrom("x", 1), id: fc.constantFrom("a", 1, undefined) }),
    );
    fc.assert(
      fc.property(fc.constantFrom(...Object.keys(commit)), odd, (field, value) => {
        const data = { ...commit, [field]: value };
        expect("commit" in read("job", data)).toBe(CommitEnvelope.safeParse(data).success);
      }),
      { numRuns: 1_000 },
    );
  });
  it("names the invalid field", () => {
    expect(read("job", { ...commit, prev: 7 })).toEqual({
      code: "LOG_DAMAGED",
      why: expect.stringContaining('"prev"'),
    });
  });
  it("may have fields that a later version added", () => {
    expect(read("job", { ...commit, more: 1 })).toHaveProperty("commit.more", 1);
  });
});

describe("events of older versions", () => {
  const lifts = [
    (data: unknown) => ({ ...z.object({ a: z.int() }).parse(data), b: 2 }),
    (data: unknown) => ({ ...z.object({ a: z.int(), b: z.int() }).parse(data), c: 3 }),
  ];
  const started = defineEvent("JobStarted", z.object({ a: z.int(), b: z.int(), c: z.int() }), { lifts });
  const others = jobKind.events.filter(({ name }) => name !== "JobStarted");
  const read = commitReader(registry<Kind>("kind", [{ ...jobKind, events: [...others, started] }]));
  const withEvents = (...events: readonly object[]) => ({ ...commit, events });
  it.each([
    [1, { a: 1 }],
    [2, { a: 1, b: 2 }],
    [3, { a: 1, b: 2, c: 3 }],
  ])("are lifted from version %i by every later lift", (v, data) => {
    expect(read("job", withEvents({ type: "JobStarted", v, data }))).toEqual({
      commit: withEvents({ type: "JobStarted", v: 3, data: { a: 1, b: 2, c: 3 } }),
    });
  });
  it("leave other events unchanged", () => {
    const beside = { type: "JobCompleted", v: 1, data: {} };
    const found = read("job", withEvents(beside, { type: "JobStarted", v: 2, data: { a: 1, b: 2 } }, beside));
    expect(found).toHaveProperty("commit.events.0", beside);
    expect(found).toHaveProperty("commit.events.1.v", 3);
    expect(found).toHaveProperty("commit.events.2", beside);
  });
  it("that a lift cannot read are damage", () => {
    expect(read("job", withEvents({ type: "JobStarted", v: 1, data: { a: "x" } }))).toMatchObject({
      code: "LOG_DAMAGED",
    });
  });
});
