import { readdirSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { fromText, type Pen, program } from "./testing/program.ts";
import { onStage, textsIn } from "./testing/stage.ts";

const stage = onStage({ madeFilesMax: 5, heapBytes: 64 * 1024 * 1024 });
const madeFolder = 5;
const mebibyte = 1024 * 1024;

describe("a guest's memory", () => {
  const growAll = "(loop $more (br_if $more (i32.ne (memory.grow (i32.const 1)) (i32.const -1))))";
  const exitWithSize = (pen: Pen) => pen.call("proc_exit", "(memory.size)");

  it("grows exactly to the task's limit", async () => {
    const { exit } = await stage.run(
      program((pen) => [growAll, exitWithSize(pen)]),
      { memoryBytes: 16 * mebibyte },
    );
    expect(exit).toEqual({ exitCode: 256 });
  });
  it("keeps a lower limit of its module", async () => {
    const { exit } = await stage.run(program((pen) => [growAll, exitWithSize(pen)], { memory: "2 5" }));
    expect(exit).toEqual({ exitCode: 5 });
  });
  it("is limited when it is imported", async () => {
    const module = fromText(`(module (import "env" "memory" (memory 1))
      (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
      (func (export "_start") ${growAll} (call $proc_exit (memory.size))))`);
    expect((await stage.run(module, { memoryBytes: 4 * mebibyte })).exit).toEqual({ exitCode: 64 });
  });
  it("is refused when it starts above the limit", async () => {
    const start = stage.start(
      program(() => [], { memory: "300" }),
      { memoryBytes: 16 * mebibyte },
    );
    await expect(start).rejects.toMatchObject({
      code: "OUT_OF_MEMORY",
      message: expect.stringContaining("19660800 bytes"),
    });
  });
  it("is named as the reason when the guest aborts because it has too little", async () => {
    const { exit, stderr } = await stage.run(program(() => [growAll, "(unreachable)"]));
    expect(exit).toMatchObject({ exitCode: 137, failure: { code: "OUT_OF_MEMORY" } });
    expect(stderr).toContain("16777216 of 16777216 bytes");
  });
  it("is not named when the guest aborts for another reason", async () => {
    const { exit } = await stage.run(program(() => ["(unreachable)"]));
    expect(exit).toMatchObject({ exitCode: 134, failure: { code: "TASK_INVALID" } });
  });
  it("does not grow through tables either", async () => {
    // Each of 10 million references takes 80 MB of the engine's heap, which has 64 MiB here.
    const tables = Array.from({ length: 8 }, (_, n) => `(table $t${n} 1 externref)`);
    const grow = tables.map((_, n) => `(drop (table.grow $t${n} (ref.null extern) (i32.const 9999999)))`);
    const module = fromText(`(module ${tables.join("")} (func (export "_start") ${grow.join("")}))`);
    expect((await stage.run(module)).exit.failure?.code).toBe("OUT_OF_MEMORY");
  });
});

describe("a guest that wants threads", () => {
  const header = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];
  // A section of one memory of 1 to 2 pages that is shared.
  const sharedMemory = [5, 4, 1, 3, 1, 2];
  const spawn = `(module (import "wasi" "thread-spawn" (func (param i32) (result i32))) (func (export "_start")))`;

  it("is refused when it shares a memory", async () => {
    const refusal = { code: "TASK_INVALID", message: expect.stringContaining("shares memory between threads") };
    await expect(stage.run(Uint8Array.from([...header, ...sharedMemory]))).rejects.toMatchObject(refusal);
  });
  it("finds no call that starts one", async () => {
    const { exit } = await stage.run(fromText(spawn));
    expect(exit).toMatchObject({
      exitCode: 126,
      failure: { code: "TASK_INVALID", why: expect.stringContaining("thread-spawn") },
    });
  });
});

