import { describe, expect, it } from "vitest";
import type { Write } from "./guarded-write.ts";
import { createRevisionCache } from "./revision-cache.ts";
import { writeQueue } from "./write-queue.ts";

const write = (seq: number): Write => ({ seq, value: { seq }, bytes: new Uint8Array([seq]) });

/** A store whose writes end when the test resolves them. */
function slowStore() {
  const under: { readonly key: string; readonly seq: number; readonly end: PromiseWithResolvers<void> }[] = [];
  const enqueue = writeQueue((key, { seq }) => {
    const end = Promise.withResolvers<void>();
    under.push({ key, seq, end });
    return end.promise;
  });
  return { under, enqueue, seqs: () => under.map(({ seq }) => seq) };
}

describe("the write queue", () => {
  it("has one write of a key in flight, and replaces the waiting ones by the newest", async () => {
    const { under, enqueue, seqs } = slowStore();
    const writes = [1, 2, 4, 3].map((seq) => enqueue("a", write(seq)));
    expect(seqs()).toEqual([1]);
    under[0]?.end.resolve();
    await writes[0];
    await Promise.resolve();
    expect(seqs()).toEqual([1, 4]);
    under[1]?.end.resolve();
    await Promise.all(writes);
    expect(seqs()).toEqual([1, 4]);
  });
  it("does not make keys wait for each other", () => {
    const { enqueue, under } = slowStore();
    for (const key of ["a", "b", "c"]) enqueue(key, write(1));
    expect(under.map(({ key }) => key)).toEqual(["a", "b", "c"]);
  });
  it("continues after a write that failed, and rejects that write only", async () => {
    const { under, enqueue, seqs } = slowStore();
    const [first, second] = [enqueue("a", write(1)), enqueue("a", write(2))];
    under[0]?.end.reject(new Error("gone"));
    await expect(first).rejects.toThrow("gone");
    await Promise.resolve();
    expect(seqs()).toEqual([1, 2]);
    under[1]?.end.resolve();
    await expect(second).resolves.toBeUndefined();
  });
});

describe("the revision cache", () => {
  it("drops the key that was set least recently", () => {
    const revisionCache = createRevisionCache(2);
    for (const key of ["a", "b", "a", "c"]) revisionCache.set(key, { revision: 1, seq: 1 });
    expect(["a", "b", "c"].filter((key) => revisionCache.get(key) !== undefined)).toEqual(["a", "c"]);
  });
});
