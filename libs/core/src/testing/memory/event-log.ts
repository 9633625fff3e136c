import { type AggregateRef, type Commit, commitBytes, shardOf, subjectOf } from "@shoal/proto";
import { assert, Fault } from "../../fault.ts";
import { type EventLog, type LogFilter, noTip, type StoredCommit, type Tip } from "../../ports/event-log.ts";
import type { Berth, Hearing } from "./berth.ts";
import { sha256 } from "./chance.ts";

/** The log itself, as a server would keep it. */
export interface LogStore {
  readonly entries: readonly StoredCommit[];
  /** What follows it, besides the processes: called with every commit, at once. */
  readonly onAppended: Set<(stored: StoredCommit) => void>;
  append(aggregate: AggregateRef, after: Tip, commit: Commit): Tip;
  load(aggregate: AggregateRef, afterSeq: number): readonly StoredCommit[];
}

// How often the port looks again before it says that it does not know.
const attemptsMax = 4;

/** An empty log. Positions have gaps, as those of a stream have. */
export function createLogStore(): LogStore {
  const entries: StoredCommit[] = [];
  // By subject, and once more without the namespace: ids are unique.
  const bySubject = new Map<string, readonly StoredCommit[]>();
  const onAppended = new Set<(stored: StoredCommit) => void>();
  const anywhere = ({ kind, id }: AggregateRef): AggregateRef => ({ kind, namespace: "*", id });
  return {
    entries,
    onAppended,
    append(aggregate, after, commit) {
      const subject = subjectOf(aggregate);
      const known = bySubject.get(subject) ?? [];
      const ours = known.find((stored) => stored.commit.id === commit.id);
      if (ours !== undefined) return tipOf(ours);
      const tip = tipOf(known.at(-1));
      if (tip.seq !== after.seq) {
        throw new Fault("REVISION_CONFLICT", `wanted ${subject} at ${after.seq}, found it at ${tip.seq}`);
      }
      assert(commit.prev === tip.hash, `a commit on ${subject} does not build on the one before it`);
      const bytes = JSON.stringify(commit);
      if (bytes.length > commitBytes.max)
        throw new Fault("TOO_LARGE", `a commit of ${bytes.length} bytes; at most ${commitBytes.max}`);
      const stored = freeze({ aggregate, seq: nextSeq(entries), hash: sha256(bytes), commit: JSON.parse(bytes) });
      const all = [...known, stored];
      bySubject.set(subject, all).set(subjectOf(anywhere(aggregate)), all);
      entries.push(stored);
      for (const tell of onAppended) tell(stored);
      return tipOf(stored);
    },
    load: (aggregate, afterSeq) =>
      (bySubject.get(subjectOf(aggregate)) ?? []).filter((stored) => stored.seq > afterSeq),
  };
}

/** The log as one process reaches it. */
export function memoryEventLog(berth: Berth, store: LogStore): EventLog {
  return {
    async append(aggregate, after, commit) {
      for (let attempt = 1; ; attempt++) {
        try {
          // Doing it again looks first whether it is there: the store knows the commit by its id.
          return await berth.exchange("log", () => store.append(aggregate, after, commit));
        } catch (failure) {
          const open = failure instanceof Fault && failure.code === "LOG_UNREACHABLE";
          if (!open || attempt === attemptsMax) throw failure;
        }
      }
    },
    load: (aggregate, afterSeq = 0) => berth.exchange("load", () => store.load(aggregate, afterSeq)),
    async follow(filter, afterSeq, deliver) {
      const hearing = berth.hearing();
      await berth.exchange("follow", () => attach(store, { filter, afterSeq, hearing, deliver }));
      return { close: async () => hearing.close() };
    },
    async scan(afterSeq, deliver) {
      const found = await berth.exchange("load", () => store.entries.filter((stored) => stored.seq > afterSeq));
      for (const stored of found) deliver(stored);
      return found.at(-1)?.seq ?? afterSeq;
    },
    async range({ shard, afterSeq, upTo, most }, deliver) {
      const within = ({ aggregate: { kind, id }, seq }: StoredCommit): boolean =>
        kind === "job" && seq > afterSeq && seq <= upTo && (shard === undefined || shardOf(id) === shard);
      const found = await berth.exchange("load", () => store.entries.filter(within));
      for (const stored of found.slice(0, most)) deliver(stored);
      return found.length > most ? (found[most - 1]?.seq ?? afterSeq) : upTo;
    },
    lastSeq: () => berth.exchange("load", () => store.entries.at(-1)?.seq ?? 0),
  };
}

interface Follower {
  readonly filter: LogFilter;
  readonly afterSeq: number;
  readonly hearing: Hearing;
  readonly deliver: (stored: StoredCommit) => void;
}

function attach(store: LogStore, { filter, afterSeq, hearing, deliver }: Follower): void {
  const tell = (stored: StoredCommit): void => {
    if (stored.seq > afterSeq && passes(filter, stored.aggregate))
      hearing.push(() => knows(filter, stored) || deliver(stored));
  };
  for (const stored of store.entries) tell(stored);
  store.onAppended.add(tell);
  hearing.onClosed(() => store.onAppended.delete(tell));
}

const knows = (filter: LogFilter, { aggregate, seq }: StoredCommit): boolean =>
  filter.shard !== undefined && filter.knows?.(aggregate.id, seq) === true;

function passes(filter: LogFilter, { kind, namespace, id }: AggregateRef): boolean {
  if (filter.shard !== undefined) return shardOf(id) === filter.shard;
  if (filter.jobId !== undefined && (kind !== "job" || id !== filter.jobId)) return false;
  return filter.namespace === undefined || (kind === "job" && namespace === filter.namespace);
}

const tipOf = (stored: StoredCommit | undefined): Tip =>
  stored === undefined ? noTip : { seq: stored.seq, hash: stored.hash };

// Any gap does; every third position is left out so that nobody counts on +1.
const nextSeq = (entries: readonly StoredCommit[]): number => {
  const next = (entries.at(-1)?.seq ?? 0) + 1;
  return next % 3 === 0 ? next + 1 : next;
};

/** Nobody may change what stands in the log; everybody reads the same object. */
function freeze<T>(value: T): T {
  if (typeof value === "object" && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const inner of Object.values(value)) freeze(inner);
  }
  return value;
}
