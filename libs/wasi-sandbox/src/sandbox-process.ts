import { spawn } from "node:child_process";
import { Socket } from "node:net";
import type { Cgroup } from "./cgroup.ts";
import { framesOf } from "./frames.ts";
import { type Isolation, sandboxFolder } from "./isolation.ts";
import type { SandboxLimits } from "./limits.ts";
import { type Frame, frameHead } from "./sandbox/frame.ts";

/** A process that runs one guest and exits with it. */
export interface SandboxProcess {
  /** Its messages in order. Ends when the process has exited and its memory is free. For a single reader. */
  readonly frames: AsyncGenerator<Frame, void, void>;
  send(header: unknown, body?: Uint8Array): void;
  /** Kills the process. */
  kill(): void;
  /** Whether it keeps the node's event loop alive. */
  hold(held: boolean): void;
  /** The end of the engine's stderr, which explains a crash. */
  stderrTail(): string;
  /** Resolves when all its processes have exited. */
  readonly gone: Promise<void>;
  /** The process id, or that of the isolation around it; undefined when it could not be started. */
  readonly pid: number | undefined;
  /** Its cgroup; undefined without cgroups. */
  readonly group: Cgroup | undefined;
}

/** The isolation and the cgroup of a guest's process. */
export interface Surroundings {
  readonly isolation: Isolation;
  readonly group?: Cgroup | undefined;
}

/*
 * A shell starts the guest's process and waits until its descriptor 4 is closed. This process closes it to end the guest; the system
 * closes it when this process dies, even by SIGKILL. Then the shell kills the guest and exits. So an endless loop never outlives the
 * node. The process id cannot be reused before, as the shell has not yet waited for it.
 * A watcher thread inside the guest's process would have the same effect, but takes 60 ms and 8 MiB for each process.
 * Core dumps and files are disabled: the guest's process needs neither.
 */
const guardScript = 'ulimit -c 0; ulimit -f 0; "$@" 4<&- & exec 3<&- 2>/dev/null; read -r end <&4; kill -9 $!; wait $!';

// Built code has another extension.
const program = `${sandboxFolder}main${import.meta.url.slice(import.meta.url.lastIndexOf("."))}`;

// 8 KiB: a crash report of the engine with its stack.
const stderrTailMax = 8192;

const bytesOfMebibyte = 1024 * 1024;

/** Node's flags: the permissions of a guest's process. */
export function sandboxFlags({ heapBytes }: SandboxLimits): readonly string[] {
  return [
    // No file except the code, no other process, no thread, no native code, no node:wasi.
    "--permission",
    `--allow-fs-read=${sandboxFolder}*`,
    "--no-warnings",
    `--max-old-space-size=${Math.floor(heapBytes / bytesOfMebibyte)}`,
    "--disallow-code-generation-from-strings",
    "--disable-proto=throw",
    // Object, Array, WebAssembly and the other intrinsics cannot be changed, even if a guest obtains one of them.
    "--frozen-intrinsics",
    // 65536 pages are 4 GiB, the maximum; the limit of each guest is written into its modules.
    "--wasm-max-mem-pages=65536",
  ];
}

/** Starts an isolated process; it sends `ready` when it can take a guest. */
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
  // A process that dies with unread data resets its socket; the end of the frames reports its exit.
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

/** The stream's chunks; a reset counts as the end. */
async function* untilClosed(line: Socket): AsyncGenerator<Uint8Array, void, void> {
  try {
    for await (const chunk of line) yield chunk;
  } catch (failure) {
    if (!(failure instanceof Error && "code" in failure)) throw failure;
  }
}

async function* nothing(): AsyncGenerator<Frame, void, void> {}
