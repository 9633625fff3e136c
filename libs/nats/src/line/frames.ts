import { Fault } from "@shoal/core";
import { numberIn, startOfToken } from "./tokens.ts";

/** Who is told what a NATS server sends. The bytes are valid only during the call. */
export interface FrameTaker {
  /** A message; all positions are those of its bytes in `buffer`. */
  message(frame: Frame): void;
  /** Any other line, such as INFO, PING or -ERR. */
  words(line: string): void;
}

/** Where the parts of a message stand in a buffer. */
export interface Frame {
  readonly buffer: Buffer;
  readonly subjectFrom: number;
  readonly subjectTo: number;
  /** Nothing when both are the same. */
  readonly replyFrom: number;
  readonly replyTo: number;
  /** The headers, and right behind them the body. */
  readonly headersFrom: number;
  readonly bodyFrom: number;
  readonly bodyTo: number;
}

/** Limits of what a server may send. */
export const frameLimits = {
  /** A line without an end is none: servers take at most this much of a client, and say no more (INFO lists the cluster's servers). */
  lineBytes: 1024 * 1024,
  /** The most that a server can be told to let through in one message. */
  messageBytes: 64 * 1024 * 1024,
} as const;

const sign = { return: 0x0d, space: 0x20, H: 0x48, M: 0x4d } as const;
const lineEnd = 2;
const ahead = { message: "MSG ".length, withHeaders: "HMSG ".length } as const;

/**
 * Cuts what comes from a NATS server into messages and other lines, whatever pieces it comes in. It makes no object
 * but the frame: a scan of the log is told hundreds of thousands of messages a second.
 */
export class FrameReader {
  readonly #taker: FrameTaker;
  #held: Buffer[] = [];
  #heldBytes = 0;
  /** So many bytes are needed before the next frame is whole. */
  #needed = 1;

  constructor(taker: FrameTaker) {
    this.#taker = taker;
  }

  /** Takes the next piece. Throws Fault LOG_UNSUITABLE when it is not what a NATS server says. */
  feed(piece: Buffer): void {
    this.#heldBytes += piece.length;
    if (this.#held.length === 0 && piece.length >= this.#needed) this.#keep(piece, this.#cut(piece));
    else {
      this.#held.push(piece);
      if (this.#heldBytes < this.#needed) return;
      const all = Buffer.concat(this.#held);
      this.#keep(all, this.#cut(all));
    }
  }

  #keep(buffer: Buffer, from: number): void {
    this.#heldBytes = buffer.length - from;
    this.#held = this.#heldBytes === 0 ? [] : [buffer.subarray(from)];
  }

  /** Tells every whole frame; where the rest begins. */
  #cut(buffer: Buffer): number {
    let at = 0;
    while (at < buffer.length) {
      const end = buffer.indexOf(sign.return, at);
      if (end === -1 || end + lineEnd > buffer.length) {
        if (buffer.length - at > frameLimits.lineBytes) throw unsuitable("a line without an end");
        this.#needed = buffer.length - at + 1;
        return at;
      }
      const first = buffer[at];
      const next =
        first === sign.M || first === sign.H
          ? this.#message(buffer, { from: at, end, headers: first === sign.H })
          : this.#words(buffer, at, end);
      if (next > buffer.length) {
        this.#needed = next - at;
        return at;
      }
      at = next;
    }
    this.#needed = 1;
    return at;
  }

  #words(buffer: Buffer, from: number, end: number): number {
    this.#taker.words(buffer.toString("utf8", from, end));
    return end + lineEnd;
  }

  /** Tells a message when all of it is there; where it ends. */
  #message(
    buffer: Buffer,
    { from, end, headers }: { readonly from: number; readonly end: number; readonly headers: boolean },
  ): number {
    const subjectFrom = from + (headers ? ahead.withHeaders : ahead.message);
    const subjectTo = buffer.indexOf(sign.space, subjectFrom);
    const replyFrom = buffer.indexOf(sign.space, subjectTo + 1) + 1;
    const sizeFrom = startOfToken(buffer, end, sign.space);
    const headersFrom = end + lineEnd;
    const bodyTo = headersFrom + numberIn(buffer, sizeFrom, end);
    const headerSizeFrom = headers ? startOfToken(buffer, sizeFrom - 1, sign.space) : sizeFrom;
    const headerSize = headers ? numberIn(buffer, headerSizeFrom, sizeFrom - 1) : 0;
    const bodyFrom = headersFrom + headerSize;
    const fits = subjectTo > subjectFrom && replyFrom > subjectTo && replyFrom <= headerSizeFrom;
    if (!(fits && bodyTo >= bodyFrom && bodyTo - headersFrom <= frameLimits.messageBytes))
      throw unsuitable(buffer.toString("utf8", from, Math.min(end, from + shownBytes)));
    const next = bodyTo + lineEnd;
    const replyTo = Math.max(replyFrom, headerSizeFrom - 1);
    if (next <= buffer.length)
      this.#taker.message({ buffer, subjectFrom, subjectTo, replyFrom, replyTo, headersFrom, bodyFrom, bodyTo });
    return next;
  }
}

// Enough to see what it was.
const shownBytes = 200;

function unsuitable(found: string): Fault {
  return new Fault("LOG_UNSUITABLE", `wanted what a NATS server says, found ${JSON.stringify(found)}`);
}
