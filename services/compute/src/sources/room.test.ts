import { describe, expect, it } from "vitest";
import { taskRoom } from "./room.ts";

describe("the space of a task's inputs", () => {
  const tooLarge = (why: string) => expect.objectContaining({ code: "TOO_LARGE", why: expect.stringContaining(why) });

  it("limits each input", () => {
    const room = taskRoom({ inputBytes: 10, taskBytes: 100 });
    const [one, other] = [room.input(), room.input()];
    one.take(10);
    other.take(10);
    expect(() => one.take(1)).toThrow(tooLarge("an input must take at most 10 bytes"));
  });

  it("limits all inputs together", () => {
    const room = taskRoom({ inputBytes: 10, taskBytes: 15 });
    room.input().take(10);
    const other = room.input();
    other.take(5);
    expect(() => other.take(1)).toThrow(tooLarge("inputs of this task together must take at most 15 bytes"));
  });

  it("does not count a failed attempt", () => {
    const room = taskRoom({ inputBytes: 10, taskBytes: 10 });
    const input = room.input();
    input.take(10);
    input.release();
    input.take(10);
    expect(() => input.take(1)).toThrow(tooLarge("at most 10 bytes"));
  });
});
