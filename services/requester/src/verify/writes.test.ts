import { expect, it } from "vitest";
import { Writes } from "./writes.ts";

/** Writes that end when the test resolves them. */
function held() {
  const begun: PromiseWithResolvers<void>[] = [];
  const write = () => {
    const one = Promise.withResolvers<void>();
    begun.push(one);
    return one.promise;
  };
  return { begun, write };
}

it("has a limited number under way, begins the rest as they end, and reports room", async () => {
  const { begun, write } = held();
  const writes = new Writes(2);
  expect(writes.room()).toBeUndefined();
  for (let n = 0; n < 4; n++) writes.add(write);
  expect(begun).toHaveLength(2);
  const room = writes.room();
  begun[0]?.resolve();
  begun[1]?.resolve();
  await expect.poll(() => begun.length).toBe(4);
  for (const each of begun) each.resolve();
  await room;
  await writes.done();
  expect(writes.room()).toBeUndefined();
});

it("starts no further write once one has failed, and throws its error", async () => {
  const { begun, write } = held();
  const writes = new Writes(1);
  writes.add(write);
  writes.add(write);
  const room = writes.room();
  begun[0]?.reject(new Error("the bucket is away"));
  await expect(writes.done()).rejects.toThrow("the bucket is away");
  await room;
  writes.add(write);
  expect(begun).toHaveLength(1);
});
