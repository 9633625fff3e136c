import { z } from "zod";
import { onWire } from "../wire/meta.ts";

/** A port of a task, as its node has published it. */
export const PublishedPort = z.object({
  name: z.string(),
  /** The port of the node. */
  hostPort: z.int(),
  /** The port of the task; absent with the host network, where both are the same. */
  target: z.int().optional(),
  /** The address of the node on which the port is published. */
  address: z.string(),
});
export type PublishedPort = z.infer<typeof PublishedPort>;

/** A GPU of a node, in Bacalhau's terms. */
export const GpuDevice = z.object({
  index: z.int().min(0),
  name: z.string(),
  vendor: z.enum(["NVIDIA", "AMD/ATI", "Intel"]),
  memoryMiB: onWire(z.int().min(0), { name: "Memory" }),
  pciAddress: onWire(z.string(), { name: "PCIAddress" }),
});
export type GpuDevice = z.infer<typeof GpuDevice>;

/** What an execution got on its node when it was prepared and started. */
export const ExecutionRuntime = z.object({
  /** The image that was run, by its digest. */
  image: z.string().max(1_024).optional(),
  ports: z.array(PublishedPort).max(256).optional(),
  gpus: z.array(GpuDevice).max(256).optional(),
});
export type ExecutionRuntime = z.infer<typeof ExecutionRuntime>;

/** The same as texts, for the details of an execution and of its history. */
export function runtimeDetails({ image, ports = [], gpus = [] }: ExecutionRuntime = {}): Record<string, string> {
  const published = ports.map(({ name, hostPort, target, address }) => {
    const to = target === undefined ? "" : ` -> ${target}`;
    return `${name} ${address.includes(":") ? `[${address}]` : address}:${hostPort}${to}`;
  });
  return {
    ...(image === undefined ? {} : { Image: image }),
    ...(published.length === 0 ? {} : { Ports: published.join(", ") }),
    ...(gpus.length === 0 ? {} : { GPUs: gpus.map(({ index, name }) => `${index} ${name}`).join(", ") }),
  };
}
