import { statfs } from "node:fs/promises";
import { availableParallelism, totalmem } from "node:os";
import { noResources, type Parsed, parseBytes, parseCpu, parseGpu, type Resources } from "@shoal/proto";
import type { ComputeConfig } from "../config.ts";

// What is left is for the system and for us; the field's own share.
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

/** What this machine has, counting the disk that is free where `folder` lies. GPUs are not looked for. */
export async function machineResources(folder: string): Promise<Resources> {
  const disk = await statfs(folder);
  return {
    cpuCores: availableParallelism(),
    memoryBytes: totalmem(),
    diskBytes: disk.bavail * disk.bsize,
    gpus: 0,
  };
}

/** What is given to executions: what the config says, in amounts or shares of the machine; where it is silent, 80 %. */
export const capacityOf = (amounts: Amounts, machine: Resources): Resources =>
  read(amounts, { whole: machine, share: defaultShare });

/** The most that one task may ask for: what the config says, in amounts or shares of the capacity; else all of it. */
export const perTaskOf = (amounts: Amounts, capacity: Resources): Resources =>
  read(amounts, { whole: capacity, share: 1 });

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
  /** Cores come in parts; bytes and devices do not. */
  readonly isWhole: boolean;
}

function amountOf(text: string, { parse, whole, share, isWhole }: AmountReading): number {
  const ofWhole = (part: number) => (isWhole ? Math.floor(whole * part) : Math.round(whole * part * 1000) / 1000);
  if (text === "") return ofWhole(share);
  if (text.endsWith("%")) return ofWhole(Number(text.slice(0, -1)) / 100);
  const parsed = parse(text);
  return parsed.ok ? parsed.value : 0;
}
