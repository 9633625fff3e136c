import {
  type EventLog,
  entries,
  entryOf,
  foldJob,
  foldNode,
  jobViews,
  nodeViews,
  noTip,
  type StoredCommit,
  type ViewEntry,
} from "@shoal/core";
import { createSea, drive, type Sea, sampleInfo } from "@shoal/core/testing";
import type { KnownPosition } from "@shoal/nats";
import {
  type AggregateRef,
  buckets,
  commitVersion,
  JobCompleted,
  JobStarted,
  JobSubmitted,
  NodeJoined,
  type StoredEvent,
  shardCount,
  shardOf,
  subjectOf,
  subjects,
} from "@shoal/proto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { benchSpec } from "../testing/api-bench.ts";
import { executionOf, jobIdOf, jobRef, steps } from "../testing/bench-jobs.ts";
import { jobAsOf } from "./as-of.ts";
import { type Codec, createJudge, type LogMessage } from "./judge.ts";
import { JudgePanel } from "./judge-panel.ts";
import type { KeptViews } from "./kept-views.ts";
import { type ReplayParts, replay } from "./replay.ts";
import type { ReplayReport } from "./report.ts";

let sea: Sea;
let driving: { stop(): void };
/** Bytes that are kept though the entry would be encoded otherwise. */
let forged: Map<string, Uint8Array>;
/** What a checkpoint knows of the log's end. */
let known: KnownPosition;
beforeEach(() => {
  sea = createSea({ seed: "replay" });
  driving = drive(sea.clock);
  forged = new Map();
  known = { seq: 0, by: "a checkpoint" };
});
afterEach(() => driving.stop());

const bucketOf = (name: string) =>
  Object.values(sea.views).find((each) => each.name === name) ?? expect.unreachable(name);
const encode = (data: ViewEntry | StoredCommit): Uint8Array => Buffer.from(JSON.stringify(data));
const decode = (bytes: Uint8Array) => JSON.parse(Buffer.from(bytes).toString());
const codec: Codec = {
  commit: ({ bytes }) => (bytes.length === 0 ? "its bytes are no commit" : decode(bytes)),
  encode,
  decode,
};

function keptViews(): KeptViews {
  const { views } = sea.requester("reader");
  const stores = { jobs: views.jobs, nodes: views.nodes, assignments: views.assignments };
  return {
    async read(bucket, { begins, deliver }) {
      begins();
      for (const [key, { json }] of bucketOf(bucket).kept)
        deliver(key, json === undefined ? undefined : (forged.get(key) ?? Buffer.from(json)));
    },
    store: (bucket) => Object.entries(stores).find(([name]) => name === bucket)?.[1] ?? expect.unreachable(bucket),
    encode,
  };
}

function append(aggregate: AggregateRef, ...events: readonly StoredEvent[]): StoredCommit {
  const tip = sea.log.load(aggregate, 0).at(-1) ?? noTip;
  const at = sea.clock.now() + sea.log.entries.length;
  const commit = {
    v: commitVersion,
    id: `c-${sea.log.entries.length}`,
    at,
    by: "r",
    actor: { type: "requester", id: "r" },
    cause: { command: "test" },
    epoch: 0,
    prev: tip.hash,
    events,
  } as const;
  return { aggregate, ...sea.log.append(aggregate, tip, commit), commit };
}

/** Writes the views as an owner does; what an aggregate wants no more is removed. */
function project(aggregate: AggregateRef): void {
  const stored = sea.log.load(aggregate, 0);
  const seq = stored.at(-1)?.seq ?? 0;
  const job = aggregate.kind === "job" ? foldJob(stored) : undefined;
  const node = aggregate.kind === "node" ? foldNode(stored) : undefined;
  for (const view of job === undefined ? [] : jobViews) {
    const wanted = entries(view, job ?? expect.unreachable());
    for (const { key, seq: at, value } of wanted) bucketOf(view.bucket).write(key, at, entryOf(at, value));
    if (view.bucket !== buckets.assignments) continue;
    for (const key of [...bucketOf(view.bucket).kept.keys()])
      if (key.endsWith(executionOf(aggregate.id)) && !wanted.some((each) => each.key === key))
        bucketOf(view.bucket).write(key, seq, undefined);
  }
  for (const view of node === undefined ? [] : nodeViews)
    for (const { key, seq: at, value } of entries(view, node ?? expect.unreachable()))
      bucketOf(view.bucket).write(key, at, entryOf(at, value));
}

