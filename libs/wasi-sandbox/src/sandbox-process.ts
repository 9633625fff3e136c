import { spawn } from "node:child_process";
import { Socket } from "node:net";
import type { Cgroup } from "./cgroup.ts";
import { framesOf } from "./frames.ts";
import type { Isolation } from "./isolation.ts";
import type { SandboxLimits } from "./limits.ts";
import { type Frame, frameHead } from "./sandbox/frame.ts";
import { sandboxScript } from "./sandbox-script.ts";

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
  /** Set for a guest that shares its process: adds what it may use to the limits of that process. */
  readonly share?: (use: GuestLimits) => void;
}

/** What a guest's process may use for it. */
export interface GuestLimits {
  readonly memoryBytes: number;
  readonly cpuCores: number;
}

/** The isolation and the cgroup of a guest's process. */
export interface Surroundings {
  readonly isolation: Isolation;
  readonly group?: Cgroup | undefined;
  /** Guests that run in it at a time, each in a thread; 0 for one guest in the process itself. */
  readonly lanes?: number;
}

// Core dumps and files are disabled: the guest's process needs neither.
const limitScript = 'ulimit -c 0; ulimit -f 0; exec "$@"';

const shell = (script: string): readonly string[] => ["/bin/sh", "-c", script, "sh"];

// 8 KiB: a crash report of the engine with its stack.
const stderrTailMax = 8192;

const bytesOfMebibyte = 1024 * 1024;

/** Node's flags: the permissions of a guest's process. */
export function sandboxFlags({ heapBytes }: SandboxLimits, script: string): readonly string[] {
  return [
    // No file except the code, no other process, no thread, no native code, no node:wasi.
    "--permission",
    `--allow-fs-read=${script}`,
    "--no-warnings",
    `--max-old-space-size=${Math.floor(heapBytes / bytesOfMebibyte)}`,
    "--disallow-code-generation-from-strings",
    "--disable-proto=throw",
    // 65536 pages are 4 GiB, the maximum; the limit of each guest is written into its modules.
    "--wasm-max-mem-pages=65536",
    // The hash seed of Node's snapshot in place of a random one, for which the engine searches prime numbers and sorts all tables: a
    // fifth of the time of a start. A guest that finds colliding names with it slows down itself.
    "--no-rehash-snapshot",
  ];
}

/** The command that starts a guest's process, isolated and in its cgroup; with lanes it starts threads. */
function sandboxCommand(limits: SandboxLimits, { isolation, group, lanes = 0 }: Surroundings): readonly string[] {
  const script = sandboxScript(lanes === 0 ? "main" : "main-lanes");
  return [
    ...(group?.prefix ?? []),
    ...shell(limitScript),
    ...isolation.prefix(script),
    ...isolation.guards.flatMap(shell),
    ...[process.execPath, ...sandboxFlags(limits, script)],
    ...(lanes === 0 ? [script] : ["--allow-worker", script, `${lanes}`]),
  ];
}

/** A started process, its channel on descriptor 3, and those of its lanes. */
export interface StartedProcess extends Omit<SandboxProcess, "frames" | "send"> {
  readonly line: Socket | undefined;
  readonly laneSockets: readonly Socket[];
}

/** Starts an isolated process. */
export function startProcess(limits: SandboxLimits, surroundings: Surroundings): StartedProcess {
  const { isolation, group, lanes = 0 } = surroundings;
  const isGuarded = isolation.guards.length > 0;
  const [file = "", ...args] = sandboxCommand(limits, surroundings);
  const beyond = Array.from({ length: lanes }, () => "pipe" as const);
  const child = spawn(file, args, {
    env: {},
    cwd: "/",
    detached: !isGuarded,
    stdio: ["ignore", "ignore", "pipe", "pipe", isGuarded ? "pipe" : "ignore", ...beyond],
  });
  const { stderr } = child;
  // The type of `stdio` ends with the fifth one.
  const [, , , line, deathPipe, ...laneSockets]: readonly unknown[] = child.stdio;
  const gone = Promise.withResolvers<void>();
  // Every process of the isolation has stderr open, so that it closes when the last one has exited.
  child.once("exit", () => (stderr?.closed === true ? gone.resolve() : stderr?.once("close", gone.resolve)));
  if (group !== undefined) void gone.promise.then(group.remove);
  let words = "";
  child.once("error", ({ message }) => {
    words += message;
    gone.resolve();
  });
  stderr?.on("data", (chunk: Buffer) => {
    words = (words + chunk.toString("utf8")).slice(-stderrTailMax);
  });
  const sockets = [stderr, line, deathPipe, ...laneSockets].filter((stream) => stream instanceof Socket);
  // A process that dies with unread data resets its socket; the end of the frames reports its exit.
  for (const socket of sockets) socket.on("error", () => {});
  return {
    line: line instanceof Socket ? line : undefined,
    laneSockets: laneSockets.filter((socket) => socket instanceof Socket),
    kill: () => {
      if (isGuarded && deathPipe instanceof Socket) deathPipe.destroy();
      else if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) killGroup(child.pid);
      // A guest's process that is not in the group yet, or no longer, reads the end of the channel, and exits.
      if (line instanceof Socket) line.end();
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

/** Starts an isolated process for one guest; it sends `ready` when it can take it. */
export function startSandboxProcess(limits: SandboxLimits, surroundings: Surroundings): SandboxProcess {
  const { line, laneSockets: _, ...started } = startProcess(limits, surroundings);
  return {
    ...started,
    frames: line === undefined ? nothing() : framesFrom(line),
    send: (header, body) => sendFrame(line, header, body),
  };
}

/** Writes a frame, unless the socket is closed. */
export function sendFrame(line: Socket | undefined, header: unknown, body?: Uint8Array): void {
  if (line === undefined || line.destroyed) return;
  line.write(frameHead(header, body));
  if (body !== undefined && body.byteLength > 0) line.write(body);
}

/** The frames of a socket until it is closed. */
export const framesFrom = (line: Socket): AsyncGenerator<Frame, void, void> => framesOf(untilClosed(line));

/**
 * Kills a process group. Bubblewrap starts as two processes, and the second one waits for the first one for a moment in which the end of
 * the first one does not end it.
 */
function killGroup(pid: number): void {
  try {
    process.kill(-pid, "SIGKILL");
  } catch {
    // It has exited, and this process was not informed yet.
  }
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
