import { type EventLog, Fault, noTip, type StoredCommit, type Tip } from "@shoal/core";
import { grow, heard, someCommit, someJob } from "@shoal/core/testing/contracts";
import type { AggregateRef } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { cutProxy } from "../testing/cut-proxy.ts";
import { type NatsBench, natsBench } from "../testing/nats-bench.ts";
import { onServer } from "../testing/on-server.ts";
import { createEventLog } from "./event-log.ts";

onServer(() => {
  let bench: NatsBench;
  beforeEach(async () => {
    bench = await natsBench();
  });
  afterEach(() => bench.close());

  const openLog = async (servers?: readonly string[]) => {
    const link = await bench.link(servers === undefined ? {} : { servers });
    return createEventLog(link);
  };

  describe("the log through a crash of its server", () => {
    it("loses no acknowledged commit, doubles none, and is followed without gap", async () => {
      const [log, other] = [await openLog(), await openLog()];
      const told = heard<StoredCommit>();
      const following = await other.follow({}, 0, told.tell);
      // Two crashes while forty aggregates grow at once: about a third of the commits before, between and behind.
      const jobs = Array.from({ length: 40 }, () => someJob());
      let acknowledged = 0;
      const marks = [400, 800, 1_200].map((count) => ({ count, ...Promise.withResolvers<void>() }));
      const append = async (job: AggregateRef, after: Tip) => {
        const tip = await appendUntilSaid(log, job, after);
        acknowledged += 1;
        for (const mark of marks) if (acknowledged >= mark.count) mark.resolve();
        return tip;
      };
      const writers = jobs.map(async (job) => {
        const tips: Tip[] = [];
        while (acknowledged < 1_200) tips.push(await append(job, tips.at(-1) ?? noTip));
        return tips;
      });
      await marks[0]?.promise;
      await bench.crash();
      await marks[1]?.promise;
      await bench.crash();
      const tips = await Promise.all(writers);

      for (const [index, job] of jobs.entries()) {
        const stored = await log.load(job);
        expect(stored.map(({ seq, hash }) => ({ seq, hash }))).toEqual(tips[index]);
        expect(stored.map(({ commit }) => commit.prev)).toEqual(["", ...stored.slice(0, -1).map(({ hash }) => hash)]);
      }
      const all: string[] = [];
      await log.scan(0, ({ commit }) => all.push(commit.id));
      expect(new Set(all).size).toBe(all.length);
      expect((await told.atLeast(all.length)).map(({ commit }) => commit.id)).toEqual(all);
      await following.close();
    });
  });

  /** Appends as a caller would that must know: the same commit until the log says yes. */
  async function appendUntilSaid(log: EventLog, job: AggregateRef, after: Tip): Promise<Tip> {
    const commit = someCommit(after);
    for (;;) {
      try {
        return await log.append(job, after, commit);
      } catch (failure) {
        if (!(failure instanceof Fault) || failure.code !== "LOG_UNREACHABLE") throw failure;
      }
    }
  }

  describe("an append whose answer is lost", () => {
    it("finds its own commit when the connection is back", async () => {
      const proxy = await cutProxy(bench.server().port);
      const [near, far] = [await openLog(), await openLog([proxy.url])];
      const job = someJob();
      const [first = noTip] = await grow(far, job, 1);
      const told = heard<StoredCommit>();
      const following = await near.follow({}, first.seq, told.tell);
      proxy.deafen();
      const commit = someCommit(first);
      const appending = far.append(job, first, commit);
      const [stored] = await told.atLeast(1);
      proxy.cut();
      const tip = await appending;
      expect(stored).toMatchObject({ seq: tip.seq, hash: tip.hash, commit: { id: commit.id } });
      expect(await near.load(job)).toHaveLength(2);
      await following.close();
      await proxy.close();
    });

    it("finds another's commit and says conflict", async () => {
      const proxy = await cutProxy(bench.server().port);
      const [near, far] = [await openLog(), await openLog([proxy.url])];
      const job = someJob();
      await grow(far, someJob(), 1);
      proxy.deafen();
      const appended = heard<StoredCommit>();
      const following = await near.follow({ jobId: job.id }, 0, appended.tell);
      await near.append(job, noTip, someCommit(noTip));
      await appended.atLeast(1);
      const appending = far.append(job, noTip, someCommit(noTip));
      proxy.cut();
      await expect(appending).rejects.toMatchObject({ code: "REVISION_CONFLICT" });
      expect(await near.load(job)).toHaveLength(1);
      await following.close();
      await proxy.close();
    });
  });
});