const spec = benchSpec();
const submit = (id: string) => append(jobRef(id), JobSubmitted.of({ jobId: id, spec, version: 1 }));
const assign = (id: string) => append(jobRef(id), steps.assigned(id), JobStarted.of({}));
const start = (id: string) => append(jobRef(id), steps.started(id));
const complete = (id: string) => append(jobRef(id), steps.completed(id), JobCompleted.of({}));
const nodeRef = { kind: "node", namespace: "", id: "n-one" } as const;
const [done, open] = [jobIdOf(1), jobIdOf(2)];

/** One job that is over, one that runs, and a node. */
function history(): void {
  append(nodeRef, NodeJoined.of({ info: sampleInfo("n-one"), startedAt: 1 }));
  for (const id of [done, open]) {
    submit(id);
    assign(id);
    start(id);
  }
  complete(done);
  for (const ref of [nodeRef, jobRef(done), jobRef(open)]) project(ref);
}

/** A log that tells its commits otherwise than they are kept. */
function altered(change: (stored: readonly StoredCommit[]) => readonly StoredCommit[]): EventLog {
  const { log } = sea.requester("reader");
  return {
    ...log,
    async scan(afterSeq, deliver) {
      const told: StoredCommit[] = [];
      const upTo = await log.scan(afterSeq, (stored) => told.push(stored));
      for (const stored of change(told)) deliver(stored);
      return upTo;
    },
    load: async (aggregate, afterSeq) => change(await log.load(aggregate, afterSeq)),
  };
}

const last = (): number => sea.log.entries.at(-1)?.seq ?? 0;

/** A message behind the log's end, by whoever may have put it there. */
type Strange = Pick<LogMessage, "subject" | "bytes" | "appended">;

function partsOf(log: EventLog, behind: readonly Strange[] = []): ReplayParts {
  return {
    log,
    async readLog({ deliver }) {
      const told = new Map<number, StoredCommit>();
      const upTo = await log.scan(0, (stored) => told.set(stored.seq, stored));
      const commits = new Set(sea.log.entries.map(({ seq }) => seq));
      for (let seq = 1; seq <= upTo; seq++) {
        const stored = told.get(seq);
        if (stored !== undefined)
          deliver({ subject: subjectOf(stored.aggregate), seq, bytes: encode(stored), appended: true });
        // The log in memory leaves positions out; in a stream something takes them.
        else if (!commits.has(seq)) deliver({ subject: "other", seq, bytes: new Uint8Array(), appended: false });
      }
      for (const [index, message] of behind.entries()) deliver({ ...message, seq: upTo + 1 + index });
      return upTo + behind.length;
    },
    kept: keptViews(),
    known: async () => known,
    clock: sea.clock,
    judge: createJudge(codec),
  };
}

/** What must not depend on how many judge. */
async function sameFromThree(parts: () => ReplayParts): Promise<ReplayReport> {
  const one = await replay(parts(), { settleMs: 0 });
  const panel = new JudgePanel([createJudge(codec), createJudge(codec), createJudge(codec)]);
  const three = await replay({ ...parts(), judge: panel }, { settleMs: 0 });
  expect(said(three)).toEqual(said(one));
  return three;
}

/** All but how long it took and in what order entries were looked at; of many only a part is shown, and not the same. */
function said({ readMs, eventsPerSecond, differences: { count, first }, ...report }: ReplayReport) {
  const keys = first.map(({ bucket, key, why }) => `${bucket} ${key} ${why}`).sort();
  return { ...report, count, keys: count > keys.length ? [] : keys };
}

const run = (log: EventLog = sea.requester("reader").log, settleMs = 0) => replay(partsOf(log), { settleMs });

describe("a replay", () => {
  it("finds everything as it should be, and counts it", async () => {
    history();
    expect(await run()).toMatchObject({
      ok: true,
      upTo: sea.log.entries.at(-1)?.seq,
      commits: 8,
      events: 11,
      jobs: 2,
      nodes: 1,
      entries: { jobs: 2, assignments: 1, nodes: 1 },
      problems: { count: 0 },
      differences: { count: 0 },
    });
  });
  it("is content with an empty log", async () => {
    expect(await run()).toMatchObject({ ok: true, commits: 0, upTo: 0 });
  });
});

