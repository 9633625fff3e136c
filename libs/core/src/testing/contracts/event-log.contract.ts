import { type AggregateRef, shardOf } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type EventLog, type LogRange, noTip, type StoredCommit } from "../../ports/event-log.ts";
import { heard } from "./heard.ts";
import { grow, type LogBench, someCommit, someJob } from "./log-bench.ts";
import { unreadable } from "./unreadable.contract.ts";

const ids = (stored: readonly StoredCommit[]) => stored.map(({ commit }) => commit.id);

/** The suite that every event log passes, in memory or on a server. */
export function eventLogContract(name: string, make: () => Promise<LogBench>): void {
  describe(`${name}, as an event log`, () => {
    let bench: LogBench;
    beforeEach(async () => {
      bench = await make();
    });
    afterEach(async () => {
      await bench.close?.();
    });
    const log = () => bench.log;
    appends(log);
    loads(log);
    follows(log);
    scans(log);
    ranges(log);
    holdsBack(log);
    unreadable(() => bench);
    ends(log);
  });
}

function ends(log: () => EventLog): void {
  it("names the position of an aggregate's last commit, whatever came behind it elsewhere", async () => {
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
    const tip = await log().append(node, noTip, someCommit(noTip));
    expect(await log().lastSeqOf(node)).toBe(tip.seq);
  });
}

function ranges(log: () => EventLog): void {
  it("gives the commits about jobs between two positions, of all shards or of one", async () => {
    const [one, other] = [someJob(), someJob("blue")];
    const tips = [...(await grow(log(), one, 300)), ...(await grow(log(), other, 5))];
    await log().append({ kind: "node", namespace: "", id: "n-range" }, noTip, someCommit(noTip));
    const seqs = tips.map(({ seq }) => seq);
    const read = async (range: Omit<LogRange, "most">) => {
      const told: StoredCommit[] = [];
      expect(await log().range({ ...range, most: 1e6 }, (stored) => told.push(stored))).toBe(range.upTo);
      return told.map(({ seq }) => seq);
    };
    const [first = 0, last = 0] = [seqs[1], seqs[302]];
    expect(await read({ afterSeq: 0, upTo: Number.MAX_SAFE_INTEGER })).toEqual(seqs);
    expect(await read({ afterSeq: first, upTo: last })).toEqual(seqs.slice(2, 303));
    expect(await read({ afterSeq: last, upTo: last })).toEqual([]);
    const shard = shardOf(other.id);
    const ofShard = [...(shard === shardOf(one.id) ? seqs : seqs.slice(300))];
    expect(await read({ shard, afterSeq: 0, upTo: Number.MAX_SAFE_INTEGER })).toEqual(ofShard);
  });
  it("stops a range soon after as many commits as were asked for, and says how far it came", async () => {
    const seqs = (await grow(log(), someJob(), 700)).map(({ seq }) => seq);
    const upTo = seqs.at(-1) ?? 0;
    const told: number[] = [];
    for (let afterSeq = 0, rounds = 0; afterSeq < upTo && rounds < 20; rounds++) {
      const before = told.length;
      afterSeq = await log().range({ afterSeq, upTo, most: 100 }, ({ seq }) => told.push(seq));
      expect(told.length - before).toBeLessThanOrEqual(400);
      expect(afterSeq).toBe(told.at(-1));
    }
    expect(told).toEqual(seqs);
  });
}

