import { Fault } from "@shoal/core";
import { shardCount, shardOf, subjectOf, subjects } from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { executionOf, jobIdOf, jobRef, steps } from "../testing/sample-jobs.ts";
import { type Change, createVerifyHarness, type StrayMessage, type VerifyHarness } from "../testing/verify-harness.ts";
import { appended, parties } from "../testing/verify-history.ts";
import { jobAsOf } from "./as-of.ts";
import { verifyViews } from "./view-verifier.ts";

let harness: VerifyHarness;
beforeEach(() => {
  harness = createVerifyHarness();
});
afterEach(() => harness.close());

const { done, open } = parties;
const { submit, complete, history } = appended(() => harness);

const run = (change?: Change, behind: readonly StrayMessage[] = []) =>
  verifyViews(harness.parts(change, behind), { recheckMs: 0 });
const nth = async (id: string, index: number): Promise<number> =>
  (await harness.ports.log.load(jobRef(id)))[index]?.seq ?? 0;
const without =
  (...gone: readonly number[]): Change =>
  (all) =>
    all.filter(({ seq }) => !gone.includes(seq));
const stray = (ref: Parameters<typeof subjectOf>[0], text: string): StrayMessage => ({
  subject: subjectOf(ref),
  text,
  isAppended: true,
});

describe("a verification", () => {
  it("finds no problem, and counts the entries", async () => {
    await history();
    expect(await run()).toMatchObject({
      ok: true,
      upTo: await harness.ports.log.lastSeq(),
      commits: 8,
      events: 11,
      aggregates: { job: 2, node: 1 },
      entries: { jobs: 2, assignments: 1, nodes: 1, open: 2 },
      problems: { count: 0 },
      unreadable: { count: 0 },
      mismatches: { count: 0 },
    });
  });
  it("accepts an empty log", async () => {
    expect(await run()).toMatchObject({ ok: true, commits: 0, upTo: 0 });
  });
});

describe("a verification of a damaged log", () => {
  it("names the commit behind one whose bytes were changed", async () => {
    await history();
    const changed = await nth(done, 1);
    const report = await run((all) =>
      all.map((each) => (each.seq === changed ? { ...each, hash: "0".repeat(64) } : each)),
    );
    expect(report.ok).toBe(false);
    expect(report.problems).toMatchObject({ count: 1, first: [{ aggregate: done, seq: await nth(done, 2) }] });
    expect(report.problems.first[0]?.why).toMatch(/was changed or is missing/);
  });
  it.each([1, 2])("names the commit behind a missing one (%i)", async (index) => {
    await history();
    const gone = await nth(done, index);
    expect((await run(without(gone))).problems).toMatchObject({
      count: 2,
      first: [
        { aggregate: "the log", seq: gone, why: expect.stringContaining(`position ${gone} is missing`) },
        { aggregate: done, seq: await nth(done, index + 1) },
      ],
    });
  });
  it("reports a missing beginning", async () => {
    await history();
    const report = await run(without(await nth(done, 0)));
    expect(report.problems.first[1]?.why).toMatch(/commits before it are missing/);
  });
  it("detects a missing end of a job by its position, and by the views", async () => {
    await history();
    const gone = await nth(done, 3);
    const report = await run(without(gone));
    expect(report.problems).toMatchObject({ count: 1, first: [{ seq: gone }] });
    expect(report.mismatches.count).toBeGreaterThan(0);
  });
  it("names what its kind does not allow", async () => {
    await history();
    await submit(open);
    expect((await run()).problems).toMatchObject({
      count: 1,
      first: [{ aggregate: open, why: expect.stringMatching(/cannot follow/) }],
    });
  });
  it("names a commit after a settled aggregate that cannot continue it", async () => {
    await history();
    const { seq } = await harness.append(jobRef(done), steps.started(done));
    expect((await run()).problems).toMatchObject({
      count: 1,
      first: [{ seq, aggregate: done, why: expect.stringMatching(/cannot follow/) }],
    });
  });
  it("reports a missing job, also when its views are gone", async () => {
    await history();
    const gone = (await harness.ports.log.load(jobRef(done))).map(({ seq }) => seq);
    harness.sim.views.jobs.write(`default.${done}`, 1000, undefined);
    const report = await run(without(...gone));
    expect(report).toMatchObject({ ok: false, mismatches: { count: 0 } });
    expect(report.problems.first.every(({ seq, aggregate }) => gone.includes(seq) && aggregate === "the log")).toBe(
      true,
    );
  });
  it("reports that the log was cut when the views know a later position", async () => {
    await history();
    const end = await harness.ports.log.lastSeq();
    const { jobs } = harness.sim.views;
    for (const [key, { json }] of [...jobs.saved])
      jobs.write(key, end + 9, { ...JSON.parse(json ?? ""), seq: end + 9 });
    expect((await run()).problems).toMatchObject({
      count: 1,
      first: [{ why: `the log ends at ${end}, but position ${end + 9} is known to the views: it was cut` }],
    });
  });
  it("reports that the log was cut when a position is later, whatever the views contain", async () => {
    await history();
    harness.known = { seq: (await harness.ports.log.lastSeq()) + 1, by: "a position" };
    expect(await run()).toMatchObject({
      ok: false,
      problems: { count: 1, first: [{ why: expect.stringContaining("is known to a position: it was cut") }] },
      mismatches: { count: 0 },
    });
  });
  it("names what is in a shard that is not its aggregate's", async () => {
    await history();
    const [stored] = await harness.ports.log.load(jobRef(done));
    const subject = subjects.job("default", done, (shardOf(done) + 1) % shardCount);
    const report = await run(undefined, [{ subject, text: JSON.stringify(stored), isAppended: true }]);
    expect(report).toMatchObject({
      ok: false,
      aggregates: { job: 2 },
      problems: { count: 1, first: [{ aggregate: done, why: expect.stringMatching(/not the shard/) }] },
      mismatches: { count: 0 },
    });
  });
  it("skips and shows messages that no requester appended, without counting them as damage", async () => {
    await history();
    const end = await harness.ports.log.lastSeq();
    const subject = subjectOf(jobRef(open));
    const report = await run(undefined, [{ subject, text: "+ACK", isAppended: false }]);
    expect(report).toMatchObject({ ok: true, upTo: end + 1, problems: { count: 0 }, unreadable: { count: 0 } });
    expect(report.foreign.first.at(-1)).toEqual({ seq: end + 1, subject, text: "+ACK" });
  });
  it("recognizes a commit as owners do, with or without a message id", async () => {
    await history();
    const { seq, ...stored } = await complete(open);
    const subject = subjectOf(jobRef(open));
    const report = await run(without(seq), [{ subject, text: JSON.stringify(stored), isAppended: false }]);
    expect(report.commits).toBe(9);
    expect(report.foreign.first.map((each) => each.subject)).not.toContain(subject);
  });
});

