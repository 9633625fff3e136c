import {
  assert,
  type BidServer,
  type LogSender,
  type ReportSender,
  type UploadClient,
  type ViewStore,
} from "@shoal/core";
import { buckets, subjects, tokenProblem } from "@shoal/proto";
import { createBidServer } from "./bidding/bid-server.ts";
import { askRequesters, uploadRequests } from "./bidding/node-requests.ts";
import { type ConnectOptions, connect } from "./connection/connect.ts";
import type { NatsSession } from "./connection/nats-session.ts";
import { openReplyMux } from "./connection/reply-mux.ts";
import { startOver } from "./connection/stopping.ts";
import { createLogSender } from "./logs/log-sender.ts";
import { createReportSender } from "./reports/report-sender.ts";
import { createObjectReader, type ObjectReader } from "./results/object-reader.ts";
import { openResults, type Results } from "./results/results.ts";
import { assignmentsConsumerOf, inboxPrefixOf } from "./rights/rights.ts";
import { createViewStore } from "./views/view-store.ts";

/** Options of a compute node's connection. */
export interface NodeOptions extends Omit<ConnectOptions, "name" | "inboxPrefix"> {
  /** A token of every subject that the node may use. */
  readonly nodeId: string;
}

/** A compute node's ports over one NATS connection, within `permissionsOfNode`. */
export interface NodePorts {
  /** The node's assignments: watch them with `<nodeId>.>`, one watch at a time. The node's permissions allow nothing else. */
  readonly assignments: Pick<ViewStore, "watch">;
  readonly reports: ReportSender;
  readonly bidServer: BidServer;
  readonly uploads: UploadClient;
  readonly logs: LogSender;
  /** The node's results bucket. It works once a requester has seen the node and created the bucket. */
  readonly results: Results;
  /** Object stores with inputs, as far as the node's permissions allow. */
  readonly objects: ObjectReader;
  readonly session: NatsSession;
  /** Flushes and closes the connection. */
  close(): Promise<void>;
}

/** Connects a compute node. Throws as `connect` does. */
export async function connectNode(options: NodeOptions): Promise<NodePorts> {
  const { nodeId } = options;
  const problem = tokenProblem(nodeId);
  assert(problem === undefined, `node id "${nodeId}" cannot be part of a subject: ${problem}`);
  const session = await connect({ ...options, name: `shoal node ${nodeId}`, inboxPrefix: inboxPrefixOf(nodeId) });
  const replies = openReplyMux(session.nc, subjects.confirmed(nodeId));
  return {
    assignments: createViewStore(session, { bucket: buckets.assignments, consumerName: assignmentsConsumerOf(nodeId) }),
    reports: createReportSender(session, nodeId),
    bidServer: createBidServer(session, nodeId),
    uploads: {
      upload: (request, waitMs) => askRequesters(session, uploadRequests, { nodeId, request, replies, waitMs }),
    },
    logs: createLogSender(session, nodeId),
    results: await startOver(session, options.signal, () => openResults(session, nodeId)),
    objects: createObjectReader(session),
    session,
    close: () => session.close(),
  };
}
