import { kinds as allKinds, type ConfigSources, type Kinds, readConfig } from "@shoal/core";
import {
  connectionOf,
  connectRequester,
  decodeEntry,
  encodeEntry,
  messageReader,
  type NatsRequesterPorts,
} from "@shoal/nats";
import { systemClock, systemRandom } from "@shoal/node";
import { RequesterConfig } from "../config.ts";
import { type AsOf, type JobAsOf, jobAsOf } from "./as-of.ts";
import { type RebuildOptions, type RebuildSummary, rebuildViews } from "./rebuild-views.ts";
import type { ReplayReport } from "./report.ts";
import type { StoredViews, Stores } from "./stored-views.ts";
import { type VerifyOptions, type VerifyParts, verifyViews } from "./view-verifier.ts";

/** The tools that read a real log from its beginning. */
export interface OpenReplay {
  /** The buckets that can be rebuilt. */
  readonly buckets: readonly string[];
  /** As `verifyViews`. */
  run(options?: VerifyOptions): Promise<ReplayReport>;
  /** As `rebuildViews`. */
  rebuild(options: RebuildScope): Promise<RebuildSummary>;
  /** As `jobAsOf`. */
  jobAsOf(jobId: string, moment: AsOf): Promise<JobAsOf>;
  close(): Promise<void>;
}

/** Which entries to rebuild. */
export type RebuildScope = Pick<RebuildOptions, "shard" | "buckets" | "signal" | "onProgress">;

// The name under which these tools connect; they own and decide nothing.
const readerId = "replay";

// A quarter of it idles a verification while the NATS server waits for a core: 3 µs of 45 a commit (measured on two
// busy cores). No other work shares the process, unlike in an owner.
const commitsAhead = 1_000;

/** Connects to the log that a requester's settings name (`nats.…`). Throws as `connectRequester` does, and Fault CONFIG_INVALID. */
export async function openReplay(given: ConfigSources): Promise<OpenReplay> {
  const { nats: settings } = readConfig(RequesterConfig, given);
  const nats = await connectRequester({
    clock: systemClock(),
    random: systemRandom,
    requesterId: readerId,
    ...connectionOf(settings),
    replicas: settings.replicas,
    onParked: () => {},
  });
  const { log, positions } = nats;
  const parts = verifyPartsOf(nats);
  const { stores, views } = parts;
  return {
    buckets: Object.keys(stores),
    run: (options) => verifyViews(parts, options),
    rebuild: (options) => rebuildViews({ log, positions, kinds: allKinds, stores, views, ...options }),
    jobAsOf: (jobId, moment) => jobAsOf(log, jobId, moment),
    close: () => nats.close(),
  };
}

/** The inputs of a verification of a real cluster, over ports with these kinds. */
export function verifyPartsOf(nats: NatsRequesterPorts, kinds: Kinds = allKinds): VerifyParts {
  const stores: Stores = nats.views;
  const views: StoredViews = {
    read: (bucket, reader) => nats.readAll(bucket, reader),
    encode: encodeEntry,
    decode: decodeEntry,
  };
  return {
    log: nats.log,
    kinds,
    readLog: (deliver) => nats.readLog({ deliver, batch: commitsAhead }),
    read: messageReader(kinds),
    views,
    stores,
    known: nats.newestKnown,
    clock: systemClock(),
  };
}
