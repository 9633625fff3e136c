import type { Change } from "@shoal/core";
import { createManualClock } from "@shoal/core/testing";
import { describe, expect, it } from "vitest";
import { WriteCoalescer } from "./write-coalescer.ts";

const change = (key: string, seq: number): Change => ({ bucket: "jobs", urgent: false, key, seq, value: { seq } });

function writer() {
  const clock = createManualClock(0);
  const written: string[] = [];
  const late = new WriteCoalescer(clock, async ({ key, seq }) => void written.push(`${key}@${seq}`));
  return { clock, written, late };
}

describe("a write coalescer", () => {
  it("writes the last of several changes, once, and resolves all of them", async () => {
    const { clock, written, late } = writer();
    const all = Promise.all([late.put(change("a", 1)), late.put(change("b", 2)), late.put(change("a", 3))]);
    expect(written).toEqual([]);
    await clock.advanceTo(1000);
    await all;
    expect(written).toEqual(["a@3", "b@2"]);
  });

  it("writes the change of the later commit, whichever comes first", async () => {
    const { clock, written, late } = writer();
    const all = Promise.all([late.put(change("a", 50)), late.put(change("a", 44))]);
    await clock.advanceTo(1000);
    await all;
    expect(written).toEqual(["a@50"]);
  });

  it("writes an entry again that changes after a write", async () => {
    const { clock, written, late } = writer();
    void late.put(change("a", 1));
    await clock.advanceTo(1000);
    void late.put(change("a", 2));
    await clock.advanceTo(2000);
    expect(written).toEqual(["a@1", "a@2"]);
  });

  it("waits for an entry to rest, but no longer than half a second", async () => {
    const { clock, written, late } = writer();
    void late.put(change("rests", 1));
    for (let at = 0; at < 480; at += 60) {
      await clock.advanceTo(at);
      void late.put(change("busy", at));
    }
    expect(written).toEqual(["rests@1"]);
    await clock.advanceTo(500);
    expect(written).toEqual(["rests@1", "busy@420"]);
    expect(clock.planned()).toBe(0);
  });

  it("writes all pending changes on flush, and resolves when they are stored", async () => {
    const { clock, written, late } = writer();
    const all = Promise.all([late.put(change("a", 1)), late.put(change("b", 2)), late.put(change("a", 3))]);
    await late.flush();
    expect(written).toEqual(["a@3", "b@2"]);
    await all;
    expect(clock.planned()).toBe(0);
    void late.put(change("a", 4));
    await clock.advanceTo(1000);
    expect(written).toEqual(["a@3", "b@2", "a@4"]);
  });

  it("does not fail a flush when a write fails", async () => {
    const late = new WriteCoalescer(createManualClock(0), () => Promise.reject(new Error("no room")));
    const put = expect(late.put(change("a", 1))).rejects.toThrow("no room");
    await late.flush();
    await put;
  });

  it("writes nothing once closed", async () => {
    const { clock, written, late } = writer();
    void late.put(change("a", 1));
    late.close();
    void late.put(change("b", 2));
    expect(clock.planned()).toBe(0);
    await clock.advanceTo(1000);
    expect(written).toEqual([]);
  });
});
