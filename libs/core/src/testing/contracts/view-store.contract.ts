import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { ViewChange, ViewEntry, ViewStore } from "../../ports/view-store.ts";
import { type Recorded, record } from "./recorded.ts";
import { viewFollows } from "./view-follow.contract.ts";
import type { ViewHarness } from "./view-harness.ts";

interface Change {
  readonly key: string;
  readonly value: ViewEntry | undefined;
  readonly change: ViewChange;
}

const entry = (seq: number, text = `at ${seq}`): ViewEntry => ({ seq, text });

/** Watches a pattern and records changes and `ready`. */
async function watched(views: ViewStore, pattern: string) {
  const changes = record<Change>();
  const ready = record<number>();
  const watch = await views.watch(pattern, {
    changed: (key, value, change) => changes.push({ key, value, change }),
    ready: () => ready.push(changes.all.length),
  });
  return { changes, ready, caughtUp: () => watch.caughtUp(), close: () => watch.close() };
}

const lastOf = (changes: Recorded<Change>, key: string) => changes.all.findLast((change) => change.key === key)?.value;

/** The contract of every view store, in memory or on a server. */
export function viewStoreContract(name: string, make: () => Promise<ViewHarness>): void {
  describe(`${name}, as a view store`, () => {
    let harness: ViewHarness;
    beforeEach(async () => {
      harness = await make();
    });
    afterEach(async () => {
      await harness.close?.();
    });
    keeps(() => harness);
    guards(() => harness);
    watches(() => harness);
    viewFollows(() => harness);
  });
}

function keeps(harness: () => ViewHarness): void {
  it("returns what was put, also to another process", async () => {
    const value: ViewEntry = { seq: 1, text: "ö", list: [1, null, { deep: true }] };
    await harness().views.put("a", value);
    expect(await harness().views.get("a")).toEqual(value);
    expect(await harness().reopened().get("a")).toEqual(value);
  });
  it("has nothing under a key that was never put or was removed", async () => {
    expect(await harness().views.get("a")).toBeUndefined();
    await harness().views.put("a", entry(1));
    await harness().views.remove("a", 2);
    expect(await harness().views.get("a")).toBeUndefined();
  });
  it("separates keys with dots", async () => {
    await harness().views.put("a.b", entry(1));
    await harness().views.put("a.c", entry(2));
    expect(await harness().views.get("a.b")).toEqual(entry(1));
    expect(await harness().views.get("a")).toBeUndefined();
  });
  it("puts a key after its removal", async () => {
    await harness().views.put("a", entry(1));
    await harness().views.remove("a", 2);
    await harness().views.put("a", entry(3));
    expect(await harness().views.get("a")).toEqual(entry(3));
  });
}

function guards(harness: () => ViewHarness): void {
  it("does not let an older value replace a newer, from this process or another", async () => {
    await harness().views.put("a", entry(5));
    await harness().views.put("a", entry(4));
    await harness().reopened().put("a", entry(3));
    expect(await harness().views.get("a")).toEqual(entry(5));
  });
  it("does not let an older removal remove a newer value", async () => {
    await harness().views.put("a", entry(5));
    await harness().reopened().remove("a", 4);
    expect(await harness().views.get("a")).toEqual(entry(5));
  });
  it("does not let an older value come back after a removal", async () => {
    await harness().views.put("a", entry(5));
    await harness().views.remove("a", 6);
    await harness().reopened().put("a", entry(5));
    expect(await harness().views.get("a")).toBeUndefined();
  });
  it("does not store a value that is older than a removal without an entry", async () => {
    await harness().views.remove("a", 6);
    await harness().reopened().put("a", entry(5));
    expect(await harness().views.get("a")).toBeUndefined();
  });
  it("ends with the newest of concurrent writes", async () => {
    const stores = [harness().views, harness().reopened(), harness().reopened()];
    const writes = Array.from({ length: 60 }, (_, index) => stores[index % 3]?.put("a", entry(((index * 7) % 60) + 1)));
    await Promise.all(writes);
    expect(await harness().views.get("a")).toEqual(entry(60));
  });
  it("settles every write of one key, in order", async () => {
    await Promise.all([1, 2, 3, 4].map((seq) => harness().views.put("a", entry(seq))));
    await Promise.all([harness().views.put("b", entry(1)), harness().views.remove("b", 2)]);
    expect(await harness().views.get("a")).toEqual(entry(4));
    expect(await harness().views.get("b")).toBeUndefined();
  });
}

