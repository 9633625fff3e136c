import { noStreamPosition, type StreamPosition } from "@shoal/core";
import { grow, someCommit, someJob } from "@shoal/core/testing/contracts";
import { streams, subjectOf } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { headerNames } from "../connection/message-headers.ts";
import type { NatsSession } from "../connection/nats-session.ts";
import { answering, lost } from "../testing/answering.ts";
import { type NatsHarness, natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { encodeCommit } from "./commit-codec.ts";
import { createEventLog } from "./event-log.ts";

onServer(() => {
  let harness: NatsHarness;
  let session: NatsSession;
  beforeEach(async () => {
    harness = await natsHarness();
    session = await harness.session();
  });
  afterEach(() => harness.close());

  describe("an append whose acknowledgement is lost", () => {
    it.each([0, 1])("returns its position although another commit was appended after it (%i before)", async (count) => {
      const log = createEventLog(session);
      const job = someJob();
      const first: StreamPosition = (await grow(log, job, count)).at(-1) ?? noStreamPosition;
      const commit = someCommit(first);
      const stored: StreamPosition[] = [];
      const cut = answering(session, async (publication, publish) => {
        const outcome = await publish(publication);
        if (stored.length > 0 || outcome.state !== "stored") return outcome;
        stored.push({ seq: outcome.seq, hash: encodeCommit(commit).hash });
        // Another requester reads the commit and appends the next one.
        await log.append(job, stored[0] ?? noStreamPosition, someCommit(stored[0] ?? noStreamPosition));
        return lost;
      });
      const streamHead = await createEventLog(cut).append(job, first, commit);
      expect([streamHead]).toEqual(stored);
      expect((await log.load(job)).map(({ seq }) => seq)).toEqual([
        ...(count === 0 ? [] : [first.seq]),
        streamHead.seq,
        streamHead.seq + 1,
      ]);
    });

    it("returns its position although commits of other aggregates were appended in between", async () => {
      const log = createEventLog(session);
      const [job, other] = [someJob(), someJob()];
      const [first = noStreamPosition] = await grow(log, job, 1);
      await grow(log, other, 3);
      let sent = 0;
      const cut = answering(session, async (publication, publish) => {
        const outcome = await publish(publication);
        sent += 1;
        return sent === 1 ? lost : outcome;
      });
      const streamHead = await createEventLog(cut).append(job, first, someCommit(first));
      expect(streamHead.seq).toBe(first.seq + 4);
      expect(sent).toBe(1);
    });

    it("is repeated when the commit was not stored", async () => {
      const log = createEventLog(session);
      const job = someJob();
      let sent = 0;
      const cut = answering(session, async (publication, publish) => {
        sent += 1;
        return sent < 3 ? lost : await publish(publication);
      });
      const streamHead = await createEventLog(cut).append(job, noStreamPosition, someCommit(noStreamPosition));
      expect([sent, (await log.load(job)).map(({ seq }) => seq)]).toEqual([3, [streamHead.seq]]);
    });

    it("is a conflict when another commit took its place", async () => {
      const log = createEventLog(session);
      const job = someJob();
      const cut = answering(session, async () => {
        await log.append(job, noStreamPosition, someCommit(noStreamPosition)).catch(() => undefined);
        return lost;
      });
      const appending = createEventLog(cut).append(job, noStreamPosition, someCommit(noStreamPosition));
      await expect(appending).rejects.toMatchObject({ code: "REVISION_CONFLICT", details: { expected: 0 } });
    });
  });

  it.each(["unknown", "conflict"] as const)(
    "a commit with the same id and other content is a conflict, never ours, when the answer is %s",
    async (state) => {
      const log = createEventLog(session);
      const job = someJob();
      const commit = someCommit(noStreamPosition);
      const { bytes } = encodeCommit({ ...commit, by: "r-other" });
      const headers = { [headerNames.messageId]: commit.id, [headerNames.expectedSubjectSeq]: 0 };
      const other = await session.publisher.publish({ subject: subjectOf(job), bytes, headers });
      expect(other).toMatchObject({ state: "stored", duplicate: false });
      const cut = answering(session, async () => ({ state, why: "the answer was lost" }));
      const appending = createEventLog(cut).append(job, noStreamPosition, commit);
      await expect(appending).rejects.toMatchObject({ code: "REVISION_CONFLICT" });
      expect((await log.load(job)).map(({ commit: { by } }) => by)).toEqual(["r-other"]);
    },
  );

  it("a commit with the message id of another commit is a conflict", async () => {
    const log = createEventLog(session);
    const job = someJob();
    const commit = someCommit(noStreamPosition);
    await log.append(job, noStreamPosition, { ...commit, by: "r-other" });
    await expect(log.append(job, noStreamPosition, commit)).rejects.toMatchObject({ code: "REVISION_CONFLICT" });
    expect((await (await session.manager()).streams.info(streams.events)).state.messages).toBe(1);
  });

  it("a refused append is not retried", async () => {
    let sent = 0;
    const refusing = answering(session, async () => {
      sent += 1;
      return { state: "refused", code: 10054, why: "too large for this server" };
    });
    const appending = createEventLog(refusing).append(someJob(), noStreamPosition, someCommit(noStreamPosition));
    await expect(appending).rejects.toMatchObject({
      code: "LOG_UNSUITABLE",
      message: expect.stringContaining("too large for this server"),
    });
    expect(sent).toBe(1);
  });

  describe("an append behind messages that no requester wrote", () => {
    const foreign = (subject: string) => session.publisher.publish({ subject, bytes: new TextEncoder().encode("+OK") });
    it("is stored behind them", async () => {
      const log = createEventLog(session);
      const job = someJob();
      const [first = noStreamPosition] = await grow(log, job, 1);
      for (let count = 0; count < 3; count++) await foreign(subjectOf(job));
      const { seq } = await log.append(job, first, someCommit(first));
      expect(seq).toBe(first.seq + 4);
    });
    it("is a conflict when a commit is among them", async () => {
      const log = createEventLog(session);
      const job = someJob();
      const [first = noStreamPosition, second = noStreamPosition] = await grow(log, job, 2);
      await foreign(subjectOf(job));
      await expect(log.append(job, first, someCommit(first))).rejects.toMatchObject({
        code: "REVISION_CONFLICT",
        details: { expected: first.seq, found: second.seq + 1 },
      });
    });
    it("is a conflict when a commit is between them", async () => {
      const log = createEventLog(session);
      const job = someJob();
      const [first = noStreamPosition] = await grow(log, job, 1);
      await foreign(subjectOf(job));
      const second = await log.append(job, first, someCommit(first));
      await foreign(subjectOf(job));
      await expect(log.append(job, first, someCommit(first))).rejects.toMatchObject({
        code: "REVISION_CONFLICT",
        details: { expected: first.seq, found: second.seq + 1 },
      });
    });
  });
});
