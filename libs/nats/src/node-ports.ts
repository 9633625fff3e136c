import { assert, type BidServer, type LogSender, type ReportSender, type ViewStore } from "@shoal/core";
import { buckets, tokenProblem } from "@shoal/proto";
import { createBidServer } from "./bidding/bid-server.ts";
import { type ConnectOptions, connect } from "./connection/connect.ts";
import type { NatsSession } from "./connection/nats-session.ts";
import { startOver } from "./connection/stopping.ts";
import { createLogSender } from "./logs/log-sender.ts";
import { createReportSender } from "./reports/report-sender.ts";
import { openResults, type Results } from "./results/results.ts";
import { assignmentsConsumerOf, inboxPrefixOf } from "./rights/rights.ts";
import { createViewStore } from "./views/view-store.ts";

/** How a compute node connects. */
export interface NodeOptions extends Omit<ConnectOptions, "name" | "inboxPrefix"> {
  /** A token: it stands in every subject that the node may use. */
  readonly nodeId: string;
}

/** Everything a compute node reaches through NATS, over one connection and within `permissionsOfNode`. */
export interface NodePorts {
  /** What this node should be doing: watch it with `<nodeId>.>`, once at a time. The node's rights allow nothing else of it. */
  readonly assignments: Pick<ViewStore, "watch">;
  readonly reports: ReportSender;
  readonly bidServer: BidServer;
  readonly logs: LogSender;
  /** The node's own bucket; it works once a requester has met the node and made it. */
  readonly results: Results;
  readonly link: NatsSession;
  /** Says what is still to be said and closes the connection. */
  close(): Promise<void>;
}

/** Connects a compute node. Throws as `connect` does. */
export async function connectNode(options: NodeOptions): Promise<NodePorts> {
  const { nodeId } = options;
  const problem = tokenProblem(nodeId);
  assert(problem === undefined, `node id "${nodeId}" cannot stand in a subject: ${problem}`);
  const link = await connect({ ...options, name: `shoal node ${nodeId}`, inboxPrefix: inboxPrefixOf(nodeId) });
  return {
    assignments: createViewStore(link, { bucket: buckets.assignments, consumerName: assignmentsConsumerOf(nodeId) }),
    reports: createReportSender(link, nodeId),
    bidServer: createBidServer(link, nodeId),
    logs: createLogSender(link, nodeId),
    results: await startOver(link, options.signal, () => openResults(link, nodeId)),
    link,
    close: () => link.close(),
  };
}
