import { MsgHdrsImpl } from "@nats-io/nats-core/internal";

// The library's headers validate and copy each name and value with regular expressions, which costs more than all the
// rest of a publish; ours are made of our own numbers and ids.
class WrittenHeaders extends MsgHdrsImpl {
  readonly #bytes: Uint8Array;
  constructor(bytes: Uint8Array) {
    super();
    this.#bytes = bytes;
  }
  override encode(): Uint8Array {
    return this.#bytes;
  }
}

// A line break in a value would begin a header of its own.
const breaksOut = /[\r\n]/;

/** Headers of a message, by name. Values must not hold line breaks: such headers are refused with a TypeError. */
export type HeaderFields = Readonly<Record<string, string | number>>;

/** Headers ready to be sent, written once, by hand. */
export function messageHeaders(fields: HeaderFields): MsgHdrsImpl {
  let text = "NATS/1.0\r\n";
  for (const name in fields) {
    const value = fields[name];
    if (typeof value === "string" && breaksOut.test(value)) throw new TypeError(`header ${name} holds a line break`);
    text += `${name}: ${value}\r\n`;
  }
  return new WrittenHeaders(Buffer.from(`${text}\r\n`, "utf8"));
}

/** The names of the headers that JetStream and the key-value convention know. */
export const headerNames = {
  messageId: "Nats-Msg-Id",
  expectedSubjectSeq: "Nats-Expected-Last-Subject-Sequence",
  ttl: "Nats-TTL",
  markerReason: "Nats-Marker-Reason",
  operation: "KV-Operation",
} as const;
