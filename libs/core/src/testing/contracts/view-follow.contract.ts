import { expect, it } from "vitest";
import type { BucketPosition, ViewEntry, ViewStore } from "../../ports/view-store.ts";
import { record } from "./recorded.ts";
import type { ViewHarness } from "./view-harness.ts";

const entry = (seq: number): ViewEntry => ({ seq });

/** Follows a bucket and records the calls: `begins`, `<key> <seq>`, `<key> removed`, `caught up`. */
async function followed(views: ViewStore, after?: BucketPosition) {
  const lines = record<string>();
  let position = after ?? { bucketId: "", revision: 0 };
  let isInOrder = true;
  const following = await views.follow(after, {
    begins(bucketId) {
      position = { bucketId, revision: 0 };
      lines.push("begins");
    },
    changed(key, value, revision) {
      isInOrder &&= revision > position.revision;
      position = { ...position, revision };
      lines.push(`${key} ${value?.seq ?? "removed"}`);
    },
    caughtUp: () => lines.push("caught up"),
  });
  return {
    lines,
    position: () => position,
    isInOrder: () => isInOrder,
    changes: () => lines.all.filter((line) => line !== "begins" && line !== "caught up"),
    /** Resolves once it has caught up this many times. */
    caughtUpTimes: (count: number) =>
      lines.first(() => lines.all.filter((line) => line === "caught up").length >= count),
    caughtUp: () => following.caughtUp(),
    size: () => following.size(),
    beginAgain: () => following.beginAgain(),
    close: () => following.close(),
  };
}

/** The contract of every view store for followers by position. */
export function viewFollows(harness: () => ViewHarness): void {
  it("delivers every entry to a follower without a position, and then changes", async () => {
    await harness().views.put("n.a", entry(1));
    await harness().views.put("n.b", entry(2));
    const following = await followed(harness().views);
    await following.caughtUpTimes(1);
    expect(following.lines.all).toEqual(["begins", "n.a 1", "n.b 2", "caught up"]);
    await harness().reopened().put("n.a", entry(3));
    await harness().reopened().remove("n.b", 4);
    await following.caughtUp();
    expect(following.changes()).toEqual(["n.a 1", "n.b 2", "n.a 3", "n.b removed"]);
    expect(following.isInOrder()).toBe(true);
    await following.close();
  });
  it("delivers the changes after the position, with removals, and nothing else", async () => {
    await harness().views.put("n.a", entry(1));
    await harness().views.put("n.b", entry(2));
    const first = await followed(harness().views);
    await first.caughtUp();
    await first.close();
    await harness().views.put("n.c", entry(3));
    await harness().views.remove("n.a", 4);
    const second = await followed(harness().reopened(), first.position());
    await second.caughtUpTimes(1);
    expect(second.lines.all).toEqual(["n.c 3", "n.a removed", "caught up"]);
    await second.close();
    const third = await followed(harness().reopened(), second.position());
    await third.caughtUpTimes(1);
    expect(third.lines.all).toEqual(["caught up"]);
    await third.close();
  });
  it("skips the bucket's own keys, and waits for them", async () => {
    await harness().views.put("n.a", entry(1));
    await harness().views.put("_position.3", entry(2));
    const following = await followed(harness().views);
    await following.caughtUp();
    await harness().reopened().put("_position.3", entry(3));
    await following.caughtUp();
    expect(following.changes()).toEqual(["n.a 1"]);
    expect(await following.size()).toBe(1);
    await following.close();
  });
  it("counts the entries, so that a follower detects removals without a marker", async () => {
    for (const seq of [1, 2, 3]) await harness().views.put(`n.${seq}`, entry(seq));
    const following = await followed(harness().views);
    await following.caughtUp();
    expect(await following.size()).toBe(3);
    await harness().purge("n.2");
    expect(await following.size()).toBe(2);
    following.beginAgain();
    await following.caughtUpTimes(2);
    expect(following.lines.all.slice(-4)).toEqual(["begins", "n.1 1", "n.3 3", "caught up"]);
    await harness().reopened().put("n.4", entry(4));
    await following.caughtUp();
    expect(following.changes().at(-1)).toBe("n.4 4");
    await following.close();
  });
  it("begins again when the bucket was created again, live or between two followings", async () => {
    for (const seq of [1, 2, 3]) await harness().views.put(`n.${seq}`, entry(seq));
    const following = await followed(harness().views);
    await following.caughtUp();
    const before = following.position();
    await harness().drop();
    // More than the old bucket had: the revision alone does not show that it is another one.
    const seqs = [5, 6, 7, 8, 9];
    for (const seq of seqs) await harness().reopened().put(`m.${seq}`, entry(seq));
    const all = ["begins", ...seqs.map((seq) => `m.${seq} ${seq}`)];
    await following.lines.first(() => following.lines.all.lastIndexOf("begins") > 0);
    await following.caughtUp();
    const since = following.lines.all.slice(following.lines.all.lastIndexOf("begins"));
    expect(since.filter((line) => line !== "caught up")).toEqual(all);
    expect(following.position().bucketId).not.toBe(before.bucketId);
    await following.close();
    const deferred = await followed(harness().reopened(), before);
    await deferred.caughtUpTimes(1);
    expect(deferred.lines.all).toEqual([...all, "caught up"]);
    await deferred.close();
  });
  it("delivers everything to a slow follower", async () => {
    const count = 600;
    await Promise.all(Array.from({ length: count }, (_, index) => harness().views.put(`n.${index}`, entry(1))));
    const keys = new Set<string>();
    const done = record<number>();
    let [since, pauses] = [0, 0];
    const following = await harness().views.follow(undefined, {
      begins: () => {},
      changed(key) {
        since += 1;
        keys.add(key);
      },
      caughtUp: () => done.push(keys.size),
      room() {
        if (since < 100) return undefined;
        since = 0;
        pauses += 1;
        return Promise.resolve();
      },
    });
    expect(await done.atLeast(1)).toEqual([count]);
    expect(pauses).toBeLessThanOrEqual(count / 100);
    await following.close();
  });
  it("delivers nothing once closed", async () => {
    const following = await followed(harness().views);
    await following.caughtUp();
    await following.close();
    await following.close();
    await harness().reopened().put("n.a", entry(1));
    await expect(following.caughtUp()).rejects.toMatchObject({ code: "LOG_UNREACHABLE" });
    expect(following.changes()).toEqual([]);
  });
}
