import type { Clock, Process, ViewEntry, ViewStore } from "@shoal/core";
import type { NodeEntity } from "@shoal/proto";
import { z } from "zod";
import type { Membership } from "../nodes/membership.ts";

/** All nodes: what the log says of them, and how busy they said they were when last heard. */
export interface NodeList {
  /** In order of id; the requester itself is one of them. */
  all(): readonly NodeEntity[];
}

export interface NodeListParts {
  /** The nodes bucket. */
  readonly views: ViewStore;
  readonly membership: Pick<Membership, "nodes">;
  readonly clock: Clock;
  /** How the requester itself is shown. */
  readonly self: NodeEntity["info"];
}

const isNodeEntity = (value: unknown): value is NodeEntity =>
  typeof value === "object" && value !== null && "info" in value && "connectionState" in value;

// Our own view's entry: the form was checked when it was rendered.
const Entry = z.looseObject({ node: z.custom<NodeEntity>(isNodeEntity) });

/** Follows the nodes bucket in memory: there are some thousand nodes at most. */
export function createNodeList({ views, membership, clock, self }: NodeListParts): NodeList & Process {
  const kept = new Map<string, NodeEntity>();
  const startedAt = clock.now();
  let watch: { close(): Promise<void> } | undefined;

  function changed(key: string, value: ViewEntry | undefined): void {
    const entry = value === undefined ? undefined : Entry.safeParse(value);
    if (entry?.success === true) kept.set(key, entry.data.node);
    else kept.delete(key);
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
      const nodes = [...kept.values()].map((node) => lately(node, live.get(node.info.nodeId)));
      return [requesterNode(self, startedAt, clock.now()), ...nodes].toSorted((a, b) =>
        a.info.nodeId < b.info.nodeId ? -1 : 1,
      );
    },
  };
}

/** A node as it was heard last, when that says more than the log. */
function lately(node: NodeEntity, live: ReturnType<Membership["nodes"]>[number] | undefined): NodeEntity {
  const compute = node.info.computeNodeInfo;
  if (live === undefined || compute === undefined || node.connection !== "connected") return node;
  const { available, running } = live.heartbeat.info;
  return {
    ...node,
    info: {
      ...node.info,
      computeNodeInfo: { ...compute, availableCapacity: available, runningExecutions: running },
    },
    connectionState: { ...node.connectionState, lastHeartbeat: live.heardAt },
  };
}

function requesterNode(info: NodeEntity["info"], startedAt: number, now: number): NodeEntity {
  return {
    info,
    membership: "APPROVED",
    connection: "connected",
    connectionState: { status: "connected", lastHeartbeat: now, connectedSince: startedAt, lastError: "" },
  };
}
