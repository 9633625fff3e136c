import { NodeDisconnected, NodeEntity, NodeJoined, toWire } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { givenNode } from "../testing/given.ts";
import { sampleAt, sampleInfo } from "../testing/samples.ts";
import { nodeEntity } from "./entity.ts";

const info = { ...sampleInfo(), version: "v1.2.3", labels: { os_type: "linux", os_arch: "arm64" }, running: 3 };
const joined = NodeJoined.of({ info, startedAt: sampleAt });

describe("a node as the API shows it", () => {
  it("has what it advertises, and its build", () => {
    const { state = expect.unreachable() } = givenNode(joined);
    const { info: shown, membership } = nodeEntity(state);
    expect(membership).toBe("APPROVED");
    expect(shown).toMatchObject({
      ...{ nodeId: info.nodeId, nodeType: "Compute", labels: info.labels, supportedProtocols: ["ncl/v1"] },
      computeNodeInfo: {
        ...{ executionEngines: info.engines, publishers: info.publishers, storageSources: info.sources },
        ...{ maxCapacity: info.capacity, availableCapacity: info.available, maxJobRequirements: info.perTask },
        ...{ runningExecutions: 3, enqueuedExecutions: 0, address: info.address },
        queueCapacity: { cpuCores: 0, memoryBytes: 0, diskBytes: 0, gpus: 0 },
      },
      bacalhauVersion: { major: "1", minor: "2", gitVersion: "v1.2.3", goos: "linux", goarch: "arm64" },
    });
  });
  it("has its GPUs as Bacalhau names them", () => {
    const gpu = {
      index: 0,
      name: "Tesla T4",
      vendor: "NVIDIA" as const,
      memoryMiB: 15_360,
      pciAddress: "0000:00:1e.0",
    };
    const { state = expect.unreachable() } = givenNode(
      NodeJoined.of({ info: { ...info, gpus: [gpu] }, startedAt: sampleAt }),
    );
    expect(toWire(NodeEntity, nodeEntity(state))).toMatchObject({
      Info: {
        ComputeNodeInfo: {
          MaxCapacity: {
            GPUs: [{ Index: 0, Name: "Tesla T4", Vendor: "NVIDIA", Memory: 15_360, PCIAddress: "0000:00:1e.0" }],
          },
        },
      },
    });
  });
  it("that advertises no version and no platform has empty ones", () => {
    const { state = expect.unreachable() } = givenNode(
      NodeJoined.of({ info: { ...info, version: "", labels: {} }, startedAt: sampleAt }),
    );
    expect(nodeEntity(state).info.bacalhauVersion).toMatchObject({ minor: "0", gitVersion: "", goos: "", goarch: "" });
  });
  it("is connected, or disconnected with the reason", () => {
    const gone = NodeDisconnected.of({ why: "silent", lastSeenAt: sampleAt - 5, forgetAt: sampleAt + 9 });
    const { state = expect.unreachable() } = givenNode(joined);
    const { state: away = expect.unreachable() } = givenNode(joined, gone);
    const connection = { connectedSince: sampleAt, lastError: "" };
    expect(nodeEntity(state)).toMatchObject({
      connection: "connected",
      connectionState: { status: "connected", disconnectedSince: undefined, lastHeartbeat: sampleAt, ...connection },
    });
    expect(nodeEntity(away)).toMatchObject({
      connection: "disconnected",
      connectionState: {
        ...{ status: "disconnected", disconnectedSince: sampleAt, lastHeartbeat: sampleAt - 5 },
        ...{ connectedSince: sampleAt, lastError: "silent" },
      },
    });
  });
});
