import type { StoredCommit } from "@shoal/core";
import type { EncodedCommit, EventMessage } from "./commit-codec.ts";

/** An append in progress. */
export interface AppendUnderWay extends Pick<StoredCommit, "aggregate" | "commit"> {
  readonly subject: string;
  readonly encoded: EncodedCommit;
}

/**
 * The commits that this process is appending. A follower often receives one before the append is acknowledged, and need not decode
 * and hash what this process has just encoded.
 */
export interface AppendsUnderWay {
  /** Runs an append; until it ends, `read` recognizes its commit. */
  during<T>(append: AppendUnderWay, run: () => Promise<T>): Promise<T>;
  /** The commit in progress that has exactly the message's bytes; undefined for any other message. */
  read(message: EventMessage): StoredCommit | undefined;
}

/** Creates an empty set. Of two appends to one subject only the later one is recognized. */
export function createAppendsUnderWay(): AppendsUnderWay {
  const bySubject = new Map<string, AppendUnderWay>();
  return {
    async during(append, run) {
      const { subject } = append;
      bySubject.set(subject, append);
      try {
        return await run();
      } finally {
        if (bySubject.get(subject) === append) bySubject.delete(subject);
      }
    },
    read({ subject, seq, bytes }) {
      const append = bySubject.get(subject);
      // The bytes are compared, as another writer may have been faster.
      if (append === undefined || Buffer.compare(append.encoded.bytes, bytes) !== 0) return undefined;
      const { aggregate, commit, encoded } = append;
      return { aggregate, seq, hash: encoded.hash, commit };
    },
  };
}
