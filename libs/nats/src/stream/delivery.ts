/** Where a delivered message stands, as its reply subject says. */
export interface Delivery {
  /** Its position in the stream. */
  readonly seq: number;
  /** The count of this consumer's deliveries: a gap means that something was lost on the way. */
  readonly count: number;
  /** How many messages wait behind it. */
  readonly pending: number;
}

// "$JS.ACK.<stream>.<consumer>.<tries>.<seq>.<count>.<time>.<pending>", or with "<domain>.<account>" behind ACK and a
// random last token. Both are cut at the dots; the shorter form has nine parts.
const shortForm = 9;
const shift = { short: 0, long: 2 } as const;

/** Reads a delivery from the reply subject; undefined when it is none. */
export function deliveryOf(reply: string): Delivery | undefined {
  const parts = reply.split(".");
  if (parts.length < shortForm || parts[1] !== "ACK") return undefined;
  const by = parts.length === shortForm ? shift.short : shift.long;
  const seq = Number(parts[5 + by]);
  const count = Number(parts[6 + by]);
  const pending = Number(parts[8 + by]);
  return Number.isInteger(seq) && Number.isInteger(count) ? { seq, count, pending } : undefined;
}
