import {
  DiscardPolicy,
  JetStreamApiError,
  RetentionPolicy,
  StorageType,
  StoreCompression,
  type StreamConfig,
} from "@nats-io/jetstream";
import { RequestError, TimeoutError } from "@nats-io/nats-core";
import { Fault } from "@shoal/core";
import { type NatsSession, unreachable } from "../connection/nats-session.ts";
import { patienceMs, shortPause } from "../connection/server-request.ts";
import { streamInfo } from "../stream/stream-info.ts";
import { type Difference, differencesOf } from "./drift.ts";
import { type StreamPlan, topologyPlan } from "./topology-data.ts";

/** Result of `ensureTopology`: the streams that it created, and harmless differences. */
export interface TopologyReport {
  readonly created: readonly string[];
  readonly differences: readonly Difference[];
}

const nanosPerMs = 1_000_000;

/**
 * Creates missing streams and buckets and compares existing ones with the plan. It never deletes or changes a stream: a difference
 * that endangers the log throws Fault LOG_UNSUITABLE, which names each field with its expected and its actual value. Servers that do not
 * reply in time are LOG_UNREACHABLE. `replicas` is 1 or the number of servers with a copy.
 */
export async function ensureTopology(
  session: NatsSession,
  { replicas, plan = topologyPlan() }: { readonly replicas: number; readonly plan?: readonly StreamPlan[] },
): Promise<TopologyReport> {
  const reports = await Promise.all(plan.map((stream) => ensureStream(session, stream, replicas)));
  const differences = reports.flatMap((report) => report.differences);
  const dangers = differences.filter(({ dangerous }) => dangerous);
  if (dangers.length > 0) {
    const list = dangers.map(
      ({ stream, field, expected, found }) => `${stream}.${field}: expected ${expected}, got ${found}`,
    );
    throw new Fault("LOG_UNSUITABLE", `${list.join("; ")}. Fix these streams with the nats CLI, or use another server`);
  }
  return { created: reports.flatMap((report) => report.created), differences };
}

// No suitable peers, and a system that is temporarily unavailable: servers that start together reply so until all are up.
const notYet: ReadonlySet<number> = new Set([10005, 10008]);

/** No reply: slow servers create several streams in more than the client library's 5 s. The stream may exist by then. */
const isUnanswered = (failure: unknown): boolean => failure instanceof TimeoutError || failure instanceof RequestError;

const isPassing = (failure: unknown): boolean =>
  failure instanceof JetStreamApiError ? notYet.has(failure.code) : isUnanswered(failure);

async function ensureStream(session: NatsSession, plan: StreamPlan, replicas: number): Promise<TopologyReport> {
  for (const untilAt = session.clock.now() + patienceMs; ; ) {
    const report = await lookAtStream(session, plan, { replicas, isLast: session.clock.now() >= untilAt });
    if (report !== undefined) return report;
    await shortPause(session);
  }
}

/** Undefined while the servers are not yet able to create it; in the last attempt that is a failure. */
async function lookAtStream(
  session: NatsSession,
  plan: StreamPlan,
  { replicas, isLast }: { readonly replicas: number; readonly isLast: boolean },
): Promise<TopologyReport | undefined> {
  const expected = configOf(plan, replicas);
  const found = await streamInfo(session, plan.name);
  if (found !== undefined) return { created: [], differences: differencesOf(expected, found) };
  const manager = await session.manager();
  try {
    await manager.streams.add(expected);
    return { created: [plan.name], differences: [] };
  } catch (failure) {
    // Another process may have created it meanwhile; then it is compared like any other.
    const now = await streamInfo(session, plan.name);
    if (now !== undefined) return { created: [], differences: differencesOf(expected, now) };
    if (!isLast && isPassing(failure)) return undefined;
    const why = failure instanceof Error ? failure.message : String(failure);
    if (isUnanswered(failure)) throw unreachable(`creating stream ${plan.name}`, why);
    throw new Fault("LOG_UNSUITABLE", `cannot create stream ${plan.name}: ${why}`);
  }
}

/** The plan as the server's stream configuration. */
export function configOf(plan: StreamPlan, replicas: number): Partial<StreamConfig> & { readonly name: string } {
  return {
    name: plan.name,
    subjects: [...plan.subjects],
    retention: RetentionPolicy.Limits,
    storage: StorageType.File,
    num_replicas: replicas,
    max_msgs: plan.maxMsgs,
    max_msgs_per_subject: plan.maxMsgsPerSubject,
    max_bytes: plan.maxBytes,
    max_age: plan.maxAgeMs * nanosPerMs,
    discard: plan.discard === "new" ? DiscardPolicy.New : DiscardPolicy.Old,
    duplicate_window: plan.duplicateWindowMs * nanosPerMs,
    deny_delete: plan.denyDelete,
    deny_purge: plan.denyPurge,
    allow_rollup_hdrs: plan.allowRollup,
    allow_direct: true,
    allow_msg_ttl: plan.allowMessageTtl,
    compression: plan.compression === "s2" ? StoreCompression.S2 : StoreCompression.None,
    ...(plan.republish === undefined ? {} : { republish: plan.republish }),
    ...(plan.markerMs > 0 ? { subject_delete_marker_ttl: plan.markerMs * nanosPerMs } : {}),
  };
}
