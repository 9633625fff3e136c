import { shardOf } from "@shoal/proto";
import { expect, it } from "vitest";
import { type EventLog, noStreamPosition, type StoredCommit } from "../../ports/event-log.ts";
import { grow, someCommit, someJob } from "./log-harness.ts";
import { record } from "./recorded.ts";

const ids = (stored: readonly StoredCommit[]) => stored.map(({ commit }) => commit.id);

/** The contract of an event log for readers that follow it, and for those that scan it to its end. */
export function followAndScan(log: () => EventLog): void {
  follows(log);
  scans(log);
  holdsBack(log);
}

function follows(log: () => EventLog): void {
  it("delivers stored and then new commits, in order, until closed", async () => {
    const job = someJob();
    const [before] = await grow(log(), job, 2);
    const recorded = record<StoredCommit>();
    const following = await log().follow({ shard: shardOf(job.id) }, 0, recorded.push);
    await recorded.atLeast(2);
    const streamHead = (await log().load(job)).at(-1) ?? before ?? noStreamPosition;
    await log().append(job, streamHead, someCommit(streamHead));
    expect(ids(await recorded.atLeast(3))).toEqual(ids(await log().load(job)));
    await following.close();
  });
  it("begins after a position", async () => {
    const job = someJob();
    const [first, second] = await grow(log(), job, 2);
    const recorded = record<StoredCommit>();
    const following = await log().follow({ shard: shardOf(job.id) }, first?.seq ?? 0, recorded.push);
    expect((await recorded.atLeast(1)).map(({ seq }) => seq)).toEqual([second?.seq]);
    await following.close();
  });
  it("delivers only what the filter matches", async () => {
    const [blue, red] = [someJob("blue"), someJob("red")];
    const recorded = { all: record<StoredCommit>(), namespace: record<StoredCommit>(), job: record<StoredCommit>() };
    const followings = await Promise.all([
      log().follow({}, 0, recorded.all.push),
      log().follow({ namespace: "blue" }, 0, recorded.namespace.push),
      log().follow({ jobId: red.id }, 0, recorded.job.push),
    ]);
    await grow(log(), red, 2);
    await grow(log(), blue, 2);
    expect(await recorded.all.atLeast(4)).toHaveLength(4);
    expect((await recorded.namespace.atLeast(2)).map(({ aggregate }) => aggregate)).toEqual([blue, blue]);
    expect((await recorded.job.atLeast(2)).map(({ aggregate }) => aggregate)).toEqual([red, red]);
    await Promise.all(followings.map((following) => following.close()));
  });
  it("delivers nothing once closed", async () => {
    const job = someJob();
    const [closed, open] = [record<StoredCommit>(), record<StoredCommit>()];
    const following = await log().follow({}, 0, closed.push);
    const other = await log().follow({}, 0, open.push);
    await following.close();
    await grow(log(), job, 1);
    await open.atLeast(1);
    expect(closed.all).toEqual([]);
    await other.close();
  });
}

function scans(log: () => EventLog): void {
  it("delivers every commit and resolves with the end", async () => {
    await Promise.all([grow(log(), someJob(), 20), grow(log(), someJob(), 20)]);
    const collected: StoredCommit[] = [];
    const end = await log().scan(0, (stored) => collected.push(stored));
    expect(end).toBe(await log().lastSeq());
    expect(collected).toHaveLength(40);
    expect(collected.map(({ seq }) => seq)).toEqual(collected.map(({ seq }) => seq).toSorted((a, b) => a - b));
  });
  it("begins after a position, and ends at once when the log is empty", async () => {
    const streamHeads = await grow(log(), someJob(), 5);
    const collected: number[] = [];
    expect(await log().scan(streamHeads[2]?.seq ?? 0, ({ seq }) => collected.push(seq))).toBe(streamHeads[4]?.seq);
    expect(collected).toEqual([streamHeads[3]?.seq, streamHeads[4]?.seq]);
    expect(await log().scan(streamHeads[4]?.seq ?? 0, ({ seq }) => collected.push(seq))).toBe(streamHeads[4]?.seq);
    expect(collected).toHaveLength(2);
  });
  it("scans a single shard to its end", async () => {
    const jobs = Array.from({ length: 8 }, () => someJob());
    for (const job of jobs) await grow(log(), job, 3);
    const shards = new Set(jobs.map(({ id }) => shardOf(id)));
    for (const shard of shards) {
      const collected: StoredCommit[] = [];
      await log().scan(0, (stored) => collected.push(stored), { shard });
      expect(collected).toHaveLength(3 * jobs.filter(({ id }) => shardOf(id) === shard).length);
      expect(new Set(collected.map(({ aggregate }) => shardOf(aggregate.id)))).toEqual(new Set([shard]));
    }
  });
  it("ends early with the reason of its signal", async () => {
    await grow(log(), someJob(), 5);
    const quit = new AbortController();
    const scanning = log().scan(0, () => quit.abort(new Error("enough")), { signal: quit.signal });
    await expect(scanning).rejects.toThrow("enough");
    await expect(log().scan(0, () => undefined, { signal: quit.signal })).rejects.toThrow("enough");
  });
}

function holdsBack(log: () => EventLog): void {
  /** A reader that is full after every `each` commits, until `goOn` is called. */
  function slowReader(each: number) {
    const collected = record<StoredCommit>();
    const full = record<() => void>();
    const room = () => {
      if (collected.all.length % each !== 0) return undefined;
      const { promise, resolve } = Promise.withResolvers<void>();
      full.push(resolve);
      return promise;
    };
    return { collected, full, room };
  }
  it("applies back-pressure to a follower, without loss", async () => {
    const streamHeads = await grow(log(), someJob(), 7);
    const { collected, full, room } = slowReader(2);
    const recorded = record<StoredCommit>();
    const following = await log().follow({}, 0, collected.push, { room });
    const other = await log().follow({}, 0, recorded.push);
    for (let rounds = 1; rounds <= 3; rounds++) {
      const goOn = (await full.atLeast(rounds)).at(-1);
      // What another reader has received meanwhile has reached this one too.
      await recorded.atLeast(7);
      expect(collected.all).toHaveLength(2 * rounds);
      goOn?.();
    }
    expect((await collected.atLeast(7)).map(({ seq }) => seq)).toEqual(streamHeads.map(({ seq }) => seq));
    await Promise.all([following.close(), other.close()]);
  });
  it("delivers nothing to a full reader once closed", async () => {
    await grow(log(), someJob(), 5);
    const { collected, full, room } = slowReader(2);
    const following = await log().follow({}, 0, collected.push, { room });
    const [goOn] = await full.atLeast(1);
    await following.close();
    goOn?.();
    await log().lastSeq();
    expect(collected.all).toHaveLength(2);
  });
  it("applies back-pressure to a scan, without loss", async () => {
    const streamHeads = await grow(log(), someJob(), 600);
    const { collected, full, room } = slowReader(250);
    const scanning = log().scan(0, collected.push, { room });
    for (let rounds = 1; rounds <= 2; rounds++) {
      const goOn = (await full.atLeast(rounds)).at(-1);
      await log().lastSeq();
      expect(collected.all).toHaveLength(250 * rounds);
      goOn?.();
    }
    expect(await scanning).toBe(streamHeads.at(-1)?.seq);
    expect(collected.all.map(({ seq }) => seq)).toEqual(streamHeads.map(({ seq }) => seq));
  });
}
