import type { Resources } from "@shoal/proto";

const gib = 2 ** 30;
const mib = 2 ** 20;

/** Formats bytes: `1.5 GiB`, `512 MiB`. */
export function bytesInWords(bytes: number): string {
  const [size, unit] = bytes >= gib ? [gib, "GiB"] : [mib, "MiB"];
  return `${Number((bytes / size).toFixed(1))} ${unit}`;
}

/** Formats resources: `2 cores, 512 MiB, 10 GiB disk`; omits those that are zero. */
export function resourcesInWords({ cpuCores, memoryBytes, diskBytes, gpus }: Resources): string {
  const parts = [
    cpuCores > 0 ? `${Number(cpuCores.toFixed(3))} cores` : "",
    memoryBytes > 0 ? bytesInWords(memoryBytes) : "",
    diskBytes > 0 ? `${bytesInWords(diskBytes)} disk` : "",
    gpus > 0 ? `${gpus} GPUs` : "",
  ];
  return parts.filter((part) => part !== "").join(", ") || "none";
}
