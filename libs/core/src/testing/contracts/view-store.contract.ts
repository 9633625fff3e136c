import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ViewChange, ViewEntry, ViewStore } from "../../ports/view-store.ts";
import { type Heard, heard } from "./heard.ts";
import type { ViewBench } from "./view-bench.ts";
import { viewFollows } from "./view-follow.contract.ts";

interface Change {
  readonly key: string;
  readonly value: ViewEntry | undefined;
  readonly change: ViewChange;
}

const entry = (seq: number, text = `at ${seq}`): ViewEntry => ({ seq, text });

/** Follows a pattern and hears changes and, as `ready`, the ends of the first telling. */
async function watched(views: ViewStore, pattern: string) {
  const changes = heard<Change>();
  const ready = heard<number>();
  const watch = await views.watch(pattern, {
    changed: (key, value, change) => changes.tell({ key, value, change }),
    ready: () => ready.tell(changes.all.length),
  });
  return { changes, ready, caughtUp: () => watch.caughtUp(), close: () => watch.close() };
}

const lastOf = (changes: Heard<Change>, key: string) => changes.all.findLast((change) => change.key === key)?.value;

/** The suite that every view store passes, in memory or on a server. */
export function viewStoreContract(name: string, make: () => Promise<ViewBench>): void {
  describe(`${name}, as a view store`, () => {
    let bench: ViewBench;
    beforeEach(async () => {
      bench = await make();
    });
    afterEach(async () => {
      await bench.close?.();
    });
    keeps(() => bench);
    guards(() => bench);
    watches(() => bench);
    viewFollows(() => bench);
  });
}

function keeps(bench: () => ViewBench): void {
  it("gives back what was put, also to another process", async () => {
    const value: ViewEntry = { seq: 1, text: "ö", list: [1, null, { deep: true }] };
    await bench().views.put("a", value);
    expect(await bench().views.get("a")).toEqual(value);
    expect(await bench().again().get("a")).toEqual(value);
  });
  it("has nothing under a key that was never put or was removed", async () => {
    expect(await bench().views.get("a")).toBeUndefined();
    await bench().views.put("a", entry(1));
    await bench().views.remove("a", 2);
    expect(await bench().views.get("a")).toBeUndefined();
  });
  it("keeps keys with dots apart", async () => {
    await bench().views.put("a.b", entry(1));
    await bench().views.put("a.c", entry(2));
    expect(await bench().views.get("a.b")).toEqual(entry(1));
    expect(await bench().views.get("a")).toBeUndefined();
  });
  it("puts a key again after it was removed", async () => {
    await bench().views.put("a", entry(1));
    await bench().views.remove("a", 2);
    await bench().views.put("a", entry(3));
    expect(await bench().views.get("a")).toEqual(entry(3));
  });
}

function guards(bench: () => ViewBench): void {
  it("does not let an older value replace a newer, from here or elsewhere", async () => {
    await bench().views.put("a", entry(5));
    await bench().views.put("a", entry(4));
    await bench().again().put("a", entry(3));
    expect(await bench().views.get("a")).toEqual(entry(5));
  });
  it("does not let an older removal take a newer value away", async () => {
    await bench().views.put("a", entry(5));
    await bench().again().remove("a", 4);
    expect(await bench().views.get("a")).toEqual(entry(5));
  });
  it("does not let an older value come back after a removal", async () => {
    await bench().views.put("a", entry(5));
    await bench().views.remove("a", 6);
    await bench().again().put("a", entry(5));
    expect(await bench().views.get("a")).toBeUndefined();
  });
  it("does not let a value come that is older than a removal that found nothing", async () => {
    await bench().views.remove("a", 6);
    await bench().again().put("a", entry(5));
    expect(await bench().views.get("a")).toBeUndefined();
  });
  it("ends with the newest however many write at once", async () => {
    const stores = [bench().views, bench().again(), bench().again()];
    const writes = Array.from({ length: 60 }, (_, index) => stores[index % 3]?.put("a", entry(((index * 7) % 60) + 1)));
    await Promise.all(writes);
    expect(await bench().views.get("a")).toEqual(entry(60));
  });
  it("settles every write of one key, in order", async () => {
    await Promise.all([1, 2, 3, 4].map((seq) => bench().views.put("a", entry(seq))));
    await Promise.all([bench().views.put("b", entry(1)), bench().views.remove("b", 2)]);
    expect(await bench().views.get("a")).toEqual(entry(4));
    expect(await bench().views.get("b")).toBeUndefined();
  });
}

