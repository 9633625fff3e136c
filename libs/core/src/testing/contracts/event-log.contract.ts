import { type AggregateRef, shardOf } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type EventLog, type LogRange, noStreamPosition, type StoredCommit } from "../../ports/event-log.ts";
import { followAndScan } from "./follow-and-scan.contract.ts";
import { grow, type LogHarness, someCommit, someJob } from "./log-harness.ts";
import { unreadable } from "./unreadable.contract.ts";

/** The contract of every event log, in memory or on a server. */
export function eventLogContract(name: string, make: () => Promise<LogHarness>): void {
  describe(`${name}, as an event log`, () => {
    let harness: LogHarness;
    beforeEach(async () => {
      harness = await make();
    });
    afterEach(async () => {
      await harness.close?.();
    });
    const log = () => harness.log;
    appends(log);
    loads(log);
    followAndScan(log);
    ranges(log);
    unreadable(() => harness);
    ends(log);
  });
}

function ends(log: () => EventLog): void {
  it("returns the position of an aggregate's last commit, also after commits of others", async () => {
    const [one, other] = [someJob("blue"), someJob()];
    expect(await log().lastSeqOf(one)).toBe(0);
    const [first, second] = await grow(log(), one, 2);
    expect(await log().lastSeqOf(one)).toBe(second?.seq);
    await grow(log(), other, 1);
    expect(await log().lastSeqOf(one)).toBe(second?.seq);
    expect(await log().lastSeqOf({ ...one, namespace: "*" })).toBe(second?.seq);
    expect(await log().lastSeqOf({ ...one, namespace: "red" })).toBe(0);
    expect(first?.seq).toBeLessThan(second?.seq ?? 0);
    const node = { kind: "node", namespace: "", id: "n-last" };
    const streamHead = await log().append(node, noStreamPosition, someCommit(noStreamPosition));
    expect(await log().lastSeqOf(node)).toBe(streamHead.seq);
  });

  it("lists the aggregates of a kind", async () => {
    expect(await log().aggregatesOf("secret")).toEqual([]);
    const one = { kind: "secret", namespace: "blue", id: "s-1" };
    const others = [
      { ...one, namespace: "red" },
      { ...one, id: "s-2" },
    ];
    await grow(log(), one, 3);
    for (const each of others) await grow(log(), each, 1);
    const node = { kind: "node", namespace: "", id: "n-list" };
    await log().append(node, noStreamPosition, someCommit(noStreamPosition));
    const found = await log().aggregatesOf("secret");
    expect(found).toHaveLength(3);
    expect(found).toEqual(expect.arrayContaining([one, ...others]));
    expect(await log().aggregatesOf("node")).toEqual([node]);
  });
}

function ranges(log: () => EventLog): void {
  it("returns the commits of jobs between two positions, of all shards or of one", async () => {
    const [one, other] = [someJob(), someJob("blue")];
    const streamHeads = [...(await grow(log(), one, 300)), ...(await grow(log(), other, 5))];
    await log().append({ kind: "node", namespace: "", id: "n-range" }, noStreamPosition, someCommit(noStreamPosition));
    const seqs = streamHeads.map(({ seq }) => seq);
    const read = async (range: Omit<LogRange, "most">) => {
      const collected: StoredCommit[] = [];
      expect(await log().range({ ...range, most: 1e6 }, (stored) => collected.push(stored))).toBe(range.upTo);
      return collected.map(({ seq }) => seq);
    };
    const [first = 0, last = 0] = [seqs[1], seqs[302]];
    expect(await read({ afterSeq: 0, upTo: Number.MAX_SAFE_INTEGER })).toEqual(seqs);
    expect(await read({ afterSeq: first, upTo: last })).toEqual(seqs.slice(2, 303));
    expect(await read({ afterSeq: last, upTo: last })).toEqual([]);
    const shard = shardOf(other.id);
    const ofShard = [...(shard === shardOf(one.id) ? seqs : seqs.slice(300))];
    expect(await read({ shard, afterSeq: 0, upTo: Number.MAX_SAFE_INTEGER })).toEqual(ofShard);
  });
  it("ends a range soon after the requested number of commits, with its position", async () => {
    const seqs = (await grow(log(), someJob(), 700)).map(({ seq }) => seq);
    const upTo = seqs.at(-1) ?? 0;
    const collected: number[] = [];
    for (let afterSeq = 0, rounds = 0; afterSeq < upTo && rounds < 20; rounds++) {
      const before = collected.length;
      afterSeq = await log().range({ afterSeq, upTo, most: 100 }, ({ seq }) => collected.push(seq));
      expect(collected.length - before).toBeLessThanOrEqual(400);
      expect(afterSeq).toBe(collected.at(-1));
    }
    expect(collected).toEqual(seqs);
  });
}

