import { realpath, stat } from "node:fs/promises";
import { causeOf, Fault } from "@shoal/core";
import type { GpuDevice } from "@shoal/proto";
import type { DeviceMapping, HostConfig } from "dockerode";

// Where udev names the nodes of a graphics device by its PCI address.
const nodesByPath = "/dev/dri/by-path";
// The compute interface that all AMD devices share (ROCm's documentation of containers).
const amdCompute = "/dev/kfd";

export type GpuOptions = Pick<HostConfig, "DeviceRequests" | "Devices" | "GroupAdd">;

/**
 * How a container gets its GPUs and no others: NVIDIA's by a device request, which its container toolkit fulfils; those
 * of AMD and Intel as device nodes, with the groups that may open them. Throws Fault ENGINE_FAILED when a device has no
 * node.
 */
export async function gpuOptions(
  gpus: readonly GpuDevice[],
  { byPath, compute }: { readonly byPath: string; readonly compute: string } = {
    byPath: nodesByPath,
    compute: amdCompute,
  },
): Promise<GpuOptions> {
  // By UUID, where it is known: an index may mean another device when the machine has started again.
  const requested = gpus.filter(({ vendor }) => vendor === "NVIDIA").map(({ uuid, index }) => uuid ?? String(index));
  const mounted = gpus.filter(({ vendor }) => vendor !== "NVIDIA");
  const paths = new Set(mounted.some(({ vendor }) => vendor === "AMD/ATI") ? [compute] : []);
  for (const { pciAddress } of mounted)
    for (const kind of ["card", "render"]) paths.add(await nodeAt(`${byPath}/pci-${pciAddress.toLowerCase()}-${kind}`));
  const groups = await Promise.all([...paths].map(async (path) => String((await stat(path)).gid)));
  return {
    ...(requested.length === 0
      ? {}
      : { DeviceRequests: [{ Driver: "nvidia", DeviceIDs: requested, Capabilities: [["gpu"]] }] }),
    ...(paths.size === 0 ? {} : { Devices: [...paths].map(mapped), GroupAdd: [...new Set(groups)] }),
  };
}

const mapped = (path: string): DeviceMapping => ({
  PathOnHost: path,
  PathInContainer: path,
  CgroupPermissions: "rwm",
});

function nodeAt(path: string): Promise<string> {
  return realpath(path).catch((failure: unknown) => {
    throw new Fault("ENGINE_FAILED", `the GPU's device node cannot be found: ${causeOf(failure).why}`);
  });
}
