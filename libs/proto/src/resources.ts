import { z } from "zod";

/** Resources in numbers, as granted to an execution: cores, bytes, devices. */
export const AllocatedResources = z.object({
  cpuCores: z.number().min(0).describe("cores"),
  memoryBytes: z.number().min(0).describe("bytes of memory"),
  diskBytes: z.number().min(0).describe("bytes of disk"),
  gpus: z.number().min(0).describe("devices"),
});
