import { type Given, readConfig } from "@shoal/core";
import {
  connectionOf,
  connectRequester,
  encodeEntry,
  type RequesterPorts,
  type ScannedMessage,
  systemClock,
  type ViewName,
} from "@shoal/nats";
import { buckets } from "@shoal/proto";
import { RequesterConfig } from "../config.ts";
import { type JobAsOf, jobAsOf, type Moment } from "./as-of.ts";
import type { LogMessage } from "./judge.ts";
import { type JudgeThreads, startJudgeThreads } from "./judge-threads.ts";
import type { KeptViews } from "./kept-views.ts";
import { type ReplayOptions, type ReplayParts, replay } from "./replay.ts";
import type { ReplayReport } from "./report.ts";

/** Replays over a real log. */
export interface OpenReplay {
  /** As `replay`, judged on threads of its own. */
  run(options?: ReplayOptions): Promise<ReplayReport>;
  /** As `jobAsOf`. */
  jobAsOf(jobId: string, moment: Moment): Promise<JobAsOf>;
  close(): Promise<void>;
}

// Who only reads needs no name of its own in the cluster.
const readerId = "replay";

const isView = (bucket: string): bucket is ViewName => ["jobs", "nodes", "assignments"].includes(bucket);
const viewOf = (bucket: string): ViewName => (isView(bucket) ? bucket : buckets.jobs);

/** Connects to the log that a requester's settings name (`nats.…`). Throws as `connectRequester` does, and Fault CONFIG_INVALID. */
export async function openReplay(given: Given): Promise<OpenReplay> {
  const { nats: settings } = readConfig(RequesterConfig, given);
  const nats = await connectRequester({
    requesterId: readerId,
    ...connectionOf(settings),
    replicas: settings.replicas,
    onParked: () => {},
  });
  const kept = keptViews(nats);
  const { log, newestKnown: known } = nats;
  const readLog: ReplayParts["readLog"] = ({ deliver, room }) =>
    nats.readLog({
      deliver: (message) => deliver(logMessageOf(message)),
      room,
    });
  let starting: Promise<JudgeThreads> | undefined;
  return {
    async run(options) {
      starting ??= startJudgeThreads();
      const threads = await starting;
      return await threads.judging((judge) =>
        replay({ log, readLog, kept, known, clock: systemClock(), judge }, options),
      );
    },
    jobAsOf: (jobId, moment) => jobAsOf(log, jobId, moment),
    async close() {
      await nats.close();
      await (await starting?.catch(() => undefined))?.close();
    },
  };
}

/** A message as the server tells it, for a judge. */
export const logMessageOf = (message: ScannedMessage): LogMessage => ({
  subject: message.subject,
  seq: message.seq,
  bytes: message.bytes,
  appended: message.isAppended(),
});

function keptViews(nats: RequesterPorts): KeptViews {
  return {
    read: (bucket, reader) => nats.readAll(viewOf(bucket), reader),
    store: (bucket) => nats.views[viewOf(bucket)],
    encode: encodeEntry,
  };
}
