import { z } from "zod";

/** Resources in numbers, as granted to an execution: cores, bytes, devices. */
export const AllocatedResources = z.object({
  cpuCores: z.number().min(0),
  memoryBytes: z.number().min(0),
  diskBytes: z.number().min(0),
  gpus: z.number().min(0),
});
