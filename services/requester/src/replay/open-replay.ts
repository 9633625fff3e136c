import { type Given, readConfig } from "@shoal/core";
import { connectRequester, type Damage, decodeEntry, encodeEntry, systemClock, type ViewName } from "@shoal/nats";
import { buckets } from "@shoal/proto";
import { RequesterConfig } from "../config.ts";
import { type JobAsOf, jobAsOf, type Moment } from "./as-of.ts";
import { type ReplayOptions, replay } from "./replay.ts";
import type { ReplayReport } from "./report.ts";

/** Replays over a real log. */
export interface OpenReplay {
  /** As `replay`. */
  run(options?: ReplayOptions): Promise<ReplayReport>;
  /** As `jobAsOf`. */
  jobAsOf(jobId: string, moment: Moment): Promise<JobAsOf>;
  close(): Promise<void>;
}

// Who only reads needs no name of its own in the cluster.
const readerId = "replay";

const isView = (bucket: string): bucket is ViewName => ["jobs", "executions", "nodes", "assignments"].includes(bucket);

/** Connects to the log that a requester's settings name (`nats.…`). Throws Fault CONFIG_INVALID, LOG_UNREACHABLE, LOG_UNSUITABLE. */
export async function openReplay(given: Given): Promise<OpenReplay> {
  const { url, user, password, replicas } = readConfig(RequesterConfig, given).nats;
  const damages = new Map<number, Damage>();
  const nats = await connectRequester({
    requesterId: readerId,
    servers: url.split(",").map((each) => each.trim()),
    replicas,
    ...(user === "" ? {} : { user, pass: password }),
    onDamage: (damage) => damages.set(damage.seq, damage),
    onParked: () => {},
  });
  const viewOf = (bucket: string): ViewName => (isView(bucket) ? bucket : buckets.jobs);
  const kept = {
    all: (bucket: string) => nats.readAll(viewOf(bucket)),
    store: (bucket: string) => nats.views[viewOf(bucket)],
    encode: encodeEntry,
    decode: decodeEntry,
  };
  const problems = () => [...damages.values()].map(({ seq, subject, why }) => ({ seq, aggregate: subject, why }));
  return {
    run: (options) => replay({ log: nats.log, kept, clock: systemClock(), damages: problems }, options),
    jobAsOf: (jobId, moment) => jobAsOf(nats.log, jobId, moment),
    close: () => nats.close(),
  };
}
