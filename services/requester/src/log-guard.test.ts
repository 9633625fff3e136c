import { type EventLog, Fault, noStreamPosition, type StreamPosition } from "@shoal/core";
import { createManualClock } from "@shoal/core/testing";
import { expect, it } from "vitest";
import { guardLog } from "./log-guard.ts";

const ref = { kind: "job", namespace: "default", id: "j-1" } as const;
const commit = {
  v: 1,
  id: "c",
  at: 1,
  by: "r",
  actor: { type: "requester", id: "r" },
  cause: { command: "test" },
  epoch: 0,
  prev: "",
  events: [],
} as const;

/** A guarded log with a settable end. */
function guarded() {
  const clock = createManualClock(0);
  const at = { end: 0, streamHead: 0, reachable: true };
  const log: EventLog = {
    append: async (): Promise<StreamPosition> => ({ seq: at.streamHead, hash: "" }),
    load: async () => [],
    follow: async () => ({ close: async () => undefined }),
    scan: async () => at.end,
    range: async () => 0,
    aggregatesOf: async () => [],
    lastSeqOf: async () => 0,
    async lastSeq() {
      if (at.reachable) return at.end;
      throw new Fault("LOG_UNREACHABLE", "no answer");
    },
  };
  const guard = guardLog(log, clock);
  let damage: unknown;
  guard.damaged.catch((failure: unknown) => {
    damage = failure;
  });
  const append = (seq: number) => {
    at.streamHead = seq;
    at.end = Math.max(at.end, seq);
    return guard.log.append(ref, noStreamPosition, commit);
  };
  return { clock, at, guard, append, damage: () => damage };
}

it("rejects when the log was cut while the connection was down", async () => {
  const { clock, at, guard, append, damage } = guarded();
  await append(17);
  at.end = 3;
  guard.reconnected();
  const appending = append(4).catch((failure: unknown) => failure);
  at.end = 4;
  await clock.advance(60_000);
  expect(await appending).toMatchObject({ code: "LOG_DAMAGED" });
  expect(damage()).toMatchObject({
    code: "LOG_DAMAGED",
    message: expect.stringContaining("but position 17 is known to this requester"),
  });
});

it("detects on an append that positions are assigned a second time", async () => {
  const { clock, at, append, damage } = guarded();
  await append(17);
  at.end = 3;
  const appending = append(4).catch((failure: unknown) => failure);
  await clock.advance(60_000);
  expect(await appending).toMatchObject({ code: "LOG_DAMAGED" });
  expect(damage()).toMatchObject({ code: "LOG_DAMAGED" });
});

it("accepts an earlier position as that of a commit whose acknowledgement was lost, when the log is complete", async () => {
  const { clock, append, damage } = guarded();
  await append(17);
  const appending = append(5);
  await clock.advance(60_000);
  expect(await appending).toEqual({ seq: 5, hash: "" });
  expect(damage()).toBeUndefined();
});

it("waits for a leader that has not caught up, and does not reject while the server does not answer", async () => {
  const { clock, at, guard, append, damage } = guarded();
  await append(17);
  at.end = 3;
  guard.reconnected();
  await clock.settle();
  at.end = 17;
  await clock.advance(60_000);
  at.reachable = false;
  guard.reconnected();
  await clock.advance(60_000);
  expect(damage()).toBeUndefined();
  expect((await append(18)).seq).toBe(18);
});
