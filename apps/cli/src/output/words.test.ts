import { expect, it } from "vitest";
import { paint } from "./paint.ts";
import { bytesInWords, resourcesInWords } from "./resource-words.ts";
import { stateColour } from "./states.ts";
import { clockInWords, fullTime, timeOfDay } from "./times.ts";

const [mib, gib] = [2 ** 20, 2 ** 30];

it.each([
  [0, "0 MiB"],
  [1.25 * mib, "1.3 MiB"],
  [gib - mib, "1023 MiB"],
  [gib, "1 GiB"],
  [1.5 * gib, "1.5 GiB"],
  [2_048 * gib, "2048 GiB"],
])("formats %i bytes", (bytes, words) => {
  expect(bytesInWords(bytes)).toBe(words);
});

const no = { cpuCores: 0, memoryBytes: 0, diskBytes: 0, gpus: 0 };
it.each([
  [no, "none"],
  [{ ...no, cpuCores: 1.33333 }, "1.333 cores"],
  [{ ...no, memoryBytes: 512 * mib }, "512 MiB"],
  [{ ...no, diskBytes: gib }, "1 GiB disk"],
  [{ ...no, gpus: 1 }, "1 GPUs"],
  [{ cpuCores: 2, memoryBytes: gib, diskBytes: 10 * gib, gpus: 4 }, "2 cores, 1 GiB, 10 GiB disk, 4 GPUs"],
])("formats resources %j", (resources, words) => {
  expect(resourcesInWords(resources)).toBe(words);
});

it.each([
  [undefined, undefined],
  [0, "ok"],
  [1_000, "ok"],
  [-1_000, "ok"],
  [1_001, "+1s"],
  [-1_600, "-2s"],
  [7_200_000, "+7200s"],
])("formats a clock offset of %s ms", (offsetMs, words) => {
  expect(clockInWords(offsetMs)).toBe(words);
});

it("formats times in UTC", () => {
  const at = Date.UTC(2026, 0, 31, 13, 4, 5, 67);
  expect([timeOfDay(at), fullTime(at)]).toEqual(["13:04:05.067", "2026-01-31 13:04:05Z"]);
});

it.each([
  [["pending", "queued", "assigned"], 33],
  [["running", "publishing"], 36],
  [["completed", "connected"], 32],
  [["failed", "lost", "disconnected", "forgotten"], 31],
  [["stopped", "stopping"], 35],
] as const)("colours the states %j with the code %i", (states, code) => {
  for (const state of states) {
    const shown = `${state.charAt(0).toUpperCase()}${state.slice(1)}`;
    expect(stateColour(true)(state)).toBe(`\u001b[${code}m${shown}\u001b[39m`);
    expect(stateColour(false)(state)).toBe(shown);
  }
});

it("has styles for emphasis", () => {
  const { bold, dim, blue } = paint(true);
  expect([bold("x"), dim("x"), blue("x")]).toEqual([
    "\u001b[1mx\u001b[22m",
    "\u001b[2mx\u001b[22m",
    "\u001b[34mx\u001b[39m",
  ]);
});
