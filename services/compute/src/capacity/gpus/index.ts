import { amd } from "./amd.ts";
import type { GpuTool } from "./gpu-tool.ts";
import { intel } from "./intel.ts";
import { nvidia } from "./nvidia.ts";

/** Every tool that is asked, in the order in which devices are numbered. */
export const gpuTools: readonly GpuTool[] = [nvidia, amd, intel];
