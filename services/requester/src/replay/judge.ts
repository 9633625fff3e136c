import type { StoredCommit, ViewEntry } from "@shoal/core";
import { Comparison, type Suspect } from "./compare.ts";
import { Rebuilt } from "./rebuild.ts";
import type { ChainProblem, ForeignMessage, Sampled } from "./report.ts";
import { sampling } from "./sampled.ts";
import { WantedEntries } from "./wanted-entries.ts";

/** A message of the log as it is stored. */
export interface LogMessage {
  readonly subject: string;
  readonly seq: number;
  readonly bytes: Uint8Array;
  /** It carries a message id, as every append of a requester does and nothing that the server itself says. */
  readonly appended: boolean;
}

/** How stored bytes are read, and the bytes that an entry is kept as. */
export interface Codec {
  /** The commit that a message is; a sentence that says what is wrong when it is none. Its hash is asked for during the call, or never. */
  commit(message: LogMessage): StoredCommit | string;
  encode(entry: ViewEntry): Uint8Array;
  /** Undefined when the bytes are no entry. */
  decode(bytes: Uint8Array): ViewEntry | undefined;
}

/** What the log came to. */
export interface LogFindings {
  readonly counts: Readonly<Rebuilt["counts"]>;
  readonly problems: Sampled<ChainProblem>;
  readonly foreign: Sampled<ForeignMessage>;
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

// Enough of an acknowledgement to know it as one.
const shownBytes = 80;
const textOf = (bytes: Uint8Array): string => Buffer.from(bytes.subarray(0, shownBytes)).toString("latin1");

/** A judge that works at once, wherever it is called. */
export function createJudge(codec: Codec): Judge {
  return new JudgeHere(codec);
}

// A class, so that the code that the compiler made for one replay fits the next: methods are the same ones, closures are not.
class JudgeHere implements Judge {
  readonly #codec: Codec;
  readonly #wanted: WantedEntries;
  readonly #rebuilt: Rebuilt;
  readonly #problems = sampling<ChainProblem>();
  readonly #foreign = sampling<ForeignMessage>();
  readonly #comparisons = new Map<string, Comparison>();

  constructor(codec: Codec) {
    this.#codec = codec;
    this.#wanted = new WantedEntries(codec);
    this.#rebuilt = new Rebuilt(this.#wanted, this.#problems.add);
  }

  commit(message: LogMessage): void {
    const stored = this.#codec.commit(message);
    if (typeof stored !== "string") this.#rebuilt.take(message.subject, stored);
    else if (message.appended) this.#problems.add({ seq: message.seq, aggregate: message.subject, why: stored });
    else this.#foreign.add({ seq: message.seq, subject: message.subject, text: textOf(message.bytes) });
  }

  async endOfLog(): Promise<LogFindings> {
    this.#rebuilt.finish();
    return { counts: this.#rebuilt.counts, problems: this.#problems.taken(), foreign: this.#foreign.taken() };
  }

  begins(bucket: string): void {
    this.#comparison(bucket).begins();
  }

  kept(bucket: string, key: string, bytes: Uint8Array | undefined): void {
    this.#comparison(bucket).kept(key, bytes);
  }

  async endOfViews(): Promise<ViewFindings> {
    const compared = [...this.#comparisons].map(([bucket, each]) => ({ bucket, ...each.end() }));
    return {
      entries: Object.fromEntries(compared.map(({ bucket, entries }) => [bucket, entries])),
      suspects: compared.flatMap(({ suspects }) => suspects),
    };
  }

  room(): undefined {
    return undefined;
  }

  #comparison(bucket: string): Comparison {
    const known = this.#comparisons.get(bucket);
    if (known !== undefined) return known;
    const fresh = new Comparison(bucket, { wanted: this.#wanted, codec: this.#codec });
    this.#comparisons.set(bucket, fresh);
    return fresh;
  }
}
