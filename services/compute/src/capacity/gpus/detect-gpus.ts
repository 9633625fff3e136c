import { execFile } from "node:child_process";
import { causeOf, type Logger } from "@shoal/core";
import type { GpuDevice } from "@shoal/proto";
import type { GpuTool } from "./gpu-tool.ts";
import { gpuTools } from "./index.ts";

// A driver that loads its firmware answers within seconds; one that hangs must not keep the node from its start.
const toolLimitMs = 15_000;
// Lines or objects of some hundred bytes for each device.
const outputBytesMax = 1024 ** 2;

/** Runs a program and returns what it writes to stdout. Rejects when it does not exist or fails. */
export type ProgramRun = (program: string, args: readonly string[]) => Promise<string>;

/**
 * The GPUs of this machine, numbered over all vendors. A machine without a vendor's tool has none of that vendor; a tool
 * that fails is logged, and its devices are not offered.
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
  try {
    const devices = tool.read(await run(program, args)).toSorted((a, b) => a.index - b.index);
    return devices.map((device) => ({ ...device, vendor }));
  } catch (failure) {
    const isAbsent = failure instanceof Error && Reflect.get(failure, "code") === "ENOENT";
    if (!isAbsent) logger.warn({ program, why: causeOf(failure).why }, "GPUs of a vendor cannot be listed");
    return [];
  }
}

const runProgram: ProgramRun = (program, args) =>
  new Promise((resolve, reject) => {
    const options = { timeout: toolLimitMs, maxBuffer: outputBytesMax, encoding: "utf8" } as const;
    execFile(program, args, options, (failure, stdout) => (failure === null ? resolve(stdout) : reject(failure)));
  });
