import { statfs } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import { noResources, type Parsed, parseBytes, parseCpu, parseGpu, type Resources } from "@shoal/proto";
import type { ComputeConfig } from "../config.ts";

// The rest is for the system and for this process; Bacalhau uses the same share.
const defaultShare = 0.8;

type Amounts = Pick<ComputeConfig["perTask"], "cpu" | "memory" | "disk" | "gpu">;
type AmountKind = keyof Amounts;

const kinds: Readonly<Record<AmountKind, { readonly of: keyof Resources; readonly parse: (text: string) => Parsed }>> =
  {
    cpu: { of: "cpuCores", parse: parseCpu },
    memory: { of: "memoryBytes", parse: parseBytes },
    disk: { of: "diskBytes", parse: parseBytes },
    gpu: { of: "gpus", parse: parseGpu },
  };

/** The resources of this machine. `disk` is the free space of the file system of `folder`. GPUs are not detected. */
export async function machineResources(folder: string): Promise<Resources> {
  const disk = await statfs(folder);
  return {
    cpuCores: availableParallelism(),
    memoryBytes: totalmem(),
    diskBytes: disk.bavail * disk.bsize,
    gpus: 0,
  };
}

/** The resources for executions: the configured amounts or shares of the machine; 80 % where nothing is configured. */
export const capacityOf = (amounts: Amounts, machine: Resources): Resources =>
  read(amounts, { whole: machine, share: defaultShare });

/** The limit for one task: the configured amounts or shares of the capacity; all of it where nothing is configured. */
export const perTaskOf = (amounts: Amounts, capacity: Resources): Resources =>
  read(amounts, { whole: capacity, share: 1 });

/** The resources that are promised: cores as many times as the factor, so that tasks share them; the rest once. */
export const oversubscribed = (capacity: Resources, factor: number): Resources => ({
  ...capacity,
  cpuCores: Math.round(capacity.cpuCores * factor * 1000) / 1000,
});

function read(amounts: Amounts, { whole, share }: { whole: Resources; share: number }): Resources {
  const resources = { ...noResources };
  for (const kind of ["cpu", "memory", "disk", "gpu"] as const) {
    const { of, parse } = kinds[kind];
    resources[of] = amountOf(amounts[kind], { parse, whole: whole[of], share, isWhole: of !== "cpuCores" });
  }
  return resources;
}

interface AmountReading {
  readonly parse: (text: string) => Parsed;
  readonly whole: number;
  readonly share: number;
  /** Cores are fractional; bytes and devices are whole numbers. */
  readonly isWhole: boolean;
}

function amountOf(text: string, { parse, whole, share, isWhole }: AmountReading): number {
  const ofWhole = (part: number) => (isWhole ? Math.floor(whole * part) : Math.round(whole * part * 1000) / 1000);
  if (text === "") return ofWhole(share);
  if (text.endsWith("%")) return ofWhole(Number(text.slice(0, -1)) / 100);
  const parsed = parse(text);
  return parsed.ok ? parsed.value : 0;
}
