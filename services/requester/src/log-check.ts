import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Clock, type EventLog, Fault, pause } from "@shoal/core";
import type { AcceptedLoss, KnownPosition } from "@shoal/nats";
import { deleteDatabase, newestInDatabase } from "./catalog/open-database.ts";

/** Where a requester keeps its index of jobs, in its dataDir. */
export const catalogFile = (dataDir: string): string => join(dataDir, "catalog.sqlite");

/** What is held against the end of the log. */
export interface LogCheckParts {
  readonly log: Pick<EventLog, "lastSeq">;
  newestKnown(): Promise<KnownPosition>;
  acceptedLoss(): Promise<AcceptedLoss | undefined>;
  readonly dataDir: string;
  readonly clock: Clock;
}

// A leader that was deposed answers with what it had until it knows, some moments later: nobody ends a process by its word alone.
const looks = { count: 5, everyMs: 1_000 } as const;

/**
 * Refuses a log that ends before what views, their positions or this requester's own index know: its end was cut off, and positions
 * would be given out a second time. Call it before the index is opened. Throws Fault LOG_DAMAGED, LOG_UNREACHABLE.
 */
export async function checkLog(parts: LogCheckParts): Promise<void> {
  const { dataDir, log, clock } = parts;
  forgetAcceptedLoss(dataDir, await parts.acceptedLoss());
  const own = { seq: newestInDatabase(catalogFile(dataDir)), by: `the index in ${dataDir}` };
  const saved = await parts.newestKnown();
  await demandEnd(log, { known: own.seq > saved.seq ? own : saved, clock });
}

/** Throws Fault LOG_DAMAGED when the log goes on ending before what is known. */
export async function demandEnd(
  log: Pick<EventLog, "lastSeq">,
  { known, clock }: { readonly known: KnownPosition; readonly clock: Clock },
): Promise<void> {
  let end = await log.lastSeq();
  for (let look = 1; look < looks.count && end < known.seq; look++) {
    await pause(clock, looks.everyMs);
    end = await log.lastSeq();
  }
  if (end >= known.seq) return;
  const found = `the log ends at ${end}, but position ${known.seq} is known to ${known.by}: it was cut`;
  throw new Fault(
    "LOG_DAMAGED",
    `${found}. Bring its files back, or go on without what is lost: shoal repair --accept-loss`,
  );
}

/** An index that was filled before a loss was accepted knows positions that are given out again since: it is filled again. */
function forgetAcceptedLoss(dataDir: string, loss: AcceptedLoss | undefined): void {
  const file = join(dataDir, "accepted-loss");
  const before = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  if (loss === undefined || loss.seq === before) return;
  deleteDatabase(catalogFile(dataDir));
  // Behind the removal: when this process dies in between, it is done again.
  writeFileSync(file, `${loss.seq}`, { mode: 0o600 });
}
