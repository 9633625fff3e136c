import {
  type Clock,
  type EventLog,
  isCommit,
  type Kinds,
  type StoredCommit,
  type UnreadableCommit,
  viewBuckets,
} from "@shoal/core";
import type { KnownPosition } from "@shoal/nats";
import { subjectOf } from "@shoal/proto";
import { EntryIndex, type StoredEntry } from "./entry-index.ts";
import { aggregateOfEntry, expectedEntries } from "./expected-entries.ts";
import type { Folded } from "./folded.ts";
import { type FoldStep, LogFold } from "./log-fold.ts";
import { type LogMessage, LogWalk } from "./log-walk.ts";
import { recheck, type Suspect } from "./recheck.ts";
import {
  type Anchor,
  type ChainProblem,
  type ForeignMessage,
  type Mismatch,
  type ReplayReport,
  Sampling,
} from "./report.ts";
import type { StoredViews, Stores } from "./stored-views.ts";

/** The inputs of a verification, which writes nothing. */
export interface VerifyParts {
  readonly log: Pick<EventLog, "load" | "lastSeq">;
  readonly kinds: Kinds;
  /**
   * Delivers every message of the log up to its end at the time of the call, in order; resolves with that end. Throws
   * Fault LOG_UNREACHABLE.
   */
  readLog(deliver: (message: LogMessage) => void): Promise<number>;
  /** Parses a message. Its hash is read during the call, or never. */
  read(message: LogMessage): StoredCommit | UnreadableCommit;
  readonly views: StoredViews;
  /** The buckets to compare, as stores. */
  readonly stores: Stores;
  /** The latest position of the log in views or positions. Throws Fault LOG_UNREACHABLE. */
  known(): Promise<KnownPosition>;
  readonly clock: Clock;
}

/** Options of a verification. */
export interface VerifyOptions {
  /** How long entries that are being written may take to be right, in milliseconds. */
  readonly recheckMs?: number;
  /** An anchor from an earlier verification, which the log must have. */
  readonly expect?: Anchor;
}

// Longer than a shard is without an owner after its requester was killed, plus one write.
const recheckMsDefault = 10_000;

// Entries rechecked one by one: more than a busy cluster writes while its log is read, in some tens of megabytes.
// Further ones are only counted.
const suspectsMax = 100_000;

// The characters of a foreign message that the report shows, enough to recognize an acknowledgement.
const shownBytes = 80;

/**
 * Folds the whole log, verifies every hash chain, and compares every entry of the views with the expected one, byte for
 * byte. Works on a live cluster too. Throws Fault LOG_UNREACHABLE; damage in the data is in the report.
 */
export async function verifyViews(parts: VerifyParts, options: VerifyOptions = {}): Promise<ReplayReport> {
  return await new ViewVerifier(parts).run(options);
}

class ViewVerifier {
  readonly #parts: VerifyParts;
  readonly #buckets: ReadonlySet<string>;
  readonly #fold: LogFold;
  readonly #problems = new Sampling<ChainProblem>();
  readonly #foreign = new Sampling<ForeignMessage>();
  readonly #unreadable = new Sampling<UnreadableCommit>();
  /** The subjects of unreadable messages. */
  readonly #cannotRead = new Set<string>();
  readonly #mismatches = new Sampling<Mismatch>();
  readonly #suspects = new Map<string, Suspect>();

  constructor(parts: VerifyParts) {
    this.#parts = parts;
    this.#buckets = new Set(viewBuckets(parts.kinds).map(({ name }) => name));
    this.#fold = new LogFold(parts.kinds);
  }

  async run({ expect, recheckMs = recheckMsDefault }: VerifyOptions): Promise<ReplayReport> {
    const { log, views, clock } = this.#parts;
    const index = await EntryIndex.read(views, this.#buckets);
    const beganAt = clock.now();
    const walk = new LogWalk((problem) => this.#problems.add(problem), expect);
    const upTo = await this.#parts.readLog((message) => {
      walk.take(message);
      const step = this.#take(message);
      if (step !== undefined && step.after.openSince === undefined) this.#compare(index, step.after);
    });
    const anchor = walk.finish(upTo);
    for await (const step of this.#fold.continued(log, upTo)) {
      this.#note(step);
      this.#compare(index, step.after);
    }
    for (const folded of this.#fold.inMemory()) this.#compare(index, folded);
    const readMs = clock.now() - beganAt;
    await this.#inspect(index);
    await this.#verifyEnd();
    const rechecked = await this.#recheck(clock.now() + recheckMs);
    return this.#report({ upTo, anchor, readMs, rechecked, entries: index.counts() });
  }

  #take(message: LogMessage): FoldStep | undefined {
    const { subject, seq, bytes } = message;
    const stored = this.#parts.read(message);
    const ref = stored.aggregate;
    if (!isCommit(stored)) {
      // As owners read it: a commit counts with or without a message id.
      if (!message.isAppended()) {
        this.#foreign.add({ seq, subject, text: Buffer.from(bytes.subarray(0, shownBytes)).toString("latin1") });
        return undefined;
      }
      this.#unreadable.add(stored);
      this.#cannotRead.add(subjectOf(ref));
      return this.#fold.unreadable(stored);
    }
    if (subjectOf(ref) !== subject) {
      const why = `it is on ${subject}: that is not the shard of ${ref.id}`;
      this.#problems.add({ seq, aggregate: ref.id, why });
      return undefined;
    }
    const step = this.#fold.take(stored);
    if (step !== undefined) this.#note(step);
    return step;
  }

