import type { StoredCommit, ViewEntry } from "@shoal/core";
import { type Comparison, createComparison, type Suspect } from "./compare.ts";
import { createRebuilt, type Rebuilt } from "./rebuild.ts";
import type { ChainProblem, Sampled } from "./report.ts";
import { sampling } from "./sampled.ts";
import { createWantedEntries } from "./wanted-entries.ts";

/** A message of the log as it is stored. */
export interface LogMessage {
  readonly subject: string;
  readonly seq: number;
  readonly bytes: Uint8Array;
}

/** How stored bytes are read, and the bytes that an entry is kept as. */
export interface Codec {
  /** The commit that a message is; a sentence that says what is wrong when it is none. */
  commit(message: LogMessage): StoredCommit | string;
  encode(entry: ViewEntry): Uint8Array;
  /** Undefined when the bytes are no entry. */
  decode(bytes: Uint8Array): ViewEntry | undefined;
}

/** What the log came to. */
export interface LogFindings {
  readonly counts: Rebuilt["counts"];
  readonly problems: Sampled<ChainProblem>;
}

/** What the kept views came to. */
export interface ViewFindings {
  /** Entries that were compared, by bucket. */
  readonly entries: Readonly<Record<string, number>>;
  readonly suspects: readonly Suspect[];
}

/**
 * Judges one log and the views beside it: first all messages of the log in order and its end, then all kept entries and
 * their end. Bytes are valid only during a call. Findings are refused with whatever broke the judge.
 */
export interface Judge {
  /** Takes the log's next message. */
  commit(message: LogMessage): void;
  endOfLog(): Promise<LogFindings>;
  /** The bucket is told from its beginning; what was told of it before is forgotten. */
  begins(bucket: string): void;
  /** Takes what a bucket keeps under a key; nothing where it was removed. */
  kept(bucket: string, key: string, bytes: Uint8Array | undefined): void;
  endOfViews(): Promise<ViewFindings>;
  /** A promise while it has enough to do: until it resolves nothing more should be given. */
  room(): Promise<void> | undefined;
}

/** A judge that works at once, wherever it is called. */
export function createJudge(codec: Codec): Judge {
  const problems = sampling<ChainProblem>();
  const wanted = createWantedEntries(codec);
  const rebuilt = createRebuilt(wanted, problems.add);
  const comparisons = new Map<string, Comparison>();
  const comparison = (bucket: string): Comparison => {
    const known = comparisons.get(bucket) ?? createComparison(bucket, { wanted, codec });
    comparisons.set(bucket, known);
    return known;
  };
  return {
    commit(message) {
      const stored = codec.commit(message);
      if (typeof stored !== "string") rebuilt.take(message.subject, stored);
      else problems.add({ seq: message.seq, aggregate: message.subject, why: stored });
    },
    async endOfLog() {
      rebuilt.finish();
      return { counts: rebuilt.counts, problems: problems.taken() };
    },
    begins: (bucket) => comparison(bucket).begins(),
    kept: (bucket, key, bytes) => comparison(bucket).kept(key, bytes),
    async endOfViews() {
      const compared = [...comparisons].map(([bucket, each]) => ({ bucket, ...each.end() }));
      return {
        entries: Object.fromEntries(compared.map(({ bucket, entries }) => [bucket, entries])),
        suspects: compared.flatMap(({ suspects }) => suspects),
      };
    },
    room: () => undefined,
  };
}
