import { spawn } from "node:child_process";
import { closeSync, openSync, renameSync, statSync } from "node:fs";
import { CliError } from "../failure.ts";
import { childWordOf } from "../process/parent.ts";

/** How a process of a devstack is started. */
export interface ChildPlan {
  readonly name: string;
  /** The program and its arguments, for the Node that runs us. */
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string>>;
  /** Told over the channel as soon as it runs. */
  readonly order?: object;
  readonly logFile: string;
}

/** A process of a devstack that runs. */
export interface Child {
  readonly name: string;
  readonly pid: number;
  /** What it said of itself when it was ready. Throws CliError with its own words when it ends instead. */
  readonly ready: Promise<Readonly<Record<string, unknown>>>;
  /** How it ended, in words. */
  readonly ended: Promise<string>;
  /** Asks it to end, insists after a while, and waits until it is gone. */
  stop(): Promise<void>;
  kill(): void;
}

// Longer than a service needs to stop in order on a busy machine.
const stopMs = 15_000;
// One older log is kept when a log has grown past this.
const logBytesMax = 50 * 2 ** 20;

/** Starts a process that ends when this one does: they share a channel, and the child watches it close. */
export function startChild({ name, args, env, order, logFile }: ChildPlan): Child {
  const log = openLog(logFile);
  const child = spawn(process.execPath, [...process.execArgv, ...args], {
    env: { ...process.env, ...env },
    stdio: ["ignore", log, log, "ipc"],
    // Its own group: a Ctrl-C in the terminal reaches only us, so that we can stop everything in order.
    detached: true,
  });
  closeSync(log);
  if (order !== undefined) child.send(order, () => undefined);
  const { promise: ready, resolve, reject } = Promise.withResolvers<Readonly<Record<string, unknown>>>();
  // Whoever waits hears it; a child that dies later has nobody waiting here any more.
  ready.catch(() => undefined);
  let stderrTail: CliError | undefined;
  child.on("message", (message) => {
    const word = childWordOf(message);
    if (word?.type === "ready") resolve(word.facts);
    else if (word?.type === "failed") stderrTail = new CliError(word.code, `${name}: ${word.why}`, word.hint);
  });
  const ended = new Promise<string>((done) => {
    child.once("error", (failure) => done(failure.message));
    child.once("exit", (code, signal) => done(stderrTail?.message ?? (signal === null ? `exit code ${code}` : signal)));
  });
  ended.then((how) =>
    reject(stderrTail ?? new CliError("INTERNAL", `${name} ended before it was ready: ${how}`, `read ${logFile}`)),
  );
  const kill = (): void => void child.kill("SIGKILL");
  const stop = async (): Promise<void> => {
    const insist = setTimeout(kill, stopMs);
    child.kill("SIGTERM");
    await ended;
    clearTimeout(insist);
  };
  return { name, pid: child.pid ?? 0, ready, ended, stop, kill };
}

function openLog(path: string): number {
  const size = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
  if (size > logBytesMax) renameSync(path, `${path}.1`);
  return openSync(path, "a", 0o600);
}
