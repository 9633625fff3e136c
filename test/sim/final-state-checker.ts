import {
  type Aggregate,
  applyCommit,
  type Change,
  entries,
  entryOf,
  executionsOf,
  jobKind,
  noAggregate,
  openChange,
  type ViewEntry,
} from "@shoal/core";
import { entriesOf, releases, type SimulatedCluster } from "@shoal/core/testing";
import { type Heartbeat, shardOf, subjectOf } from "@shoal/proto";
import { batchRetries } from "../../libs/core/src/job/job-types/batch.ts";
import type { Clients } from "./clients.ts";
import type { Errands } from "./errands.ts";
import type { SafetyChecker } from "./safety-checker.ts";
import type { SimulatedServices } from "./services.ts";

export interface FinalStateOptions {
  readonly sim: SimulatedCluster;
  readonly services: SimulatedServices;
  readonly safety: SafetyChecker;
  readonly clients: Clients;
  readonly errands: Errands;
  readonly lastHeartbeats: ReadonlyMap<string, Heartbeat>;
}

/** Violations of the final state, after a long enough time without faults. */
export function checkFinalState(options: FinalStateOptions): readonly string[] {
  return [
    ...unfinished(options),
    ...unfounded(options),
    ...unlikeTheLog(options),
    ...stillHeld(options),
    ...unowned(options),
  ];
}

function unfinished({ safety, clients, sim }: FinalStateOptions): string[] {
  const found: string[] = [];
  for (const [id, job] of safety.jobs) {
    if (jobKind.isSettled(job)) continue;
    const states = executionsOf(job).map(({ state, placement }) => `${placement.partition}:${state}`);
    found.push(`${id} is still ${job.header.state} (${states.join(" ")})`);
  }
  for (const id of clients.acknowledged) if (!safety.jobs.has(id)) found.push(`${id} was acknowledged and is lost`);
  for (const id of clients.stopped) {
    const state = safety.jobs.get(id)?.header.state;
    if (state !== "stopped") found.push(`${id} was stopped for a client and is ${state}`);
  }
  if (clients.waiting() > 0) found.push(`${clients.waiting()} clients are still without an answer`);
  if (sim.reports.parked.length > 0) found.push(`a report could not be read: ${sim.reports.parked[0]?.why}`);
  return found;
}

/** Every failure has a reason, by the job's spec or by its attempts in the log. */
function unfounded({ safety }: FinalStateOptions): string[] {
  const found: string[] = [];
  for (const [id, job] of safety.jobs) {
    const { header } = job;
    if (header.state !== "failed") continue;
    const [task] = header.spec.tasks;
    const limits = Object.values(task?.timeouts ?? {}).some((seconds) => seconds > 0);
    const tries = Math.max(0, ...[...job.slots.values()].map(({ attempts }) => attempts));
    // An ops job does not retry, and its work does not move to another node.
    const isOps = header.spec.type === "ops";
    const reasons: Readonly<Record<string, boolean>> = {
      // A service may have a retry policy that gives up after completions.
      TASK_EXITED: task?.failOnNonZeroExit === true || header.spec.type === "service",
      STOPPED: isOps,
      START_TIMED_OUT: isOps,
      ENGINE_FAILED: task?.engine.params["FailWith"] !== undefined,
      EXECUTION_TIMED_OUT: limits,
      JOB_TIMED_OUT: limits,
      NO_NODE_FITS: job.slots.size === 0,
      // A partition whose failures do not count against the task fails only after many attempts.
      NODE_LOST: isOps || tries >= batchRetries.attemptsMax,
      NODE_RESTARTED: isOps || tries >= batchRetries.attemptsMax,
      NO_CAPACITY: isOps || tries >= batchRetries.attemptsMax,
    };
    if (reasons[header.code] !== true) found.push(`${id} has failed without reason: ${header.code} ${header.message}`);
  }
  return found;
}

/** Every view entry folded from the log, as text, by its bucket and key. */
function foldedEntries({ sim }: FinalStateOptions): Map<string, string> {
  const folded = new Map<string, { aggregate: Aggregate; openChange: Change | undefined }>();
  for (const stored of sim.log.entries) {
    const { aggregate: ref, seq } = stored;
    const kind = releases.next.kinds.get(ref.kind);
    const before = folded.get(subjectOf(ref)) ?? { aggregate: noAggregate, openChange: undefined };
    const aggregate = applyCommit(kind, before.aggregate, stored);
    const step = { aggregate: ref, before: before.aggregate.state, after: aggregate.state, seq };
    folded.set(subjectOf(ref), { aggregate, openChange: openChange(kind, step) ?? before.openChange });
  }
  const all = new Map<string, string>();
  const add = ({ bucket, key, seq, value }: Pick<Change, "bucket" | "key" | "seq" | "value">) => {
    if (value !== undefined) all.set(`${bucket} ${key}`, JSON.stringify(entryOf(seq, value)));
  };
  for (const { aggregate, openChange: open } of folded.values()) {
    const views = releases.next.kinds.get(aggregate.ref?.kind ?? "").views;
    for (const view of views)
      for (const entry of entries(view, aggregate.state)) add({ bucket: view.bucket.name, ...entry });
    if (open !== undefined) add(open);
  }
  return all;
}

