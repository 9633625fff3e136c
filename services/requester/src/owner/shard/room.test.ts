import { expect, it } from "vitest";
import { FlowControl } from "./room.ts";

it("pauses a reader at the limit until half of the work is done", async () => {
  let pending = 3;
  const room = new FlowControl(() => pending, 4);
  expect(room.wait()).toBeUndefined();
  pending = 4;
  let isFree = false;
  const waiting = room.wait()?.then(() => {
    isFree = true;
  });
  pending = 2;
  room.done();
  await Promise.resolve();
  expect(isFree).toBe(false);
  pending = 1;
  room.done();
  await waiting;
  expect([isFree, room.wait()]).toEqual([true, undefined]);
});

it("pauses no reader once it is closed", async () => {
  const room = new FlowControl(() => 9, 4);
  const waiting = room.wait();
  room.close();
  await waiting;
  expect(room.wait()).toBeUndefined();
});
