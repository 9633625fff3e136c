import { noStreamPosition } from "@shoal/core";
import { someCommit, someJob } from "@shoal/core/testing/contracts";
import { subjectOf } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { NatsSession } from "../connection/nats-session.ts";
import type { PublishOutcome } from "../connection/publish-outcome.ts";
import { backoff, patienceMs } from "../connection/server-request.ts";
import { answering, lost, skipping } from "../testing/answering.ts";
import { type NatsHarness, natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { createEventLog } from "./event-log.ts";

onServer(() => {
  let harness: NatsHarness;
  let session: NatsSession;
  beforeEach(async () => {
    harness = await natsHarness();
    session = await harness.session();
  });
  afterEach(() => harness.close());

  /** Appends a commit; attempt by attempt, the outcomes come after these times, and then the real one. */
  function appending(outcomes: readonly (readonly [number, PublishOutcome])[], over: Partial<NatsSession> = {}) {
    const { session: ahead, skip } = skipping({ ...session, ...over });
    let sent = 0;
    const log = createEventLog(
      answering(ahead, async (publication, publish) => {
        const planned = outcomes[sent++];
        if (planned === undefined) return await publish(publication);
        skip(planned[0]);
        return planned[1];
      }),
    );
    const job = someJob();
    const done = log.append(job, noStreamPosition, someCommit(noStreamPosition));
    // The test awaits it later.
    done.catch(() => undefined);
    return { done, subject: subjectOf(job), sent: () => sent };
  }

  const unsent: PublishOutcome = { state: "unsent", why: "no stream answered (503)" };
  const conflict: PublishOutcome = { state: "conflict", why: "in flight" };
  const full: PublishOutcome = { state: "unknown", cause: "full", why: "insufficient storage (10047)" };
  const deaf: PublishOutcome = { state: "unknown", cause: "unanswered", why: "no reply from the server within 3 s" };
  // A little less than the time after which the server's disk counts as full.
  const nearlyMs = 5_000;

  describe("an append that the server does not take", () => {
    it.each([
      ["whose answers are lost", lost],
      ["that is not sent", unsent],
      ["that conflicts with nothing", conflict],
    ])("fails when its patience ends, and not before: %s", async (_, outcome) => {
      const failed = appending([
        [0, outcome],
        [patienceMs / 2, outcome],
        [patienceMs / 2, outcome],
      ]);
      await expect(failed.done).rejects.toMatchObject({
        code: "LOG_UNREACHABLE",
        message: expect.stringContaining(failed.subject),
      });
      expect(failed.sent()).toBe(3);
      const stored = appending([
        [0, outcome],
        [patienceMs / 2, outcome],
        [patienceMs / 3, outcome],
      ]);
      expect((await stored.done).seq).toBe(1);
      expect(stored.sent()).toBe(4);
    });

    it("fails at once when the connection is closed", async () => {
      await session.close();
      const { done, sent } = appending([[0, lost]]);
      await expect(done).rejects.toMatchObject({ code: "LOG_UNREACHABLE" });
      expect(sent()).toBe(1);
    });
  });

  describe("an append that a leader leaves unstored while it answers reads", () => {
    it.each([
      ["full", full, "insufficient storage"],
      ["unanswered", deaf, "the server answers reads and stores nothing: no reply"],
    ])("is LOG_FULL after some seconds: %s", async (_, outcome, why) => {
      const { done, sent } = appending([
        [0, outcome],
        [nearlyMs, outcome],
        [1_000, outcome],
      ]);
      await expect(done).rejects.toMatchObject({ code: "LOG_FULL", message: expect.stringContaining(why) });
      expect(sent()).toBe(3);
    });

    it("is LOG_UNREACHABLE when its reads have no answer either", async () => {
      const outcomes = [0, nearlyMs, 1_000, patienceMs].map((ms) => [ms, full] as const);
      const { done, sent } = appending(outcomes, { connected: async () => false });
      await expect(done).rejects.toMatchObject({ code: "LOG_UNREACHABLE" });
      expect(sent()).toBe(4);
    });

    it.each([
      ["after less than these seconds", [full, full]],
      ["while other answers come between", [full, lost, full, unsent, full]],
    ])("is stored %s", async (_, outcomes) => {
      const { done } = appending(outcomes.map((outcome, index) => [index === 0 ? 0 : nearlyMs / 2, outcome]));
      expect((await done).seq).toBe(1);
    });
  });

  it("an append that is acknowledged needs no read", async () => {
    const { done } = appending([], { connected: async () => false });
    expect((await done).seq).toBe(1);
  });

  it("an append pauses before each retry", async () => {
    const { clock } = session;
    const waits: number[] = [];
    const at: typeof clock.at = (dueAt, callback) => {
      waits.push(dueAt - clock.now());
      return clock.at(dueAt, callback);
    };
    const { done, sent } = appending(
      [lost, unsent, conflict].map((outcome) => [0, outcome]),
      {
        clock: { ...clock, at },
      },
    );
    await done;
    // The other timers, those of the reads, are a second long.
    expect([sent(), waits.filter((ms) => ms <= backoff.mostMs).length]).toEqual([4, 3]);
  });

  it("refuses a commit that does not name the hash of the commit before it, and stores nothing", async () => {
    const log = createEventLog(session);
    const job = someJob();
    const commit = { ...someCommit(noStreamPosition), prev: "0".repeat(64) };
    await expect(log.append(job, noStreamPosition, commit)).rejects.toThrow(commit.id);
    expect(await log.lastSeq()).toBe(0);
  });
});
