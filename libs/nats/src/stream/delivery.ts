/** The metadata of a delivered message, from its reply subject. */
export interface Delivery {
  /** Its position in the stream. */
  readonly seq: number;
  /** The sequence in this consumer: a gap means that a message was lost. */
  readonly count: number;
  /** The number of messages that follow it. */
  readonly pending: number;
  /** When the server stored it, in milliseconds since the epoch. */
  readonly storedAt: number;
}

// "$JS.ACK.<stream>.<consumer>.<tries>.<seq>.<count>.<time>.<pending>", or with "<domain>.<account>" after ACK and a
// random last token: the reply subjects of JetStream's two forms.
const begins = "$JS.ACK.";
const shortTokens = 9;
const longTokensMin = 12;
const shortOffset = 5;
const longOffset = 7;
// Nanoseconds have nineteen digits, more than a number represents exactly: the last six are cut from the text.
const digitsBelowMs = 6;

/** Reads a delivery from the reply subject of a message; undefined when it is none. */
export function deliveryOf(reply: string): Delivery | undefined {
  if (!reply.startsWith(begins)) return undefined;
  const tokens = reply.split(".");
  if (tokens.length !== shortTokens && tokens.length < longTokensMin) return undefined;
  const at = tokens.length === shortTokens ? shortOffset : longOffset;
  const [seq, count] = [Number(tokens[at]), Number(tokens[at + 1])];
  if (!Number.isInteger(seq) || !Number.isInteger(count)) return undefined;
  const storedAt = Number(tokens[at + 2]?.slice(0, -digitsBelowMs) || Number.NaN);
  return { seq, count, pending: Number(tokens[at + 3]), storedAt };
}