function appends(log: () => EventLog): void {
  it("begins at position 0", async () => {
    expect(await log().lastSeq()).toBe(0);
  });
  it("gives growing positions, and each hash is the next prev", async () => {
    const job = someJob();
    const [first, second] = await grow(log(), job, 2);
    expect(second?.seq).toBeGreaterThan(first?.seq ?? Number.POSITIVE_INFINITY);
    const stored = await log().load(job);
    expect(stored.map(({ seq, hash }) => ({ seq, hash }))).toEqual([first, second]);
    expect(stored[1]?.commit.prev).toBe(first?.hash);
    expect(first?.hash).toMatch(/^[0-9a-f]{64}$/);
    expect(await log().lastSeq()).toBe(second?.seq);
  });
  it("refuses what builds on an old tip, and keeps nothing of it", async () => {
    const job = someJob();
    const [first, second] = await grow(log(), job, 2);
    for (const stale of [noTip, first ?? noTip]) {
      await expect(log().append(job, stale, someCommit(stale))).rejects.toMatchObject({ code: "REVISION_CONFLICT" });
    }
    expect((await log().load(job)).at(-1)?.seq).toBe(second?.seq);
  });
  it("lets one of many writers win", async () => {
    const job = someJob();
    const tries = Array.from({ length: 8 }, () => log().append(job, noTip, someCommit(noTip)));
    const ends = await Promise.allSettled(tries);
    expect(ends.filter(({ status }) => status === "fulfilled")).toHaveLength(1);
    expect(await log().load(job)).toHaveLength(1);
  });
  it("answers the same commit again with the tip that it made", async () => {
    const job = someJob();
    const commit = someCommit(noTip);
    const tip = await log().append(job, noTip, commit);
    expect(await log().append(job, noTip, commit)).toEqual(tip);
    expect(await log().load(job)).toHaveLength(1);
  });
  it("knows the commit again also when others have followed it", async () => {
    const job = someJob();
    const commit = someCommit(noTip);
    const tip = await log().append(job, noTip, commit);
    await log().append(job, tip, someCommit(tip));
    expect(await log().append(job, noTip, commit)).toEqual(tip);
    expect(await log().load(job)).toHaveLength(2);
  });
  it("keeps aggregates apart", async () => {
    const [one, other] = [someJob(), someJob()];
    await Promise.all([grow(log(), one, 3), grow(log(), other, 2)]);
    expect(await log().load(one)).toHaveLength(3);
    expect(await log().load(other)).toHaveLength(2);
  });
  it("refuses a commit above the limit", async () => {
    const huge = someCommit(noTip, "x".repeat(600_000));
    await expect(log().append(someJob(), noTip, huge)).rejects.toMatchObject({ code: "TOO_LARGE" });
  });
}

function loads(log: () => EventLog): void {
  it("gives back what was appended, unchanged", async () => {
    const node: AggregateRef = { kind: "node", namespace: "", id: "n-contract" };
    const commit = {
      ...someCommit(noTip),
      events: [{ type: "NodeDisconnected", v: 1, data: { text: "ö", list: [1, null, { deep: true }] } }],
    };
    await log().append(node, noTip, commit);
    const [stored] = await log().load(node);
    expect(stored?.commit).toEqual(commit);
    expect(stored?.aggregate).toEqual(node);
  });
  it("knows nothing of an aggregate that was never written", async () => {
    expect(await log().load(someJob())).toEqual([]);
  });
  it("begins behind a position", async () => {
    const job = someJob();
    const [first] = await grow(log(), job, 3);
    expect(await log().load(job, first?.seq)).toHaveLength(2);
  });
  it("finds a job without its namespace, and says which it is", async () => {
    const job = someJob("blue");
    await grow(log(), job, 2);
    const stored = await log().load({ ...job, namespace: "*" });
    expect(stored.map(({ aggregate }) => aggregate)).toEqual([job, job]);
  });
  it("gives a long history whole and in order", async () => {
    const job = someJob();
    const tips = await grow(log(), job, 700);
    expect((await log().load(job)).map(({ seq }) => seq)).toEqual(tips.map(({ seq }) => seq));
  });
}

function follows(log: () => EventLog): void {
  it("tells what was there and then what comes, in order, until closed", async () => {
    const job = someJob();
    const [before] = await grow(log(), job, 2);
    const ear = heard<StoredCommit>();
    const following = await log().follow({ shard: shardOf(job.id) }, 0, ear.tell);
    await ear.atLeast(2);
    const tip = (await log().load(job)).at(-1) ?? before ?? noTip;
    await log().append(job, tip, someCommit(tip));
    expect(ids(await ear.atLeast(3))).toEqual(ids(await log().load(job)));
    await following.close();
  });
  it("begins behind a position", async () => {
    const job = someJob();
    const [first, second] = await grow(log(), job, 2);
    const ear = heard<StoredCommit>();
    const following = await log().follow({ shard: shardOf(job.id) }, first?.seq ?? 0, ear.tell);
    expect((await ear.atLeast(1)).map(({ seq }) => seq)).toEqual([second?.seq]);
    await following.close();
  });
  it("tells only what the filter lets through", async () => {
    const [blue, red] = [someJob("blue"), someJob("red")];
    const ears = { all: heard<StoredCommit>(), namespace: heard<StoredCommit>(), job: heard<StoredCommit>() };
    const followings = await Promise.all([
      log().follow({}, 0, ears.all.tell),
      log().follow({ namespace: "blue" }, 0, ears.namespace.tell),
      log().follow({ jobId: red.id }, 0, ears.job.tell),
    ]);
    await grow(log(), red, 2);
    await grow(log(), blue, 2);
    expect(await ears.all.atLeast(4)).toHaveLength(4);
    expect((await ears.namespace.atLeast(2)).map(({ aggregate }) => aggregate)).toEqual([blue, blue]);
    expect((await ears.job.atLeast(2)).map(({ aggregate }) => aggregate)).toEqual([red, red]);
    await Promise.all(followings.map((following) => following.close()));
  });
  it("tells nothing more once closed", async () => {
    const job = someJob();
    const [closed, open] = [heard<StoredCommit>(), heard<StoredCommit>()];
    const following = await log().follow({}, 0, closed.tell);
    const other = await log().follow({}, 0, open.tell);
    await following.close();
    await grow(log(), job, 1);
    await open.atLeast(1);
    expect(closed.all).toEqual([]);
    await other.close();
  });
}

