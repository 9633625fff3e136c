import type { GpuDevice } from "@shoal/proto";

/** A GPU as a vendor's tool lists it; `index` is the vendor's number. */
export type ListedGpu = Omit<GpuDevice, "vendor">;

/** What the output of a tool says. */
export interface GpuListing {
  readonly gpus: readonly ListedGpu[];
  /** Parts of the output that are no GPU, as they were printed: a warning, or a device that does not answer. */
  readonly unread: readonly string[];
}

/** A vendor's tool that lists GPUs. */
export interface GpuTool {
  readonly vendor: GpuDevice["vendor"];
  readonly program: string;
  readonly args: readonly string[];
  /** Reads its output. Throws when it cannot be read as a whole. */
  read(stdout: string): GpuListing;
}

/** Reads one GPU from each line that is not empty; `read` returns undefined for a line that is none. */
export function readLines(lines: readonly string[], read: (line: string) => ListedGpu | undefined): GpuListing {
  const all = lines.filter((line) => line.trim() !== "").map((line) => ({ line, gpu: read(line) }));
  return {
    gpus: all.flatMap(({ gpu }) => (gpu === undefined ? [] : [gpu])),
    unread: all.filter(({ gpu }) => gpu === undefined).map(({ line }) => line.trim()),
  };
}
