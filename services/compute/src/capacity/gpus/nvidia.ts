import { type GpuTool, readLines } from "./gpu-tool.ts";

/** `nvidia-smi`, which the driver's packages bring; memory is in MiB without units. */
export const nvidia: GpuTool = {
  vendor: "NVIDIA",
  program: "nvidia-smi",
  args: ["--query-gpu=index,name,memory.total,pci.bus_id,uuid", "--format=csv,noheader,nounits"],
  read: (stdout) =>
    readLines(stdout.split("\n"), (line) => {
      const [index = "", name = "", memory = "", pciAddress = "", uuid = ""] = line
        .split(",")
        .map((field) => field.trim());
      // A device that has failed shows [GPU is lost] or [Unknown Error].
      if (!/^\d+$/.test(index) || !/^[^[]/.test(uuid)) return undefined;
      // A device without separate memory shows [N/A].
      return { index: Number(index), name, memoryMiB: /^\d+$/.test(memory) ? Number(memory) : 0, pciAddress, uuid };
    }),
};