function scans(log: () => EventLog): void {
  it("tells everything there is and answers with the end", async () => {
    await Promise.all([grow(log(), someJob(), 20), grow(log(), someJob(), 20)]);
    const told: StoredCommit[] = [];
    const end = await log().scan(0, (stored) => told.push(stored));
    expect(end).toBe(await log().lastSeq());
    expect(told).toHaveLength(40);
    expect(told.map(({ seq }) => seq)).toEqual(told.map(({ seq }) => seq).toSorted((a, b) => a - b));
  });
  it("begins behind a position, and ends at once when nothing is there", async () => {
    const tips = await grow(log(), someJob(), 5);
    const told: number[] = [];
    expect(await log().scan(tips[2]?.seq ?? 0, ({ seq }) => told.push(seq))).toBe(tips[4]?.seq);
    expect(told).toEqual([tips[3]?.seq, tips[4]?.seq]);
    expect(await log().scan(tips[4]?.seq ?? 0, ({ seq }) => told.push(seq))).toBe(tips[4]?.seq);
    expect(told).toHaveLength(2);
  });
  it("scans one shard alone, up to its end", async () => {
    const jobs = Array.from({ length: 8 }, () => someJob());
    for (const job of jobs) await grow(log(), job, 3);
    const shards = new Set(jobs.map(({ id }) => shardOf(id)));
    for (const shard of shards) {
      const told: StoredCommit[] = [];
      await log().scan(0, (stored) => told.push(stored), { shard });
      expect(told).toHaveLength(3 * jobs.filter(({ id }) => shardOf(id) === shard).length);
      expect(new Set(told.map(({ aggregate }) => shardOf(aggregate.id)))).toEqual(new Set([shard]));
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
  /** A reader that has enough to do after every `each` commits, until `goOn` is called. */
  function slowReader(each: number) {
    const told = heard<StoredCommit>();
    const full = heard<() => void>();
    const room = () => {
      if (told.all.length % each !== 0) return undefined;
      const { promise, resolve } = Promise.withResolvers<void>();
      full.tell(resolve);
      return promise;
    };
    return { told, full, room };
  }
  it("follows no faster than its reader has room, and leaves nothing out", async () => {
    const tips = await grow(log(), someJob(), 7);
    const { told, full, room } = slowReader(2);
    const ear = heard<StoredCommit>();
    const following = await log().follow({}, 0, told.tell, { room });
    const other = await log().follow({}, 0, ear.tell);
    for (let rounds = 1; rounds <= 3; rounds++) {
      const goOn = (await full.atLeast(rounds)).at(-1);
      // What somebody else has been told meanwhile has reached this reader too.
      await ear.atLeast(7);
      expect(told.all).toHaveLength(2 * rounds);
      goOn?.();
    }
    expect((await told.atLeast(7)).map(({ seq }) => seq)).toEqual(tips.map(({ seq }) => seq));
    await Promise.all([following.close(), other.close()]);
  });
  it("tells a reader without room nothing more once closed", async () => {
    await grow(log(), someJob(), 5);
    const { told, full, room } = slowReader(2);
    const following = await log().follow({}, 0, told.tell, { room });
    const [goOn] = await full.atLeast(1);
    await following.close();
    goOn?.();
    await log().lastSeq();
    expect(told.all).toHaveLength(2);
  });
  it("scans no faster than its reader has room, and leaves nothing out", async () => {
    const tips = await grow(log(), someJob(), 600);
    const { told, full, room } = slowReader(250);
    const scanning = log().scan(0, told.tell, { room });
    for (let rounds = 1; rounds <= 2; rounds++) {
      const goOn = (await full.atLeast(rounds)).at(-1);
      await log().lastSeq();
      expect(told.all).toHaveLength(250 * rounds);
      goOn?.();
    }
    expect(await scanning).toBe(tips.at(-1)?.seq);
    expect(told.all.map(({ seq }) => seq)).toEqual(tips.map(({ seq }) => seq));
  });
}
