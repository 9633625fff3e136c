import { spawn } from "node:child_process";
import { closeSync, openSync, renameSync, statSync } from "node:fs";
import { CliError } from "../failure.ts";
import { childWordOf } from "../process/parent.ts";

/** How a process of a devstack is started. */
export interface ChildPlan {
  readonly name: string;
  /** The program and its arguments, for the Node of this process. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Sent over the channel once the process runs. */
  readonly order?: object;
  readonly logFile: string;
}

/** A running process of a devstack. */
export interface Child {
  readonly name: string;
  /** 0 while it starts. */
  pid(): number;
  /** The facts that it reports once ready. Rejects with CliError and the process's own reason when it ends instead. */
  readonly ready: Promise<Readonly<Record<string, unknown>>>;
  /** The reason of its end: an error, an exit code or a signal. */
  readonly ended: Promise<string>;
  /** Sends SIGTERM, after `stopMs` SIGKILL, and waits until the process is gone. */
  stop(): Promise<void>;
  kill(): void;
}

/** How long a process may take to stop: longer than an orderly stop of a service takes on a busy machine. */
export const stopMs = 15_000;
// One heap of the C library for all threads of a process: 2 to 8 MiB less, and the threads of Node seldom allocate at the same time.
const oneArena = { MALLOC_ARENA_MAX: "1" } as const;
// A log larger than this is renamed; one older log is kept.
const logBytesMax = 50 * 2 ** 20;

/** Starts a process that ends when this one does: the child ends when their channel closes. */
export function startChild({ name, args, env, order, logFile }: ChildPlan): Child {
  const log = openLog(logFile);
  const child = spawn(process.execPath, [...process.execArgv, ...args], {
    env: { ...process.env, ...oneArena, ...env },
    stdio: ["ignore", log, log, "ipc"],
    // A separate process group: Ctrl-C in the terminal reaches only this process, which stops the others in order.
    detached: true,
  });
  closeSync(log);
  if (order !== undefined) child.send(order, () => undefined);
  const { promise: ready, resolve, reject } = Promise.withResolvers<Readonly<Record<string, unknown>>>();
  // Without a handler, a rejection that no caller awaits would end this process.
  ready.catch(() => undefined);
  let failed: CliError | undefined;
  child.on("message", (message) => {
    const report = childWordOf(message);
    if (report?.type === "ready") resolve(report.facts);
    else if (report?.type === "failed") failed = new CliError(report.code, `${name}: ${report.why}`, report.hint);
  });
  const ended = new Promise<string>((done) => {
    child.once("error", (failure) => done(failure.message));
    child.once("exit", (code, signal) => done(failed?.message ?? (signal === null ? `exit code ${code}` : signal)));
  });
  ended.then((how) =>
    reject(failed ?? new CliError("INTERNAL", `${name} ended before it was ready: ${how}`, `read ${logFile}`)),
  );
  const kill = (): void => void child.kill("SIGKILL");
  const stop = async (): Promise<void> => {
    const killTimer = setTimeout(kill, stopMs);
    child.kill("SIGTERM");
    await ended;
    clearTimeout(killTimer);
  };
  return { name, pid: () => child.pid ?? 0, ready, ended, stop, kill };
}

function openLog(path: string): number {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > logBytesMax) renameSync(path, `${path}.1`);
  return openSync(path, "a", 0o600);
}