function watches(bench: () => ViewBench): void {
  it("tells what is there, then ready, then every change", async () => {
    await bench().views.put("n.a", entry(1));
    await bench().views.put("n.b", entry(2));
    const watch = await watched(bench().views, "n.>");
    expect(await watch.ready.atLeast(1)).toEqual([2]);
    await bench().again().put("n.c", entry(3));
    await bench().again().remove("n.a", 4);
    await watch.changes.first(({ key, value }) => key === "n.a" && value === undefined);
    expect(lastOf(watch.changes, "n.b")).toEqual(entry(2));
    expect(lastOf(watch.changes, "n.c")).toEqual(entry(3));
    await watch.close();
  });
  it("is ready at once when nothing is there", async () => {
    const watch = await watched(bench().views, ">");
    expect(await watch.ready.atLeast(1)).toEqual([0]);
    await watch.close();
  });
  it("does not tell of entries that were gone before", async () => {
    await bench().views.put("a", entry(1));
    await bench().views.remove("a", 2);
    await bench().views.put("b", entry(3));
    const watch = await watched(bench().views, ">");
    await watch.ready.atLeast(1);
    expect(watch.changes.all.filter(({ value }) => value !== undefined)).toMatchObject([{ key: "b", value: entry(3) }]);
    await watch.close();
  });
  it("says what came with the first delivery, and when the store took it", async () => {
    await bench().views.put("n.a", entry(1));
    const watch = await watched(bench().views, "n.>");
    await watch.ready.atLeast(1);
    await bench().views.put("n.b", entry(2));
    await bench().views.remove("n.a", 3);
    const [first, second, third] = await watch.changes.atLeast(3);
    expect(first).toMatchObject({ key: "n.a", change: { isInitial: true, isAbsent: false } });
    expect(second).toMatchObject({ key: "n.b", change: { isInitial: false, isAbsent: false } });
    expect(third).toMatchObject({ key: "n.a", value: undefined, change: { isInitial: false, isAbsent: false } });
    const times = [first, second, third].map((each) => each?.change.storedAt ?? 0);
    expect(times[0]).toBeGreaterThan(0);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    await watch.close();
  });
  it("leaves out what is the bucket's own, and waits for it all the same", async () => {
    await bench().views.put("_position.3", entry(1));
    await bench().views.put("a.b", entry(2));
    const watch = await watched(bench().views, ">");
    const own = await watched(bench().views, "_position.*");
    await watch.ready.atLeast(1);
    await bench().again().put("_position.4", entry(3));
    await Promise.all([watch.caughtUp(), own.caughtUp()]);
    await bench().again().remove("_position.3", 4);
    await Promise.all([watch.caughtUp(), own.caughtUp()]);
    expect(watch.changes.all.map(({ key }) => key)).toEqual(["a.b"]);
    expect(own.changes.all).toEqual([]);
    await Promise.all([watch.close(), own.close()]);
  });
  it("tells only of keys that match", async () => {
    const watches = await Promise.all(["*", "n.*", "n.>"].map((pattern) => watched(bench().views, pattern)));
    for (const key of ["a", "n.a", "n.a.b"]) await bench().views.put(key, entry(1));
    await watches[2]?.changes.atLeast(2);
    await watches[1]?.changes.atLeast(1);
    await watches[0]?.changes.atLeast(1);
    expect(watches.map(({ changes }) => changes.all.map(({ key }) => key))).toEqual([["a"], ["n.a"], ["n.a", "n.a.b"]]);
    await Promise.all(watches.map((watch) => watch.close()));
  });
  it("has caught up once everything that was stored has been told, and stores nothing for it", async () => {
    const watch = await watched(bench().views, "n.>");
    const everything = await watched(bench().again(), ">");
    await watch.caughtUp();
    for (let round = 1; round <= 20; round++) {
      await bench().again().put(`n.${round}`, entry(round));
      if (round % 5 === 0)
        await bench()
          .again()
          .remove(`n.${round}`, round + 1);
      await bench().again().put("other", entry(round));
      await watch.caughtUp();
      const there = round % 5 === 0 ? undefined : entry(round);
      expect(lastOf(watch.changes, `n.${round}`)).toEqual(there);
    }
    await everything.caughtUp();
    const keys = new Set(everything.changes.all.map(({ key }) => key));
    expect(keys.size).toBe(21);
    await Promise.all([watch.close(), everything.close()]);
  });
  it("has not caught up when it is closed", async () => {
    const watch = await watched(bench().views, "n.>");
    await watch.close();
    await bench().again().put("n.a", entry(1));
    await expect(watch.caughtUp()).rejects.toMatchObject({ code: "LOG_UNREACHABLE" });
  });
}
