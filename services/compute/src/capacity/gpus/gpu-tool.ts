import type { GpuDevice } from "@shoal/proto";

/** A vendor's tool that lists GPUs. */
export interface GpuTool {
  readonly vendor: GpuDevice["vendor"];
  readonly program: string;
  readonly args: readonly string[];
  /** The GPUs in its output, in its order; `index` is the vendor's number. Throws when it cannot read the output. */
  read(stdout: string): readonly Omit<GpuDevice, "vendor">[];
}