  /** Records where a fold stopped, unless an unreadable message is recorded for the aggregate. */
  #note({ after: { stoppedAt } }: FoldStep): void {
    if (stoppedAt === undefined) return;
    const { aggregate, seq, code, why } = stoppedAt;
    if (this.#cannotRead.has(subjectOf(aggregate))) return;
    if (code === "LOG_NEWER") this.#unreadable.add(stoppedAt);
    else this.#problems.add({ seq, aggregate: aggregate.id, why });
  }

  #compare(index: EntryIndex, folded: Folded): void {
    for (const placed of expectedEntries(folded, this.#buckets)) {
      const { bucket, key } = placed;
      const found = index.expect(placed);
      const place = `${bucket} ${key}`;
      this.#suspects.delete(place);
      // A commit after an unreadable message may have changed these entries: there is no expected value.
      if (found === "same" || folded.stoppedAt !== undefined) continue;
      this.#suspect(place, { bucket, key, source: folded.ref, actual: undefined, isForged: false });
    }
  }

  #suspect(place: string, suspect: Suspect): void {
    if (this.#suspects.size < suspectsMax) {
      this.#suspects.set(place, suspect);
      return;
    }
    const { bucket, key } = suspect;
    this.#mismatches.add({ bucket, key, why: "different", expected: undefined, actual: undefined });
  }

  /** Reads the bytes of suspect and of unexpected entries. */
  async #inspect(index: EntryIndex): Promise<void> {
    const named = new Set([...this.#suspects.values()].map(({ bucket }) => bucket));
    await index.inspect(named, (stored) => {
      const { bucket, key, isUnexpected, entry: actual } = stored;
      const place = `${bucket} ${key}`;
      const known = this.#suspects.get(place);
      if (known === undefined && !isUnexpected) return;
      const source = known?.source ?? aggregateOfEntry(this.#parts.kinds, { bucket, key, entry: actual });
      if (source !== undefined && this.#fold.isStopped(source.id)) return;
      this.#suspect(place, { bucket, key, source, actual, isForged: this.#isForged(stored) });
    });
  }

  #isForged({ entry, bytes }: StoredEntry): boolean {
    return entry !== undefined && Buffer.compare(this.#parts.views.encode(entry), bytes) !== 0;
  }

  /**
   * A position in a view that is after the end of the log proves that the end was cut: the log is never behind
   * otherwise.
   */
  async #verifyEnd(): Promise<void> {
    const { log, known } = this.#parts;
    const stored = await known();
    const newestEntry = [...this.#suspects.values()].reduce((seq, { actual }) => Math.max(seq, actual?.seq ?? 0), 0);
    const latest = newestEntry > stored.seq ? { seq: newestEntry, by: "the views" } : stored;
    const end = await log.lastSeq();
    if (latest.seq <= end) return;
    const why = `the log ends at ${end}, but position ${latest.seq} is known to ${latest.by}: it was cut`;
    this.#problems.add({ seq: end, aggregate: "the log", why });
  }

  async #recheck(untilAt: number): Promise<number> {
    const wrong = await recheck({ ...this.#parts, untilAt }, this.#suspects.values());
    for (const each of wrong) this.#mismatches.add(each);
    return this.#suspects.size - wrong.length;
  }

  #report(found: Pick<ReplayReport, "upTo" | "anchor" | "readMs" | "rechecked" | "entries">): ReplayReport {
    const problems = this.#problems.taken();
    const unreadable = this.#unreadable.taken();
    const mismatches = this.#mismatches.taken();
    const { counts } = this.#fold;
    return {
      ok: problems.count + unreadable.count + mismatches.count === 0,
      ...counts,
      aggregates: this.#fold.aggregates(),
      ...found,
      problems,
      foreign: this.#foreign.taken(),
      unreadable,
      mismatches,
      eventsPerSecond: found.readMs === 0 ? counts.events : Math.round((counts.events / found.readMs) * 1_000),
    };
  }
}
