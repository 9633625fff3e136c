import { z } from "zod";
import type { GpuTool } from "./gpu-tool.ts";

// `rocm-smi --json` names devices card0, card1 …; all values are texts, and older releases say "Card series".
const Card = z.object({
  "PCI Bus": z.string(),
  "VRAM Total Memory (B)": z.coerce.number(),
  "Card Series": z.string().optional(),
  "Card series": z.string().optional(),
});
const Cards = z.record(z.string(), z.unknown());
const bytesPerMiB = 1024 ** 2;

/** `rocm-smi` of ROCm. */
export const amd: GpuTool = {
  vendor: "AMD/ATI",
  program: "rocm-smi",
  args: ["--showproductname", "--showbus", "--showmeminfo", "vram", "--json"],
  read: (stdout) =>
    Object.entries(Cards.parse(JSON.parse(stdout))).flatMap(([key, value]) => {
      const index = /^card(\d+)$/.exec(key)?.[1];
      if (index === undefined) return [];
      const card = Card.parse(value);
      return [
        {
          index: Number(index),
          name: card["Card Series"] ?? card["Card series"] ?? "AMD GPU",
          memoryMiB: Math.floor(card["VRAM Total Memory (B)"] / bytesPerMiB),
          pciAddress: card["PCI Bus"],
        },
      ];
    }),
};
