import { Fault } from "@shoal/core";
import type { GpuDevice } from "@shoal/proto";

/** The GPUs of a node, each of which one execution has at most. */
export interface GpuPool {
  /** Takes this number of free GPUs. Throws Fault NO_CAPACITY when there are fewer; then none is taken. */
  take(executionId: string, count: number): readonly GpuDevice[];
  /** Records the GPUs that an execution has. Devices that the machine no longer has are left out. */
  adopt(executionId: string, gpus: readonly GpuDevice[]): void;
  /** Frees the GPUs of an execution. Idempotent. */
  release(executionId: string): void;
}

export function createGpuPool(gpus: readonly GpuDevice[]): GpuPool {
  // By PCI address: the index of a device may change when the machine starts again.
  const holders = new Map<string, string>();
  return {
    take(executionId, count) {
      const free = gpus.filter(({ pciAddress }) => !holders.has(pciAddress)).slice(0, count);
      if (free.length < count)
        throw new Fault("NO_CAPACITY", `${count} GPUs are requested, ${free.length} of ${gpus.length} are free`);
      for (const { pciAddress } of free) holders.set(pciAddress, executionId);
      return free;
    },
    adopt(executionId, devices) {
      for (const { pciAddress } of devices) holders.set(pciAddress, executionId);
    },
    release(executionId) {
      for (const [pciAddress, holder] of holders) if (holder === executionId) holders.delete(pciAddress);
    },
  };
}
