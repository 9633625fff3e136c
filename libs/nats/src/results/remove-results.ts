import { JetStreamApiCodes, JetStreamApiError } from "@nats-io/jetstream";
import { causeOf } from "@shoal/core";
import { resultsBucketOf } from "@shoal/proto";
import { type NatsSession, unreachable } from "../connection/nats-session.ts";

const streamPrefix = `OBJ_${resultsBucketOf("")}`;

/** Deletes a node's results bucket with its content; no effect when there is none. Throws Fault LOG_UNREACHABLE. */
export async function removeResultsBucket(session: NatsSession, nodeId: string): Promise<void> {
  try {
    const { streams } = await session.manager();
    await streams.delete(`OBJ_${resultsBucketOf(nodeId)}`);
  } catch (failure) {
    if (failure instanceof JetStreamApiError && failure.code === JetStreamApiCodes.StreamNotFound) return;
    throw unreachable(`deleting the results bucket of ${nodeId}`, causeOf(failure).why);
  }
}

/** The ids of all nodes that have a results bucket. Throws Fault LOG_UNREACHABLE. */
export async function nodesWithResults(session: NatsSession): Promise<readonly string[]> {
  const nodeIds: string[] = [];
  try {
    const { streams } = await session.manager();
    for await (const name of streams.names("$O.>"))
      if (name.startsWith(streamPrefix)) nodeIds.push(name.slice(streamPrefix.length));
    return nodeIds;
  } catch (failure) {
    throw unreachable("listing the results buckets", causeOf(failure).why);
  }
}
