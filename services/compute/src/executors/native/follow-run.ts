import { open } from "node:fs/promises";
import { join } from "node:path";
import { type Clock, pause } from "@shoal/core";
import type { Cgroup } from "@shoal/wasi-sandbox";
import { folderBytes, watchDisk } from "../../disk-watch.ts";
import { memoryOf, startOf, treeOf } from "../../process-tree.ts";
import { removedBytes } from "../../removed-bytes.ts";
import type { Exit, Running, Workload } from "../executor.ts";
import type { RunFolder, Wrapper } from "./run-folder.ts";

export interface FollowedRun {
  readonly clock: Clock;
  readonly workload: Workload;
  readonly folder: RunFolder;
  readonly wrapper: Wrapper;
  /** Resolves at the wrapper's end, when this process started it. */
  readonly ended: Promise<void>;
  readonly group: Cgroup | undefined;
  /** Fires when the executor is closed: nothing is followed any more. */
  readonly closed: AbortSignal;
}

type EndCause = NonNullable<Exit["failure"]>;

// How often output is read and memory measured: soon enough for a person who follows the output.
const tickMs = 100;
// The kernel ends the processes of a namespace within milliseconds.
const goneMs = 10;
const chunkBytes = 65_536;
const streams = ["stdout", "stderr"] as const;
// Before the program: the wrapper, the monitor of the namespace, and its process 1.
const above = 3;

/** Whether the wrapper still runs, and no later process has its id. */
const isAlive = ({ pid, startedAt }: Wrapper): boolean => pid > 0 && startOf(pid) === startedAt;

/**
 * Ends a run with everything in its namespace. Resolves when nothing of it runs. The sandbox may still be starting: process 1 of
 * its namespace leaves the group before it asks to die with its parent. So the group is stopped first, which then starts nothing,
 * and each process below it is killed.
 */
export async function killRun(clock: Clock, wrapper: Wrapper): Promise<void> {
  const { pid } = wrapper;
  if (!isAlive(wrapper)) return;
  signalTo(-pid, "SIGSTOP");
  await pause(clock, goneMs);
  const left = treeOf(pid).map((each) => [each, startOf(each)] as const);
  const isLeft = ([each, startedAt]: (typeof left)[number]) => startedAt !== undefined && startOf(each) === startedAt;
  for (const [each] of left.filter(isLeft)) signalTo(each, "SIGKILL");
  while (left.some(isLeft)) await pause(clock, goneMs);
}

/** Follows a run to its end: delivers its output, watches its memory, and reports its exit. */
export function followRun(run: FollowedRun): Running {
  const { clock, wrapper, closed, ended } = run;
  let cause: EndCause | undefined;
  const halted: EndCause = { code: "STOPPED", why: "it was halted while it ran" };
  const kill = async (failure: EndCause): Promise<void> => {
    if (isAlive(wrapper)) cause ??= failure;
    await killRun(clock, wrapper);
  };
  const followed = new AbortController();
  void ended.then(() => followed.abort());
  const over = new AbortController();
  void endOverDisk(run, { ended: AbortSignal.any([over.signal, closed]), kill });
  const exit = (async (): Promise<Exit> => {
    const read = outputReader(run);
    while (isAlive(wrapper)) {
      await pause(clock, tickMs, followed.signal);
      if (closed.aborted) return new Promise(() => {});
      await read();
      if (isTooLarge(run)) await kill(outOfMemory(run));
    }
    over.abort();
    await read();
    const exitCode = await run.folder.exitCode();
    const failure = run.group?.wasOutOfMemory() === true ? outOfMemory(run) : cause;
    run.group?.remove();
    // 137: ended by SIGKILL.
    if (exitCode === undefined) return { exitCode: 137, failure: failure ?? lost };
    return failure === undefined ? { exitCode } : { exitCode, failure };
  })();
  return {
    exit,
    async halt(graceMs) {
      if (!isAlive(wrapper)) return;
      cause ??= halted;
      if (graceMs > 0) {
        for (const pid of treeOf(wrapper.pid).slice(above)) signalTo(pid, "SIGTERM");
        await Promise.race([exit, pause(clock, graceMs)]);
      }
      await kill(halted);
      await Promise.race([
        exit,
        closed.aborted ? undefined : new Promise((resolve) => closed.addEventListener("abort", resolve)),
      ]);
    },
  };
}

interface DiskEnd {
  readonly ended: AbortSignal;
  readonly kill: (failure: EndCause) => Promise<void>;
}

/** Ends a run once it has written more than its disk. */
async function endOverDisk(run: FollowedRun, end: DiskEnd): Promise<void> {
  const limitBytes = run.workload.resources.diskBytes;
  if (limitBytes === 0) return;
  const why = await watchDisk({ clock: run.clock, limitBytes, measure: () => writtenBytes(run) }, end.ended);
  if (why !== undefined) await end.kill({ code: "DISK_LIMIT_EXCEEDED", why });
}

/** What a run has written to the disk: its folder, its result paths, and files that it has removed and keeps open. */
async function writtenBytes({ workload, wrapper }: FollowedRun): Promise<number> {
  const most = workload.resources.diskBytes;
  let bytes = await removedBytes(treeOf(wrapper.pid));
  for (const folder of [workload.folder, ...workload.outputs.map(({ hostPath }) => hostPath)]) {
    if (bytes > most) break;
    bytes += await folderBytes(folder, most - bytes);
  }
  return bytes;
}

const lost: EndCause = { code: "ENGINE_FAILED", why: "its processes were killed, and not by this node" };

const outOfMemory = ({ workload }: FollowedRun): EndCause => ({
  code: "OUT_OF_MEMORY",
  why: `its processes used more than ${workload.resources.memoryBytes} bytes of memory together`,
});

const isTooLarge = ({ workload, wrapper }: FollowedRun): boolean =>
  workload.resources.memoryBytes > 0 && memoryOf(wrapper.pid) > workload.resources.memoryBytes;

/** Delivers what the output files have beyond what was delivered. */
function outputReader({ folder, workload }: FollowedRun): () => Promise<void> {
  const read = { stdout: 0, stderr: 0 };
  return async () => {
    for (const stream of streams) {
      const file = await open(join(folder.path, stream)).catch(() => undefined);
      if (file === undefined) continue;
      try {
        for (;;) {
          const buffer = Buffer.allocUnsafe(chunkBytes);
          const { bytesRead } = await file.read(buffer, 0, chunkBytes, read[stream]);
          if (bytesRead === 0) break;
          read[stream] += bytesRead;
          workload.output(stream, buffer.subarray(0, bytesRead));
        }
      } finally {
        await file.close();
      }
    }
  };
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended.
  }
}
