import { z } from "zod";
import type { GpuTool, ListedGpu } from "./gpu-tool.ts";

// `rocm-smi --json` names devices card0, card1 …; all values are texts, and older releases say "Card series".
const Card = z.object({
  "PCI Bus": z.string(),
  // "None" when the driver does not answer.
  "VRAM Total Memory (B)": z.coerce.number().catch(0),
  "Card Series": z.string().optional(),
  "Card series": z.string().optional(),
  "Card Model": z.string().optional(),
});
const Cards = z.record(z.string(), z.unknown());
const bytesPerMiB = 1024 ** 2;

/** `rocm-smi` of ROCm. */
export const amd: GpuTool = {
  vendor: "AMD/ATI",
  program: "rocm-smi",
  args: ["--showproductname", "--showbus", "--showmeminfo", "vram", "--json"],
  read(stdout) {
    const gpus: ListedGpu[] = [];
    const unread: string[] = [];
    for (const [key, value] of Object.entries(Cards.parse(JSON.parse(stdout)))) {
      const index = /^card(\d+)$/.exec(key)?.[1];
      if (index === undefined) continue;
      const card = Card.safeParse(value);
      if (!card.success) unread.push(`${key}: ${JSON.stringify(value)}`);
      // Partitions of one device share its address, and the device is assigned as a whole.
      else if (!gpus.some(({ pciAddress }) => pciAddress === card.data["PCI Bus"])) gpus.push(gpuOf(index, card.data));
    }
    return { gpus, unread };
  },
};

function gpuOf(index: string, card: z.infer<typeof Card>): ListedGpu {
  const series = card["Card Series"] ?? card["Card series"] ?? "N/A";
  return {
    index: Number(index),
    name: series === "N/A" ? `AMD GPU ${card["Card Model"] ?? ""}`.trim() : series,
    memoryMiB: Math.floor(card["VRAM Total Memory (B)"] / bytesPerMiB),
    pciAddress: card["PCI Bus"],
  };
}
