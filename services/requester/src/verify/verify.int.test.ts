import { noStreamPosition } from "@shoal/core";
import { encodeEntry } from "@shoal/nats";
import { JobSubmitted, streams, subjectOf } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { harnessSpec } from "../testing/api-harness.ts";
import { type LogOnServer, logOnServer } from "../testing/log-on-server.ts";
import { jobIdOf, jobRef, steps } from "../testing/sample-jobs.ts";
import { openReplay, verifyPartsOf } from "./open-replay.ts";
import type { ReplayReport } from "./report.ts";
import { type VerifyOptions, verifyViews } from "./view-verifier.ts";

const [good, broken, forged, damaged] = [jobIdOf(1), jobIdOf(2), jobIdOf(3), jobIdOf(4)];
const text = (data: string) => new TextEncoder().encode(data);

describe("a verification of a real log", () => {
  let harness: LogOnServer;
  beforeEach(async () => {
    harness = await logOnServer();
  });
  afterEach(() => harness.close());

  const open = () => openReplay({ env: {}, flags: { "nats.url": harness.server.url } });
  const run = async (options: VerifyOptions = {}): Promise<ReplayReport> => {
    const opened = await open();
    return await opened.run({ recheckMs: 0, ...options }).finally(() => opened.close());
  };
  const publish = (subject: string, bytes: Uint8Array, headers = {}) =>
    harness.ports.session.publisher.publish({ subject, bytes, headers });

  it("finds no problem, and the anchor that it printed before", async () => {
    for (const jobId of [good, broken]) await harness.live(jobId);
    await harness.join("n-one");
    const report = await run();
    expect(report).toMatchObject({
      ok: true,
      commits: 7,
      events: 13,
      aggregates: { job: 2, node: 1 },
      entries: { jobs: 2, assignments: 0, nodes: 1, open: 1 },
      rechecked: 0,
    });
    await harness.live(forged);
    expect(await run({ expect: report.anchor })).toMatchObject({ ok: true, aggregates: { job: 3 } });
  });

  it("writes nothing", async () => {
    for (const jobId of [good, broken]) await harness.live(jobId);
    await harness.join("n-one");
    const before = await harness.lastSequences();
    expect((await run()).ok).toBe(true);
    expect(await harness.lastSequences()).toEqual(before);
    await harness.live(damaged);
    expect(await harness.lastSequences()).not.toEqual(before);
  });

  it("names a broken chain, a forged entry and messages that cannot be read, each once", async () => {
    for (const jobId of [good, forged]) await harness.live(jobId);
    const first = await harness.append(
      jobRef(broken),
      noStreamPosition,
      JobSubmitted.of({ jobId: broken, spec: harnessSpec(), version: 1 }),
    );
    await harness.append(jobRef(broken), { ...first, hash: "0".repeat(64) }, steps.assigned(broken));
    const entry = (await harness.ports.views.jobs.get(`default.${forged}`)) ?? expect.unreachable();
    await publish(`$KV.jobs.default.${forged}`, encodeEntry({ ...entry, odd: true }));
    await publish(subjectOf(jobRef(damaged)), text("no commit"), { "Nats-Msg-Id": "as an append has it" });
    await publish(subjectOf(jobRef(good)), text('{"v":99}'), { "Nats-Msg-Id": "of a later version" });
    const report = await run();
    expect(report.problems).toMatchObject({
      count: 1,
      first: [{ seq: 8, aggregate: broken, why: expect.stringMatching(/was changed or is missing/) }],
    });
    expect(report.unreadable).toMatchObject({
      count: 2,
      first: [
        { seq: 9, aggregate: jobRef(damaged), code: "LOG_DAMAGED" },
        { seq: 10, aggregate: jobRef(good), code: "LOG_NEWER" },
      ],
    });
    expect(report.mismatches).toMatchObject({
      count: 1,
      first: [{ bucket: "jobs", key: `default.${forged}`, why: "different" }],
    });
  });

  it("skips, counts and shows messages that no requester appended", async () => {
    await harness.live(good);
    const answer = '{"stream":"REPORTS","seq":1}';
    await publish(subjectOf(jobRef(broken)), text(answer));
    expect(await run()).toMatchObject({
      ok: true,
      aggregates: { job: 1 },
      foreign: { count: 1, first: [{ seq: 4, subject: subjectOf(jobRef(broken)), text: answer }] },
    });
  });

  it("reports that a whole job was purged, with its views, and that the anchor is not found", async () => {
    // An operator of the server can have it: a log that may be purged.
    const { streams: api } = await harness.ports.session.manager();
    const { config } = await api.info(streams.events);
    await api.delete(streams.events);
    await api.add({ ...config, deny_purge: false });
    for (const jobId of [good, broken]) await harness.live(jobId);
    const here = verifyPartsOf(harness.ports);
    const { anchor } = await verifyViews(here, { recheckMs: 0 });
    await api.purge(streams.events, { filter: subjectOf(jobRef(good)) });
    await api.purge("KV_jobs", { filter: `$KV.jobs.default.${good}` });
    // A requester does not start on a log that may be purged.
    await expect(open()).rejects.toMatchObject({
      code: "LOG_UNSUITABLE",
      message: expect.stringContaining("EVENTS.deny_purge"),
    });
    const report = await verifyViews(here, { recheckMs: 0, expect: anchor });
    expect(report).toMatchObject({ ok: false, aggregates: { job: 1 }, mismatches: { count: 0 } });
    expect(report.problems.first.map(({ why }) => why)).toEqual([
      expect.stringContaining("positions 1 to 3 are missing"),
      expect.stringContaining(`expected ${anchor.seq}:${anchor.hash}, got ${anchor.seq}:`),
    ]);
  });

  it("may be repeated, and run twice concurrently", async () => {
    await harness.live(good);
    const opened = await open();
    const once = await opened.run();
    await harness.live(broken);
    const [one, other] = await Promise.all([opened.run(), opened.run()]);
    await opened.close();
    expect([once, one, other].map(({ ok, aggregates }) => [ok, aggregates["job"]])).toEqual([
      [true, 1],
      [true, 2],
      [true, 2],
    ]);
  });

  it("is rejected, and does not hang, when it is closed meanwhile", async () => {
    await harness.live(good);
    const opened = await open();
    const refused = expect(opened.run()).rejects.toMatchObject({ code: "LOG_UNREACHABLE" });
    await opened.close();
    await refused;
  });
});
