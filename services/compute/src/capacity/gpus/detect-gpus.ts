import { execFile } from "node:child_process";
import { causeOf, type Logger } from "@shoal/core";
import type { GpuDevice } from "@shoal/proto";
import type { GpuTool } from "./gpu-tool.ts";
import { gpuTools } from "./index.ts";

// A driver that loads its firmware answers within seconds; one that hangs must not keep the node from its start.
const toolLimitMs = 15_000;
// Lines or objects of some hundred bytes for each device.
const outputBytesMax = 1024 ** 2;
// Some lines of a tool's own words; the rest of a large output says no more.
const warningCharsMax = 500;

export interface ProgramOutput {
  readonly stdout: string;
  /** Set when its exit code is not 0. */
  readonly failure?: Error;
}

/** Runs a program. Rejects when it does not exist, or does not end by itself within a time. */
export type ProgramRun = (program: string, args: readonly string[]) => Promise<ProgramOutput>;

/**
 * The GPUs of this machine, numbered over all vendors. A machine without a vendor's tool has none of that vendor. What
 * a tool cannot list is logged and not offered; it keeps no other device from being offered.
 */
export async function detectGpus(logger: Logger, run: ProgramRun = runProgram): Promise<readonly GpuDevice[]> {
  const found = await Promise.all(gpuTools.map((tool) => ask(tool, logger, run)));
  return found.flat().map((gpu, index) => ({ ...gpu, index }));
}

/** The labels of a node with these GPUs, as Bacalhau publishes them. */
export function gpuLabels(gpus: readonly GpuDevice[]): Readonly<Record<string, string>> {
  return Object.fromEntries(
    gpus.flatMap(({ index, name, memoryMiB }) => [
      [`GPU-${index}`, name.replaceAll(" ", "-")],
      [`GPU-${index}-Memory`, `${memoryMiB}-MiB`],
    ]),
  );
}

async function ask(tool: GpuTool, logger: Logger, run: ProgramRun): Promise<readonly GpuDevice[]> {
  const { vendor, program, args } = tool;
  const warn = (why: string) => logger.warn({ program, why }, "GPUs of a vendor cannot be listed");
  try {
    const { stdout, failure } = await run(program, args);
    if (failure !== undefined) warn(failure.message);
    const { gpus, unread } = tool.read(stdout);
    if (unread.length > 0) warn(`expected a GPU, got ${unread.join("; ")}`.slice(0, warningCharsMax));
    return gpus.toSorted((a, b) => a.index - b.index).map((gpu) => ({ ...gpu, vendor }));
  } catch (failure) {
    const isAbsent = failure instanceof Error && Reflect.get(failure, "code") === "ENOENT";
    if (!isAbsent) warn(causeOf(failure).why);
    return [];
  }
}

const runProgram: ProgramRun = (program, args) =>
  new Promise((resolve, reject) => {
    const options = { timeout: toolLimitMs, maxBuffer: outputBytesMax, encoding: "utf8" } as const;
    execFile(program, args, options, (failure, stdout) => {
      if (failure === null) resolve({ stdout });
      // nvidia-smi lists all devices, and may end with 14, when the ROM of one is damaged. Output of a killed tool may be cut off.
      else if (typeof failure.code === "number") resolve({ stdout, failure });
      else reject(failure);
    });
  });
