import { type Approval, type NodeEntity, unknownBuildDate } from "@shoal/proto";
import type { ClusterNode } from "./node.ts";

/** The semantic version as Bacalhau writes it: `v0.1.0`. */
const buildOf = (version: string) => {
  const [major = "0", minor = "0"] = version.replace(/^v/, "").split(".");
  return { major, minor, gitVersion: version, gitCommit: "", buildDate: unknownBuildDate, goos: "", goarch: "" };
};

const memberships = { pending: "PENDING", approved: "APPROVED", rejected: "REJECTED" } as const satisfies Record<
  Approval,
  NodeEntity["membership"]
>;

const drainEntity = ({ mode, why, since, until }: NonNullable<ClusterNode["drain"]>): NodeEntity["drain"] => ({
  mode,
  message: why,
  since,
  deadline: until,
});

/** A node as the API shows it. */
export function nodeEntity({
  info,
  state,
  connectedSince,
  disconnectedSince,
  lastSeenAt,
  message,
  approval,
  approvalMessage,
  drain,
}: ClusterNode): NodeEntity {
  const connection = state === "connected" ? "connected" : "disconnected";
  return {
    info: {
      nodeId: info.nodeId,
      nodeType: "Compute",
      labels: info.labels,
      supportedProtocols: ["ncl/v1"],
      computeNodeInfo: {
        executionEngines: info.engines,
        publishers: info.publishers,
        storageSources: info.sources,
        maxCapacity: { ...info.capacity, ...(info.gpus === undefined ? {} : { gpuDevices: info.gpus }) },
        queueCapacity: { cpuCores: 0, memoryBytes: 0, diskBytes: 0, gpus: 0 },
        availableCapacity: info.available,
        maxJobRequirements: info.perTask,
        runningExecutions: info.running,
        enqueuedExecutions: 0,
        address: info.address,
      },
      bacalhauVersion: {
        ...buildOf(info.version),
        goos: info.labels["os_type"] ?? "",
        goarch: info.labels["os_arch"] ?? "",
      },
    },
    membership: memberships[approval],
    ...(approvalMessage === "" ? {} : { membershipMessage: approvalMessage }),
    ...(drain === undefined ? {} : { drain: drainEntity(drain) }),
    connection,
    connectionState: {
      status: connection,
      lastHeartbeat: lastSeenAt,
      connectedSince,
      disconnectedSince,
      lastError: message,
    },
  };
}
