import { type AggregateRef, type Commit, commitVersion, defineEvent, shardOf } from "@shoal/proto";
import { describe, expect, it } from "vitest";
import { z } from "zod";
import { jobKind } from "../../job/kind.ts";
import type { Kind } from "../../kind.ts";
import { type Kinds, kinds } from "../../kinds.ts";
import { nodeKind } from "../../node/kind.ts";
import { noStreamPosition, type StoredCommit, type UnreadableCommit } from "../../ports/event-log.ts";
import { registry } from "../../registry.ts";
import { grow, type LogHarness, someCommit, someJob } from "./log-harness.ts";
import { record } from "./recorded.ts";

/** The kinds of a next version: the second version of `JobQueued` renames a field and adds one. */
const nextKinds: Kinds = registry<Kind>("kind", [
  {
    ...jobKind,
    events: [
      ...jobKind.events.filter(({ name }) => name !== "JobQueued"),
      defineEvent("JobQueued", z.object({ reason: z.string(), weight: z.int() }), {
        lifts: [(data) => ({ reason: z.object({ why: z.string() }).parse(data).why, weight: 1 })],
      }),
      defineEvent("JobPaused", z.object({})),
    ],
  },
  { ...nodeKind, name: "pool", views: [] },
  nodeKind,
]);

const commitWith = (over: Readonly<Record<string, unknown>>): string =>
  JSON.stringify({ ...someCommit(noStreamPosition), ...over });
const event = (type: string, v = 1) => ({ events: [{ type, v, data: {} }] });

const aJob = (): AggregateRef => someJob();
const aPool = (): AggregateRef => ({ ...someJob(), kind: "pool" });

interface Unreadable {
  readonly what: string;
  readonly text: string;
  readonly code: UnreadableCommit["code"];
  readonly on: () => AggregateRef;
}

/** Every unreadable message, with its code. */
const messages: readonly Unreadable[] = [
  { what: "a commit of a later form", text: commitWith({ v: commitVersion + 1 }), code: "LOG_NEWER", on: aJob },
  { what: "a later form that shares nothing else", text: '{"v":7}', code: "LOG_NEWER", on: aJob },
  { what: "an unknown event", text: commitWith(event("JobPaused")), code: "LOG_NEWER", on: aJob },
  { what: "a later version of an event", text: commitWith(event("JobQueued", 2)), code: "LOG_NEWER", on: aJob },
  { what: "an unknown kind", text: commitWith({}), code: "LOG_NEWER", on: aPool },
  { what: "words of a server", text: '{"stream":"REPORTS","seq":7}', code: "LOG_DAMAGED", on: aJob },
  { what: "no JSON", text: "+OK", code: "LOG_DAMAGED", on: aJob },
  { what: "nothing at all", text: "", code: "LOG_DAMAGED", on: aJob },
  { what: "a list", text: "[1]", code: "LOG_DAMAGED", on: aJob },
  { what: "a form that never was", text: commitWith({ v: 0 }), code: "LOG_DAMAGED", on: aJob },
  { what: "a form in words", text: commitWith({ v: "2" }), code: "LOG_DAMAGED", on: aJob },
  { what: "no events", text: commitWith({ events: [] }), code: "LOG_DAMAGED", on: aJob },
  { what: "no actor", text: commitWith({ actor: undefined }), code: "LOG_DAMAGED", on: aJob },
];