function watches(harness: () => ViewHarness): void {
  it("delivers the entries, then ready, then every change", async () => {
    await harness().views.put("n.a", entry(1));
    await harness().views.put("n.b", entry(2));
    const watch = await watched(harness().views, "n.>");
    expect(await watch.ready.atLeast(1)).toEqual([2]);
    await harness().reopened().put("n.c", entry(3));
    await harness().reopened().remove("n.a", 4);
    await watch.changes.first(({ key, value }) => key === "n.a" && value === undefined);
    expect(lastOf(watch.changes, "n.b")).toEqual(entry(2));
    expect(lastOf(watch.changes, "n.c")).toEqual(entry(3));
    await watch.close();
  });
  it("is ready at once when the bucket is empty", async () => {
    const watch = await watched(harness().views, ">");
    expect(await watch.ready.atLeast(1)).toEqual([0]);
    await watch.close();
  });
  it("does not deliver earlier removals", async () => {
    await harness().views.put("a", entry(1));
    await harness().views.remove("a", 2);
    await harness().views.put("b", entry(3));
    const watch = await watched(harness().views, ">");
    await watch.ready.atLeast(1);
    expect(watch.changes.all.filter(({ value }) => value !== undefined)).toMatchObject([{ key: "b", value: entry(3) }]);
    await watch.close();
  });
  it("marks the first delivery, and has the time of each write", async () => {
    await harness().views.put("n.a", entry(1));
    const watch = await watched(harness().views, "n.>");
    await watch.ready.atLeast(1);
    await harness().views.put("n.b", entry(2));
    await harness().views.remove("n.a", 3);
    const [first, second, third] = await watch.changes.atLeast(3);
    expect(first).toMatchObject({ key: "n.a", change: { isInitial: true, isAbsent: false } });
    expect(second).toMatchObject({ key: "n.b", change: { isInitial: false, isAbsent: false } });
    expect(third).toMatchObject({ key: "n.a", value: undefined, change: { isInitial: false, isAbsent: false } });
    const times = [first, second, third].map((each) => each?.change.storedAt ?? 0);
    expect(times[0]).toBeGreaterThan(0);
    expect(times).toEqual(times.toSorted((one, other) => one - other));
    await watch.close();
  });
  it("skips the bucket's own keys, and waits for them", async () => {
    await harness().views.put("_position.3", entry(1));
    await harness().views.put("a.b", entry(2));
    const watch = await watched(harness().views, ">");
    const own = await watched(harness().views, "_position.*");
    await watch.ready.atLeast(1);
    await harness().reopened().put("_position.4", entry(3));
    await Promise.all([watch.caughtUp(), own.caughtUp()]);
    await harness().reopened().remove("_position.3", 4);
    await Promise.all([watch.caughtUp(), own.caughtUp()]);
    expect(watch.changes.all.map(({ key }) => key)).toEqual(["a.b"]);
    expect(own.changes.all).toEqual([]);
    await Promise.all([watch.close(), own.close()]);
  });
  it("delivers only matching keys", async () => {
    const watches = await Promise.all(["*", "n.*", "n.>"].map((pattern) => watched(harness().views, pattern)));
    for (const key of ["a", "n.a", "n.a.b"]) await harness().views.put(key, entry(1));
    await watches[2]?.changes.atLeast(2);
    await watches[1]?.changes.atLeast(1);
    await watches[0]?.changes.atLeast(1);
    expect(watches.map(({ changes }) => changes.all.map(({ key }) => key))).toEqual([["a"], ["n.a"], ["n.a", "n.a.b"]]);
    await Promise.all(watches.map((watch) => watch.close()));
  });
  it("has caught up once every stored entry is delivered, and stores nothing for it", async () => {
    const watch = await watched(harness().views, "n.>");
    const everything = await watched(harness().reopened(), ">");
    await watch.caughtUp();
    for (let round = 1; round <= 20; round++) {
      await harness().reopened().put(`n.${round}`, entry(round));
      if (round % 5 === 0)
        await harness()
          .reopened()
          .remove(`n.${round}`, round + 1);
      await harness().reopened().put("other", entry(round));
      await watch.caughtUp();
      const there = round % 5 === 0 ? undefined : entry(round);
      expect(lastOf(watch.changes, `n.${round}`)).toEqual(there);
    }
    await everything.caughtUp();
    const keys = new Set(everything.changes.all.map(({ key }) => key));
    expect(keys.size).toBe(21);
    await Promise.all([watch.close(), everything.close()]);
  });
  it("rejects caughtUp when it is closed", async () => {
    const watch = await watched(harness().views, "n.>");
    await watch.close();
    await harness().reopened().put("n.a", entry(1));
    await expect(watch.caughtUp()).rejects.toMatchObject({ code: "LOG_UNREACHABLE" });
  });
}
