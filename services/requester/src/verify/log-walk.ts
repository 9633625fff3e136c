import { createHash } from "node:crypto";
import type { Anchor, ChainProblem } from "./report.ts";

/** A stored message of the log. Bytes are valid only during the call that delivers it. */
export interface LogMessage {
  readonly subject: string;
  readonly seq: number;
  readonly bytes: Uint8Array;
  /**
   * Whether it has a message id, as every append of a requester does and no message that the server itself publishes.
   */
  isAppended(): boolean;
}

// Frames are hashed together: a call of the hash function costs more than the bytes of an average message (measured).
const scratchBytes = 256 * 1024;
// Position (8 bytes), length of the subject (4), length of the message (4), all big endian.
const head = { seq: 0, subject: 8, body: 12, bytes: 16 } as const;
const utf8PerUnit = 3;
const halfMax = 2 ** 32;

/** The name of the whole log in problems without an aggregate. */
const theLog = "the log";

/**
 * Verifies that the log has every position from 1 on, and hashes every message. The hash at a position is the SHA-256
 * of the frames of all messages up to there, foreign ones included. A frame is position, length of the subject, length
 * of the message (8, 4 and 4 bytes, big endian), the subject in UTF-8, and the message.
 */
export class LogWalk {
  readonly #problem: (problem: ChainProblem) => void;
  readonly #expect: Anchor | undefined;
  readonly #hash = createHash("sha256");
  readonly #scratch = Buffer.allocUnsafe(scratchBytes);
  #end = 0;
  #seq = 0;
  #hashThere: string | undefined;

  constructor(problem: (problem: ChainProblem) => void, expect?: Anchor) {
    this.#problem = problem;
    this.#expect = expect;
  }

  /** Takes the next message. */
  take({ subject, seq, bytes }: Pick<LogMessage, "subject" | "seq" | "bytes">): void {
    if (seq !== this.#seq + 1) this.#missing(seq - 1);
    this.#seq = seq;
    this.#frame(subject, seq, bytes);
    if (seq === this.#expect?.seq) this.#hashThere = this.#digest();
  }

  /** The end of the log is reached. The anchor is that of the last message. */
  finish(upTo: number): Anchor {
    if (upTo > this.#seq) this.#missing(upTo);
    this.#compare(upTo);
    return { seq: this.#seq, hash: this.#digest() };
  }

  #missing(last: number): void {
    const first = this.#seq + 1;
    const which = first === last ? `position ${first} is` : `positions ${first} to ${last} are`;
    const why = `${which} missing: requesters remove nothing from the log, so they were purged or lost`;
    this.#problem({ seq: first, aggregate: theLog, why });
  }

  #compare(upTo: number): void {
    if (this.#expect === undefined) return;
    const { seq, hash } = this.#expect;
    const found = seq === 0 ? createHash("sha256").digest("hex") : this.#hashThere;
    if (found === hash) return;
    const where = found === undefined ? `no position ${seq}: it ends at ${upTo}` : `${seq}:${found}`;
    const why = `expected ${seq}:${hash}, got ${where}; the log is not the one of this anchor`;
    this.#problem({ seq, aggregate: theLog, why });
  }

  #frame(subject: string, seq: number, bytes: Uint8Array): void {
    const most = head.bytes + subject.length * utf8PerUnit;
    if (this.#end + most + bytes.length > scratchBytes) this.#flush();
    const scratch = this.#scratch;
    const at = this.#end;
    const body = at + head.bytes + scratch.write(subject, at + head.bytes);
    scratch.writeUInt32BE(Math.floor(seq / halfMax), at + head.seq);
    scratch.writeUInt32BE(seq % halfMax, at + head.seq + 4);
    scratch.writeUInt32BE(body - at - head.bytes, at + head.subject);
    scratch.writeUInt32BE(bytes.length, at + head.body);
    this.#end = body;
    if (body + bytes.length > scratchBytes) {
      this.#flush();
      this.#hash.update(bytes);
      return;
    }
    scratch.set(bytes, body);
    this.#end += bytes.length;
  }

  #flush(): void {
    this.#hash.update(this.#scratch.subarray(0, this.#end));
    this.#end = 0;
  }

  #digest(): string {
    this.#flush();
    return this.#hash.copy().digest("hex");
  }
}
