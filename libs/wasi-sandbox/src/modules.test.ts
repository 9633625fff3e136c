import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { fromText, program } from "./testing/program.ts";
import { onStage } from "./testing/stage.ts";

const stage = onStage();
const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

describe("a module that cannot run", () => {
  it.each([
    ["is empty", []],
    ["is text", [...Buffer.from("#!/bin/sh\necho hello\n")]],
    ["is a component", [0, 0x61, 0x73, 0x6d, 0x0d, 0, 1, 0]],
    ["ends within a section", [...header, 5, 200, 1]],
    ["has a number without end", [...header, 5, ...Array.from({ length: 12 }, () => 0xff)]],
    ["has an import of no kind", [...header, 2, 7, 1, 1, 97, 1, 98, 9, 0]],
    ["shares its memory", [...header, 5, 4, 1, 3, 1, 2]],
    ["is refused by the engine alone", [...header, 1, 1, 200]],
  ])("%s: a Fault names its path", async (_how, bytes) => {
    const start = stage.start(Uint8Array.from(bytes));
    await expect(start).rejects.toMatchObject({
      code: "TASK_INVALID",
      message: expect.stringContaining("/app/main.wasm is not a valid WebAssembly module"),
    });
  });
  it.each(["/app/other.wasm", "/elsewhere/main.wasm", "/app", "/app/../../etc/hostname"])(
    "does not exist: %s",
    async (module) => {
      const start = stage.start(
        program(() => []),
        { program: { module } },
      );
      await expect(start).rejects.toMatchObject({
        code: "TASK_INVALID",
        message: expect.stringContaining(module),
      });
    },
  );
  it("imports what no module provides: the message names it", async () => {
    const module =
      fromText(`(module (import "env" "frobnicate" (func)) (import "wasi_snapshot_preview1" "fd_fly" (func))
      (func (export "_start")))`);
    const { exit } = await stage.run(module);
    expect(exit.failure?.code).toBe("TASK_INVALID");
    expect(exit.failure?.why).toContain('"env" "frobnicate" (function), "wasi_snapshot_preview1" "fd_fly" (function)');
  });
  it("lacks the entry function", async () => {
    const { exit } = await stage.run(
      program(() => []),
      { program: { entrypoint: "main" } },
    );
    expect(exit.failure).toMatchObject({ code: "TASK_INVALID", why: expect.stringContaining('no function "main"') });
  });
});

describe("a module that fails", () => {
  it("traps in its start function", async () => {
    const { exit, stderr } = await stage.run(fromText("(module (func $boom unreachable) (start $boom))"));
    expect(exit).toEqual({ exitCode: 134, failure: { code: "TASK_INVALID", why: "trapped: unreachable" } });
    expect(stderr).toBe("trapped: unreachable\n");
  });
  it("recurses without end", async () => {
    const { exit } = await stage.run(fromText(`(module (func $f (export "_start") (call $f) (call $f)))`));
    expect(exit).toMatchObject({ exitCode: 134, failure: { why: "trapped: Maximum call stack size exceeded" } });
  });
  it("throws an exception that it does not catch", async () => {
    const { exit } = await stage.run(fromText(`(module (tag $t) (func (export "_start") (throw $t)))`));
    expect(exit).toMatchObject({ exitCode: 134, failure: { code: "TASK_INVALID" } });
  });
  it("cannot catch its own exit", async () => {
    const { exit, stdout } = await stage.run(
      program((pen) => [`(try (do ${pen.call("proc_exit", 3)}) (catch_all))`, pen.print(1, "survived")]),
    );
    expect(exit).toEqual({ exitCode: 3 });
    expect(stdout).toBe("");
  });
});

describe("linked modules", () => {
  it("import each other by path, and a library is initialized before it is used", async () => {
    const folder = await stage.folder("lib");
    const library = `(module (memory (export "memory") 1) (global $n (mut i32) (i32.const 0))
      (func $set (global.set $n (i32.const 41))) (start $set)
      (func (export "next") (result i32) (i32.add (global.get $n) (i32.const 1))))`;
    await writeFile(join(folder, "numbers.wasm"), fromText(library));
    const main = fromText(`(module (import "/lib/numbers.wasm" "next" (func $next (result i32)))
      (import "/lib/numbers.wasm" "memory" (memory 1))
      (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
      (func (export "_initialize") (i32.store (i32.const 0) (i32.const 100)))
      (func (export "main") (call $proc_exit (i32.add (call $next) (i32.load (i32.const 0))))))`);
    const { exit } = await stage.run(main, {
      inputs: [{ hostPath: folder, target: "/lib", readOnly: true }],
      program: { imports: ["/lib/numbers.wasm"], entrypoint: "main" },
    });
    expect(exit).toEqual({ exitCode: 142 });
  });
});

describe("a module with a relative path", () => {
  it("is resolved from the task's root, and is imported under its own name", async () => {
    const lib = await stage.folder("lib");
    await writeFile(
      join(lib, "numbers.wasm"),
      fromText('(module (func (export "check") (param i32) local.get 0 i32.const 7 i32.ne if unreachable end))'),
    );
    const module = fromText(`(module (import "lib/numbers.wasm" "check" (func $check (param i32)))
      (func (export "_start") i32.const 7 call $check))`);
    const { exit } = await stage.run(module, {
      program: { module: "app/main.wasm", imports: ["lib/numbers.wasm"] },
      inputs: [{ hostPath: lib, target: "/lib", readOnly: true }],
    });
    expect(exit).toEqual({ exitCode: 0 });
  });
});
