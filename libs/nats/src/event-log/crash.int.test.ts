import { type EventLog, Fault, noStreamPosition, type StoredCommit, type StreamPosition } from "@shoal/core";
import { grow, record, someCommit, someJob } from "@shoal/core/testing/contracts";
import type { AggregateRef } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cutProxy } from "../testing/cut-proxy.ts";
import { type NatsHarness, natsHarness } from "../testing/nats-harness.ts";
import { onServer } from "../testing/on-server.ts";
import { createEventLog } from "./event-log.ts";

onServer(() => {
  let harness: NatsHarness;
  beforeEach(async () => {
    harness = await natsHarness();
  });
  afterEach(() => harness.close());

  const openLog = async (servers?: readonly string[]) => {
    const session = await harness.session(servers === undefined ? {} : { servers });
    return createEventLog(session);
  };

  describe("the log through a crash of its server", () => {
    it("loses no acknowledged commit, duplicates none, and is followed without a gap", async () => {
      const [log, other] = [await openLog(), await openLog()];
      const collected = record<StoredCommit>();
      const following = await other.follow({}, 0, collected.push);
      // Two crashes while forty aggregates grow at once: about a third of the commits before, between and after them.
      const jobs = Array.from({ length: 40 }, () => someJob());
      let acknowledged = 0;
      const marks = [400, 800, 1_200].map((count) => ({ count, ...Promise.withResolvers<void>() }));
      const append = async (job: AggregateRef, after: StreamPosition) => {
        const streamHead = await appendUntilSaid(log, job, after);
        acknowledged += 1;
        for (const mark of marks) if (acknowledged >= mark.count) mark.resolve();
        return streamHead;
      };
      const writers = jobs.map(async (job) => {
        const streamHeads: StreamPosition[] = [];
        while (acknowledged < 1_200) streamHeads.push(await append(job, streamHeads.at(-1) ?? noStreamPosition));
        return streamHeads;
      });
      await marks[0]?.promise;
      await harness.crash();
      await marks[1]?.promise;
      await harness.crash();
      const streamHeads = await Promise.all(writers);

      for (const [index, job] of jobs.entries()) {
        const stored = await log.load(job);
        expect(stored.map(({ seq, hash }) => ({ seq, hash }))).toEqual(streamHeads[index]);
        expect(stored.map(({ commit }) => commit.prev)).toEqual(["", ...stored.slice(0, -1).map(({ hash }) => hash)]);
      }
      const all: string[] = [];
      await log.scan(0, ({ commit }) => all.push(commit.id));
      expect(new Set(all).size).toBe(all.length);
      expect((await collected.atLeast(all.length)).map(({ commit }) => commit.id)).toEqual(all);
      await following.close();
    });
  });

  /** Appends as a caller that needs the outcome: the same commit until the log acknowledges it. */
  async function appendUntilSaid(log: EventLog, job: AggregateRef, after: StreamPosition): Promise<StreamPosition> {
    const commit = someCommit(after);
    for (;;) {
      try {
        return await log.append(job, after, commit);
      } catch (failure) {
        if (!(failure instanceof Fault) || failure.code !== "LOG_UNREACHABLE") throw failure;
      }
    }
  }

  describe("an append whose acknowledgement is lost", () => {
    it("finds its own commit when the connection is back", async () => {
      const proxy = await cutProxy(harness.server().port);
      const [near, far] = [await openLog(), await openLog([proxy.url])];
      const job = someJob();
      const [first = noStreamPosition] = await grow(far, job, 1);
      const collected = record<StoredCommit>();
      const following = await near.follow({}, first.seq, collected.push);
      proxy.deafen();
      const commit = someCommit(first);
      const appending = far.append(job, first, commit);
      const [stored] = await collected.atLeast(1);
      proxy.cut();
      const streamHead = await appending;
      expect(stored).toMatchObject({ seq: streamHead.seq, hash: streamHead.hash, commit: { id: commit.id } });
      expect(await near.load(job)).toHaveLength(2);
      await following.close();
      await proxy.close();
    });

    it("is a conflict when the commit of another requester is stored", async () => {
      const proxy = await cutProxy(harness.server().port);
      const [near, far] = [await openLog(), await openLog([proxy.url])];
      const job = someJob();
      await grow(far, someJob(), 1);
      proxy.deafen();
      const appended = record<StoredCommit>();
      const following = await near.follow({ jobId: job.id }, 0, appended.push);
      await near.append(job, noStreamPosition, someCommit(noStreamPosition));
      await appended.atLeast(1);
      const appending = far.append(job, noStreamPosition, someCommit(noStreamPosition));
      proxy.cut();
      await expect(appending).rejects.toMatchObject({ code: "REVISION_CONFLICT" });
      expect(await near.load(job)).toHaveLength(1);
      await following.close();
      await proxy.close();
    });
  });
});