/** The views equal the folded log, byte for byte. */
function unlikeTheLog(options: FinalStateOptions): string[] {
  const { sim, errands } = options;
  const expected = foldedEntries(options);
  const found: string[] = [];
  for (const bucket of Object.values(sim.views)) {
    for (const [key, value] of entriesOf(bucket)) {
      const name = `${bucket.name} ${key}`;
      if (bucket.name === "open" && errands.unreadable.has(key) && value["quarantine"] !== undefined) continue;
      if (!expected.has(name)) found.push(`${name} is in its bucket and not in the log`);
      else if (expected.get(name) !== JSON.stringify(value) && !wasQuarantined(bucket.name, value, expected.get(name)))
        found.push(`${name} is ${JSON.stringify(value)}, by the log ${expected.get(name)}`);
      expected.delete(name);
    }
  }
  return [...found, ...[...expected.keys()].map((name) => `${name} is missing in its bucket`)];
}

/**
 * An aggregate that only one of the versions could read: its entry in `open` was written at the position of the message that
 * could not be read, and nothing older may replace it.
 */
function wasQuarantined(bucket: string, value: ViewEntry, expected: string | undefined): boolean {
  const entry: ViewEntry = JSON.parse(expected ?? "{}");
  return bucket === "open" && value.seq > entry.seq && JSON.stringify({ ...value, seq: entry.seq }) === expected;
}

/** All holds, assignments, journal entries and files are gone. */
function stillHeld({ sim, services, errands, lastHeartbeats }: FinalStateOptions): string[] {
  const found = [...entriesOf(sim.views.assignments).keys()].map((key) => `${key} is still assigned`);
  for (const { id, disk, files, isRemoved } of services.nodes) {
    if (isRemoved()) continue;
    if (disk.size > 0)
      found.push(`the journal of ${id} still holds ${[...disk.values()].map((e) => `${e.executionId} ${e.phase}`)}`);
    if (files.size > 0) found.push(`the workspace of ${id} still holds ${[...files.keys()].slice(0, 3)}`);
    const info = lastHeartbeats.get(id)?.info;
    if (info === undefined) found.push(`${id} has sent no heartbeat`);
    else if (info.running > 0 || info.available.cpuCores !== info.capacity.cpuCores)
      found.push(
        `${id} reports that ${info.running} run and ${info.available.cpuCores} of ${info.capacity.cpuCores} cores are free`,
      );
  }
  for (const supervised of services.requesters) {
    for (const [shard, { aggregates }] of supervised.incarnation()?.requester.owner.holdings() ?? []) {
      // Nodes stay in memory while they are members.
      const members = services.nodes.filter(({ id }) => shardOf(id) === shard).length;
      if (aggregates > members + errands.unsettledIn(shard))
        found.push(`${supervised.id} has ${aggregates} aggregates of shard ${shard} in memory`);
    }
  }
  return found;
}

/** Every shard has one owner, shards are balanced, all requesters are members, and no process has surplus callbacks. */
function unowned({ sim, services, safety }: FinalStateOptions): string[] {
  const found: string[] = [];
  const shares = services.requesters.map((supervised) => [
    ...(supervised.incarnation()?.requester.owner.holdings().keys() ?? []),
  ]);
  const held = shares.flat();
  const counts = shares.map((share) => share.length);
  if (Math.max(...counts) - Math.min(...counts) > 1) found.push(`the requesters own ${counts} shards`);
  // Sixteen, as in shardCount.
  if (held.length !== 16 || new Set(held).size !== 16)
    found.push(`the shards ${held.toSorted((a, b) => a - b)} are owned`);
  for (const { id, isRemoved } of services.nodes) {
    const state = safety.nodes.get(id)?.state;
    // A node that died before its first heartbeat is unknown.
    const expected = isRemoved() ? [undefined, "disconnected", "forgotten"] : ["connected"];
    if (!expected.includes(state)) found.push(`${id} is ${state}`);
  }
  for (const supervised of services.all) {
    const planned = supervised.incarnation()?.proc.planned() ?? 0;
    if (planned > plannedMost + services.nodes.length) found.push(`${supervised.id} waits for ${planned} callbacks`);
  }
  if (sim.leases.snapshot().requesters.length !== services.requesters.length)
    found.push(`only ${sim.leases.snapshot().requesters} are on the list`);
  return found;
}

// Besides one for each node: two for each of 16 leases and for the membership, and a few for saving and settling.
const plannedMost = 56;
