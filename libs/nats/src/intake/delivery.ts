import { numberIn, startOfToken } from "../line/tokens.ts";

/** Where a delivered message stands, as its reply subject says. */
export interface Delivery {
  /** Its position in the stream. */
  readonly seq: number;
  /** The count of this consumer's deliveries: a gap means that something was lost on the way. */
  readonly count: number;
  /** How many messages wait behind it. */
  readonly pending: number;
}

/** Of what is no delivery, but a word of the server. */
export const noDelivery: Delivery = { seq: 0, count: 0, pending: 0 };

// "$JS.ACK.<stream>.<consumer>.<tries>.<seq>.<count>.<time>.<pending>", or with "<domain>.<account>" behind ACK and a
// random last token. What is wanted stands near the end, so both are read from there.
const begins = Buffer.from("$JS.ACK.");
const dotsOf = { short: 8, long: 11 } as const;

const dot = 0x2e;

/** Reads a delivery from the reply subject; undefined when it is none. */
export function deliveryOf(reply: string): Delivery | undefined {
  const bytes = Buffer.from(reply, "latin1");
  return deliveryIn(bytes, 0, bytes.length);
}

/** The same from a piece of some bytes, without making a text of it. */
export function deliveryIn(bytes: Uint8Array, from: number, to: number): Delivery | undefined {
  for (let index = 0; index < begins.length; index++) if (bytes[from + index] !== begins[index]) return undefined;
  let dots = 0;
  for (let at = from; at < to; at++) if (bytes[at] === dot) dots++;
  if (dots !== dotsOf.short && dots < dotsOf.long) return undefined;
  const pendingEnd = dots === dotsOf.short ? to : startOfToken(bytes, to, dot) - 1;
  const pendingFrom = startOfToken(bytes, pendingEnd, dot);
  const countEnd = startOfToken(bytes, pendingFrom - 1, dot) - 1;
  const countFrom = startOfToken(bytes, countEnd, dot);
  const seq = numberIn(bytes, startOfToken(bytes, countFrom - 1, dot), countFrom - 1);
  const count = numberIn(bytes, countFrom, countEnd);
  return Number.isInteger(seq) && Number.isInteger(count)
    ? { seq, count, pending: numberIn(bytes, pendingFrom, pendingEnd) }
    : undefined;
}

/** When the server stored a delivered message, milliseconds since the epoch; NaN when the reply subject is no delivery's. */
export function storedAtOf(reply: string): number {
  const tokens = reply.split(".");
  if (!reply.startsWith("$JS.ACK.")) return Number.NaN;
  const nanoseconds = tokens.length === dotsOf.short + 1 ? tokens.at(-2) : tokens.at(-3);
  // Nineteen digits are more than a number holds exactly: the last six are cut off as text.
  return Number(nanoseconds?.slice(0, -6) || Number.NaN);
}
