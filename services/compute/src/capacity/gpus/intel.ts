import type { GpuTool } from "./gpu-tool.ts";

// Properties 1, 2, 11 and 16 of `xpu-smi discovery --dump`: device id, name, PCI address, physical memory.
const properties = "1,2,11,16";
// A field of a line of CSV, in quotes or without.
const field = /"([^"]*)"|([^,]+)/g;

/** `xpu-smi` of Intel's XPU manager: a heading, then a line for each device, with memory as `14248.00 MiB`. */
export const intel: GpuTool = {
  vendor: "Intel",
  program: "xpu-smi",
  args: ["discovery", "--dump", properties],
  read: (stdout) =>
    stdout
      .split("\n")
      .slice(1)
      .filter((line) => line.trim() !== "")
      .map((line) => {
        const [id, name, pciAddress, memory] = [...line.matchAll(field)].map((found) =>
          (found[1] ?? found[2] ?? "").trim(),
        );
        if (name === undefined || pciAddress === undefined || !/^\d+$/.test(id ?? ""))
          throw new Error(`expected device id, name, PCI address and memory, got ${line}`);
        return { index: Number(id), name, pciAddress, memoryMiB: Math.floor(Number.parseFloat(memory ?? "") || 0) };
      }),
};
