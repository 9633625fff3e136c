import type { GpuTool } from "./gpu-tool.ts";

/** `nvidia-smi`, which the driver's packages bring; memory is in MiB without units. */
export const nvidia: GpuTool = {
  vendor: "NVIDIA",
  program: "nvidia-smi",
  args: ["--query-gpu=index,name,memory.total,pci.bus_id,uuid", "--format=csv,noheader,nounits"],
  read: (stdout) =>
    stdout
      .split("\n")
      .filter((line) => line.trim() !== "")
      .map((line) => {
        const [index, name, memory, pciAddress, uuid] = line.split(",").map((field) => field.trim());
        if (name === undefined || pciAddress === undefined || uuid === undefined || !/^\d+$/.test(index ?? ""))
          throw new Error(`expected index, name, memory, PCI address and UUID, got ${line}`);
        // A device without separate memory shows [N/A].
        const memoryMiB = /^\d+$/.test(memory ?? "") ? Number(memory) : 0;
        return { index: Number(index), name, memoryMiB, pciAddress, uuid };
      }),
};
