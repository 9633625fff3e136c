import { type AnyEventKind, defineEvent, featureLevel, type JobSpec, type StoredEvent } from "@shoal/proto";
import { z } from "zod";
import type { Decision } from "../../decider.ts";
import type { JobEvent } from "../../job/evolve.ts";
import type { Job } from "../../job/job.ts";
import { batch } from "../../job/job-types/batch.ts";
import { jobTypes } from "../../job/job-types/index.ts";
import type { JobType } from "../../job/job-types/job-type.ts";
import { createJobKind, jobKind } from "../../job/kind.ts";
import { type Kind, type NamedCommand, noReaction } from "../../kind.ts";
import type { Kinds } from "../../kinds.ts";
import { nodeKind } from "../../node/kind.ts";
import { registry } from "../../registry.ts";
import { secretKind } from "../../secret/kind.ts";
import { errandKind } from "./errand/kind.ts";
import { nextErrandKind, pebbleKind } from "./next-errand.ts";

/** The feature level of the next release. */
export const nextFeatureLevel = 2;

/** An aggregate with a text: open until it is closed. */
interface Memo {
  readonly text: string;
  /** Written by the next release only; an older memo has weight 1. */
  readonly weight: number;
  readonly isClosed: boolean;
}

const Text = z.object({ text: z.string() });
const HeavyText = z.object({ words: z.string(), weight: z.int() });

const MemoWritten = defineEvent("MemoWritten", Text);
const MemoClosed = defineEvent("MemoClosed", z.object({}));
/** The second version: the text has another name, and there is a weight. */
const HeavyMemoWritten = defineEvent("MemoWritten", HeavyText, {
  lifts: [(data) => ({ words: Text.parse(data).text, weight: 1 })],
  since: nextFeatureLevel,
});
const PoolWritten = defineEvent("PoolWritten", Text);
const JobNoted = defineEvent("JobNoted", z.object({ note: z.string() }), { since: nextFeatureLevel });

/** The commands of a memo: `Write` creates or changes one, `Close` settles it. */
export type MemoCommand = { readonly name: "Write"; readonly text: string } | { readonly name: "Close" };

const decided = (...events: readonly StoredEvent[]): Decision<StoredEvent> => ({ ok: true, events });

interface MemoEvent {
  readonly written: AnyEventKind;
  readonly write: (text: string) => StoredEvent;
  /** Reads the form that `written` has, and no older one: it does not lift. */
  readonly read: (data: unknown) => Pick<Memo, "text" | "weight">;
}

function memoKind({ written, write, read }: MemoEvent): Kind<Memo, MemoCommand> {
  return {
    name: "memo",
    isNamespaced: true,
    events: [written, MemoClosed],
    decide: (_, command) => decided(command.name === "Close" ? MemoClosed.of({}) : write(command.text)),
    evolve(memo, { type, data }) {
      if (type === "MemoClosed") return memo && { ...memo, isClosed: true };
      return { ...read(data), isClosed: false };
    },
    react: () => noReaction,
    isEnded: ({ isClosed }) => isClosed,
    isSettled: ({ isClosed }) => isClosed,
    nodesOf: () => [],
    views: [],
    creates: ["Write"],
    accepts: {
      Close: z.object({ name: z.literal("Close") }),
      Write: z.object({ name: z.literal("Write"), text: z.string() }),
    },
  };
}

const readText: MemoEvent["read"] = (data) => ({ ...Text.parse(data), weight: 1 });

/** A job type that this release does not have. */
const nextType: JobType = { ...batch, name: "sweep", since: nextFeatureLevel };

/** The same spec as a job of the type that only the next release has. */
export const ofNextType = (spec: JobSpec): JobSpec => ({ ...spec, type: nextType.name as JobSpec["type"] });

const baseJob = createJobKind(registry<JobType>("job type", [...jobTypes.parts, nextType]));

/** Jobs of the next release: one more job type, and `JobNoted`, which `Note` writes. */
const nextJobKind: Kind<Job, NamedCommand> = {
  ...baseJob,
  events: [...baseJob.events, JobNoted],
  decide(job, command, now) {
    const note = z.object({ name: z.literal("Note"), note: z.string() }).safeParse(command);
    return note.success
      ? decided(JobNoted.of({ note: note.data.note }))
      : (baseJob as Kind<Job, NamedCommand>).decide(job, command, now);
  },
  levelOf: (event) => (event.type === "JobNoted" ? 1 : (baseJob.levelOf?.(event as JobEvent) ?? 1)),
  evolve(job, event, moment) {
    if (event.type === "JobNoted") return job && { ...job, seq: moment.seq };
    return baseJob.evolve(job, event as JobEvent, moment);
  },
  react: (job, world, now) => baseJob.react(job, world, now),
  accepts: { ...baseJob.accepts, Note: z.object({ name: z.literal("Note"), note: z.string() }) },
};

/** A kind that this release does not have. */
const poolKind: Kind<Memo, MemoCommand> = {
  ...memoKind({ written: PoolWritten, write: (text) => PoolWritten.of({ text }), read: readText }),
  name: "pool",
  since: nextFeatureLevel,
};

const thisMemo: MemoEvent = { written: MemoWritten, write: (text) => MemoWritten.of({ text }), read: readText };
const nextMemo: MemoEvent = {
  written: HeavyMemoWritten,
  write: (words) => HeavyMemoWritten.of({ words, weight: 2 }),
  read(data) {
    const { words, weight } = HeavyText.parse(data);
    return { text: words, weight };
  },
};

/** The kinds of one release. */
export interface Release {
  readonly kinds: Kinds;
  readonly featureLevel: number;
}

/** Product kinds that are the same in both releases. */
const unchanged = [nodeKind as Kind, secretKind as Kind];

/** This release with two kinds for tests, and a next one: more kinds, a job type, events, and a later version of an event. */
export const releases = {
  current: { kinds: registry<Kind>("kind", [jobKind, ...unchanged, errandKind, memoKind(thisMemo)]), featureLevel },
  next: {
    kinds: registry<Kind>("kind", [
      nextJobKind,
      ...unchanged,
      nextErrandKind,
      pebbleKind,
      memoKind(nextMemo),
      poolKind,
    ]),
    featureLevel: nextFeatureLevel,
  },
} as const satisfies Record<string, Release>;

export type ReleaseName = keyof typeof releases;
