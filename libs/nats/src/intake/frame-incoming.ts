import { MsgHdrsImpl } from "@nats-io/nats-core/internal";
import type { Frame } from "../line/frames.ts";
import { deliveryIn } from "./delivery.ts";
import type { Incoming } from "./intake.ts";

type Headers = Pick<MsgHdrsImpl, "code" | "status" | "get">;

const none: Headers = { code: 0, status: "", get: () => "" };

/** A frame as what comes for a consumer. Headers are read when they are asked for: for most messages they are not. */
export class FrameIncoming implements Incoming {
  readonly subject: string;
  readonly bytes: Uint8Array;
  readonly seq: number;
  readonly count: number;
  readonly pending: number;
  readonly #frame: Frame;

  constructor(frame: Frame) {
    const { buffer, subjectFrom, subjectTo, replyFrom, replyTo, bodyFrom, bodyTo } = frame;
    const delivery = deliveryIn(buffer, replyFrom, replyTo);
    this.subject = buffer.toString("utf8", subjectFrom, subjectTo);
    this.bytes = buffer.subarray(bodyFrom, bodyTo);
    this.seq = delivery?.seq ?? 0;
    this.count = delivery?.count ?? 0;
    this.pending = delivery?.pending ?? 0;
    this.#frame = frame;
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

  #headers(): Headers {
    const { buffer, headersFrom, bodyFrom } = this.#frame;
    return headersFrom === bodyFrom ? none : MsgHdrsImpl.decode(buffer.subarray(headersFrom, bodyFrom));
  }
}