/** The contract of every log for messages that are not commits of its version. */
export function unreadable(harness: () => LogHarness): void {
  describe.each(messages)("$what in the log", ({ text, code, on }) => {
    it(`is ${code}, and nothing is appended after it`, async () => {
      const aggregate = on();
      const { log } = harness();
      const seq = await harness().put(aggregate, text);
      const fault = { code, details: { seq, aggregate } };
      await expect(log.append(aggregate, noStreamPosition, someCommit(noStreamPosition))).rejects.toMatchObject(fault);
      await expect(log.load(aggregate)).rejects.toMatchObject(fault);
      expect(await log.lastSeq()).toBe(seq);
    });
  });
  it.each(messages.filter(({ on }) => on === aJob))("blocks no other commit: $what", async ({ text, code }) => {
    const { log } = harness();
    const [broken, sound] = [someJob(), someJob()];
    const [before = noStreamPosition] = await grow(log, broken, 1);
    const seq = await harness().put(broken, text);
    const [beside = noStreamPosition] = await grow(log, sound, 1);
    await expect(log.append(broken, before, someCommit(before))).rejects.toMatchObject({ code, details: { seq } });
    const expected = [`${before.seq} read`, `${seq} ${code}`, `${beside.seq} read`];

    const live = record<string>();
    const collected: string[] = [];
    const readable = (emit: (what: string) => void) => (stored: StoredCommit) => emit(`${stored.seq} read`);
    const problem = (emit: (what: string) => void) => (message: UnreadableCommit) => {
      expect(message.aggregate).toEqual(broken);
      emit(`${message.seq} ${message.code}`);
    };
    const following = await log.follow({}, 0, readable(live.push), { unreadable: problem(live.push) });
    expect(await live.atLeast(3)).toEqual(expected);
    await following.close();
    const emit = (what: string) => collected.push(what);
    await log.scan(0, readable(emit), { unreadable: problem(emit) });
    expect(collected.splice(0)).toEqual(expected);
    const all = { afterSeq: 0, upTo: Number.MAX_SAFE_INTEGER, most: 100 };
    await log.range(all, readable(emit), { unreadable: problem(emit) });
    expect(collected).toEqual(expected);
    expect((await log.load(sound)).map((stored) => stored.seq)).toEqual([beside.seq]);
  });
  it("reports unknown kinds to their shard", async () => {
    const pool = aPool();
    const seq = await harness().put(pool, commitWith({}));
    const live = record<UnreadableCommit>();
    const following = await harness().log.follow({ shard: shardOf(pool.id) }, 0, () => {}, { unreadable: live.push });
    expect(await live.atLeast(1)).toMatchObject([{ aggregate: pool, seq, code: "LOG_NEWER" }]);
    await following.close();
  });
  lifts(harness);
}

function lifts(harness: () => LogHarness): void {
  it("lifts a stored event to the version of its reader, in every method", async () => {
    const job = someJob();
    const [streamHead = noStreamPosition] = await grow(harness().log, job, 1);
    const next = await harness().as(nextKinds);
    const expected = [{ type: "JobQueued", v: 2, data: { reason: "0", weight: 1 } }];
    const collected: StoredCommit[] = [];
    await next.scan(0, (stored) => collected.push(stored));
    await next.range({ afterSeq: 0, upTo: streamHead.seq, most: 9 }, (stored) => collected.push(stored));
    const live = record<StoredCommit>();
    const following = await next.follow({}, 0, live.push);
    const all = [...collected, ...(await next.load(job)), ...(await live.atLeast(1))];
    expect(all.map(({ commit }) => commit.events)).toEqual([expected, expected, expected, expected]);
    // The hash is of the stored bytes.
    expect(new Set(all.map(({ hash }) => hash))).toEqual(new Set([streamHead.hash]));
    await following.close();
  });
  it("is readable for an older version up to the first unknown event", async () => {
    const job = someJob();
    const [streamHead = noStreamPosition] = await grow(harness().log, job, 1);
    const next = await harness().as(nextKinds);
    const commit = (over: object): Commit => ({ ...someCommit(streamHead), ...over });
    const second = await next.append(job, streamHead, commit({ events: [{ type: "JobPaused", v: 1, data: {} }] }));
    expect((await next.load(job)).map(({ seq }) => seq)).toEqual([streamHead.seq, second.seq]);
    await expect(harness().log.append(job, streamHead, someCommit(streamHead))).rejects.toMatchObject({
      code: "LOG_NEWER",
    });
    await expect(next.append(job, streamHead, someCommit(streamHead))).rejects.toMatchObject({
      code: "REVISION_CONFLICT",
    });
    const old = await harness().as(kinds);
    await expect(old.load(job, streamHead.seq)).rejects.toMatchObject({
      code: "LOG_NEWER",
      details: { seq: second.seq },
    });
  });
}
