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
// random last token. What is wanted stands near the end, so both are read from there.
const begins = Buffer.from("$JS.ACK.");
const dotsOf = { short: 8, long: 11 } as const;

const dot = 0x2e;
const zero = 0x30;
const base = 10;

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
  const pendingEnd = dots === dotsOf.short ? to : startOfToken(bytes, to) - 1;
  const timeEnd = startOfToken(bytes, pendingEnd) - 1;
  const countEnd = startOfToken(bytes, timeEnd) - 1;
  const seqEnd = startOfToken(bytes, countEnd) - 1;
  const [seq, count] = [numberBefore(bytes, seqEnd), numberBefore(bytes, countEnd)];
  return Number.isInteger(seq) && Number.isInteger(count)
    ? { seq, count, pending: numberBefore(bytes, pendingEnd) }
    : undefined;
}

function startOfToken(bytes: Uint8Array, end: number): number {
  let at = end;
  while (bytes[at - 1] !== dot) at--;
  return at;
}

/** The number that ends before a position and begins behind a dot; NaN when other signs than digits stand there. */
function numberBefore(bytes: Uint8Array, end: number): number {
  let value = 0;
  let weight = 1;
  let at = end - 1;
  for (; bytes[at] !== dot; at--) {
    const digit = (bytes[at] ?? 0) - zero;
    if (digit < 0 || digit >= base) return Number.NaN;
    value += digit * weight;
    weight *= base;
  }
  return at === end - 1 ? Number.NaN : value;
}
