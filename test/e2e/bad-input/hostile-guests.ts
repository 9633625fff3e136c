import { fromText, type Pen, program, root } from "@shoal/wasi-sandbox/testing";

/** A malicious WebAssembly program, and how it must end. */
export interface HostileGuest {
  readonly name: string;
  readonly module: () => Uint8Array;
  readonly task?: object;
  readonly end: "completed" | "failed";
  /** The reason in the job's history. */
  readonly summary: RegExp;
}

const published = { Publisher: { Type: "nats" }, ResultPaths: [{ Name: "made", Path: "/made" }] };

// These guests exit with the error number that they received. WASI's numbers for "not permitted" and "no entry"; success is 0.
const notCapable = /"ExitCode":"76"/;
const notThere = /"ExitCode":"44"/;
const endWith = (errno: string) => `(call $proc_exit ${errno})`;
const opening = (pen: Pen, path: string) =>
  endWith(pen.call("path_open", root, 1, pen.text(path), 0, 2n, 0n, 0, pen.room(4)));

/** Writes the same 64 KiB to `fd` in an endless loop. */
const writingForEver = (pen: Pen, fd: string) => {
  const { step, list } = pen.buffer(65_536);
  return `${step} (loop ${`(drop (call $fd_write ${fd} (i32.const ${list}) (i32.const 1) (i32.const ${pen.room(4)})))`} (br 0))`;
};

const growing = "(loop (br_if 0 (i32.ne (memory.grow (i32.const 16)) (i32.const -1))))";

export const hostileGuests: readonly HostileGuest[] = [
  {
    name: "an endless loop",
    module: () => program(() => ["(loop (br 0))"]),
    task: { Timeouts: { ExecutionTimeout: 1 } },
    end: "failed",
    summary: /took longer than 1 s.*EXECUTION_TIMED_OUT/,
  },
  {
    name: "a memory bomb",
    module: () => program(() => [growing, "(unreachable)"]),
    task: { Resources: { Memory: "64Mb" } },
    end: "failed",
    summary: /of 64000000 bytes of memory taken.*OUT_OF_MEMORY/,
  },
  {
    name: "endless output",
    module: () => program((pen) => [writingForEver(pen, "(i32.const 1)")], { memory: "4" }),
    end: "failed",
    summary: /wrote more than 8388608 bytes.*OUTPUT_TOO_LARGE/,
  },
  {
    name: "an endless file",
    module: () =>
      program(
        (pen) => {
          const file = pen.open(root, "made/file", { write: true, create: true });
          return [file.step, writingForEver(pen, file.fd)];
        },
        { memory: "4" },
      ),
    task: { ...published, Resources: { Disk: "16Mb" } },
    end: "failed",
    summary: /may write 16000000.*OUTPUT_TOO_LARGE/,
  },
  {
    name: "a path with ..",
    module: () => program((pen) => [opening(pen, "../../../../../../etc/passwd")]),
    end: "completed",
    summary: notCapable,
  },
  {
    name: "an absolute path",
    module: () => program((pen) => [opening(pen, "/etc/passwd")]),
    end: "completed",
    summary: notCapable,
  },
  {
    name: "a link that it has created",
    module: () =>
      program((pen) => [
        `(drop ${pen.call("path_symlink", pen.text("/etc"), root, pen.text("made/out"))})`,
        opening(pen, "made/out/passwd"),
      ]),
    task: published,
    end: "completed",
    summary: notThere,
  },
  {
    name: "an import of a property that every JavaScript object has",
    module: () =>
      fromText(`(module (import "__proto__" "constructor" (func (result externref))) (func (export "_start")))`),
    end: "failed",
    summary: /__proto__.*constructor.*TASK_INVALID/,
  },
  {
    name: "a function that takes gigabytes to compile",
    module: () =>
      fromText(`(module (func (export "_start") (local ${"i32 ".repeat(50_000)})
        ${"(block (br_if 0 (local.get 0)))".repeat(4_000)}))`),
    end: "failed",
    summary: /50000 locals and 4000 blocks.*TASK_INVALID/,
  },
  {
    name: "an endless start function",
    module: () => fromText(`(module (func $set (loop (br 0))) (start $set) (func (export "_start")))`),
    task: { Timeouts: { ExecutionTimeout: 1 } },
    end: "failed",
    summary: /took longer than 1 s.*EXECUTION_TIMED_OUT/,
  },
  {
    name: "an invalid module",
    module: () => Buffer.from("this is no module"),
    end: "failed",
    summary: /no WebAssembly|module.*TASK_INVALID/,
  },
];
