import { spawnSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { systemClock } from "@shoal/node";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { RunningGuest } from "./guest.ts";
import { type Pen, program } from "./testing/program.ts";
import { wasiSandbox } from "./wasi-sandbox.ts";

const mebibyte = 1024 * 1024;
const sandbox = wasiSandbox({
  clock: systemClock({ unref: true }),
  isolation: "namespace",
  // Two lanes on any machine; a small overhead, which a guest exceeds in a moment.
  limits: { startsMax: 2, poolSize: 1, watchMs: 5 },
});
let root = "";
let serial = 0;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "shoal-lanes-"));
  expect(await sandbox.unavailable()).toBeUndefined();
});
afterAll(async () => {
  await sandbox.close();
  await rm(root, { recursive: true, force: true });
});

async function start(module: Uint8Array, namespace = "one", memoryBytes = 16 * mebibyte) {
  serial += 1;
  const folder = join(root, `${serial}`);
  await mkdir(folder);
  await writeFile(join(folder, "main.wasm"), module);
  let stdout = "";
  const first = Promise.withResolvers<void>();
  const running: RunningGuest = await sandbox.start({
    namespace,
    program: { module: "/main.wasm", imports: [], entrypoint: "_start", args: [] },
    env: {},
    resources: { cpuCores: 1, memoryBytes, diskBytes: mebibyte },
    inputs: [{ hostPath: join(folder, "main.wasm"), target: "/main.wasm", readOnly: true }],
    outputs: [],
    output: (_stream, chunk) => {
      stdout += Buffer.from(chunk).toString("utf8");
      first.resolve();
    },
  });
  return { ...running, first: first.promise, result: async () => ({ exit: await running.exit, stdout }) };
}

/** The processes below this one that run the sandbox's script with lanes, without the isolation around them. */
function sandboxPids(): readonly number[] {
  const { stdout } = spawnSync("ps", ["-A", "-o", "pid=,ppid=,args=", "-ww"], { encoding: "utf8" });
  const rows = stdout.split("\n").map((row) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(row) ?? []);
  const below = (parent: number): readonly number[] =>
    rows.flatMap(([, pid, ppid, args = ""]) => {
      if (Number(ppid) !== parent) return [];
      const own = args.startsWith(process.execPath) && /shoal-sandbox-\w+\.cjs \d+$/.test(args) ? [Number(pid)] : [];
      return [...own, ...below(Number(pid))];
    });
  return below(process.pid);
}

const hello = program((pen) => [pen.print(1, "hello")]);
const endless = program((pen: Pen) => [pen.print(1, "on"), "(loop (br 0))"]);
const greeted = { exit: { exitCode: 0 }, stdout: "hello" };

describe("a process that serves a namespace", () => {
  it("runs many guests, one after another and at once", async () => {
    for (let turn = 0; turn < 3; turn++) expect(await (await start(hello)).result()).toEqual(greeted);
    const many = await Promise.all(Array.from({ length: 6 }, () => start(hello)));
    for (const one of many) expect(await one.result()).toEqual(greeted);
  });
  it("gives each guest its exit code and its traps", async () => {
    const exits = await start(program((pen) => [pen.call("proc_exit", 7)]));
    const traps = await start(program(() => ["(unreachable)"]));
    expect((await exits.exit).exitCode).toBe(7);
    expect(await traps.exit).toMatchObject({ exitCode: 134, failure: { code: "TASK_INVALID" } });
  });
  it("ends a guest that catches its own exit with that exit's code", async () => {
    const catches = `(try (do ${`(call $proc_exit (i32.const 5))`}) (catch_all ))`;
    const catching = program((pen) => [catches, pen.print(1, "after its end")]);
    expect(await (await start(catching)).result()).toEqual({ exit: { exitCode: 5 }, stdout: "" });
    expect(await (await start(hello)).result()).toEqual(greeted);
  });
  it("starts each guest with new memory, and ends the isolate with many or large guests", async () => {
    // Exits with the byte at 64, after it has written there and grown.
    const marks = program(
      (pen) => [
        `(if (i32.load8_u (i32.const 64)) (then ${pen.call("proc_exit", 9)}))`,
        "(i32.store8 (i32.const 64) (i32.const 1)) (drop (memory.grow (i32.const 100)))",
      ],
      { memory: "2" },
    );
    // 100 x 6.5 MB: more than the 64 MiB after which an isolate ends.
    for (let turn = 0; turn < 24; turn++) expect(await (await start(marks)).exit).toEqual({ exitCode: 0 });
  });
  it("goes on with its other guests when an endless one is stopped", async () => {
    const [stopped, other] = [await start(endless), await start(endless)];
    await Promise.all([stopped.first, other.first]);
    await stopped.halt();
    expect((await stopped.exit).failure?.code).toBe("STOPPED");
    expect(await (await start(hello)).result()).toEqual(greeted);
    // Still there: stopping it is what ends it.
    await other.halt();
    expect((await other.exit).failure?.code).toBe("STOPPED");
  });
  it("takes a further process when its guests keep all lanes", async () => {
    const long = await Promise.all([start(endless), start(endless)]);
    expect(await (await start(hello)).result()).toEqual(greeted);
    for (const one of long) await one.halt();
  });
  it("limits each guest's memory", async () => {
    const grow = `(local $n i32) (loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))) (unreachable)`;
    const hungry = await start(program(() => [grow], { memory: "2" }));
    expect((await hungry.exit).failure?.code).toBe("OUT_OF_MEMORY");
    expect(await (await start(hello)).result()).toEqual(greeted);
  });
  it("ends a guest whose tables exceed the heap, and no other", async () => {
    const other = await start(endless);
    await other.first;
    const tables = Array.from({ length: 8 }, () => "(table 10000000 externref)").join(" ");
    const hungry = await start(program(() => [], { beside: tables })).then(
      ({ exit }) => exit,
      (failure: { code: string }) => ({ failure }),
    );
    expect(hungry.failure?.code).toBe("OUT_OF_MEMORY");
    await other.halt();
  });
});

describe("a namespace's process that dies", () => {
  it("fails the guests of its namespace so that they are retried, and no others", async () => {
    const foreign = await start(endless);
    await foreign.first;
    const before = sandboxPids();
    const [mine, neighbour] = [await start(endless, "two"), await start(endless, "two")];
    await Promise.all([mine.first, neighbour.first]);
    const [pid = 0] = sandboxPids().filter((one) => !before.includes(one));
    process.kill(pid, "SIGKILL");
    expect((await mine.exit).failure?.code).toBe("ENGINE_FAILED");
    expect((await neighbour.exit).failure?.code).toBe("ENGINE_FAILED");
    expect(await (await start(hello, "two")).result()).toEqual(greeted);
    await foreign.halt();
    expect((await foreign.exit).failure?.code).toBe("STOPPED");
  });
});
