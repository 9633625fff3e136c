import type { Clock, Process, ViewEntry, ViewStore } from "@shoal/core";
import { type NodeEntity, unknownBuildDate } from "@shoal/proto";
import { z } from "zod";
import { build } from "../build.ts";
import type { Membership } from "../nodes/membership.ts";
import type { Living, Roster } from "./roster.ts";

/** All nodes: their state in the log, and the load in their last heartbeat. */
export interface NodeList {
  /** In order of id; every live requester is among them, this one always. */
  all(): readonly NodeEntity[];
}

export interface NodeListParts {
  /** The nodes bucket. */
  readonly views: ViewStore;
  readonly membership: Pick<Membership, "nodes">;
  readonly roster: Pick<Roster, "living">;
  readonly clock: Clock;
  /** This requester's own entry. */
  readonly self: NodeEntity["info"];
  /** How far this requester's clock is ahead of the NATS server's, when that is known. */
  readonly clockOffsetMs?: () => number | undefined;
}

const isNodeEntity = (value: unknown): value is NodeEntity =>
  typeof value === "object" && value !== null && "info" in value && "connectionState" in value;

// Shoal's own view entry: its form was checked when it was rendered.
const Entry = z.looseObject({ node: z.custom<NodeEntity>(isNodeEntity) });

/** Follows the nodes bucket in memory: a cluster has some thousand nodes at most. */
export function createNodeList(parts: NodeListParts): NodeList & Process {
  const { views, membership, roster, clock, self, clockOffsetMs = () => undefined } = parts;
  const saved = new Map<string, NodeEntity>();
  const startedAt = clock.now();
  let watch: { close(): Promise<void> } | undefined;

  function changed(key: string, value: ViewEntry | undefined): void {
    const entry = value === undefined ? undefined : Entry.safeParse(value);
    if (entry?.success === true) saved.set(key, entry.data.node);
    else saved.delete(key);
  }

  return {
    name: "node list",
    async start() {
      watch = await views.watch(">", { changed, ready: () => {} });
    },
    async stop() {
      await watch?.close();
    },
    all() {
      const live = new Map(membership.nodes().map((each) => [each.heartbeat.info.nodeId, each]));
      const nodes = [...saved.values()].map((node) => lately(node, live.get(node.info.nodeId), clockOffsetMs()));
      const own = { requesterId: self.nodeId, knownSince: startedAt, shards: [] };
      const living = new Map([own, ...roster.living()].map((each) => [each.requesterId, each]));
      const requesters = [...living.values()].map((each) =>
        each.requesterId === self.nodeId
          ? withClock(requesterNode(self, each, clock.now()), clockOffsetMs())
          : requesterNode(otherInfo(each), each, clock.now()),
      );
      return [...requesters, ...nodes].toSorted((a, b) => (a.info.nodeId < b.info.nodeId ? -1 : 1));
    },
  };
}

/** A node as of its last heartbeat, when that is newer than the log. */
function lately(
  node: NodeEntity,
  live: ReturnType<Membership["nodes"]>[number] | undefined,
  ownOffsetMs: number | undefined,
): NodeEntity {
  const compute = node.info.computeNodeInfo;
  if (live === undefined || compute === undefined || node.connection !== "connected") return node;
  const { available, running } = live.heartbeat.info;
  return {
    ...node,
    info: {
      ...node.info,
      computeNodeInfo: { ...compute, availableCapacity: available, runningExecutions: running },
    },
    connectionState: {
      ...node.connectionState,
      lastHeartbeat: live.heardAt,
      // Relative to this requester's clock, and that to the server's: the transmission time makes the offset a little
      // too small.
      clockOffsetMs: Math.round(live.heartbeat.at - live.heardAt + (ownOffsetMs ?? 0)),
    },
  };
}

/**
 * Another requester. Its labels and its version are not in the bucket, so only the API release that all requesters
 * implement is named.
 */
const otherInfo = ({ requesterId }: Living): NodeEntity["info"] => ({
  nodeId: requesterId,
  nodeType: "Requester",
  labels: { name: requesterId },
  supportedProtocols: ["ncl/v1"],
  bacalhauVersion: { ...build, gitCommit: "", buildDate: unknownBuildDate, goos: "", goarch: "" },
});

function requesterNode(info: NodeEntity["info"], { knownSince, shards }: Living, now: number): NodeEntity {
  return {
    info: { ...info, requesterNodeInfo: { shards: [...shards] } },
    membership: "APPROVED",
    connection: "connected",
    connectionState: { status: "connected", lastHeartbeat: now, connectedSince: knownSince, lastError: "" },
  };
}

function withClock(node: NodeEntity, clockOffsetMs: number | undefined): NodeEntity {
  return {
    ...node,
    connectionState: { ...node.connectionState, ...(clockOffsetMs === undefined ? {} : { clockOffsetMs }) },
  };
}
