import { MsgHdrsImpl } from "@nats-io/nats-core/internal";

// The library validates and copies each header with regular expressions, which costs more than the rest of a publish. These
// headers consist of Shoal's own numbers and ids.
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

// A line break in a value would begin another header.
const breaksOut = /[\r\n]/;

/** Headers of a message by name. A value with a line break is refused with a TypeError. */
export type HeaderFields = Readonly<Record<string, string | number>>;

/** Encodes headers once. */
export function messageHeaders(fields: HeaderFields): MsgHdrsImpl {
  let text = "NATS/1.0\r\n";
  for (const name in fields) {
    const value = fields[name];
    if (typeof value === "string" && breaksOut.test(value)) throw new TypeError(`header ${name} contains a line break`);
    text += `${name}: ${value}\r\n`;
  }
  return new WrittenHeaders(Buffer.from(`${text}\r\n`, "utf8"));
}

/** Header names of JetStream and of the key-value store. */
export const headerNames = {
  messageId: "Nats-Msg-Id",
  expectedSubjectSeq: "Nats-Expected-Last-Subject-Sequence",
  ttl: "Nats-TTL",
  markerReason: "Nats-Marker-Reason",
  operation: "KV-Operation",
} as const;
