import { execFile } from "node:child_process";
import { mkdir, symlink } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import type { GpuDevice } from "@shoal/proto";
import { afterAll, describe, expect, it } from "vitest";
import { gpuOptions } from "./gpu-options.ts";
import { engineHarness } from "./testing/engine-harness.ts";

const harness = await engineHarness("gpus");
const { engine, missing } = harness;
afterAll(() => harness.close());

const gpu = (changes: Partial<GpuDevice>): GpuDevice => ({
  ...{ index: 0, name: "a GPU", vendor: "NVIDIA", memoryMiB: 1 },
  pciAddress: "0000:03:00.0",
  ...changes,
});

/** Device nodes as udev and a driver make them, of harmless devices: null, zero and full. */
async function deviceNodes() {
  const folder = await harness.folder("dri");
  const make = async (name: string, minor: string) => {
    const path = join(folder, name);
    await promisify(execFile)("mknod", [path, "c", "1", minor]);
    return path;
  };
  const [card, render, compute] = [await make("card1", "3"), await make("renderD129", "5"), await make("kfd", "7")];
  const byPath = join(folder, "by-path");
  await mkdir(byPath);
  await symlink("../card1", join(byPath, "pci-0000:03:00.0-card"));
  await symlink("../renderD129", join(byPath, "pci-0000:03:00.0-render"));
  return { card, render, compute, byPath };
}

describe("the GPUs of a container", () => {
  it("of NVIDIA are requested by their UUID, or by their index", async () => {
    const options = await gpuOptions([gpu({ uuid: "GPU-1" }), gpu({ index: 1, pciAddress: "0000:04:00.0" })]);
    expect(options).toEqual({
      DeviceRequests: [{ Driver: "nvidia", DeviceIDs: ["GPU-1", "1"], Capabilities: [["gpu"]] }],
    });
    expect(await gpuOptions([])).toEqual({});
  });

  it("without a device node are refused", async () => {
    await expect(
      gpuOptions([gpu({ vendor: "Intel" })], { byPath: "/nowhere", compute: "/dev/kfd" }),
    ).rejects.toMatchObject({
      code: "ENGINE_FAILED",
      why: expect.stringContaining("pci-0000:03:00.0-card"),
    });
  });

  const isRoot = process.geteuid?.() === 0;
  it.skipIf(missing !== undefined || !isRoot)(
    "of AMD and Intel are its device nodes, and no others (needs a Docker engine, needs root)",
    async () => {
      const { card, render, compute, byPath } = await deviceNodes();
      const amd = await gpuOptions([gpu({ vendor: "AMD/ATI" })], { byPath, compute });
      expect(amd.Devices?.map(({ PathOnHost }: { PathOnHost: string }) => PathOnHost)).toEqual([compute, card, render]);
      expect(amd.GroupAdd).toEqual(["0"]);
      const intel = await gpuOptions([gpu({ vendor: "Intel" })], { byPath, compute });
      const container = await engine.createContainer({
        Image: harness.image,
        Cmd: ["/bin/sh", "-c", `test -c ${card} && head -c 4 ${render} | wc -c; test -e ${compute} || echo none`],
        HostConfig: { ...intel, NetworkMode: "none", CapDrop: ["ALL"] },
        AttachStdout: true,
        Tty: true,
      });
      const output = await container.attach({ stream: true, stdout: true });
      let printed = "";
      output.on("data", (chunk: Buffer) => {
        printed += chunk.toString();
      });
      await container.start();
      await container.wait();
      await expect.poll(() => printed).toBe("4\r\nnone\r\n");
      await container.remove();
    },
  );
});
