import type { StoredCommit } from "@shoal/core";
import type { EncodedCommit, EventMessage } from "./commit-codec.ts";

/** What is being appended. */
export interface AppendUnderWay extends Pick<StoredCommit, "aggregate" | "commit"> {
  readonly subject: string;
  readonly encoded: EncodedCommit;
}

/**
 * The commits that this process is appending. A follower often receives one before the append is acknowledged; it need not decode and
 * hash what this process has just encoded.
 */
export interface AppendsUnderWay {
  /** Runs an append, which `read` recognizes meanwhile. */
  during<T>(append: AppendUnderWay, run: () => Promise<T>): Promise<T>;
  /** The commit in a message, byte for byte the one that is being appended; undefined for any other message. */
  read(message: EventMessage): StoredCommit | undefined;
}

/** None yet. Of two appends to one subject the later one is recognized. */
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
      // The bytes decide: another writer may have been faster.
      if (append === undefined || Buffer.compare(append.encoded.bytes, bytes) !== 0) return undefined;
      const { aggregate, commit, encoded } = append;
      return { aggregate, seq, hash: encoded.hash, commit };
    },
  };
}