function appends(log: () => EventLog): void {
  it("begins at position 0", async () => {
    expect(await log().lastSeq()).toBe(0);
  });
  it("returns ascending positions, and each hash is the next prev", async () => {
    const job = someJob();
    const [first, second] = await grow(log(), job, 2);
    expect(second?.seq).toBeGreaterThan(first?.seq ?? Number.POSITIVE_INFINITY);
    const stored = await log().load(job);
    expect(stored.map(({ seq, hash }) => ({ seq, hash }))).toEqual([first, second]);
    expect(stored[1]?.commit.prev).toBe(first?.hash);
    expect(first?.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(await log().lastSeq()).toBe(second?.seq);
  });
  it("refuses a commit after an old position, and stores nothing", async () => {
    const job = someJob();
    const [first, second] = await grow(log(), job, 2);
    for (const stale of [noStreamPosition, first ?? noStreamPosition]) {
      await expect(log().append(job, stale, someCommit(stale))).rejects.toMatchObject({ code: "REVISION_CONFLICT" });
    }
    expect((await log().load(job)).at(-1)?.seq).toBe(second?.seq);
  });
  it("lets one of many writers win", async () => {
    const job = someJob();
    const tries = Array.from({ length: 8 }, () => log().append(job, noStreamPosition, someCommit(noStreamPosition)));
    const ends = await Promise.allSettled(tries);
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await log().load(job)).toHaveLength(1);
  });
  it("returns the same position for a repeated commit", async () => {
    const job = someJob();
    const commit = someCommit(noStreamPosition);
    const streamHead = await log().append(job, noStreamPosition, commit);
    expect(await log().append(job, noStreamPosition, commit)).toEqual(streamHead);
    expect(await log().load(job)).toHaveLength(1);
  });
  it("recognizes a repeated commit also after later ones", async () => {
    const job = someJob();
    const commit = someCommit(noStreamPosition);
    const streamHead = await log().append(job, noStreamPosition, commit);
    await log().append(job, streamHead, someCommit(streamHead));
    expect(await log().append(job, noStreamPosition, commit)).toEqual(streamHead);
    expect(await log().load(job)).toHaveLength(2);
  });
  it("separates aggregates", async () => {
    const [one, other] = [someJob(), someJob()];
    await Promise.all([grow(log(), one, 3), grow(log(), other, 2)]);
    expect(await log().load(one)).toHaveLength(3);
    expect(await log().load(other)).toHaveLength(2);
  });
  it("refuses a commit above the limit", async () => {
    const huge = someCommit(noStreamPosition, "x".repeat(600_000));
    await expect(log().append(someJob(), noStreamPosition, huge)).rejects.toMatchObject({ code: "TOO_LARGE" });
  });
}

function loads(log: () => EventLog): void {
  it("returns appended commits unchanged", async () => {
    const node: AggregateRef = { kind: "node", namespace: "", id: "n-contract" };
    const commit = {
      ...someCommit(noStreamPosition),
      events: [{ type: "NodeDisconnected", v: 1, data: { text: "ö", list: [1, null, { deep: true }] } }],
    };
    await log().append(node, noStreamPosition, commit);
    const [stored] = await log().load(node);
    expect(stored?.commit).toEqual(commit);
    expect(stored?.aggregate).toEqual(node);
  });
  it("returns nothing for an aggregate without commits", async () => {
    expect(await log().load(someJob())).toEqual([]);
  });
  it("begins after a position", async () => {
    const job = someJob();
    const [first] = await grow(log(), job, 3);
    expect(await log().load(job, first?.seq)).toHaveLength(2);
  });
  it("finds a job without its namespace, and returns the namespace", async () => {
    const job = someJob("blue");
    await grow(log(), job, 2);
    const stored = await log().load({ ...job, namespace: "*" });
    expect(stored.map(({ aggregate }) => aggregate)).toEqual([job, job]);
  });
  it("returns a long history completely and in order", async () => {
    const job = someJob();
    const streamHeads = await grow(log(), job, 700);
    expect((await log().load(job)).map(({ seq }) => seq)).toEqual(streamHeads.map(({ seq }) => seq));
  });
}
