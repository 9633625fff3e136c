import { z } from "zod";
import { onWire } from "../wire/meta.ts";

/** A port of a task, as its node has published it. */
export const PublishedPort = z.object({
  name: z.string().describe("its name in the task's spec"),
  hostPort: z.int().describe("the port of the node"),
  target: z.int().optional().describe("the port of the task; absent with the host network, where both are the same"),
  address: z.string().describe("the address of the node on which it is published"),
});
export type PublishedPort = z.infer<typeof PublishedPort>;

/** A GPU of a node, in Bacalhau's terms. */
export const GpuDevice = z.object({
  index: z.int().min(0).describe("its number on the node"),
  name: z.string().describe("its product name"),
  vendor: z.enum(["NVIDIA", "AMD/ATI", "Intel"]).describe("who made it"),
  memoryMiB: onWire(z.int().min(0).describe("its memory in MiB"), { name: "Memory" }),
  pciAddress: onWire(z.string().describe("its address on the PCI bus of the node"), { name: "PCIAddress" }),
});
export type GpuDevice = z.infer<typeof GpuDevice>;

/** What an execution got on its node when it was prepared and started. */
export const ExecutionRuntime = z.object({
  image: z.string().max(1_024).optional().describe("the image that was run, by its digest"),
  ports: z.array(PublishedPort).max(256).optional().describe("its ports of the node"),
  gpus: z.array(GpuDevice).max(256).optional().describe("its GPUs"),
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
