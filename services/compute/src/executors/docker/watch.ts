import { type Clock, Fault } from "@shoal/core";
import type Docker from "dockerode";
import { z } from "zod";
import { watchDisk } from "../../disk-watch.ts";
import type { Exit, Running, Workload } from "../executor.ts";
import { containerBytes } from "./container-bytes.ts";
import { engineFault, statusOf } from "./engine-fault.ts";
import { engineStream, readAll } from "./engine-stream.ts";
import { listen, type OutputStream } from "./output-stream.ts";
import { callLimitMs, within } from "./within.ts";

// The exit code of an Exit when the engine reported none.
const noExitCode = -1;
// The two codes with which a shell, and the engine's init process, report "no such command" and "not executable".
const unstartableCodes: readonly number[] = [126, 127];
// The error of the init process when it cannot execute the command.
const initStderrTail = /^\[FATAL tini \(\d+\)\] (exec .*)/m;
// Characters of stderr that are searched for this error: it is the first and only output.
const stderrHeadMaxLength = 1_000;

export interface ContainerWatch {
  readonly docker: Docker;
  readonly clock: Clock;
  readonly containerId: string;
  readonly workload: Workload;
  readonly outputStream: OutputStream;
  /** Whether the container is measured, and ended when it exceeds the workload's disk. */
  readonly watchesDisk: boolean;
  /**
   * Fires when this process releases the container: the container keeps running, and the next process reads its exit.
   */
  readonly closed: AbortSignal;
}

/**
 * Follows a container that this or an earlier process started, whether or not it has ended. The exit settles after the
 * output has been delivered, and never after `closed` has fired.
 */
export function watch(on: ContainerWatch): Running {
  let halting: Promise<boolean> | undefined;
  const exit = ending(on, () => halting).catch((failure: unknown): Exit | Promise<Exit> => {
    if (on.closed.aborted) return new Promise(() => {});
    const { code, why } = engineFault(failure, `waiting for the container of ${on.workload.id}`);
    return { exitCode: noExitCode, failure: { code, why } };
  });
  return {
    exit,
    halt: async (graceMs) => {
      halting ??= stop(on, graceMs);
      try {
        await halting;
      } catch (failure) {
        // The container still runs: the next call tries again.
        halting = undefined;
        throw engineFault(failure, `halting ${on.workload.id}`);
      }
      await exit;
    },
  };
}

async function ending(on: ContainerWatch, halting: () => Promise<boolean> | undefined): Promise<Exit> {
  const ended = new AbortController();
  let stderr = "";
  const output: Workload["output"] = (stream, chunk) => {
    if (stream === "stderr" && stderr.length < stderrHeadMaxLength) stderr += Buffer.from(chunk).toString();
    on.workload.output(stream, chunk);
  };
  const delivered = listen(on.outputStream, { ...on, output, ended: ended.signal });
  const overDisk = on.watchesDisk ? endOverDisk(on, ended.signal) : Promise.resolve(undefined);
  try {
    const code = await exitCode(on.docker, on.containerId, on.closed);
    ended.abort();
    await delivered;
    const inspected = on.docker.getContainer(on.containerId).inspect();
    const { State } = await within(inspected, { clock: on.clock, limitMs: callLimitMs, what: "reading its end" });
    const halted = (await halting()?.catch(() => false)) === true;
    const overflow = await overDisk;
    return exitOf({ halted, overflow, outOfMemory: State.OOMKilled, exitCode: code, stderr }, on.workload);
  } finally {
    ended.abort();
    await delivered;
  }
}

interface End {
  readonly exitCode: number;
  readonly halted: boolean;
  /** Why it was ended for what it wrote to the disk. */
  readonly overflow: string | undefined;
  readonly outOfMemory: boolean;
  readonly stderr: string;
}

/** Ends the container once it has written more than its disk; resolves with the reason, or undefined at its end. */
async function endOverDisk(on: ContainerWatch, ended: AbortSignal): Promise<string | undefined> {
  const limitBytes = on.workload.resources.diskBytes;
  const why = await watchDisk({ clock: on.clock, limitBytes, measure: () => containerBytes(on) }, ended);
  if (why === undefined) return undefined;
  // Without a grace period: the task would continue to write. A failed call leaves the task to its other limits.
  return (await stop(on, 0).catch(() => false)) ? why : undefined;
}

function exitOf({ exitCode, halted, overflow, outOfMemory, stderr }: End, workload: Workload): Exit {
  if (halted) return { exitCode, failure: { code: "STOPPED", why: "it was halted while it ran" } };
  if (overflow !== undefined) return { exitCode, failure: { code: "DISK_LIMIT_EXCEEDED", why: overflow } };
  if (outOfMemory) {
    const why = `memory limit exceeded: the task's limit is ${workload.resources.memoryBytes} bytes`;
    return { exitCode, failure: { code: "OUT_OF_MEMORY", why } };
  }
  // The engine starts the init process even when the command does not exist; the init process then reports that and
  // exits.
  const words = unstartableCodes.includes(exitCode) ? initStderrTail.exec(stderr)?.[1] : undefined;
  return words === undefined ? { exitCode } : { exitCode, failure: { code: "TASK_INVALID", why: words } };
}

/**
 * False when the container had already ended by itself. The engine counts whole seconds, so the grace period is rounded
 * up.
 */
async function stop({ docker, clock, containerId }: ContainerWatch, graceMs: number): Promise<boolean> {
  try {
    const stopped = docker.getContainer(containerId).stop({ t: Math.ceil(graceMs / 1000) });
    await within(stopped, { clock, limitMs: graceMs + callLimitMs, what: "stopping it" });
    return true;
  } catch (failure) {
    const status = statusOf(failure);
    // 304: the container has ended; 404: it has been removed.
    if (status === 304 || status === 404) return false;
    throw failure;
  }
}

const Waited = z.object({ StatusCode: z.int(), Error: z.object({ Message: z.string() }).nullish() });

/**
 * The exit code of a started container, once it has ended. Rejects when the engine goes away or `closed` fires.
 *
 * The wait condition is "not running" after the start, not "next exit" before it: this misses no exit, and it also
 * works for a container that an earlier process started.
 */
async function exitCode(docker: Docker, containerId: string, closed: AbortSignal): Promise<number> {
  const path = `/containers/${containerId}/wait`;
  const stream = await engineStream(docker, { method: "POST", path, query: { condition: "not-running" } });
  let text = "";
  await readAll(stream, closed, (chunk) => {
    text += Buffer.from(chunk).toString();
  });
  const { StatusCode, Error: wrong } = Waited.parse(JSON.parse(text));
  if (wrong?.Message) throw new Fault("ENGINE_FAILED", wrong.Message);
  return StatusCode;
}
