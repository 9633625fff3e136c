import { type GpuTool, readLines } from "./gpu-tool.ts";

// Properties 1, 2, 11 and 16 of `xpu-smi discovery --dump`: device id, name, PCI address, physical memory.
const properties = "1,2,11,16";
// A field of a line of CSV, in quotes (version 1) or without (version 2).
const field = /"([^"]*)"|([^,]+)/g;

/** `xpu-smi` of Intel's XPU manager: a heading, then a line for each device, with memory as `14248.00 MiB`. */
export const intel: GpuTool = {
  vendor: "Intel",
  program: "xpu-smi",
  args: ["discovery", "--dump", properties],
  read: (stdout) =>
    readLines(stdout.split("\n").slice(1), (line) => {
      const [id = "", name, pciAddress, memory = ""] = [...line.matchAll(field)].map((found) =>
        (found[1] ?? found[2] ?? "").trim(),
      );
      if (name === undefined || pciAddress === undefined || !/^\d+$/.test(id)) return undefined;
      return { index: Number(id), name, pciAddress, memoryMiB: Math.floor(Number.parseFloat(memory) || 0) };
    }),
};
