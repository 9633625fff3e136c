import { describe, expect, it } from "vitest";
import { WaitingRoom } from "./waiting-room.ts";

function filled(...waiters: readonly [id: string, priority: number, since: number, waitsFor?: "room" | "node"][]) {
  const room = new WaitingRoom();
  const woken: string[] = [];
  for (const [id, priority, since, waitsFor = "room"] of waiters)
    room.enter(id, { priority, since, waitsFor, wake: () => woken.push(id) });
  return { room, woken };
}

describe("the waiting room", () => {
  it("wakes by priority, then by age, and last those for whom no node fits", () => {
    const { room, woken } = filled(["young", 0, 20], ["old", 0, 10], ["urgent", 5, 30], ["odd", 9, 1, "node"]);
    room.wake(3);
    expect(woken).toEqual(["urgent", "old", "young"]);
    expect([room.size(), room.waitingForRoom()]).toEqual([1, 0]);
    room.wake(9);
    expect(woken.at(-1)).toBe("odd");
  });

  it("wakes each once, also when it left and came back", () => {
    const { room, woken } = filled(["a", 0, 1], ["b", 0, 2]);
    room.leave("a");
    room.enter("a", { priority: 0, since: 3, waitsFor: "room", wake: () => woken.push("a again") });
    room.enter("a", { priority: 9, since: 0, waitsFor: "room", wake: () => woken.push("never") });
    room.wake(9);
    expect(woken).toEqual(["b", "a again"]);
  });

  it("lets the woken enter again without waking them twice in one call", () => {
    const room = new WaitingRoom();
    let calls = 0;
    const enter = (): void =>
      room.enter("a", { priority: 0, since: 1, waitsFor: "room", wake: () => ++calls && enter() });
    enter();
    room.wake(1);
    expect([calls, room.has("a")]).toEqual([1, true]);
  });

  it("does not grow while jobs come and go unwoken", () => {
    const room = new WaitingRoom();
    for (let turn = 0; turn < 10_000; turn++) {
      room.enter("a", { priority: 0, since: turn, waitsFor: "room", wake: () => undefined });
      room.leave("a");
    }
    expect([room.size(), room.waitingForRoom()]).toEqual([0, 0]);
  });
});
