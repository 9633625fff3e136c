import { engineParams } from "@shoal/proto";
import type { MountSettings } from "dockerode";
import { describe, expect, it } from "vitest";
import type { Workload } from "../executor.ts";
import { type ContainerPlan, containerOptions } from "./container-options.ts";
import { containerDefaults } from "./container-settings.ts";

const identity = { name: "shoal-e-1", Labels: { "shoal.execution": "e-1" } };
const mounts: MountSettings[] = [
  { Type: "bind", Source: "/data/in", Target: "/in", ReadOnly: true },
  { Type: "bind", Source: "/data/out", Target: "/out", ReadOnly: false },
];
const plan = (changes: Partial<ContainerPlan> = {}): ContainerPlan => ({
  ...{
    identity,
    settings: containerDefaults,
    mounts: [],
    gpus: {},
    image: "alpine@sha256:1",
    init: true,
    limitsFiles: true,
    limitsDisk: true,
  },
  ...changes,
});
const workload = (params: object = {}, changes: Partial<Workload> = {}): Workload => ({
  ...{ id: "e-1", jobId: "j-1", namespace: "default", nodeId: "n-1", env: {}, inputs: [], outputs: [] },
  params: engineParams.docker.parse({ Image: "alpine:3", ...params }),
  resources: { cpuCores: 0, memoryBytes: 0, diskBytes: 0 },
  network: "none",
  folder: "unused",
  output: () => {},
  ...changes,
});

// Written out in full, so that a change of the options shows in a diff.
const bare = {
  ...identity,
  Image: "alpine@sha256:1",
  Env: [],
  Tty: false,
  Healthcheck: { Test: ["NONE"] },
  HostConfig: {
    NanoCpus: 0,
    Memory: 0,
    MemorySwap: 0,
    PidsLimit: 4096,
    Ulimits: [
      { Name: "core", Soft: 0, Hard: 0 },
      { Name: "nofile", Soft: 65_536, Hard: 65_536 },
    ],
    NetworkMode: "none",
    Mounts: [],
    Init: true,
    Privileged: false,
    SecurityOpt: ["no-new-privileges"],
    CapDrop: ["ALL"],
    CapAdd: [],
    ReadonlyRootfs: false,
    LogConfig: { Type: "json-file", Config: { "max-size": "64m", "max-file": "2" } },
    RestartPolicy: { Name: "no" },
    AutoRemove: false,
  },
};
const hosted = (changes: object) => ({ ...bare, HostConfig: { ...bare.HostConfig, ...changes } });
const resources = { cpuCores: 0, memoryBytes: 0, diskBytes: 0 };
const readOnly = { ...containerDefaults, readOnlyRoot: true };
const tmpfs = { "/tmp": "rw,nosuid,nodev,size=67108864,mode=1777" };

const table: readonly (readonly [what: string, workload: Workload, plan: ContainerPlan, expected: object])[] = [
  ["nothing but an image", workload(), plan(), bare],
  [
    "a memory limit, which swap does not widen",
    workload({}, { resources: { ...resources, memoryBytes: 2 ** 29 } }),
    plan(),
    hosted({ Memory: 2 ** 29, MemorySwap: 2 ** 29 }),
  ],
  [
    "one and a half cores",
    workload({}, { resources: { ...resources, cpuCores: 1.5 } }),
    plan(),
    hosted({ NanoCpus: 1_500_000_000 }),
  ],
  [
    "less of a core than the engine takes",
    workload({}, { resources: { ...resources, cpuCores: 0.001 } }),
    plan(),
    hosted({ NanoCpus: 10_000_000 }),
  ],
  [
    "ports of a bridge",
    workload(
      {},
      {
        network: "bridge",
        ports: [
          { name: "web", hostPort: 20_001, target: 80, address: "0.0.0.0" },
          { name: "raw", hostPort: 20_002, address: "::1" },
        ],
      },
    ),
    plan(),
    {
      ...hosted({
        NetworkMode: "bridge",
        PortBindings: {
          "80/tcp": [{ HostIp: "0.0.0.0", HostPort: "20001" }],
          "20002/tcp": [{ HostIp: "::1", HostPort: "20002" }],
        },
      }),
      ExposedPorts: { "80/tcp": {}, "20002/tcp": {} },
    },
  ],
  [
    "ports of the host network, which need no publishing",
    workload({}, { network: "host", ports: [{ name: "web", hostPort: 20_001, address: "0.0.0.0" }] }),
    plan(),
    hosted({ NetworkMode: "host" }),
  ],
  [
    "the gateway of network http",
    workload({}, { network: "http", domains: ["example.org"] }),
    plan({ gateway: { containerId: "c-1", env: { http_proxy: "http://127.0.0.1:3128" } } }),
    { ...hosted({ NetworkMode: "container:c-1" }), Env: ["http_proxy=http://127.0.0.1:3128"] },
  ],
  ["network http without a gateway", workload({}, { network: "http" }), plan(), bare],
  [
    "a disk limit",
    workload({}, { resources: { ...resources, diskBytes: 2 ** 30 } }),
    plan(),
    hosted({ StorageOpt: { size: "1073741824" } }),
  ],
  [
    "a disk limit that the engine cannot keep",
    workload({}, { resources: { ...resources, diskBytes: 2 ** 30 } }),
    plan({ limitsDisk: false }),
    bare,
  ],
  ["inputs to read and outputs to write", workload(), plan({ mounts }), hosted({ Mounts: mounts })],
  ["a network", workload({}, { network: "bridge" }), plan(), hosted({ NetworkMode: "bridge" })],
  ["no init process", workload(), plan({ init: false }), hosted({ Init: false })],
  [
    "capabilities and a user of the node's owner",
    workload(),
    plan({ settings: { ...containerDefaults, capabilities: ["CHOWN", "SETUID"], user: "1000:1000" } }),
    { ...hosted({ CapAdd: ["CHOWN", "SETUID"] }), User: "1000:1000" },
  ],
  [
    "an image that cannot be written",
    workload(),
    plan({ settings: readOnly, mounts }),
    hosted({ ReadonlyRootfs: true, Mounts: mounts, Tmpfs: tmpfs }),
  ],
  [
    "an image that cannot be written, and a mount in the place of temporary files",
    workload(),
    plan({ settings: readOnly, mounts: [{ Type: "bind", Source: "/data/tmp", Target: "/tmp", ReadOnly: false }] }),
    hosted({
      ReadonlyRootfs: true,
      Mounts: [{ Type: "bind", Source: "/data/tmp", Target: "/tmp", ReadOnly: false }],
    }),
  ],
  [
    "a program, its arguments and its folder",
    workload({ Entrypoint: ["/bin/sh"], Parameters: ["-c", "true"], WorkingDirectory: "/w" }),
    plan(),
    { ...bare, Entrypoint: ["/bin/sh"], Cmd: ["-c", "true"], WorkingDir: "/w" },
  ],
  [
    "variables, of which the task's own win",
    workload({ EnvironmentVariables: ["A=1", "B=x=y"] }, { env: { A: "2", C: "3" } }),
    plan(),
    { ...bare, Env: ["A=2", "B=x=y", "C=3"] },
  ],
];

describe("a container", () => {
  it.each(table.map(([what, ...row]) => [what, row] as const))(
    "for a workload with %s",
    (_, [given, planned, expected]) => {
      expect(containerOptions(given, planned)).toEqual(expected);
    },
  );
});
