import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@shoal/node";
import { fromText, leb128, onStage, program } from "@shoal/wasi-sandbox/testing";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { z } from "zod";
import type { Source } from "../../sources/source.ts";
import { assignmentOf } from "../../testing/assignments.ts";
import { createNodeHarness, type NodeHarness } from "../../testing/node-harness.ts";
import { wasm } from "./wasm.ts";

const mebibyte = 1024 * 1024;
const stage = onStage();
const folder = mkdtempSync(join(tmpdir(), "shoal-hostile-"));
const executor = wasm({ clock: systemClock({ unref: true }), limits: { poolSize: 1 } });
beforeAll(async () => expect(await executor.unavailable()).toBeUndefined());
afterAll(async () => {
  await executor.close();
  rmSync(folder, { recursive: true, force: true });
});

const startLoop = fromText(`(module (func $set (loop (br 0))) (start $set) (func (export "_start")))`);
const overflow = (fd: number) => program((pen) => [`(loop ${pen.print(fd, "x".repeat(1000))} (br 0))`]);

/** A node with the real executor, on a manual clock; its one input is the module. */
function nodeWith(module: Uint8Array, timeoutMs = 0) {
  const hostPath = join(folder, "main.wasm");
  writeFileSync(hostPath, module);
  const fileStore: Source = {
    name: "library",
    params: z.strictObject({}),
    unavailable: async () => undefined,
    close: async () => {},
    refuses: async () => undefined,
    fetch: async () => ({ hostPath, readOnly: true, sizeBytes: module.byteLength }),
  };
  // Prepared before the tests: a process starts in real time, for which a node on a manual clock does not wait.
  const proven = { ...executor, unavailable: async () => undefined, close: async () => {} };
  const harness = createNodeHarness({ executors: () => [proven], sources: [fileStore] });
  const assignment = assignmentOf({
    timeoutMs,
    task: {
      engine: { type: "wasm", params: { EntryModule: "/main.wasm" } },
      inputSources: [{ source: { type: "library" }, target: "/main.wasm" }],
    },
  });
  return { harness, assignment };
}

/**
 * Advances the clock in small steps, because the guest runs in real time, until this is the execution's last report.
 */
function untilHeard(harness: NodeHarness, executionId: string, report: object): Promise<void> {
  const last = async () => {
    await harness.sim.clock.advance(10);
    return harness.received(executionId).at(-1);
  };
  return expect.poll(last, { timeout: 20_000, interval: 20 }).toMatchObject(report);
}

describe("an endless guest", () => {
  it("is stopped at its deadline, also in its start function", async () => {
    const { harness, assignment } = nodeWith(startLoop, 60_000);
    await harness.boot();
    harness.assign(assignment);
    await untilHeard(harness, assignment.executionId, { kind: "running" });
    await harness.sim.clock.advance(60_000);
    await untilHeard(harness, assignment.executionId, { code: "EXECUTION_TIMED_OUT", final: true });
    expect(harness.starts.get(assignment.executionId)).toBe(1);
  });
  it("is stopped with its job, also in its start function", async () => {
    const running = await stage.start(startLoop);
    await running.halt();
    expect((await running.exit).failure?.code).toBe("STOPPED");
  });
  it.each([
    ["stdout", overflow(1)],
    ["stderr", overflow(2)],
  ])("is stopped when it floods %s at full speed, and the node continues", async (_stream, module) => {
    const { harness, assignment } = nodeWith(module);
    await harness.boot();
    harness.assign(assignment);
    await untilHeard(harness, assignment.executionId, { code: "OUTPUT_TOO_LARGE", final: true });
    expect(harness.starts.get(assignment.executionId)).toBe(1);
    expect((await stage.run(program(() => []))).exit).toEqual({ exitCode: 0 });
  });
});

type Sections = [id: number, body: Uint8Array][];

/** A binary module of these sections. */
function binary(sections: Sections): Uint8Array {
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  const parts = sections.flatMap(([id, body]) => [Uint8Array.from([id, ...leb128(body.byteLength)]), body]);
  return Buffer.concat([Uint8Array.from(header), ...parts]);
}

