import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import type { GpuDevice } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { assignmentOf } from "../testing/assignments.ts";
import { createGpuPool } from "./gpu-pool.ts";
import { createGrants } from "./grants.ts";
import { createPortRange, readPortRange } from "./port-range.ts";

const gpu = (index: number): GpuDevice => ({
  ...{ index, name: "Tesla T4", vendor: "NVIDIA", memoryMiB: 15_360 },
  pciAddress: `0000:0${index}:00.0`,
});

/** Two free ports of this machine, beside each other in number at best. */
async function busyPort(): Promise<{ readonly port: number; close(): void }> {
  const server = createServer().listen(0, "0.0.0.0");
  await once(server, "listening");
  return { port: (server.address() as AddressInfo).port, close: () => void server.close() };
}

interface RequestedPort {
  name: string;
  static?: number;
  target?: number;
  hostNetwork?: string;
}

const engine = { type: "docker", params: { Image: "x" } };
const withPorts = (executionId: string, ports: RequestedPort[], type: "bridge" | "host" = "bridge") =>
  assignmentOf({ executionId, task: { engine, network: { type, ports } } });

// Outside of the range from which systems pick ports for outgoing connections.
const bounds = { first: 21_870, last: 21_873 };

describe("the ports of a node", () => {
  it("are given once, and again after their release", async () => {
    const grants = createGrants(createPortRange(bounds), createGpuPool([]));
    const two = [{ name: "a" }, { name: "b", target: 80 }];
    const first = await grants.grant(withPorts("e-1", two));
    expect(first.ports).toEqual([
      { name: "a", hostPort: 21_870, target: 21_870, address: "0.0.0.0" },
      { name: "b", hostPort: 21_871, target: 80, address: "0.0.0.0" },
    ]);
    expect(await grants.grant(withPorts("e-1", two))).toEqual(first);
    expect((await grants.grant(withPorts("e-2", two))).ports?.map(({ hostPort }) => hostPort)).toEqual([
      21_872, 21_873,
    ]);
    await expect(grants.grant(withPorts("e-3", [{ name: "c" }]))).rejects.toMatchObject({
      code: "NO_CAPACITY",
      why: "no port of 21870-21873 is free on this node",
    });
    grants.release("e-1");
    expect((await grants.grant(withPorts("e-3", [{ name: "c" }]))).ports?.[0]?.hostPort).toBe(21_870);
  });

  it("are not given twice to tasks that ask at once", async () => {
    const grants = createGrants(createPortRange(bounds), createGpuPool([]));
    const asked = ["e-1", "e-2", "e-3", "e-4"].map((id) => grants.grant(withPorts(id, [{ name: "a" }])));
    const given = (await Promise.all(asked)).map(({ ports }) => ports?.[0]?.hostPort);
    expect(new Set(given).size).toBe(4);
  });

  it("that are fixed are refused while another execution or program has them", async () => {
    const range = createPortRange(bounds);
    const grants = createGrants(range, createGpuPool([]));
    const busy = await busyPort();
    const fixed = [{ name: "a", static: 21_872 }];
    expect(await range.whyTaken([21_872])).toBeUndefined();
    await grants.grant(withPorts("e-1", fixed));
    expect(await range.whyTaken([21_871, 21_872])).toBe("port 21872 of the node is held by e-1");
    await expect(grants.grant(withPorts("e-2", [{ name: "b" }, ...fixed]))).rejects.toMatchObject({
      code: "NO_CAPACITY",
    });
    // What a refused task had got is free again.
    expect(await range.whyTaken([21_870])).toBeUndefined();
    expect(await range.whyTaken([busy.port])).toContain("another program of the machine listens on it");
    await expect(grants.grant(withPorts("e-3", [{ name: "a", static: busy.port }]))).rejects.toMatchObject({
      code: "NO_CAPACITY",
      why: expect.stringContaining(`port ${busy.port}`),
    });
    busy.close();
  });

  it("are those of the task with the host network", async () => {
    const grants = createGrants(createPortRange(bounds), createGpuPool([]));
    const { ports } = await grants.grant(withPorts("e-1", [{ name: "a", hostNetwork: "127.0.0.1" }], "host"));
    expect(ports).toEqual([{ name: "a", hostPort: 21_870, address: "127.0.0.1" }]);
  });

  it("survive a restart of the node with their execution", async () => {
    const range = createPortRange(bounds);
    const grants = createGrants(range, createGpuPool([]));
    const runtime = { image: "x@sha256:1", ports: [{ name: "a", hostPort: 21_870, target: 80, address: "0.0.0.0" }] };
    grants.adopt("e-1", runtime);
    expect(await grants.grant(withPorts("e-1", [{ name: "a" }]))).toEqual(runtime);
    expect((await grants.grant(withPorts("e-2", [{ name: "a" }]))).ports?.[0]?.hostPort).toBe(21_871);
  });

  it.each([
    ["20000-32000", { first: 20_000, last: 32_000 }],
    ["", "none"],
    ["80-90", undefined],
    ["3000-2000", undefined],
    ["20000-70000", undefined],
    ["all", undefined],
  ])("are read from %o", (text, expected) => expect(readPortRange(text)).toEqual(expected));
});

describe("the GPUs of a node", () => {
  const wanting = (executionId: string, gpus: number) =>
    assignmentOf({ executionId, resources: { cpuCores: 0, memoryBytes: 0, diskBytes: 0, gpus } });

  it("belong to one execution each, until it ends", async () => {
    const grants = createGrants(createPortRange(undefined), createGpuPool([gpu(0), gpu(1), gpu(2)]));
    expect((await grants.grant(wanting("e-1", 2))).gpus?.map(({ index }) => index)).toEqual([0, 1]);
    await expect(grants.grant(wanting("e-2", 2))).rejects.toMatchObject({
      code: "NO_CAPACITY",
      why: "2 GPUs are requested, 1 of 3 are free",
    });
    expect((await grants.grant(wanting("e-3", 1))).gpus?.map(({ index }) => index)).toEqual([2]);
    grants.release("e-1");
    expect((await grants.grant(wanting("e-2", 2))).gpus?.map(({ index }) => index)).toEqual([0, 1]);
    expect(await grants.grant(wanting("e-4", 0))).toEqual({});
  });

  it("stay with their execution over a restart, whatever their index is then", async () => {
    const grants = createGrants(createPortRange(undefined), createGpuPool([gpu(0), gpu(1)]));
    grants.adopt("e-1", { gpus: [{ ...gpu(0), index: 7 }] });
    expect((await grants.grant(wanting("e-2", 1))).gpus).toEqual([gpu(1)]);
  });
});
