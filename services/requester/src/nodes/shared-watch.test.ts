import type { ViewStore } from "@shoal/core";
import { createSimulatedCluster, drive } from "@shoal/core/testing";
import { record } from "@shoal/core/testing/contracts";
import { afterEach, beforeEach, expect, it } from "vitest";
import { sharedWatch } from "./shared-watch.ts";

let opened: number;
let shared: ViewStore;
let sim: ReturnType<typeof createSimulatedCluster>;
let driving: { stop(): void };

beforeEach(() => {
  sim = createSimulatedCluster({ seed: "shared" });
  driving = drive(sim.clock);
  opened = 0;
  const { nodes } = sim.requester("r-1").views;
  shared = sharedWatch({
    ...nodes,
    watch(pattern, watcher) {
      opened += 1;
      return nodes.watch(pattern, watcher);
    },
  });
});
afterEach(() => driving.stop());

async function watched() {
  const lines = record<string>();
  const watch = await shared.watch(">", {
    changed: (key, value, { isInitial }) =>
      lines.push(`${key} ${value?.seq ?? "removed"}${isInitial ? " at first" : ""}`),
    ready: () => lines.push("ready"),
  });
  return { lines: lines.all, ready: () => lines.first((line) => line === "ready"), watch };
}

it("opens one watch, and delivers to each watcher the current entries, then ready, then every change", async () => {
  await shared.put("n.a", { seq: 1 });
  const [one, other] = await Promise.all([watched(), watched()]);
  await Promise.all([one.ready(), other.ready()]);
  await shared.put("n.b", { seq: 2 });
  await shared.remove("n.a", 3);
  await Promise.all([one.watch.caughtUp(), other.watch.caughtUp()]);
  const late = await watched();
  await late.watch.caughtUp();
  expect(one.lines).toEqual(["n.a 1 at first", "ready", "n.b 2", "n.a removed"]);
  expect(other.lines).toEqual(one.lines);
  expect(late.lines).toEqual(["n.b 2 at first", "ready"]);
  expect(opened).toBe(1);
});

it("delivers nothing to a closed watcher, ends with the last one, and reopens with the next", async () => {
  await shared.put("n.a", { seq: 1 });
  const [one, other] = [await watched(), await watched()];
  await one.ready();
  await one.watch.close();
  await shared.put("n.a", { seq: 2 });
  await other.watch.caughtUp();
  expect(one.lines).toEqual(["n.a 1 at first", "ready"]);
  expect(other.lines).toEqual(["n.a 1 at first", "ready", "n.a 2"]);
  await expect(one.watch.caughtUp()).rejects.toMatchObject({ code: "LOG_UNREACHABLE" });
  await other.watch.close();
  expect([...sim.views.nodes.onChanged]).toEqual([]);
  const next = await watched();
  await next.ready();
  expect(next.lines).toEqual(["n.a 2 at first", "ready"]);
  expect(opened).toBe(2);
});

it("is reopened after it could not be opened", async () => {
  const { nodes } = sim.requester("r-2").views;
  let isDown = true;
  shared = sharedWatch({
    ...nodes,
    watch: (pattern, watcher) => (isDown ? Promise.reject(new Error("down")) : nodes.watch(pattern, watcher)),
  });
  await expect(watched()).rejects.toThrow("down");
  isDown = false;
  await (await watched()).ready();
});