describe("a verification of a log that cannot be read to its end", () => {
  it.each(["newer", "damaged"])("names what is %s, and verifies everything beside it", async (text) => {
    await history();
    const seq = (await harness.ports.log.lastSeq()) + 1;
    harness.sim.views.nodes.write("n-one", 1, { seq: 1, odd: true });
    const report = await run(undefined, [stray(jobRef(open), text)]);
    expect(report).toMatchObject({
      ok: false,
      problems: { count: 0 },
      unreadable: {
        count: 1,
        first: [{ seq, aggregate: jobRef(open), code: text === "newer" ? "LOG_NEWER" : "LOG_DAMAGED" }],
      },
      mismatches: { count: 1, first: [{ bucket: "nodes", key: "n-one" }] },
    });
  });
  it("does not compare its aggregate's entries: a later version may have written them", async () => {
    await history();
    const { jobs, assignments } = harness.sim.views;
    jobs.write(`default.${open}`, 1000, { seq: 1000, deferred: true });
    assignments.write("n-two.e-later", 1000, { seq: 1000, jobId: open, namespace: "default" });
    const report = await run(undefined, [stray(jobRef(open), "newer")]);
    expect(report).toMatchObject({ unreadable: { count: 1 }, mismatches: { count: 0 } });
  });
  it("names it once when the aggregate had settled before", async () => {
    await history();
    const parts = harness.parts(undefined, [stray(jobRef(done), "newer")]);
    const load: typeof parts.log.load = async (aggregate) => {
      if (aggregate.id === done) throw new Fault("LOG_NEWER", "it is newer");
      return await parts.log.load(aggregate);
    };
    const report = await verifyViews({ ...parts, log: { ...parts.log, load } }, { recheckMs: 0 });
    expect(report).toMatchObject({ unreadable: { count: 1 }, problems: { count: 0 }, mismatches: { count: 0 } });
  });
});

