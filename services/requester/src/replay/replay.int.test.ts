import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { entries, entryOf, foldJob, jobViews, noTip, type Tip } from "@shoal/core";
import {
  connectRequester,
  decodeEntry,
  encodeEntry,
  findServer,
  type RequesterPorts,
  type RunningServer,
  startServer,
  systemClock,
} from "@shoal/nats";
import {
  buckets,
  commitVersion,
  JobCompleted,
  JobStarted,
  JobSubmitted,
  type StoredEvent,
  streams,
  subjectOf,
} from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { benchSpec } from "../testing/api-bench.ts";
import { jobIdOf, jobRef, steps } from "../testing/bench-jobs.ts";
import { commitOf } from "./commit-of.ts";
import { createJudge } from "./judge.ts";
import { logMessageOf, openReplay } from "./open-replay.ts";
import { replay } from "./replay.ts";
import type { Anchor, ReplayReport } from "./report.ts";

const spec = benchSpec();
const [good, broken, forged, damaged] = [jobIdOf(1), jobIdOf(2), jobIdOf(3), jobIdOf(4)];

describe("a replay of a real log", () => {
  let root = "";
  let server: RunningServer;
  let ports: RequesterPorts;
  beforeEach(async () => {
    root = await mkdtemp(join(tmpdir(), "shoal-replay-"));
    server = await startServer(await findServer(), { dataDir: join(root, "nats"), port: -1 });
    ports = await connectRequester({
      requesterId: "r-1",
      replicas: 1,
      servers: [server.url],
      onParked: () => {},
    });
  });
  afterEach(async () => {
    await ports.close();
    await server.stop();
    await rm(root, { recursive: true, force: true });
  });

  const append = (jobId: string, after: Tip, ...events: readonly StoredEvent[]): Promise<Tip> => {
    const id = `${jobId}-${after.seq}`;
    const commit = {
      v: commitVersion,
      id,
      at: 1,
      by: "r-1",
      actor: { type: "requester", id: "r" },
      cause: { command: "test" },
      epoch: 0,
      prev: after.hash,
      events,
    } as const;
    return ports.log.append(jobRef(jobId), after, commit);
  };
  /** A whole life, and its views as an owner writes them. */
  const live = async (jobId: string): Promise<void> => {
    const submitted = await append(jobId, noTip, JobSubmitted.of({ jobId, spec, version: 1 }));
    const assigned = await append(jobId, submitted, steps.assigned(jobId), JobStarted.of({}));
    await append(jobId, assigned, steps.started(jobId), steps.completed(jobId), JobCompleted.of({}));
    await project(jobId);
  };
  const project = async (jobId: string): Promise<void> => {
    const job = foldJob(await ports.log.load(jobRef(jobId))) ?? expect.unreachable(jobId);
    const stores = { jobs: ports.views.jobs, assignments: ports.views.assignments };
    for (const view of jobViews)
      for (const { key, seq, value } of entries(view, job))
        await Object.entries(stores)
          .find(([name]) => name === view.bucket)?.[1]
          ?.put(key, entryOf(seq, value));
  };
  const publish = (subject: string, bytes: Uint8Array) => ports.link.publisher.publish({ subject, bytes });

  const here = (anchor?: Anchor): Promise<ReplayReport> =>
    replay(
      {
        log: ports.log,
        readLog: ({ deliver, room }) => ports.readLog({ deliver: (message) => deliver(logMessageOf(message)), room }),
        known: ports.newestKnown,
        kept: {
          read: (bucket, reader) => ports.readAll(bucket === buckets.nodes ? "nodes" : viewOf(bucket), reader),
          store: (bucket) => ports.views[viewOf(bucket)],
          encode: encodeEntry,
        },
        clock: systemClock(),
        judge: createJudge({ commit: commitOf, encode: encodeEntry, decode: decodeEntry }),
      },
      { settleMs: 0, ...(anchor === undefined ? {} : { expect: anchor }) },
    );
  const viewOf = (bucket: string) => (bucket === "assignments" || bucket === "nodes" ? bucket : "jobs");
  const onThreads = async (): Promise<ReplayReport> => {
    const opened = await openReplay({ env: {}, flags: { "nats.url": server.url } });
    return await opened.run({ settleMs: 0 }).finally(() => opened.close());
  };
  /** All but how long it took. */
  const said = ({ readMs, eventsPerSecond, ...report }: ReplayReport) => report;

  it("comes to the same on threads of its own as here, when all is well", async () => {
    for (const jobId of [good, broken]) await live(jobId);
    const report = said(await onThreads());
    expect(report).toMatchObject({ ok: true, commits: 6, events: 12, jobs: 2, entries: { jobs: 2, executions: 2 } });
    expect(report).toEqual(said(await here()));
  });

  it("comes to the same when the chain is broken, an entry is forged and a message is no commit", async () => {
    for (const jobId of [good, forged]) await live(jobId);
    const first = await append(broken, noTip, JobSubmitted.of({ jobId: broken, spec, version: 1 }));
    await append(broken, { ...first, hash: "0".repeat(64) }, steps.assigned(broken));
    const kept = (await ports.views.jobs.get(`default.${forged}`)) ?? expect.unreachable();
    await publish(`$KV.jobs.default.${forged}`, encodeEntry({ ...kept, odd: true }));
    const headers = { "Nats-Msg-Id": "as an append has it" };
    const bytes = new TextEncoder().encode("no commit");
    await ports.link.publisher.publish({ subject: subjectOf(jobRef(damaged)), bytes, headers });
    const report = said(await onThreads());
    expect(report.problems).toMatchObject({
      count: 2,
      first: [
        { seq: 8, aggregate: broken, why: expect.stringMatching(/was changed or is missing/) },
        { seq: 9, aggregate: subjectOf(jobRef(damaged)), why: "its bytes are no commit" },
      ],
    });
    expect(report.differences).toMatchObject({
      count: 1,
      first: [{ bucket: "jobs", key: `default.${forged}`, why: "different" }],
    });
    expect(report).toEqual(said(await here()));
  });

  it("skips, counts and shows what nobody appended, on threads and here", async () => {
    await live(good);
    await publish(subjectOf(jobRef(good)), new TextEncoder().encode('{"stream":"REPORTS","seq":1}'));
    await live(broken);
    const report = said(await onThreads());
    expect(report).toMatchObject({
      ok: true,
      jobs: 2,
      problems: { count: 0 },
      foreign: {
        count: 1,
        first: [{ seq: 4, subject: subjectOf(jobRef(good)), text: '{"stream":"REPORTS","seq":1}' }],
      },
    });
    expect(report).toEqual(said(await here()));
  });

  it("says that a whole job was purged, with its views, and that the anchor is not found", async () => {
    // As whoever holds the server can have it: a log that may be purged.
    const { streams: api } = await ports.link.manager();
    const { config } = await api.info(streams.events);
    await api.delete(streams.events);
    await api.add({ ...config, deny_purge: false });
    for (const jobId of [good, broken]) await live(jobId);
    const { anchor } = await here();
    await api.purge(streams.events, { filter: subjectOf(jobRef(good)) });
    await api.purge("KV_jobs", { filter: `$KV.jobs.default.${good}` });
    const opened = await openReplay({ env: {}, flags: { "nats.url": server.url } }).catch(
      (failure: unknown) => failure,
    );
    // A log that may be purged is no log to start on.
    expect(opened).toMatchObject({ code: "LOG_UNSUITABLE", message: expect.stringContaining("EVENTS.deny_purge") });
    const report = await here(anchor);
    expect(report).toMatchObject({ ok: false, jobs: 1, differences: { count: 0 } });
    expect(report.problems.first.map(({ why }) => why)).toEqual([
      expect.stringContaining("positions 1 to 3 are missing"),
      expect.stringContaining(`expected ${anchor.seq}:${anchor.hash}, got ${anchor.seq}:`),
    ]);
  });

  it("may be run again, and twice at once", async () => {
    await live(good);
    const opened = await openReplay({ env: {}, flags: { "nats.url": server.url } });
    const once = await opened.run();
    await live(broken);
    const [one, other] = await Promise.all([opened.run(), opened.run()]);
    await opened.close();
    expect([once.jobs, one.jobs, other.jobs]).toEqual([1, 2, 2]);
    expect([once.ok, one.ok, other.ok]).toEqual([true, true, true]);
  });

  it("is refused, and hangs on nothing, when it is closed meanwhile", async () => {
    await live(good);
    const opened = await openReplay({ env: {}, flags: { "nats.url": server.url } });
    const running = opened.run();
    const refused = expect(running).rejects.toMatchObject({ code: "LOG_UNREACHABLE" });
    await opened.close();
    await refused;
  });
});