/** This number of empty functions; the first is exported. */
function functions(count: number): Uint8Array {
  const ofType0 = Buffer.concat([Uint8Array.from(leb128(count)), new Uint8Array(count)]);
  const bodies = Buffer.concat([
    Uint8Array.from(leb128(count)),
    Buffer.alloc(3 * count, Uint8Array.from([2, 0, 0x0b])),
  ]);
  return binary([
    [1, Uint8Array.from([1, 0x60, 0, 0])],
    [3, ofType0],
    [7, Uint8Array.from([1, 6, ...Buffer.from("_start"), 0, 0])],
    [10, bodies],
  ]);
}

describe("a module of unusual size", () => {
  it("has a million functions, the engine's limit: it runs or is out of memory", async () => {
    const { exit } = await stage.run(functions(1_000_000));
    expect([undefined, "OUT_OF_MEMORY"]).toContain(exit.failure?.code);
  });
  it("has more functions than the limit", async () => {
    await expect(stage.start(functions(1_000_001))).rejects.toMatchObject({ code: "TASK_INVALID" });
  });
  const many = (count: number, one: readonly number[]) =>
    Buffer.concat([Uint8Array.from(leb128(count)), Buffer.alloc(count * one.length, Uint8Array.from(one))]);
  it.each([
    ["memories", "1001 memories", [[5, many(1001, [0, 0])]]],
    ["imported memories", "more than 1000 memories", [[2, many(1001, [0, 0, 2, 0, 0])]]],
    ["imports", "1000001 imports", [[2, many(1_000_001, [0, 0, 0, 0])]]],
    ["types", "1000001 types", [[1, many(1_000_001, [0x60, 0, 0])]]],
    ["functions", "1000001 functions", [[3, many(1_000_001, [0])]]],
    ["bodies that do not exist", "4000000000 functions", [[10, Uint8Array.from(leb128(4_000_000_000))]]],
    [
      "sections",
      "more than 1000 sections",
      Array.from({ length: 1002 }, (): Sections[number] => [0, Uint8Array.from([0])]),
    ],
  ] satisfies [string, string, Sections][])(
    "is refused before the node stores anything of it: %s",
    async (...[, why, sections]) => {
      await expect(stage.start(binary(sections))).rejects.toMatchObject({
        code: "TASK_INVALID",
        message: expect.stringContaining(why),
      });
    },
  );
  it("has a very large number of instructions", async () => {
    // Three empty functions of 6 MiB, each with 50,000 locals, which their bodies declare in one group.
    const body = Buffer.concat([
      Uint8Array.from([1, ...leb128(50_000), 0x7f]),
      Buffer.alloc(6 * mebibyte, 1),
      Uint8Array.from([0x0b]),
    ]);
    const sized = Buffer.concat([Uint8Array.from(leb128(body.byteLength)), body]);
    const module = binary([
      [1, Uint8Array.from([1, 0x60, 0, 0])],
      [3, Uint8Array.from([3, 0, 0, 0])],
      [10, Buffer.concat([Uint8Array.from([3]), sized, sized, sized])],
    ]);
    await expect(stage.start(module)).rejects.toMatchObject({
      code: "TASK_INVALID",
      message: expect.stringContaining("more than 16777216 bytes of its functions"),
    });
  });
  it("has a data segment outside its memory", async () => {
    const bytes = 32 * mebibyte;
    const data = Buffer.concat([Uint8Array.from([1, 0, 0x41, 0, 0x0b, ...leb128(bytes)]), new Uint8Array(bytes)]);
    const module = binary([
      [5, Uint8Array.from([1, 0, 1])],
      [11, data],
    ]);
    const { exit } = await stage.run(module, { memoryBytes: mebibyte });
    expect(["TASK_INVALID", "OUT_OF_MEMORY"]).toContain(exit.failure?.code);
  });
  it("leaves the node usable for the next guest", async () => {
    expect((await stage.run(program(() => []))).exit).toEqual({ exitCode: 0 });
  });
});

describe("a guest that recurses without end", () => {
  it.each([
    ["in its start function", `(func $f (call $f)) (start $f) (func (export "_start"))`],
    ["with large frames", `(func $f (export "_start") (local ${"i64 ".repeat(1000)}) (call $f) (call $f))`],
    [
      "through a table",
      `(table 1 funcref) (elem (i32.const 0) $f) (func $f (export "_start") (call_indirect (i32.const 0)))`,
    ],
  ])("fails by its own fault: %s", async (_how, text) => {
    const { exit } = await stage.run(fromText(`(module ${text})`));
    expect(exit).toMatchObject({ exitCode: 134, failure: { code: "TASK_INVALID" } });
  });
});