describe("a verification of wrong views", () => {
  it.each(["jobs", "nodes", "assignments", "open"] as const)("names an entry of %s that is different", async (name) => {
    await history();
    const bucket = harness.sim.views[name];
    const [key = "", saved] = [...bucket.saved].find(([, { json }]) => json !== undefined) ?? [];
    bucket.write(key, saved?.seq ?? 0, { ...JSON.parse(saved?.json ?? ""), odd: true });
    const report = await run();
    expect(report.mismatches).toMatchObject({ count: 1, first: [{ bucket: name, key, why: "different" }] });
    expect(report.mismatches.first[0]?.actual).not.toBe(report.mismatches.first[0]?.expected);
    expect(report.ok).toBe(false);
  });
  it("names a missing entry", async () => {
    await history();
    harness.sim.views.assignments.write(`n-one.${executionOf(open)}`, 1000, undefined);
    expect((await run()).mismatches.first).toMatchObject([
      { bucket: "assignments", why: "missing", actual: undefined },
    ]);
  });
  it.each([
    ["jobs", `default.${jobIdOf(9)}`],
    ["nodes", "n-other"],
    ["assignments", "n-one.e-other"],
    ["open", "3.job.default.j-other"],
  ] as const)("names an entry of %s that nothing expects", async (name, key) => {
    await history();
    harness.sim.views[name].write(key, 1, { seq: 1, jobId: done, kind: "job", namespace: "default", id: "j-other" });
    expect((await run()).mismatches.first).toMatchObject([
      { bucket: name, key, why: "unexpected", expected: undefined },
    ]);
  });
  it("names an entry with the same content in other bytes", async () => {
    await history();
    const key = `default.${done}`;
    const entry = JSON.parse(harness.sim.views.jobs.saved.get(key)?.json ?? "");
    harness.forged.set(key, Buffer.from(JSON.stringify(entry, null, 1)));
    expect((await run()).mismatches.first).toMatchObject([{ bucket: "jobs", key, why: "different" }]);
  });
  it("does not wait for an entry that no requester writes again", async () => {
    await history();
    harness.sim.views.nodes.write("n-one", 1000, { seq: 1000 });
    const before = harness.sim.clock.now();
    expect((await verifyViews(harness.parts(), { recheckMs: 60_000 })).mismatches.count).toBe(1);
    expect(harness.sim.clock.now() - before).toBeLessThan(60_000);
  });
});

describe("a verification of views that are being written", () => {
  it("waits for an entry that is being written", async () => {
    await history();
    await complete(open);
    harness.sim.clock.at(harness.sim.clock.now() + 500, () => void harness.project(jobRef(open)));
    const report = await verifyViews(harness.parts(), { recheckMs: 60_000 });
    expect(report).toMatchObject({ ok: true, mismatches: { count: 0 } });
    expect(report.rechecked).toBeGreaterThanOrEqual(3);
  });
  it("accepts what became true after the views were read", async () => {
    await history();
    const parts = harness.parts();
    const readLog: typeof parts.readLog = async (deliver) => {
      await complete(open);
      await harness.project(jobRef(open));
      return await parts.readLog(deliver);
    };
    expect(await verifyViews({ ...parts, readLog }, { recheckMs: 0 })).toMatchObject({ ok: true });
  });
  it("accepts what became true after the log was read", async () => {
    await history();
    const parts = harness.parts();
    const readLog: typeof parts.readLog = async (deliver) => {
      const upTo = await parts.readLog(deliver);
      await complete(open);
      await harness.project(jobRef(open));
      return upTo;
    };
    expect(await verifyViews({ ...parts, readLog }, { recheckMs: 0 })).toMatchObject({ ok: true });
  });
  it("uses the last delivered value of a key, and none from before a redelivery", async () => {
    await history();
    const parts = harness.parts();
    const odd = Buffer.from('{"seq":1}');
    const read: typeof parts.views.read = async (bucket, reader) => {
      reader.deliver("default.j-before", odd);
      await parts.views.read(bucket, {
        ...reader,
        deliver(key, bytes) {
          reader.deliver(key, odd);
          reader.deliver(key, bytes);
        },
      });
      reader.deliver("default.j-gone", odd);
      reader.deliver("default.j-gone", undefined);
    };
    expect(await verifyViews({ ...parts, views: { ...parts.views, read } }, { recheckMs: 0 })).toMatchObject({
      ok: true,
      rechecked: 0,
      entries: { jobs: 2, assignments: 1, nodes: 1 },
    });
  });
  it("does not wait indefinitely", async () => {
    await history();
    await complete(open);
    const before = harness.sim.clock.now();
    expect((await verifyViews(harness.parts(), { recheckMs: 5_000 })).ok).toBe(false);
    expect(harness.sim.clock.now() - before).toBeGreaterThanOrEqual(5_000);
  });
});

describe("a job as of a moment", () => {
  it("is found by position and by time", async () => {
    await history();
    const { log } = harness.ports;
    const states = ["pending", "running", "running", "completed"];
    for (const [index, { seq }] of (await log.load(jobRef(done))).entries()) {
      const then = await jobAsOf(log, done, { seq });
      expect(then.job.state.stateType).toBe(states[index]);
      expect(then.executions).toHaveLength(index === 0 ? 0 : 1);
    }
    await expect(jobAsOf(log, done, { seq: 0 })).rejects.toThrow(/job not found/);
    await expect(jobAsOf(log, done, { at: 0 })).rejects.toThrow(/job not found/);
  });
});
