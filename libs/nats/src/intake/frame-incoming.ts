import { MsgHdrsImpl } from "@nats-io/nats-core/internal";
import type { Frame } from "../line/frames.ts";
import { deliveryIn, noDelivery, storedAtOf } from "./delivery.ts";
import type { Incoming } from "./intake.ts";

type Headers = Pick<MsgHdrsImpl, "code" | "status" | "get">;

const none: Headers = { code: 0, status: "", get: () => "" };

/** A frame as what comes for a consumer. Headers are read when they are first asked for: for most messages they are not. */
export class FrameIncoming implements Incoming {
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly seq: number;
  readonly count: number;
  readonly pending: number;
  readonly #frame: Frame;
  #read: Headers | undefined;

  constructor(frame: Frame) {
    const { buffer, subjectFrom, subjectTo, replyFrom, replyTo, bodyFrom, bodyTo } = frame;
    const { seq, count, pending } = deliveryIn(buffer, replyFrom, replyTo) ?? noDelivery;
    this.subject = buffer.toString("utf8", subjectFrom, subjectTo);
    this.bytes = buffer.subarray(bodyFrom, bodyTo);
    this.seq = seq;
    this.count = count;
    this.pending = pending;
    this.#frame = frame;
  }

  get storedAt(): number {
    const { buffer, replyFrom, replyTo } = this.#frame;
    return storedAtOf(buffer.toString("latin1", replyFrom, replyTo));
  }

  get code(): number {
    return this.#headers().code;
  }

  get status(): string {
    return this.#headers().status;
  }

  header(name: string): string {
    return this.#headers().get(name);
  }

  has(name: string): boolean {
    const { buffer, headersFrom, bodyFrom } = this.#frame;
    // A value holds no line break, so that only a name can stand behind one.
    return headersFrom < bodyFrom && buffer.toString("latin1", headersFrom, bodyFrom).includes(`\r\n${name}:`);
  }

  #headers(): Headers {
    const { buffer, headersFrom, bodyFrom } = this.#frame;
    this.#read ??= headersFrom === bodyFrom ? none : MsgHdrsImpl.decode(buffer.subarray(headersFrom, bodyFrom));
    return this.#read;
  }
}
