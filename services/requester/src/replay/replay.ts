import type { Clock, EventLog } from "@shoal/core";
import type { KnownPosition } from "@shoal/nats";
import type { Suspect } from "./compare.ts";
import type { Judge, LogFindings, LogMessage, ViewFindings } from "./judge.ts";
import type { KeptViews } from "./kept-views.ts";
import { LogWalk } from "./log-walk.ts";
import type { Anchor, ChainProblem, Difference, ReplayReport, Sampled } from "./report.ts";
import { type Sampling, sampling } from "./sampled.ts";
import { settle } from "./settle.ts";
import { viewBuckets } from "./wanted-entries.ts";

/** What a replay reads; it writes nothing. */
export interface ReplayParts {
  readonly log: EventLog;
  /** Tells every message of the log up to its end as it was when called, in order; resolves with that end. Throws Fault LOG_UNREACHABLE. */
  readLog(reader: { deliver(message: LogMessage): void; room(): Promise<void> | undefined }): Promise<number>;
  readonly kept: KeptViews;
  /** The latest position of the log of which views or checkpoints know. Throws Fault LOG_UNREACHABLE. */
  known(): Promise<KnownPosition>;
  readonly clock: Clock;
  /** Who judges what is read; for this replay alone. */
  readonly judge: Judge;
}

/** How a replay goes about it. */
export interface ReplayOptions {
  /** How long entries that are being written just now may take to be right, in milliseconds. */
  readonly settleMs?: number;
  /** An anchor that was kept elsewhere, which the log must have. */
  readonly expect?: Anchor;
}

// Longer than a shard is without an owner after its requester was killed, and than one write takes.
const settleMsUsual = 10_000;

/**
 * Makes all views again from nothing but the log and holds them against the kept ones, byte for byte; verifies the chain of digests
 * on the way. Works on a living cluster too. Throws Fault LOG_UNREACHABLE, and whatever broke the judge; what is wrong with the data
 * is in the report.
 */
export async function replay(parts: ReplayParts, options: ReplayOptions = {}): Promise<ReplayReport> {
  const { log, kept, clock, judge } = parts;
  const beganAt = clock.now();
  const whole = sampling<ChainProblem>();
  const walk = new LogWalk(whole.add, options.expect);
  const deliver = (message: LogMessage): void => {
    walk.take(message);
    judge.commit(message);
  };
  const upTo = await parts.readLog({ deliver, room: () => judge.room() });
  const anchor = walk.finish(upTo);
  const found = await judge.endOfLog();
  const readMs = clock.now() - beganAt;
  const { entries, suspects } = await compareAll(kept, judge);
  const cut = await cutOf(parts, suspects);
  if (cut !== undefined) whole.add(cut);
  const untilAt = clock.now() + (options.settleMs ?? settleMsUsual);
  const wrong = await settle({ log, kept, clock, untilAt }, suspects);
  const differences = sampling<Difference>();
  for (const each of wrong) differences.add(each);
  const problems = joined(whole.taken(), found.problems);
  const settled = suspects.length - wrong.length;
  return reportOf({ upTo, readMs, entries, differences, settled, anchor }, { ...found, problems });
}

/** What is known of a later position than the log has shows that its end is gone: at no other time is the log behind. */
async function cutOf(
  { log, known }: Pick<ReplayParts, "log" | "known">,
  suspects: readonly Suspect[],
): Promise<ChainProblem | undefined> {
  const kept = await known();
  const later = suspects.reduce((seq, { found }) => Math.max(seq, found?.seq ?? 0), 0);
  const latest = later > kept.seq ? { seq: later, by: "the views" } : kept;
  const end = await log.lastSeq();
  if (latest.seq <= end) return undefined;
  const why = `the log ends at ${end}, but position ${latest.seq} is known to ${latest.by}: it was cut`;
  return { seq: end, aggregate: "the log", why };
}

/** What is wrong with the log as a whole explains the rest. */
function joined<T>(one: Sampled<T>, other: Sampled<T>): Sampled<T> {
  return { count: one.count + other.count, first: [...one.first, ...other.first] };
}

async function compareAll(kept: KeptViews, judge: Judge): Promise<ViewFindings> {
  for (const bucket of viewBuckets)
    await kept.read(bucket, {
      begins: () => judge.begins(bucket),
      deliver: (key, bytes) => judge.kept(bucket, key, bytes),
      room: () => judge.room(),
    });
  return await judge.endOfViews();
}

interface Findings {
  readonly upTo: number;
  readonly readMs: number;
  readonly entries: Readonly<Record<string, number>>;
  readonly settled: number;
  readonly anchor: Anchor;
  readonly differences: Sampling<Difference>;
}

function reportOf({ differences, ...rest }: Findings, { counts, problems, foreign }: LogFindings): ReplayReport {
  const different = differences.taken();
  const { readMs } = rest;
  return {
    ok: problems.count === 0 && different.count === 0,
    ...counts,
    ...rest,
    problems,
    foreign,
    differences: different,
    eventsPerSecond: readMs === 0 ? counts.events : Math.round((counts.events / readMs) * 1000),
  };
}
