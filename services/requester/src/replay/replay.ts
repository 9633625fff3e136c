import type { Clock, EventLog } from "@shoal/core";
import type { Judge, LogFindings, LogMessage, ViewFindings } from "./judge.ts";
import type { KeptViews } from "./kept-views.ts";
import type { Difference, ReplayReport } from "./report.ts";
import { type Sampling, sampling } from "./sampled.ts";
import { settle } from "./settle.ts";
import { viewBuckets } from "./wanted-entries.ts";

/** What a replay reads; it writes nothing. */
export interface ReplayParts {
  readonly log: EventLog;
  /** Tells every message of the log up to its end as it was when called, in order; resolves with that end. Throws Fault LOG_UNREACHABLE. */
  readLog(reader: { deliver(message: LogMessage): void; room(): Promise<void> | undefined }): Promise<number>;
  readonly kept: KeptViews;
  readonly clock: Clock;
  /** Who judges what is read; for this replay alone. */
  readonly judge: Judge;
}

/** How a replay goes about it. */
export interface ReplayOptions {
  /** How long entries that are being written just now may take to be right, in milliseconds. */
  readonly settleMs?: number;
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
  const upTo = await parts.readLog({ deliver: (message) => judge.commit(message), room: () => judge.room() });
  const found = await judge.endOfLog();
  const readMs = clock.now() - beganAt;
  const { entries, suspects } = await compareAll(kept, judge);
  const untilAt = clock.now() + (options.settleMs ?? settleMsUsual);
  const wrong = await settle({ log, kept, clock, untilAt }, suspects);
  const differences = sampling<Difference>();
  for (const each of wrong) differences.add(each);
  return reportOf({ upTo, readMs, entries, differences, settled: suspects.length - wrong.length }, found);
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
  readonly differences: Sampling<Difference>;
}

function reportOf({ differences, ...rest }: Findings, { counts, problems }: LogFindings): ReplayReport {
  const different = differences.taken();
  const { readMs } = rest;
  return {
    ok: problems.count === 0 && different.count === 0,
    ...counts,
    ...rest,
    problems,
    differences: different,
    eventsPerSecond: readMs === 0 ? counts.events : Math.round((counts.events / readMs) * 1000),
  };
}
