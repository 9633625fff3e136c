import { spawn } from "node:child_process";
import { Socket } from "node:net";
import type { Cgroup } from "./cgroup.ts";
import { framesOf } from "./frames.ts";
import { type Isolation, sandboxFolder } from "./isolation.ts";
import type { SandboxLimits } from "./limits.ts";
import { type Frame, frameHead } from "./sandbox/frame.ts";

/** A process that takes one guest and ends with it. */
export interface SandboxProcess {
  /** What it says, in order. Ends when the process is dead and its memory is free. Read by one reader. */
  readonly frames: AsyncGenerator<Frame, void, void>;
  send(header: unknown, body?: Uint8Array): void;
  /** Ends the process at once, whatever it does. */
  kill(): void;
  /** Whether this process of ours stays alive for its sake. */
  hold(held: boolean): void;
  /** The last of what the engine itself wrote to stderr: why it crashed. */
  stderrTail(): string;
  /** Resolves when nothing of it is left. */
  readonly gone: Promise<void>;
  /** The process, or the wall around it; undefined when it could not be started. */
  readonly pid: number | undefined;
  /** What the kernel holds it to; undefined where it cannot. */
  readonly group: Cgroup | undefined;
}

/** What is around a guest's process. */
export interface Surroundings {
  readonly isolation: Isolation;
  readonly group?: Cgroup | undefined;
}

/*
 * A shell starts the guest's process and waits for its own descriptor 4 to be closed, which this process does to end the
 * guest, and which the system does when this process dies, even by SIGKILL. Then it kills the guest and takes leave. So
 * an endless loop outlives nobody, and as the shell has not yet waited for it, the number cannot be another's by then.
 * A watching thread inside the guest's process would do the same, but takes 60 ms and 8 MiB for each process.
 * No core dumps and no files: the guest's process has no business with either, whatever becomes of it.
 */
const guardScript = 'ulimit -c 0; ulimit -f 0; "$@" 4<&- & exec 3<&- 2>/dev/null; read -r end <&4; kill -9 $!; wait $!';

// Built code has another extension.
const program = `${sandboxFolder}main${import.meta.url.slice(import.meta.url.lastIndexOf("."))}`;

// 8 KiB: a crash report of the engine with its stack.
const stderrTailMax = 8192;

const bytesOfMebibyte = 1024 * 1024;

/** What Node is started with, besides the program: all that a guest's process may do. */
export function sandboxFlags({ heapBytes }: SandboxLimits): readonly string[] {
  return [
    // No file beside the code, no other process, no thread, no native code, no node:wasi.
    "--permission",
    `--allow-fs-read=${sandboxFolder}*`,
    "--no-warnings",
    `--max-old-space-size=${Math.floor(heapBytes / bytesOfMebibyte)}`,
    "--disallow-code-generation-from-strings",
    "--disable-proto=throw",
    // Object, Array, WebAssembly and the rest of the language cannot be changed, should a guest get hold of one of them.
    "--frozen-intrinsics",
    // 65536 pages are 4 GiB, the most there is; the limit of each guest is written into its modules.
    "--wasm-max-mem-pages=65536",
  ];
}

/** Starts a process behind a wall; it says `ready` when it can take a guest. */
export function startSandboxProcess(limits: SandboxLimits, { isolation, group }: Surroundings): SandboxProcess {
  const prefix = [...(group?.prefix ?? []), ...isolation.prefix];
  const [file = "", ...args] = [
    ...prefix,
    "/bin/sh",
    "-c",
    guardScript,
    "sh",
    process.execPath,
    ...sandboxFlags(limits),
    program,
  ];
  const child = spawn(file, args, {
    env: {},
    cwd: "/",
    stdio: ["ignore", "ignore", "pipe", "pipe", "pipe"],
  });
  const [, , stderr, line, deathPipe] = child.stdio;
  const gone = Promise.withResolvers<void>();
  child.once("exit", () => gone.resolve());
  if (group !== undefined) void gone.promise.then(group.remove);
  let words = "";
  child.once("error", ({ message }) => {
    words += message;
    gone.resolve();
  });
  stderr?.on("data", (chunk: Buffer) => {
    words = (words + chunk.toString("utf8")).slice(-stderrTailMax);
  });
  const sockets = [stderr, line, deathPipe].filter((stream) => stream instanceof Socket);
  // A process that dies with something unread resets its line; the end of the frames says all there is to say.
  for (const socket of sockets) socket.on("error", () => {});
  return {
    frames: line instanceof Socket ? framesOf(untilClosed(line)) : nothing(),
    send: (header, body) => {
      if (!(line instanceof Socket) || line.destroyed) return;
      line.write(frameHead(header, body));
      if (body !== undefined && body.byteLength > 0) line.write(body);
    },
    kill: () => {
      if (deathPipe instanceof Socket) deathPipe.destroy();
    },
    hold: (held) => {
      for (const handle of [child, ...sockets]) held ? handle.ref() : handle.unref();
    },
    stderrTail: () => words,
    gone: gone.promise,
    pid: child.pid,
    group,
  };
}

/** The stream's chunks, where a reset is an end like any other. */
async function* untilClosed(line: Socket): AsyncGenerator<Uint8Array, void, void> {
  try {
    for await (const chunk of line) yield chunk;
  } catch (failure) {
    if (!(failure instanceof Error && "code" in failure)) throw failure;
  }
}

async function* nothing(): AsyncGenerator<Frame, void, void> {}
