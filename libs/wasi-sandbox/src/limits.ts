import { availableParallelism } from "node:os";

const mebibyte = 1024 * 1024;

/** What a sandbox may use, each with its name. */
export interface SandboxLimits {
  /** Processes that wait for work. */
  readonly poolSize: number;
  /** Memory of a guest whose task asks for none. */
  readonly defaultMemoryBytes: number;
  /** Bytes that a guest may write whose task asks for no disk. */
  readonly defaultDiskBytes: number;
  /** Size of all modules of one task together. */
  readonly modulesBytesMax: number;
  /** Files and folders that a guest may make. */
  readonly madeFilesMax: number;
  /** Files and folders that a guest may have open. */
  readonly openFilesMax: number;
  /** Files of one folder that a guest may list. */
  readonly listedFilesMax: number;
  /** JavaScript heap of a guest's process: where the engine keeps tables and garbage-collected objects of the guest. */
  readonly heapBytes: number;
  /**
   * Memory of a guest's process beside the task's own: the engine's heap, its compilers, and Node itself. Four times the
   * modules' bytes come on top: the bytes as they came, the engine's copy, and code of twice the size.
   */
  readonly overheadBytes: number;
  /** Between two looks at the memory of a guest's process. */
  readonly watchMs: number;
  /** From starting a process until it can take work. */
  readonly readyMs: number;
  /** From handing over the modules until they are compiled. */
  readonly compileMs: number;
}

/** Limits that fit a node of any size. */
export const sandboxLimits: SandboxLimits = {
  // One for each processor: a guest takes one whole, and a process takes 0.1 s to get ready.
  poolSize: Math.min(availableParallelism(), 4),
  defaultMemoryBytes: 512 * mebibyte,
  defaultDiskBytes: 1024 * mebibyte,
  // The largest real modules (interpreters with their libraries) are around 40 MiB.
  modulesBytesMax: 128 * mebibyte,
  madeFilesMax: 100_000,
  // What a Unix shell gives a program at least.
  openFilesMax: 256,
  listedFilesMax: 100_000,
  heapBytes: 128 * mebibyte,
  // 128 MiB of heap, some 30 of Node itself, and room for compiling one large function.
  overheadBytes: 320 * mebibyte,
  // A look takes 0.1 ms. The fastest growth that was measured, 1 GiB/s, is 50 MiB in this time.
  watchMs: 50,
  // A process is ready after 0.1 s on an idle machine; thirty seconds is a machine that will not do.
  readyMs: 30_000,
  compileMs: 30_000,
};