describe("the files that a guest has open", () => {
  const openFilesMax = 100;
  const open = onStage({ openFilesMax });
  // WASI's number of "too many open files".
  const tooMany = 33;
  const appFolder = 4;
  /** The descriptors of this process, which is the node's. */
  const descriptors = () => readdirSync("/proc/self/fd").length;
  const openForEver = (pen: Pen) => `(loop ${pen.open(appFolder, "main.wasm").step} (br 0))`;

  it("are limited, and closed with the guest", async () => {
    await open.run(program(() => []));
    const before = descriptors();
    expect((await open.run(program((pen) => [openForEver(pen)]))).exit).toEqual({ exitCode: tooMany });
    await expect.poll(descriptors).toBeLessThanOrEqual(before);
  });
  it("take no more descriptors of the node than the limit", async () => {
    const opened = Promise.withResolvers<void>();
    const tries = (pen: Pen) => {
      const file = pen.room(4);
      const [reads, count] = [1n << 1n, 2 * openFilesMax];
      const one = pen.call("path_open", appFolder, 1, pen.text("main.wasm"), 0, reads, 0n, 0, file);
      return [...Array.from({ length: count }, () => `(drop ${one})`), pen.print(1, "opened"), "(loop (br 0))"];
    };
    const before = descriptors();
    const running = await open.start(program(tries), { output: () => opened.resolve() });
    await opened.promise;
    // The guest's process and its pipes take a few more, and its folders some of the limit.
    expect(descriptors() - before).toBeLessThan(openFilesMax + 10);
    expect(descriptors() - before).toBeGreaterThan(openFilesMax - 10);
    await running.halt();
  });
});

describe("the limits of a guest's time and output", () => {
  it("end an endless loop when the guest is halted", async () => {
    const running = await stage.start(program(() => ["(loop (br 0))"]));
    await running.halt();
    expect(await running.exit).toMatchObject({ exitCode: 137, failure: { code: "STOPPED" } });
  });
  it("end endless stdout when the reader stops it", async () => {
    let seen = 0;
    const enough = Promise.withResolvers<void>();
    const output = (_stream: string, chunk: Uint8Array) => {
      seen += chunk.byteLength;
      if (seen > mebibyte) enough.resolve();
    };
    const forever = program((pen) => [`(loop ${pen.print(1, "x".repeat(1000))} (br 0))`]);
    const running = await stage.start(forever, { output });
    await enough.promise;
    await running.halt();
    expect((await running.exit).failure?.code).toBe("STOPPED");
    const atTheEnd = seen;
    await stage.run(program(() => []));
    expect(seen).toBe(atTheEnd);
  });
  it("end a guest that writes above its limit, with no byte too many on the disk", async () => {
    const { exit, made } = await stage.run(
      program((pen) => {
        const file = pen.open(madeFolder, "big.txt", { create: true, write: true });
        const vector = pen.room(8);
        // 60000 does not divide the limit of 1 MiB.
        const point = `(i32.store (i32.const ${vector}) (i32.const 2048)) (i32.store (i32.const ${vector + 4}) (i32.const 60000))`;
        return [file.step, point, `(loop ${pen.must("fd_write", file.fd, vector, 1, pen.room(4))} (br 0))`];
      }),
      { diskBytes: mebibyte },
    );
    expect(exit.failure).toEqual({
      code: "OUTPUT_TOO_LARGE",
      why: "it wrote 1080000 bytes to its outputs; the task may write 1048576",
    });
    expect((await textsIn(made))["big.txt"]?.length).toBe(1_020_000);
  });
  it.each([
    [
      "by a hole",
      (pen: Pen, fd: string) => {
        const { step, list } = pen.buffer(8);
        return `${step} ${pen.must("fd_pwrite", fd, list, 1, 1n << 40n, pen.room(4))}`;
      },
    ],
    ["by its size", (pen: Pen, fd: string) => pen.must("fd_filestat_set_size", fd, 1n << 40n)],
    ["by a reservation", (pen: Pen, fd: string) => pen.must("fd_allocate", fd, 0n, 1n << 40n)],
  ])("end a guest whose file would become too large %s", async (_how, step) => {
    const write = (pen: Pen) => {
      const file = pen.open(madeFolder, "holes", { create: true, write: true });
      return [file.step, step(pen, file.fd)];
    };
    expect((await stage.run(program(write))).exit.failure?.code).toBe("OUTPUT_TOO_LARGE");
  });
  it("end a guest that creates too many files", async () => {
    const { exit } = await stage.run(
      program((pen) =>
        Array.from({ length: 6 }, (_, n) => pen.must("path_create_directory", madeFolder, pen.text(`${n}`))),
      ),
    );
    expect(exit.failure).toEqual({ code: "OUTPUT_TOO_LARGE", why: "it created more than 5 files and folders" });
  });
  it("include what the guest has released", async () => {
    const { exit } = await stage.run(
      program((pen) =>
        Array.from({ length: 4 }, () => {
          const file = pen.open(madeFolder, "again", { create: true, write: true });
          const grow = pen.must("fd_filestat_set_size", file.fd, 600_000n);
          const away = pen.must("path_unlink_file", madeFolder, pen.text("again"));
          return `${file.step} ${grow} ${away} ${pen.must("fd_close", file.fd)}`;
        }),
      ),
    );
    expect(exit).toEqual({ exitCode: 0 });
  });
});
