import { hash } from "node:crypto";
import type { Clock, EventLog } from "@shoal/core";
import { compareBucket, type Suspect } from "./compare.ts";
import type { KeptViews } from "./kept-views.ts";
import { createRebuilt, type Rebuilt } from "./rebuild.ts";
import type { ChainProblem, Difference, ReplayReport } from "./report.ts";
import { type Sampling, sampling } from "./sampled.ts";
import { settle } from "./settle.ts";
import { createWantedEntries, type WantedEntries } from "./wanted-entries.ts";

/** What a replay reads; it writes nothing. */
export interface ReplayParts {
  readonly log: EventLog;
  readonly kept: KeptViews;
  readonly clock: Clock;
  /** Messages in the log that are no commits, as far as they have been met. */
  readonly damages?: () => Iterable<ChainProblem>;
}

/** How a replay goes about it. */
export interface ReplayOptions {
  /** How long entries that are being written just now may take to be right, in milliseconds. */
  readonly settleMs?: number;
}

// Longer than a shard is without an owner after its requester was killed, and than one write takes.
const settleMsUsual = 10_000;

// 128 bits tell entries apart; half the memory of the whole digest.
const digest = (bytes: Uint8Array): string => hash("sha256", bytes, "base64").slice(0, 22);

/**
 * Makes all views again from nothing but the log and holds them against the kept ones, byte for byte; verifies the chain of digests
 * on the way. Works on a living cluster too. Throws Fault LOG_UNREACHABLE; whatever is wrong with the data is in the report.
 */
export async function replay(parts: ReplayParts, options: ReplayOptions = {}): Promise<ReplayReport> {
  const { log, kept, clock } = parts;
  const problems = sampling<ChainProblem>();
  const wanted = createWantedEntries(kept.encode, digest);
  const rebuilt = createRebuilt(wanted, problems.add);
  const beganAt = clock.now();
  const upTo = await log.scan(0, rebuilt.take);
  const readMs = clock.now() - beganAt;
  rebuilt.finish();
  for (const damage of parts.damages?.() ?? []) problems.add(damage);
  const { entries, suspects } = await compareAll(kept, wanted);
  const untilAt = clock.now() + (options.settleMs ?? settleMsUsual);
  const wrong = await settle({ log, kept, clock, untilAt }, suspects);
  const differences = sampling<Difference>();
  for (const each of wrong) differences.add(each);
  return reportOf({ upTo, readMs, rebuilt, entries, problems, differences, settled: suspects.length - wrong.length });
}

async function compareAll(kept: KeptViews, wanted: WantedEntries) {
  const entries: Record<string, number> = {};
  const suspects: Suspect[] = [];
  for (const bucket of wanted.digests.keys()) {
    const compared = compareBucket(bucket, await kept.all(bucket), { wanted, kept, digest });
    entries[bucket] = compared.entries;
    suspects.push(...compared.suspects);
  }
  return { entries, suspects };
}

interface Findings {
  readonly upTo: number;
  readonly readMs: number;
  readonly rebuilt: Rebuilt;
  readonly entries: Readonly<Record<string, number>>;
  readonly settled: number;
  readonly problems: Sampling<ChainProblem>;
  readonly differences: Sampling<Difference>;
}

function reportOf({ rebuilt, problems, differences, readMs, ...rest }: Findings): ReplayReport {
  const found = { problems: problems.taken(), differences: differences.taken() };
  const { events } = rebuilt.counts;
  return {
    ok: found.problems.count === 0 && found.differences.count === 0,
    ...rebuilt.counts,
    ...rest,
    ...found,
    readMs,
    eventsPerSecond: readMs === 0 ? events : Math.round((events / readMs) * 1000),
  };
}
