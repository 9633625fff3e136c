import { availableParallelism } from "node:os";

const mebibyte = 1024 * 1024;

/** Limits of a sandbox. */
export interface SandboxLimits {
  /** Number of idle processes while guests run. */
  readonly poolSize: number;
  /** Processes that start at the same time. */
  readonly startsMax: number;
  /** Time without a new guest after which the idle processes end. */
  readonly idleMs: number;
  /** Memory of a guest whose task requests none. */
  readonly defaultMemoryBytes: number;
  /** Bytes that a guest may write whose task requests no disk. */
  readonly defaultDiskBytes: number;
  /** Total size of a task's modules. */
  readonly modulesBytesMax: number;
  /** Files and folders that a guest may create. */
  readonly madeFilesMax: number;
  /** Files and folders that a guest may have open. */
  readonly openFilesMax: number;
  /** Files of one folder that a guest may list. */
  readonly listedFilesMax: number;
  /** JavaScript heap of a guest's process, in which the engine allocates the guest's tables and garbage-collected objects. */
  readonly heapBytes: number;
  /**
   * Memory of a guest's process in addition to the task's: the engine's heap, its compilers, and Node itself. Four times the modules'
   * size is added: the received bytes, the engine's copy, and code of twice the size.
   */
  readonly overheadBytes: number;
  /** Interval of the checks of the memory of a guest's process. */
  readonly watchMs: number;
  /** Timeout from the start of a process until it is ready. */
  readonly readyMs: number;
  /** Timeout of the compilation of the modules. */
  readonly compileMs: number;
}

/** Limits that fit a node of any size. */
export const sandboxLimits: SandboxLimits = {
  // One for each processor: a guest uses a whole one, and a process takes 0.05 s to become ready.
  poolSize: Math.min(availableParallelism(), 4),
  // A start keeps one processor busy for about 50 ms: more at once are not ready earlier, and hold up the guests that run.
  startsMax: availableParallelism(),
  // A series of guests comes faster than that; a node at rest gives back 40 MiB for each process after it.
  idleMs: 30_000,
  defaultMemoryBytes: 512 * mebibyte,
  defaultDiskBytes: 1024 * mebibyte,
  // The largest real modules (interpreters with their libraries) are around 40 MiB.
  modulesBytesMax: 128 * mebibyte,
  madeFilesMax: 100_000,
  // The minimum of Unix shells.
  openFilesMax: 256,
  listedFilesMax: 100_000,
  heapBytes: 128 * mebibyte,
  // 128 MiB of heap, about 30 of Node itself, and space to compile one large function.
  overheadBytes: 320 * mebibyte,
  // A check takes 0.1 ms. The fastest growth measured, 1 GiB/s, is 50 MiB in this time.
  watchMs: 50,
  // A process is ready after 0.1 s on an idle machine; one that takes thirty seconds cannot run guests.
  readyMs: 30_000,
  compileMs: 30_000,
};
