import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Clock, type EventLog, Fault, pause } from "@shoal/core";
import type { AcceptedLoss, KnownPosition } from "@shoal/nats";
import { deleteDatabase, newestInDatabase } from "./catalog/open-database.ts";

/** The file of a requester's job index, in its dataDir. */
export const catalogFile = (dataDir: string): string => join(dataDir, "catalog.sqlite");

/** What the end of the log is compared with. */
export interface LogCheckParts {
  readonly log: Pick<EventLog, "lastSeq">;
  newestKnown(): Promise<KnownPosition>;
  acceptedLoss(): Promise<AcceptedLoss | undefined>;
  readonly dataDir: string;
  readonly clock: Clock;
}

// A deposed leader may answer with an old end for some moments, so a single answer ends no process.
const looks = { count: 5, everyMs: 1_000 } as const;

/**
 * Refuses a log that ends before a position that the views or this requester's own index contain: its end was cut off,
 * and positions would be assigned a second time. Call it before the index is opened. Throws Fault LOG_DAMAGED,
 * LOG_UNREACHABLE.
 */
export async function checkLog(parts: LogCheckParts): Promise<void> {
  const { dataDir, log, clock } = parts;
  forgetAcceptedLoss(dataDir, await parts.acceptedLoss());
  const own = { seq: newestInDatabase(catalogFile(dataDir)), by: `the index in ${dataDir}` };
  const stored = await parts.newestKnown();
  await demandEnd(log, { known: own.seq > stored.seq ? own : stored, clock });
}

/** Throws Fault LOG_DAMAGED when the log still ends before the known position after all attempts. */
export async function demandEnd(
  log: Pick<EventLog, "lastSeq">,
  { known, clock }: { readonly known: KnownPosition; readonly clock: Clock },
): Promise<void> {
  let end = await log.lastSeq();
  for (let attempt = 1; attempt < looks.count && end < known.seq; attempt++) {
    await pause(clock, looks.everyMs);
    end = await log.lastSeq();
  }
  if (end >= known.seq) return;
  const found = `the log ends at ${end}, but position ${known.seq} is known to ${known.by}: it was cut`;
  throw new Fault("LOG_DAMAGED", `${found}. Restore its files, or accept the loss: shoal repair --accept-loss`);
}

/**
 * An index that was filled before a loss was accepted contains positions that have been assigned again since. It is
 * deleted and refilled.
 */
function forgetAcceptedLoss(dataDir: string, loss: AcceptedLoss | undefined): void {
  const file = join(dataDir, "accepted-loss");
  const before = existsSync(file) ? Number(readFileSync(file, "utf8")) : 0;
  if (loss === undefined || loss.seq === before) return;
  deleteDatabase(catalogFile(dataDir));
  // After the removal: a process that dies in between removes the file again.
  writeFileSync(file, `${loss.seq}`, { mode: 0o600 });
}
