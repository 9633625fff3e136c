import { type Clock, Fault } from "@shoal/core";
import type Docker from "dockerode";
import { z } from "zod";
import type { Exit, Running, Work } from "../executor.ts";
import { engineFault, statusOf } from "./engine-fault.ts";
import { engineStream, readAll } from "./engine-stream.ts";
import { listen, type OutputStream } from "./output-stream.ts";
import { callLimitMs, within } from "./within.ts";

// What an Exit says when no exit code was ever seen.
const noExitCode = -1;
// The two codes with which a shell, and the engine's init process, say "no such command" and "not a program".
const unstartableCodes: readonly number[] = [126, 127];
// The init process's last words when it cannot execute the command.
const initStderrTail = /^\[FATAL tini \(\d+\)\] (exec .*)/m;
// Characters of stderr that are looked at for these words: they come first, and alone.
const stderrHeadMaxLength = 1_000;

export interface ContainerWatch {
  readonly docker: Docker;
  readonly clock: Clock;
  readonly containerId: string;
  readonly work: Work;
  readonly outputStream: OutputStream;
  /** Fires when this process lets go: the container goes on, and its exit is for the next process to read. */
  readonly letGo: AbortSignal;
}

/**
 * Follows a container that has been started, whoever started it and whether or not it has ended. The exit settles after the output has been handed over, and never once `letGo` has fired.
 */
export function watch(on: ContainerWatch): Running {
  let halting: Promise<boolean> | undefined;
  const exit = ending(on, () => halting).catch((failure: unknown): Exit | Promise<Exit> => {
    if (on.letGo.aborted) return new Promise(() => {});
    const { code, why } = engineFault(failure, `waiting for the container of ${on.work.id}`);
    return { exitCode: noExitCode, failure: { code, why } };
  });
  return {
    exit,
    halt: async (graceMs) => {
      halting ??= stop(on, graceMs);
      try {
        await halting;
      } catch (failure) {
        // Nothing has been ended: the next call asks again.
        halting = undefined;
        throw engineFault(failure, `halting ${on.work.id}`);
      }
      await exit;
    },
  };
}

async function ending(on: ContainerWatch, halting: () => Promise<boolean> | undefined): Promise<Exit> {
  const ended = new AbortController();
  let stderr = "";
  const output: Work["output"] = (stream, chunk) => {
    if (stream === "stderr" && stderr.length < stderrHeadMaxLength) stderr += Buffer.from(chunk).toString();
    on.work.output(stream, chunk);
  };
  const said = listen(on.outputStream, { ...on, output, ended: ended.signal });
  try {
    const code = await exitCode(on.docker, on.containerId, on.letGo);
    ended.abort();
    await said;
    const inspected = on.docker.getContainer(on.containerId).inspect();
    const { State } = await within(inspected, { clock: on.clock, limitMs: callLimitMs, what: "reading its end" });
    const halted = (await halting()?.catch(() => false)) === true;
    return exitOf({ halted, outOfMemory: State.OOMKilled, exitCode: code, stderr }, on.work);
  } finally {
    ended.abort();
    await said;
  }
}

interface End {
  readonly exitCode: number;
  readonly halted: boolean;
  readonly outOfMemory: boolean;
  readonly stderr: string;
}

function exitOf({ exitCode, halted, outOfMemory, stderr }: End, work: Work): Exit {
  if (halted) return { exitCode, failure: { code: "STOPPED", why: "it was halted while it ran" } };
  if (outOfMemory) {
    const why = `it needed more than its ${work.resources.memoryBytes} bytes of memory`;
    return { exitCode, failure: { code: "OUT_OF_MEMORY", why } };
  }
  // With an init process in front the engine starts even a command that does not exist; the init process then says so and ends.
  const words = unstartableCodes.includes(exitCode) ? initStderrTail.exec(stderr)?.[1] : undefined;
  return words === undefined ? { exitCode } : { exitCode, failure: { code: "TASK_INVALID", why: words } };
}

/** False when it had already ended by itself. The engine counts whole seconds, so the grace is rounded up. */
async function stop({ docker, clock, containerId }: ContainerWatch, graceMs: number): Promise<boolean> {
  try {
    const stopped = docker.getContainer(containerId).stop({ t: Math.ceil(graceMs / 1000) });
    await within(stopped, { clock, limitMs: graceMs + callLimitMs, what: "stopping it" });
    return true;
  } catch (failure) {
    const status = statusOf(failure);
    // 304: it has ended; 404: it has been removed.
    if (status === 304 || status === 404) return false;
    throw failure;
  }
}

const Waited = z.object({ StatusCode: z.int(), Error: z.object({ Message: z.string() }).nullish() });

/**
 * The exit code of a container that has been started, once it has ended. Rejects when the engine goes away or `letGo` fires.
 *
 * Asks for "not running" after the start, not for "the next exit" before it: that can miss nothing, and it is the same
 * question for a container that an earlier process started.
 */
async function exitCode(docker: Docker, containerId: string, letGo: AbortSignal): Promise<number> {
  const path = `/containers/${containerId}/wait`;
  const stream = await engineStream(docker, { method: "POST", path, query: { condition: "not-running" } });
  let text = "";
  await readAll(stream, letGo, (chunk) => {
    text += Buffer.from(chunk).toString();
  });
  const { StatusCode, Error: wrong } = Waited.parse(JSON.parse(text));
  if (wrong?.Message) throw new Fault("ENGINE_FAILED", wrong.Message);
  return StatusCode;
}
