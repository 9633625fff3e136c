import { shardOf } from "@shoal/proto";
import { expect, it } from "vitest";
import { type EventLog, noTip, type StoredCommit } from "../../ports/event-log.ts";
import { heard } from "./heard.ts";
import { grow, someCommit, someJob } from "./log-bench.ts";

const ids = (stored: readonly StoredCommit[]) => stored.map(({ commit }) => commit.id);

/** What every event log delivers to readers that follow it, and to those that scan it to its end. */
export function followAndScan(log: () => EventLog): void {
  follows(log);
  scans(log);
  holdsBack(log);
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
