import { describe, expect, it } from "vitest";
import { checkCode, localsTimesBlocksMax } from "./module-code.ts";
import { limitMemories } from "./module-memory.ts";
import { moduleReader } from "./module-reader.ts";
import { fromText, program } from "./testing/program.ts";
import { onStage } from "./testing/stage.ts";

const mebibyte = 1024 * 1024;
const stage = onStage();
// 64 MiB beside the task's memory: little, so that the watch has something to end in a moment.
const tight = onStage({ overheadBytes: 64 * mebibyte, watchMs: 5 });

/** A function with locals and with blocks that each contain a branch. */
const bomb = (locals: number, blocks: number) =>
  fromText(`(module (memory (export "memory") 1) (func (export "_start") (local ${"i32 ".repeat(locals)})
    ${"(block (br_if 0 (local.get 0)))".repeat(blocks)}))`);

describe("a module that needs much memory to compile", () => {
  it("is refused when a function has too many locals for its blocks, with the numbers", async () => {
    await expect(stage.start(bomb(50_000, 4_000), { memoryBytes: 64 * mebibyte })).rejects.toMatchObject({
      code: "TASK_INVALID",
      message: expect.stringContaining("its function 0 has 50000 locals and 4000 blocks"),
    });
  });
  it("runs below the limit", async () => {
    expect((await stage.run(bomb(5_000, 3_000))).exit).toEqual({ exitCode: 0 });
  });
  it("is killed when its process takes more memory than the task and the engine may", async () => {
    // 15 million: allowed by the table, and some 180 MB.
    const { exit } = await tight.run(bomb(15_000, 1_000), { memoryBytes: mebibyte });
    expect(exit).toEqual({
      exitCode: 137,
      failure: { code: "OUT_OF_MEMORY", why: expect.stringMatching(/^its process used \d+ bytes, .* may use 68\d+$/) },
    });
  });
  it("does not affect the next guest of the node", async () => {
    expect((await tight.run(program(() => []))).exit).toEqual({ exitCode: 0 });
  });
});

describe("blocks of a function", () => {
  /** The message for a module of one function, when its locals times blocks are over the limit. */
  const problemOf = (text: string, locals: number) => {
    const module = fromText(`(module (memory 1) (table $t 1 funcref) (type $two (func (param i32 i64)))
      (func $f (param i32) (local ${"i64 ".repeat(locals)}) ${text}))`);
    try {
      limitMemories([{ path: "/m.wasm", bytes: module }], mebibyte);
      return undefined;
    } catch (failure) {
      return /has \d+ locals and \d+ blocks/.exec(String(failure))?.[0];
    }
  };
  const most = 50_000;
  const filler = "(br_if 0 (i32.const 33686018))".repeat(500);
  it.each([
    ["constants that look like blocks", `(drop (i64.const 0x0202020202020202)) ${filler}`, undefined],
    ["blocks, loops and ifs", `${"(block (loop (if (local.get 0) (then))))".repeat(200)} ${filler}`, 600],
    [
      "tables, calls, memory and numbers between them",
      `${`(block (br_table 0 0 0 (i32.load offset=514 align=1 (local.get 0))))
        (call_indirect (type $two) (local.get 0) (i64.const 2) (i32.const 3))
        (f64.store (i32.const 2) (f64.const 2)) (drop (f32.const 2)) (drop (ref.null func))
        (memory.copy (i32.const 2) (i32.const 3) (i32.const 4)) (drop (memory.grow (i32.const 2)))
        (drop (select (i32.const 2) (i32.const 3) (i32.const 4)))`.repeat(400)} ${filler}`,
      400,
    ],
  ])("are counted exactly: %s", (_what, text, blocks) => {
    const expected = blocks === undefined ? undefined : `has ${most - 1} locals and ${blocks} blocks`;
    expect(problemOf(text, most - 2)).toBe(expected);
  });
  it("are assumed to fill the rest of a function after an unknown instruction", () => {
    // One function without locals, 65 KB long, that begins with an opcode that does not exist.
    const body = [0, 0x27, ...Array.from({ length: 65_536 }, () => 2)];
    const size = [0x80 | (body.length & 0x7f), 0x80 | ((body.length >> 7) & 0x7f), body.length >> 14];
    const reader = moduleReader("/m.wasm", Uint8Array.from([1, ...size, ...body]));
    expect(() => checkCode(reader, () => localsTimesBlocksMax / 10_000)).toThrow(/and 2\d{4} blocks/);
  });
});