describe("a replay of a damaged log", () => {
  const nth = (id: string, index: number) => sea.log.load(jobRef(id), 0)[index]?.seq ?? 0;
  it("names the commit behind one whose bytes were changed", async () => {
    history();
    const changed = nth(done, 1);
    const log = altered((all) => all.map((each) => (each.seq === changed ? { ...each, hash: "0".repeat(64) } : each)));
    const report = await run(log);
    expect(report.ok).toBe(false);
    expect(report.problems).toMatchObject({ count: 1, first: [{ aggregate: done, seq: nth(done, 2) }] });
    expect(report.problems.first[0]?.why).toMatch(/was changed or is missing/);
  });
  it.each([1, 2])("names the commit behind a missing one (%i)", async (index) => {
    history();
    const gone = nth(done, index);
    const report = await run(altered((all) => all.filter(({ seq }) => seq !== gone)));
    expect(report.problems).toMatchObject({
      count: 2,
      first: [
        { aggregate: "the log", seq: gone, why: expect.stringContaining(`position ${gone} is missing`) },
        { aggregate: done, seq: nth(done, index + 1) },
      ],
    });
  });
  it("says that a beginning is missing", async () => {
    history();
    const gone = nth(done, 0);
    const report = await run(altered((all) => all.filter(({ seq }) => seq !== gone)));
    expect(report.problems.first[1]?.why).toMatch(/commits before it are missing/);
  });
  it("notices a missing end of a job by its position, and by the views", async () => {
    history();
    const gone = nth(done, 3);
    const report = await run(altered((all) => all.filter(({ seq }) => seq !== gone)));
    expect(report.problems).toMatchObject({ count: 1, first: [{ seq: gone }] });
    expect(report.differences.count).toBeGreaterThan(0);
    expect(report.ok).toBe(false);
  });
  it("names what its machine does not allow", async () => {
    history();
    append(jobRef(open), JobSubmitted.of({ jobId: open, spec, version: 1 }));
    expect((await run()).problems.first[0]).toMatchObject({
      aggregate: open,
      why: expect.stringMatching(/cannot follow/),
    });
  });
  it("names what stands behind a job's end", async () => {
    history();
    append(jobRef(done), steps.started(done));
    expect((await run()).problems.first[0]).toMatchObject({
      aggregate: done,
      why: expect.stringMatching(/behind the job's end/),
    });
  });
  it("counts what was appended and is no commit", async () => {
    history();
    const subject = "shoal.evt.1.job.default.j-x";
    const strange = { subject, bytes: new Uint8Array(), appended: true };
    const report = await replay(partsOf(sea.requester("reader").log, [strange]));
    expect(report).toMatchObject({
      ok: false,
      problems: { count: 1, first: [{ seq: last() + 1, aggregate: subject, why: "its bytes are no commit" }] },
    });
    expect(report.foreign.first.map((each) => each.subject)).not.toContain(subject);
  });
  it("tells apart what nobody appended: it is skipped, shown, and no damage", async () => {
    history();
    const subject = subjectOf(jobRef(open));
    const strange = { subject, bytes: Buffer.alloc(0), appended: false };
    const report = await sameFromThree(() => partsOf(sea.requester("reader").log, [strange]));
    expect(report).toMatchObject({ ok: true, upTo: last() + 1, problems: { count: 0 } });
    expect(report.foreign.first.at(-1)).toEqual({ seq: last() + 1, subject, text: "" });
  });
  it("says that a whole job is gone, though its views are gone as well", async () => {
    history();
    const gone = new Set(sea.log.load(jobRef(done), 0).map(({ seq }) => seq));
    for (const key of [...sea.views.jobs.kept.keys()])
      if (key.includes(done)) sea.views.jobs.write(key, 1000, undefined);
    const report = await run(altered((all) => all.filter(({ seq }) => !gone.has(seq))));
    expect(report).toMatchObject({ ok: false, differences: { count: 0 } });
    expect(report.problems.first.every(({ seq, aggregate }) => gone.has(seq) && aggregate === "the log")).toBe(true);
  });
  it("says that the log was cut when the views know a later position", async () => {
    history();
    for (const bucket of [sea.views.jobs, sea.views.nodes])
      for (const [key, { json, seq }] of [...bucket.kept])
        bucket.write(key, seq + 9, { ...JSON.parse(json ?? ""), seq: seq + 9 });
    const latest = Math.max(...[...sea.views.jobs.kept.values()].map(({ seq }) => seq));
    expect((await run()).problems).toMatchObject({
      count: 1,
      first: [{ why: `the log ends at ${last()}, but position ${latest} is known to the views: it was cut` }],
    });
  });
  it("says that the log was cut when a checkpoint knows a later position, whatever the views say", async () => {
    history();
    known = { seq: last() + 1, by: "a checkpoint" };
    expect(await run()).toMatchObject({
      ok: false,
      problems: { count: 1, first: [{ why: expect.stringContaining("is known to a checkpoint: it was cut") }] },
      differences: { count: 0 },
    });
  });
  it("names what stands in a shard that is not its aggregate's", async () => {
    history();
    const stored = sea.log.load(jobRef(done), 0)[0] ?? expect.unreachable();
    const subject = subjects.job("default", done, (shardOf(done) + 1) % shardCount);
    const strange = { subject, bytes: encode(stored), appended: true };
    const report = await replay(partsOf(sea.requester("reader").log, [strange]));
    expect(report).toMatchObject({
      ok: false,
      jobs: 2,
      problems: { count: 1, first: [{ aggregate: done, why: expect.stringMatching(/not the shard/) }] },
      differences: { count: 0 },
    });
  });
});

describe("a replay over wrong views", () => {
  it.each(["jobs", "nodes", "assignments"] as const)(
    "names an entry of %s that is not as it should be",
    async (name) => {
      history();
      const bucket = sea.views[name];
      const [key = "", kept] = [...bucket.kept].find(([, { json }]) => json !== undefined) ?? [];
      bucket.write(key, kept?.seq ?? 0, { ...JSON.parse(kept?.json ?? ""), odd: true });
      const report = await run();
      expect(report.differences).toMatchObject({ count: 1, first: [{ bucket: name, key, why: "different" }] });
      expect(report.differences.first[0]?.found).not.toBe(report.differences.first[0]?.wanted);
      expect(report.ok).toBe(false);
    },
  );
  it("names a missing entry", async () => {
    history();
    sea.views.jobs.write(`default.${done}`, 1000, undefined);
    expect((await run()).differences.first).toMatchObject([{ bucket: "jobs", why: "missing", found: undefined }]);
  });
  it.each([
    ["jobs", `default.${jobIdOf(9)}`],
    ["nodes", "n-other"],
    ["assignments", "n-one.e-other"],
  ] as const)("names an entry of %s that nothing wants", async (name, key) => {
    history();
    sea.views[name].write(key, 1, { seq: 1, jobId: done });
    expect((await run()).differences.first).toMatchObject([
      { bucket: name, key, why: "unexpected", wanted: undefined },
    ]);
  });
  it("names an entry that says the same in other bytes", async () => {
    history();
    const key = `default.${done}`;
    const entry = JSON.parse(sea.views.jobs.kept.get(key)?.json ?? "");
    forged.set(key, Buffer.from(JSON.stringify(entry, null, 1)));
    expect((await run()).differences.first).toMatchObject([{ bucket: "jobs", key, why: "different" }]);
  });
  it("does not take long over an entry that nobody will mend", async () => {
    history();
    sea.views.nodes.write("n-one", 1000, { seq: 1000 });
    const before = sea.clock.now();
    expect((await run(undefined, 60_000)).differences.count).toBe(1);
    expect(sea.clock.now() - before).toBeLessThan(60_000);
  });
});

describe("a replay over views that are being written", () => {
  it("waits for an entry that is on its way", async () => {
    history();
    complete(open);
    sea.clock.at(sea.clock.now() + 500, () => project(jobRef(open)));
    const report = await run(undefined, 60_000);
    expect(report).toMatchObject({ ok: true, differences: { count: 0 } });
    expect(report.settled).toBeGreaterThanOrEqual(2);
  });
  it("does not mind what became true after the log was read", async () => {
    history();
    const parts = partsOf(sea.requester("reader").log);
    const read: KeptViews["read"] = async (bucket, reader) => {
      if (bucket === buckets.jobs) {
        complete(open);
        project(jobRef(open));
      }
      return await parts.kept.read(bucket, reader);
    };
    expect(await replay({ ...parts, kept: { ...parts.kept, read } }, { settleMs: 0 })).toMatchObject({ ok: true });
  });
  it("holds on to what a key was told to hold last, and to nothing from before a new beginning", async () => {
    history();
    const parts = partsOf(sea.requester("reader").log);
    const read: KeptViews["read"] = async (bucket, reader) => {
      const odd = Buffer.from("{}");
      reader.deliver("default.j-before", odd);
      await parts.kept.read(bucket, {
        ...reader,
        deliver(key, bytes) {
          reader.deliver(key, odd);
          reader.deliver(key, bytes);
        },
      });
      reader.deliver("default.j-gone", odd);
      reader.deliver("default.j-gone", undefined);
    };
    expect(await replay({ ...parts, kept: { ...parts.kept, read } }, { settleMs: 0 })).toMatchObject({
      ok: true,
      settled: 0,
      entries: { jobs: 2, assignments: 1, nodes: 1 },
    });
  });
  it("does not wait for ever", async () => {
    history();
    complete(open);
    const before = sea.clock.now();
    expect((await run(undefined, 5_000)).ok).toBe(false);
    expect(sea.clock.now() - before).toBeGreaterThanOrEqual(5_000);
  });
});

describe("a replay with several judges", () => {
  /** Two jobs and two nodes in each shard or so, with assignments in all of them. */
  function wideHistory(): readonly string[] {
    history();
    const ids = Array.from({ length: 32 }, (_, index) => `j-${index}`);
    for (const id of ids) {
      const node = { kind: "node", namespace: "", id: `n-${id}` } as const;
      append(node, NodeJoined.of({ info: sampleInfo(node.id), startedAt: 1 }));
      submit(id);
      assign(id);
      for (const ref of [node, jobRef(id)]) project(ref);
    }
    return ids;
  }
  const parts = () => partsOf(sea.requester("reader").log);

  it("finds the same where all is well", async () => {
    wideHistory();
    expect(await sameFromThree(parts)).toMatchObject({
      ok: true,
      jobs: 34,
      nodes: 33,
      entries: { jobs: 34, assignments: 33, nodes: 33 },
    });
  });
  it("finds the same wrong entries, each once", async () => {
    const [wrong = "", missing = "", other = ""] = wideHistory();
    const { assignments, jobs, nodes } = sea.views;
    assignments.write(`n-one.${executionOf(wrong)}`, 1000, { seq: 1000, jobId: wrong, odd: true });
    assignments.write(`n-one.${executionOf(missing)}`, 1000, undefined);
    assignments.write("n-one.e-stranger", 1000, { seq: 1000, jobId: other });
    jobs.write(`default.${other}`, 1000, undefined);
    nodes.write("n-stranger", 1000, { seq: 1000 });
    expect(await sameFromThree(parts)).toMatchObject({ ok: false, differences: { count: 5 } });
  });
  it("finds the same problems, in the order of the log", async () => {
    const ids = wideHistory();
    const broken = ids.map((id) => submit(id).seq);
    const report = await sameFromThree(parts);
    expect(report.problems.count).toBe(32);
    expect(report.problems.first.map(({ seq }) => seq)).toEqual(broken.slice(0, report.problems.first.length));
  });
  it("has no room while one of them has none", async () => {
    const room = Promise.resolve();
    const free = createJudge(codec);
    expect(new JudgePanel([free, free]).room()).toBeUndefined();
    await expect(new JudgePanel([free, { ...free, room: () => room }]).room()).resolves.toBeUndefined();
    const failed = { ...free, room: () => Promise.reject(new Error("it died")) };
    await expect(new JudgePanel([free, failed]).room()).rejects.toThrow("it died");
  });
});

describe("a job as of a moment", () => {
  it("is what it was by position and by time", async () => {
    history();
    const { log } = sea.requester("reader");
    const stored = sea.log.load(jobRef(done), 0);
    const states = ["pending", "running", "running", "completed"];
    for (const [index, each] of stored.entries()) {
      for (const moment of [{ seq: each.seq }, { at: each.commit.at }]) {
        const then = await jobAsOf(log, done, moment);
        expect(then.job.state.stateType).toBe(states[index]);
        expect(then.executions).toHaveLength(index === 0 ? 0 : 1);
      }
    }
    await expect(jobAsOf(log, done, { seq: 0 })).rejects.toThrow(/job not found/);
  });
});
