import { describe, expect, it } from "vitest";
import { type Process, runUntil } from "./process.ts";

/** Processes that record their calls; the broken one fails at the given call. */
function crew(broken?: { readonly name: string; readonly at: "start" | "stop" }) {
  const calls: string[] = [];
  const make = (name: string): Process => {
    const act = (what: "start" | "stop") => async () => {
      calls.push(`${what} ${name}`);
      if (broken?.name === name && broken.at === what) throw new Error(`${name} cannot ${what}`);
    };
    return { name, start: act("start"), stop: act("stop") };
  };
  return { calls, processes: ["a", "b", "c"].map(make) };
}

describe("a list of processes", () => {
  it("starts in order, waits, and stops in reverse", async () => {
    const { calls, processes } = crew();
    const { promise: quit, resolve } = Promise.withResolvers<void>();
    const running = runUntil(quit, processes);
    await new Promise(setImmediate);
    expect(calls).toEqual(["start a", "start b", "start c"]);
    resolve();
    await running;
    expect(calls.slice(3)).toEqual(["stop c", "stop b", "stop a"]);
  });
  it("stops all started processes, and the failed one, when a start fails", async () => {
    const { calls, processes } = crew({ name: "b", at: "start" });
    await expect(runUntil(new Promise(() => undefined), processes)).rejects.toThrow("b cannot start");
    expect(calls).toEqual(["start a", "start b", "stop b", "stop a"]);
  });
  it("stops the others when a stop fails, and reports it", async () => {
    const { calls, processes } = crew({ name: "c", at: "stop" });
    await expect(runUntil(Promise.resolve(), processes)).rejects.toThrow("c cannot stop");
    expect(calls.slice(3)).toEqual(["stop c", "stop b", "stop a"]);
  });
  it("rejects with the reason of the quit", async () => {
    const { calls, processes } = crew();
    await expect(runUntil(Promise.reject(new Error("the world ended")), processes)).rejects.toThrow("the world ended");
    expect(calls.slice(3)).toEqual(["stop c", "stop b", "stop a"]);
  });
});
